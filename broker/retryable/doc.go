// Package retryable tells which errors are worth another try. When that is, and
// how often, is the business of who tries.
package retryable
