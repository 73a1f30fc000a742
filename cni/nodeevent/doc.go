// Package nodeevent tells of a node's problems by Kubernetes' events, which
// `kubectl describe node` shows. Which problems there are is others' business.
package nodeevent
