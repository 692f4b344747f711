package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"yingda/dialogue/eventlog"
)

const backupHelp = `Copies the event log with its documents and wrapped keys into a new folder, or into a tar file if DEST ends in .tar.

A log in a folder must not be open in a server; the server makes backups of its own log itself. An external cluster (--nats) is copied while it serves.
The copy is of no use without the master key: keep that elsewhere.`

const restoreHelp = `Fills a new event log from a backup. Everything is verified before anything is written, and a log that is not empty is left alone.

Erasures of customers that happened after the backup are undone by restoring it: pass the list of 'yingda keys erasures' with --erasures.`

func runBackup(ctx context.Context, args []string, std stdio) error {
	fs := newFlags(std, "backup", "DEST", backupHelp)
	var f logFlags
	f.register(fs)
	words, err := parseWords(fs, args)
	if err != nil {
		return err
	}
	if len(words) != 1 {
		fs.Usage()
		return errUsage
	}
	l, err := f.open(ctx, std)
	if err != nil {
		return err
	}
	m, err := backupLog(ctx, l, words[0], newProgress(std.err))
	if err = errors.Join(err, l.Close()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(std.out, "%s: %d events, %d documents, %d keys; chain %.16s…\n", words[0], m.Turns, m.Documents, m.Keys, m.Chain)
	return err
}

func backupLog(ctx context.Context, l *eventlog.Log, dest string, p *progress) (eventlog.Manifest, error) {
	defer p.end()
	show := func(done, total uint64) { p.report("back up", int(done), int(total), "") }
	if !strings.HasSuffix(dest, ".tar") {
		return l.BackupDir(ctx, dest, show)
	}
	return backupFile(ctx, l, dest, show)
}

// backupFile writes beside the file and renames at the end: a file of that name is a whole backup.
func backupFile(ctx context.Context, l *eventlog.Log, dest string, show func(done, total uint64)) (m eventlog.Manifest, err error) {
	if _, err := os.Lstat(dest); err == nil {
		return m, fmt.Errorf("back up: %s is there already", dest)
	}
	f, err := os.CreateTemp(filepath.Dir(dest), filepath.Base(dest)+".*.part")
	if err != nil {
		return m, fmt.Errorf("back up: %w", err)
	}
	defer os.Remove(f.Name()) // gone after the rename
	w := bufio.NewWriterSize(f, 1<<20)
	m, err = l.Backup(ctx, w, show)
	if err = errors.Join(err, w.Flush(), f.Sync(), f.Close()); err != nil {
		return m, err
	}
	return m, os.Rename(f.Name(), dest)
}

func runRestore(ctx context.Context, args []string, std stdio) error {
	fs := newFlags(std, "restore", "SRC", restoreHelp)
	var f logFlags
	f.register(fs)
	erasures := fs.String("erasures", "", "`file` with erasures that are done again, JSON Lines of 'yingda keys erasures'")
	words, err := parseWords(fs, args)
	if err != nil {
		return err
	}
	if len(words) != 1 {
		fs.Usage()
		return errUsage
	}
	p := newProgress(std.err)
	defer p.end()
	r := eventlog.RestoreOptions{Progress: func(done, total uint64) { p.report("restore", int(done), int(total), "") }}
	if *erasures != "" {
		if r.Erased, err = readErasures(*erasures); err != nil {
			return err
		}
	}
	o := f.place(newLogger(std.err, slog.LevelWarn))
	if o.Master, o.Previous, err = f.masterKeys(false, std.err); err != nil {
		return err
	}
	m, err := eventlog.Restore(ctx, o, words[0], r)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(std.out, "restored %d events and %d documents of %s; %d erasures done again\n", m.Turns, m.Documents, m.Created.Format("2006-01-02 15:04 MST"), len(r.Erased))
	return err
}

func readErasures(path string) (out []eventlog.Erasure, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	for {
		var e eventlog.Erasure
		if err := dec.Decode(&e); err == io.EOF {
			return out, nil
		} else if err != nil {
			return nil, fmt.Errorf("%s: erasure %d: %w", path, len(out)+1, err)
		}
		out = append(out, e)
	}
}
