package rig

import (
	"context"
	"fmt"
	"path/filepath"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// Kustomized are the objects of a folder of deploy, "kind" say, as `kubectl kustomize`
// prints them.
func Kustomized(folder string) ([]*unstructured.Unstructured, error) {
	root, err := Root()
	if err != nil {
		return nil, err
	}
	made, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), filepath.Join(root, "deploy", folder))
	if err != nil {
		return nil, fmt.Errorf("kustomizing deploy/%s: %w", folder, err)
	}
	text, err := made.AsYaml()
	if err != nil {
		return nil, err
	}
	return decode(text)
}

// Deploy applies such a folder, as `kubectl apply --server-side -k` does, and returns the
// account that the broker has there. The API server refuses fields that it doesn't know.
func Deploy(ctx context.Context, config *rest.Config, folder string) (*Made, error) {
	things, err := Kustomized(folder)
	if err != nil {
		return nil, err
	}
	if err := apply(ctx, config, things); err != nil {
		return nil, err
	}
	return accountOf(ctx, config, defaultNamespace, things)
}
