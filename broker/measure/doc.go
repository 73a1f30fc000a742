// Package measure has the metrics of operations, bindings and policies. Alerts and
// their figures are in docs.
package measure
