// Package broker speaks OSBAPI: it checks requests, hands accepted work to the rooms
// under it, and puts outcomes into the specification's answers.
//
// Instance and binding do the work, access opens and closes, worker carries through
// what takes time, record keeps instances and bindings in Kubernetes, and web is the
// HTTP server around the API.
package broker
