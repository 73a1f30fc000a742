// Package web is the HTTP server around the OSBAPI handlers: the door
// (authentication, limits, checks of a request's form), health, metrics and
// request logs.
//
// What a request means is broker's business. Of bindings it knows that they have
// endpoints, for which brokerapi has no field, and adds them to the answers.
package web
