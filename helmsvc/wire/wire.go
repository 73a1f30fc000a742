// Package wire is about the form in which clients of Kubernetes' API send and get
// objects, and not about which.
package wire

import (
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
)

// Compact returns a copy of the configuration by which clients of Kubernetes' own
// kinds, and only they, speak Protocol Buffers with the API server: both sides spend
// less on that than on JSON. It is for what the broker alone writes.
func Compact(config *rest.Config) *rest.Config {
	config = rest.CopyConfig(config)
	config.ContentType = runtime.ContentTypeProtobuf
	config.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	return config
}
