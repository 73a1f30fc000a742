package instance

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/broker/access"
	"github.com/cf-helm-broker/cf-helm-broker/broker/record"
)

// listingPods bounds the look at an instance's pods after an update: what it is for
// is told by metrics too.
const listingPods = 5 * time.Second

// stale says, for the app developer, how many bindings hold addresses that an update
// has taken away with its pods; "" if there are none, or if that can't be told.
// Bindings with names hold no addresses that could be lost, and nobody looks at pods
// for them.
func (w *work) stale(ctx context.Context) string {
	bindings := slices.DeleteFunc(w.records.BindingsOf(w.instance.ID), func(b record.Binding) bool { return len(b.Hosts) == 0 })
	if len(bindings) == 0 {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, listingPods)
	defer cancel()
	have, err := w.cluster.Addresses(ctx, w.instance.Namespace, "")
	if err != nil {
		w.log.Error("looking-for-stale-bindings", err)
		return ""
	}
	apps, keys := 0, 0
	for _, b := range bindings {
		switch {
		case !access.Stale(b, have):
		case b.AppGUID == "":
			keys++
		default:
			apps++
		}
	}
	return staleText(apps, keys)
}

// staleText says it of so many bindings of apps and service keys.
func staleText(apps, keys int) string {
	var said []string
	switch {
	case apps == 1:
		said = append(said, "1 binding holds addresses of pods that are gone: bind the app again and restage it")
	case apps > 1:
		said = append(said, fmt.Sprintf("%d bindings hold addresses of pods that are gone: bind the apps again and restage them", apps))
	}
	switch {
	case keys == 1:
		said = append(said, "1 service key holds addresses of pods that are gone: make it again")
	case keys > 1:
		said = append(said, fmt.Sprintf("%d service keys hold addresses of pods that are gone: make them again", keys))
	}
	return strings.Join(said, "; ")
}
