package plugin

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/containernetworking/cni/pkg/skel"

	"github.com/cf-helm-broker/cf-helm-broker/cni/attachment"
)

// notePatience is for keeping a note, which nobody else is at for long.
const notePatience = 5 * time.Second

// UnopenedDir is the folder of notes of networks whose records DEL couldn't open: beside
// the socket, wherever the records are, since their disk may be what has failed.
func UnopenedDir(socket string) string { return filepath.Join(filepath.Dir(socket), "unopened") }

func (c config) unopened() attachment.Store { return attachment.Store{Folder: UnopenedDir(c.Socket)} }

// recorded are the networks that are recorded, and those whose records couldn't be opened.
func (c config) recorded() ([]attachment.Record, error) {
	begun, err := c.store().All()
	noted, noteErr := c.unopened().All()
	return append(begun, noted...), errors.Join(err, noteErr)
}

// cannotOpen is how DEL ends where a network's record can't be opened, or isn't let go
// of. Nothing can be taken down then, since another call may be at it; for how long that
// lasts is noted, and after a while the pod ends.
func (c config) cannotOpen(ctx context.Context, args *skel.CmdArgs, cause error) error {
	ctx, cancel := context.WithTimeout(ctx, notePatience)
	defer cancel()
	note, err := c.unopened().Note(ctx, c.id(args), args.Args)
	if err != nil {
		return also(cause, fmt.Sprintf("since when that is so can't be noted: %v", err))
	}
	note.Fails(c.giveUp)
	if !note.GivenUp {
		return c.triedAgain(cause, note)
	}
	tellLeft(cause, note)
	return nil
}

// triedAgain says how long a DEL may fail.
func (c config) triedAgain(err error, failed *attachment.Record) error {
	return also(err, fmt.Sprintf("it is tried again, and left as it is at %s, so that the pod ends", failed.Failed.Add(c.giveUp).Format(time.RFC3339)))
}

// tellLeft tells whoever keeps what plugins print that a network is left.
func tellLeft(err error, left *attachment.Record) {
	_, _ = fmt.Fprintf(os.Stderr, "the network of pod %s (container %s) can't be taken down since %s, and is left, so that the pod ends; the next start of a pod on the node tries again: %v\n",
		left.Pod(), left.ID.Container, left.Failed.Format(time.RFC3339), err)
}

// forgetNote forgets that a record couldn't be opened: it could.
func (c config) forgetNote(ctx context.Context, id attachment.ID) error {
	note, err := c.unopened().Find(ctx, id)
	if err != nil || note == nil {
		return err
	}
	return c.unopened().Forget(note)
}
