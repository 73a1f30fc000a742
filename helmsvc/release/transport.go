package release

import (
	"context"
	"io"
	"net/http"
)

// bindTransport returns a wrapper whose requests fail, begun ones included,
// once ctx has ended.
func bindTransport(ctx context.Context) func(http.RoundTripper) http.RoundTripper {
	return func(next http.RoundTripper) http.RoundTripper {
		return boundTransport{ctx: ctx, next: next}
	}
}

type boundTransport struct {
	ctx  context.Context
	next http.RoundTripper
}

func (t boundTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	if err := t.ctx.Err(); err != nil {
		return nil, err
	}
	requestCtx, cancel := context.WithCancel(request.Context())
	stop := context.AfterFunc(t.ctx, cancel)
	release := func() { stop(); cancel() }
	response, err := t.next.RoundTrip(request.WithContext(requestCtx))
	if err != nil {
		release()
		return nil, err
	}
	response.Body = releasingBody{ReadCloser: response.Body, release: release}
	return response, nil
}

type releasingBody struct {
	io.ReadCloser
	release func()
}

func (b releasingBody) Close() error {
	defer b.release()
	return b.ReadCloser.Close()
}
