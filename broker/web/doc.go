// Package web is the HTTP server around the OSBAPI handlers: the door
// (authentication, limits, checks of a request's form), health, metrics and
// request logs.
//
// It knows nothing of services; what a request means is broker's business.
package web
