package publish

import "context"

// Try connects to NATS once, publishes nothing, and says why that couldn't be done.
func Try(ctx context.Context, settings Settings) error {
	p := &Publisher{settings: settings}
	conn, _, err := p.connect(ctx)
	if err != nil {
		return p.explain(err)
	}
	conn.Close()
	return nil
}
