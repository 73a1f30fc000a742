package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"helm.sh/helm/v3/pkg/registry"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
)

// pull copies the chart's archive from a registry. It uses ORAS, as Helm's
// registry client does, and not that client: it takes no context, holds the
// archive in memory whatever its size, and reads Docker's settings.
func (s Source) pull(ctx context.Context, client *http.Client, password string, into io.Writer) error {
	repository, err := s.registryRepository(client, password)
	if err != nil {
		return err
	}
	// A tag can't hold a plus; Helm writes an underscore.
	layer, err := chartLayer(ctx, repository, strings.ReplaceAll(s.Version, "+", "_"))
	if err != nil {
		return err
	}
	if layer.Size > LargestArchive {
		return tooBig(LargestArchive)
	}
	blob, err := repository.Blobs().Fetch(ctx, layer)
	if err != nil {
		return err
	}
	defer func() { _ = blob.Close() }()
	verified := content.NewVerifyReader(blob, layer)
	if err := copyWithin(LargestArchive, into, verified); err != nil {
		return err
	}
	return verified.Verify()
}

func (s Source) registryRepository(client *http.Client, password string) (*remote.Repository, error) {
	repository, err := remote.NewRepository(strings.TrimPrefix(s.OCI, registry.OCIScheme+"://"))
	if err != nil {
		return nil, err
	}
	login := &auth.Client{Client: client, Cache: auth.NewCache()}
	login.SetUserAgent(userAgent)
	if s.Username != "" {
		login.Credential = auth.StaticCredential(repository.Reference.Host(), auth.Credential{Username: s.Username, Password: password})
	}
	repository.Client = login
	repository.PlainHTTP = s.PlainHTTP
	return repository, nil
}

// manifest is what a chart's manifest and an index have for finding a chart.
type manifest struct {
	Config    ocispec.Descriptor   `json:"config"`
	Layers    []ocispec.Descriptor `json:"layers"`
	Manifests []ocispec.Descriptor `json:"manifests"`
}

// chartLayer finds the archive of what the tag names: a chart's manifest, or
// an index that holds one beside images.
func chartLayer(ctx context.Context, repository *remote.Repository, tag string) (ocispec.Descriptor, error) {
	top, err := readManifest(ctx, repository, tag)
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	if layer, ok := top.chart(); ok {
		return layer, nil
	}
	for _, child := range top.Manifests {
		if child.MediaType != ocispec.MediaTypeImageManifest {
			continue
		}
		inner, err := readManifest(ctx, repository, child.Digest.String())
		if err != nil {
			return ocispec.Descriptor{}, err
		}
		if layer, ok := inner.chart(); ok {
			return layer, nil
		}
	}
	return ocispec.Descriptor{}, errors.New("what lies at this address isn't a Helm chart; check the address and the version")
}

func readManifest(ctx context.Context, repository *remote.Repository, reference string) (manifest, error) {
	_, text, err := oras.FetchBytes(ctx, repository, reference, oras.DefaultFetchBytesOptions)
	if err != nil {
		return manifest{}, err
	}
	var read manifest
	if err := json.Unmarshal(text, &read); err != nil {
		return manifest{}, fmt.Errorf("reading the registry's manifest: %w", err)
	}
	return read, nil
}

func (m manifest) chart() (layer ocispec.Descriptor, ok bool) {
	if m.Config.MediaType != registry.ConfigMediaType {
		return ocispec.Descriptor{}, false
	}
	i := slices.IndexFunc(m.Layers, func(l ocispec.Descriptor) bool {
		return l.MediaType == registry.ChartLayerMediaType || l.MediaType == registry.LegacyChartLayerMediaType
	})
	if i < 0 {
		return ocispec.Descriptor{}, false
	}
	return m.Layers[i], true
}
