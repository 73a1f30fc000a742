package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"helm.sh/helm/v3/pkg/registry"
	"helm.sh/helm/v3/pkg/repo"
	"oras.land/oras-go/v2/registry/remote/errcode"
)

// get copies the chart's archive from a chart repository. The index is read
// with Helm's package; the requests are its own, since Helm's getter takes no
// context and holds answers in memory whatever their size.
func (s Source) get(ctx context.Context, client *http.Client, password string, into io.Writer, kept cache) error {
	address, err := s.archiveAddress(ctx, client, password, kept)
	if err != nil {
		return fmt.Errorf("looking it up in the repository's index.yaml: %w", err)
	}
	return s.request(ctx, client, password, address, LargestArchive, into)
}

func (s Source) archiveAddress(ctx context.Context, client *http.Client, password string, kept cache) (string, error) {
	address, err := repo.ResolveReferenceURL(s.Repository, "index.yaml")
	if err != nil {
		return "", err
	}
	part, err := kept.create()
	if err != nil {
		return "", err
	}
	defer discard(part)
	if err := s.request(ctx, client, password, address, indexLimit, part); err != nil {
		return "", err
	}
	index, err := s.index(part, kept)
	if err != nil {
		return "", err
	}
	return s.choose(index)
}

// index reads what of a repository's index is the chart's.
func (s Source) index(whole *os.File, kept cache) (*repo.IndexFile, error) {
	if _, err := whole.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	part, err := kept.create()
	if err != nil {
		return nil, err
	}
	defer discard(part)
	if err := narrow(part, whole, s.Chart); err != nil {
		return nil, fmt.Errorf("reading the repository's index: %w", err)
	}
	kept.reading.Lock()
	defer kept.reading.Unlock()
	index, err := repo.LoadIndexFile(part.Name())
	if err != nil {
		return nil, fmt.Errorf("what the server sent isn't a repository's index: %w", err)
	}
	return index, nil
}

// choose returns the archive's address as the index names it.
func (s Source) choose(index *repo.IndexFile) (string, error) {
	versions, ok := index.Entries[s.Chart]
	if !ok {
		return "", fmt.Errorf("it has no chart %q; check chart", s.Chart)
	}
	var names []string
	for _, v := range versions {
		if strings.TrimPrefix(v.Version, "v") != strings.TrimPrefix(s.Version, "v") {
			names = append(names, v.Version)
			continue
		}
		if len(v.URLs) == 0 {
			return "", errors.New("it names no address for this version")
		}
		if strings.HasPrefix(v.URLs[0], registry.OCIScheme+"://") {
			return "", fmt.Errorf("the repository keeps this chart in a registry; make it an entry with oci instead of repository and chart, the address is %s", v.URLs[0])
		}
		return repo.ResolveReferenceURL(s.Repository, v.URLs[0])
	}
	// The index is sorted, newest first.
	return "", fmt.Errorf("chart %q has no version %s; the newest are %s", s.Chart, s.Version, strings.Join(names[:min(len(names), 5)], ", "))
}

// request copies what is at address. The password goes along only if that is
// on the repository's own host: an index may name any.
func (s Source) request(ctx context.Context, client *http.Client, password, address string, limit int64, into io.Writer) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	request.Header.Set("User-Agent", userAgent)
	own, err := url.Parse(s.Repository)
	if err != nil {
		return err
	}
	if s.Username != "" && sameOrigin(request.URL, own) {
		request.SetBasicAuth(s.Username, password)
	}
	return explain(ctx, copyAnswer(client, request, limit, into))
}

func copyAnswer(client *http.Client, request *http.Request, limit int64, into io.Writer) error {
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return &errcode.ErrorResponse{Method: request.Method, URL: response.Request.URL, StatusCode: response.StatusCode}
	}
	if response.ContentLength > limit {
		return tooBig(limit)
	}
	return copyWithin(limit, into, response.Body)
}
