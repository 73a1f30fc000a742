// Package operation carries accepted work through: it knows the order of
// steps in which an instance is created and deleted, and a binding made and
// revoked, and resumes what was cut short.
//
// It alone knows both helmsvc and policy. What OSBAPI answers is broker's
// business; here an outcome is a record or an error that says what stands in
// the way.
package operation
