package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"yingda/dialogue/eventlog"
	"yingda/dialogue/profile"
)

const keysHelp = `Looks after the keys of the event log. The log must not be open in a server, unless it is on an external cluster (--nats).

  new FILE            write a new master key to FILE, readable by its owner only
  erase CUSTOMER…     make all that was said with customers unreadable for ever, wherever it was copied to; it cannot be undone
  erasures            list what was erased, as JSON Lines: 'yingda restore --erasures' takes it
  rotate              wrap all keys with the first key of the master key file; afterwards the others can be removed from it

To change the master key: 'yingda keys new FILE', put its line on top of every server's key file, restart the servers, 'yingda keys
rotate', remove the old line. Backups made before still need the old key.`

func runKeys(ctx context.Context, args []string, std stdio) error {
	fs := newFlags(std, "keys", "new|erase|erasures|rotate", keysHelp)
	var f logFlags
	f.register(fs)
	tenant := fs.String("tenant", "default", "erase: `tenant` of the customers")
	words, err := parseWords(fs, args)
	if err != nil {
		return err
	}
	var do func(context.Context, *eventlog.Log) error
	switch {
	case len(words) == 2 && words[0] == "new":
		return keysNew(words[1], std.out)
	case len(words) > 1 && words[0] == "erase":
		do = func(ctx context.Context, l *eventlog.Log) error {
			return keysErase(ctx, l, *tenant, words[1:], std.out)
		}
	case len(words) == 1 && words[0] == "erasures":
		do = func(ctx context.Context, l *eventlog.Log) error { return keysErasures(ctx, l, std.out) }
	case len(words) == 1 && words[0] == "rotate":
		do = func(ctx context.Context, l *eventlog.Log) error { return keysRotate(ctx, l, std.out) }
	default:
		fs.Usage()
		return errUsage
	}
	l, err := f.open(ctx, std)
	if err != nil {
		return err
	}
	return errors.Join(do(ctx, l), l.Close())
}

func keysNew(path string, w io.Writer) error {
	if err := newKeyFile(path); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "%s holds a new master key; keep a copy of it elsewhere\n", path)
	return err
}

// newKeyFile writes a master key to a file that must not exist. The key is durable before anything is sealed with it.
func newKeyFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s is there already: a key is never written over", path)
	}
	if err != nil {
		return err
	}
	_, line := eventlog.NewMasterKey()
	_, err = fmt.Fprintln(f, line)
	return errors.Join(err, f.Sync(), f.Close())
}

func keysErase(ctx context.Context, l *eventlog.Log, tenant string, customers []string, w io.Writer) error {
	for _, c := range customers {
		if err := profile.Sever(ctx, l, tenant, c, "erasure"); err != nil {
			return err
		}
		e, err := l.Erase(ctx, tenant, c)
		if err != nil {
			return err
		}
		if e.Keys == 0 {
			fmt.Fprintf(w, "%s: nothing was kept of a customer of that name (pseudonym %s)\n", c, e.Alias)
			continue
		}
		fmt.Fprintf(w, "%s: erased (pseudonym %s, %d keys, %d documents). Backups made before %s still have the keys.\n",
			c, e.Alias, e.Keys, e.Documents, e.Time.Format("2006-01-02 15:04:05 MST"))
	}
	return nil
}

func keysErasures(ctx context.Context, l *eventlog.Log, w io.Writer) error {
	all, err := l.Erasures(ctx)
	if err != nil {
		return err
	}
	enc := json.NewEncoder(w)
	for _, e := range all {
		if err := enc.Encode(e); err != nil {
			return err
		}
	}
	return nil
}

func keysRotate(ctx context.Context, l *eventlog.Log, w io.Writer) error {
	n, err := l.Rotate(ctx)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%d keys were wrapped anew; the log opens with the first key of the file alone now\n", n)
	return err
}
