// Package broker speaks OSBAPI: it checks requests, hands accepted work to
// broker/operation and puts outcomes into the specification's answers.
//
// Under it, operation carries work through, record keeps instances and
// bindings in Kubernetes, and web is the HTTP server around the API.
package broker
