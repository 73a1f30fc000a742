package delegate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/containernetworking/cni/pkg/types"
)

// errTooMuch is why a plugin was killed that printed without end.
var errTooMuch = fmt.Errorf("it printed more than %d bytes and was killed", mostOutput)

// failure is a plugin's that ended with another status than 0.
type failure struct {
	cause  error
	stderr []byte
}

func (f *failure) Error() string {
	if text := strings.TrimSpace(string(f.stderr)); text != "" {
		return fmt.Sprintf("%v: %s", f.cause, shortened(text))
	}
	return f.cause.Error()
}

// mostWords is how much of a plugin's words is told, in bytes: they end up in an
// event, which holds 1 KiB.
const mostWords = 500

func shortened(text string) string {
	if len(text) <= mostWords {
		return text
	}
	return strings.ToValidUTF8(text[:mostWords], "") + "…"
}

// explain says why a plugin failed: what it says itself, if it does.
func explain(ctx context.Context, name string, stdout []byte, err error) error {
	var failed *failure
	var told types.Error
	switch {
	case errors.As(err, &failed) && json.Unmarshal(stdout, &told) == nil && (told.Msg != "" || told.Code != 0):
		return types.NewError(told.Code, fmt.Sprintf("the plugin %s says: %s", name, shortened(told.Msg)), shortened(told.Details))
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() != nil:
		return types.NewError(types.ErrInternal, fmt.Sprintf("the plugin %s didn't end in time and was killed; see what it waits for, the node's Silk programs say", name), "")
	case errors.As(err, &failed) && len(bytes.TrimSpace(stdout)) > 0:
		return types.NewError(types.ErrInternal, fmt.Sprintf("the plugin %s failed (%v) and printed what isn't an error of CNI: %q", name, failed, shortened(string(stdout))), "")
	}
	return types.NewError(types.ErrInternal, fmt.Sprintf("the plugin %s failed: %v", name, err), "")
}
