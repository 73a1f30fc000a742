package check

import "context"

// Names looks whether NATS takes names. connected returns nil once it is, or why it isn't.
func Names(servers []string, connected func(ctx context.Context) error) Look {
	return Look{"NATS", func(ctx context.Context) []Finding {
		if err := connected(ctx); err != nil {
			return one(failed("%v", err).cure("check NATS_SERVERS (%v), NATS_USER and NATS_PASSWORD, the NATS_… files, and that NATS can be reached from here", servers))
		}
		return one(ok("connected to one of %v", servers))
	}}
}
