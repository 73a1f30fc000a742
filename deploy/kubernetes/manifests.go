// Package kubernetes holds the manifests, for commands that compare a cluster with them.
package kubernetes

import "embed"

// Rights are the manifests that say what the broker's account may do: always, and where
// settings need more.
//
//go:embed rbac.yaml networkpolicy/rbac.yaml nodes/rbac.yaml
var Rights embed.FS
