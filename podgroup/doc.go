// Package podgroup says which policy group a pod is in, by what stands on it and
// on its namespace. It is rules only, without a client: the broker opens policies to
// groups by them, and the plugin of a Silk worker puts pods into groups by the same.
package podgroup
