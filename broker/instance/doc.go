// Package instance creates, updates and deletes instances: a request records what is
// wanted, and Process carries that through, resumes what was cut short, and takes
// back what failed. Operators, charts that are installed before any instance, are
// here as well. When and by whom something is carried through is package worker's
// business, and how helmsvc's.
package instance
