package view

import (
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// notBefore lists what was there at the cluster's revision since, or at a later
// one; without since, what is there now. For the latter the API server waits
// until its cache of these objects has caught up with the writes to all others,
// which takes up to 100 ms.
func notBefore[L any](since string, list func(metav1.ListOptions) (L, error)) (L, error) {
	if since == "" {
		return list(metav1.ListOptions{})
	}
	found, err := list(metav1.ListOptions{ResourceVersion: since, ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan})
	if apierrors.IsResourceExpired(err) || apierrors.IsTimeout(err) { // a cache that is far behind
		return list(metav1.ListOptions{})
	}
	return found, err
}
