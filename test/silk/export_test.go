package silk

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// MarkAll has a container mark all that it sends.
func (w *Workload) MarkAll(mark int) error {
	return w.restore(fmt.Sprintf("*mangle\n-A OUTPUT -j MARK --set-mark %#x\nCOMMIT\n", mark))
}

// KillDuringAdd kills the plugin so long after it was started, and has it take down
// what it has made.
func (n *Node) KillDuringAdd(id string, after time.Duration) error {
	w := &Workload{Namespace: n.NewNamespace(id), ID: id, node: n}
	if err := w.Make(); err != nil {
		return err
	}
	command := n.pluginCommand("ADD", w, n.PluginConfig(nil))
	if err := n.Do(command.Start); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), after)
	defer cancel()
	<-ctx.Done()
	_ = command.Process.Kill() // it may have ended
	_ = command.Wait()
	return errors.Join(w.Stop())
}
