package check

import (
	"context"
	"errors"
	"strings"

	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// dnsLabel is of the cluster's DNS Service, whatever serves it.
const dnsLabel = "k8s-app=kube-dns"

// dns looks whether the cluster's DNS has an endpoint.
func (c Cluster) dns(ctx context.Context) []Finding {
	slices, err := c.Clients.DiscoveryV1().EndpointSlices(metav1.NamespaceSystem).List(ctx, metav1.ListOptions{LabelSelector: dnsLabel})
	if err != nil {
		return one(unknown("its endpoints can't be listed: %v", err))
	}
	for _, s := range slices.Items {
		for _, e := range s.Endpoints {
			if ready(e) {
				return one(ok("it has an endpoint that is ready"))
			}
		}
	}
	return one(warning("no EndpointSlice in %s with the label %s has an endpoint that is ready", metav1.NamespaceSystem, dnsLabel).
		cure("pods of charts find each other by names; look at the pods of the cluster's DNS"))
}

func ready(e discoveryv1.Endpoint) bool { return e.Conditions.Ready == nil || *e.Conditions.Ready }

// defaultClass marks the StorageClass of claims that name none.
const defaultClass = "storageclass.kubernetes.io/is-default-class"

// storage looks for the class of claims that name none. The broker itself needs no right to.
func (c Cluster) storage(ctx context.Context) []Finding {
	classes, err := c.Clients.StorageV1().StorageClasses().List(ctx, metav1.ListOptions{})
	if err != nil {
		return one(notSeen(err, "kubectl get storageclass"))
	}
	var names []string
	for _, class := range classes.Items {
		if class.Annotations[defaultClass] == "true" {
			return one(ok("claims that name no class get %s", class.Name))
		}
		names = append(names, class.Name)
	}
	if len(names) == 0 {
		return one(warning("there is no StorageClass: pods of charts that keep data stay Pending").cure("install a storage driver, or offer plans without persistence"))
	}
	return one(warning("none of %s is the default", strings.Join(names, ", ")).cure("mark one with the annotation %s=true, or have plans name a class", defaultClass))
}

// notSeen is of what this account mayn't read.
func notSeen(err error, look string) Finding {
	var status apierrors.APIStatus
	if errors.As(err, &status) && apierrors.IsForbidden(err) {
		return unknown("this account may not look, nor does the broker have to").cure("look as an administrator: %s", look)
	}
	return unknown("%v", err)
}
