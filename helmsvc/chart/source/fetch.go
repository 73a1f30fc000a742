package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"helm.sh/helm/v3/pkg/chart/loader"
)

// atOnce bounds how many sources are asked at the same time.
const atOnce = 4

// Fetcher brings charts onto the local disk.
type Fetcher struct {
	// Cache is the folder that keeps what was fetched. Several processes may
	// share it. It is made when something is fetched.
	Cache string
	// Timeout bounds each source; with 0 only the context does.
	Timeout time.Duration
}

// Fetch finds the charts of all sources, in the list's order. A source that
// has none says so in Err; one path may hold several.
func (f Fetcher) Fetch(ctx context.Context, sources []Source) []Found {
	found := make([][]Found, len(sources))
	kept := cache{folder: f.Cache, reading: &sync.Mutex{}}
	var group errgroup.Group
	group.SetLimit(atOnce)
	for i, s := range sources {
		group.Go(func() error {
			found[i] = f.find(ctx, s, kept)
			return nil
		})
	}
	_ = group.Wait()
	return slices.Concat(found...)
}

func (f Fetcher) find(ctx context.Context, s Source, kept cache) []Found {
	failed := func(err error) []Found {
		return []Found{{From: s.String(), Err: fmt.Errorf("getting the chart from %s: %w", s, err)}}
	}
	if s.Beside != "" && !isFolder(s.Beside) {
		return failed(fmt.Errorf("beside: %s isn't a folder", s.Beside))
	}
	if s.kind() == pathKind {
		found, err := s.local()
		if err != nil {
			return failed(err)
		}
		return found
	}
	path, err := f.remote(ctx, s, kept)
	if err != nil {
		return failed(err)
	}
	return []Found{{From: s.String(), Path: path, Beside: s.Beside, Values: s.Values}}
}

// remote returns the path of the archive in the cache and fetches it if it
// isn't there.
func (f Fetcher) remote(ctx context.Context, s Source, kept cache) (string, error) {
	if path, ok := kept.lookup(s); ok {
		return path, nil
	}
	if f.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, f.Timeout,
			fmt.Errorf("there was no complete answer within %s: %w", f.Timeout, context.DeadlineExceeded))
		defer cancel()
	}
	part, err := kept.create()
	if err != nil {
		return "", err
	}
	defer discard(part)
	if err := s.download(ctx, part, kept); err != nil {
		return "", err
	}
	digest, err := s.accept(part, kept)
	if err != nil {
		return "", err
	}
	return kept.keep(s, part, digest)
}

func (s Source) download(ctx context.Context, into *os.File, kept cache) error {
	client, err := s.client()
	if err != nil {
		return err
	}
	password, err := s.password()
	if err != nil {
		return err
	}
	if s.kind() == ociKind {
		return explain(ctx, s.pull(ctx, client, password, into))
	}
	return s.get(ctx, client, password, into, kept)
}

// accept checks what came and returns its digest. A server may answer with its
// login page, and what once is in the cache isn't asked for again.
func (s Source) accept(part *os.File, kept cache) (digest string, err error) {
	digest, err = fileDigest(part.Name())
	if err != nil {
		return "", err
	}
	if err := s.agree(digest); err != nil {
		return "", err
	}
	if _, err := part.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	kept.reading.Lock()
	defer kept.reading.Unlock()
	files, err := new(Room).Unpack(part)
	if err == nil {
		_, err = loader.LoadFiles(files)
	}
	if tooLarge := new(TooLargeError); errors.As(err, &tooLarge) {
		return "", fmt.Errorf("what the server sent isn't kept: %w", err)
	}
	if err != nil {
		return "", fmt.Errorf("what the server sent isn't a chart archive: %w", err)
	}
	return digest, nil
}

// agree compares an archive's digest with the one that the list asks for.
func (s Source) agree(have string) error {
	if s.Digest == "" || s.Digest == have {
		return nil
	}
	return fmt.Errorf("the archive's digest is %s, but the list asks for %s; find out who changed the archive before you change the list", have, s.Digest)
}
