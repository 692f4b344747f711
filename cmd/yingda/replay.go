package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/dialog"
	"yingda/dialogue/eventlog"
	"yingda/dialogue/experiment"
	"yingda/dialogue/policy"
	"yingda/dialogue/profile"
	"yingda/dialogue/script"
)

const replayHelp = `Does the turns of an event log again with another bundle (--bundle), or other tasks, settings and scripts (--service), and prints what would be
different: what is understood, done and said, turn by turn, and how often. Nothing is written to the log and no system is called: calls are
answered as they were then. Each turn begins with what the robot knew in the log.

The log must not be open in a server, unless it is on an external cluster (--nats); use --backup with a backup of 'yingda backup' instead.`

type replayFlags struct {
	engineFlags
	log     logFlags
	backup  string
	service string
	profile string
	tenant  string
	since   string
	limit   int
	texts   bool
	json    bool
	quiet   bool
}

func (f *replayFlags) register(fs *flag.FlagSet) {
	f.engineFlags.register(fs)
	f.log.register(fs)
	fs.StringVar(&f.backup, "backup", "", "`path` of a backup to replay instead of the log")
	fs.StringVar(&f.service, "service", os.Getenv("YINGDA_SERVICE"), "`folder` of the service pack (YINGDA_SERVICE; default: the built-in one)")
	fs.StringVar(&f.profile, "profiles", os.Getenv("YINGDA_PROFILES"), "`file` that says where customers' profiles come from; the log does not keep those (YINGDA_PROFILES)")
	fs.StringVar(&f.tenant, "tenant", "", "only this `tenant`")
	fs.StringVar(&f.since, "since", "", "only turns of the last `span` (e.g. 36h) or from a date (2026-11-01) on")
	fs.IntVar(&f.limit, "limit", 0, "at most so many turns; 0 = all")
	fs.BoolVar(&f.texts, "texts", false, "also show slots and replies, which may hold what customers wrote")
	fs.BoolVar(&f.quiet, "summary", false, "print the summary alone")
	fs.BoolVar(&f.json, "json", false, "print JSON Lines")
}

func runReplay(ctx context.Context, args []string, std stdio) (err error) {
	fs := newFlags(std, "replay", "", replayHelp)
	var f replayFlags
	f.register(fs)
	words, err := parseWords(fs, args)
	if err != nil {
		return err
	}
	since, err := sinceTime(f.since, time.Now())
	if len(words) > 0 || err != nil {
		if err != nil {
			fmt.Fprintln(std.err, "yingda: --since:", err)
		}
		fs.Usage()
		return errUsage
	}
	l, closeLog, err := f.open(ctx, std)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeLog()) }()
	o, closeParts, err := f.parts(ctx, l, std)
	if err != nil {
		return err
	}
	defer closeParts()
	o.Tenant, o.Since, o.Limit = f.tenant, since, f.limit
	bar := newProgress(std.err)
	defer bar.end()
	walk := func(fn func(*dialogue.Event) error) error {
		return l.Walk(ctx, 0, func(ev *dialogue.Event, last uint64) error {
			bar.report("replay", int(ev.Seq), int(last), "")
			return fn(ev)
		})
	}
	sum, err := dialog.Replay(ctx, o, walk, func(c dialog.Change) error { return f.show(c, std) })
	if err != nil {
		return err
	}
	if f.json {
		return sum.WriteJSON(std.out)
	}
	return sum.Write(std.out)
}

func (f *replayFlags) show(c dialog.Change, std stdio) error {
	switch {
	case f.quiet:
		return nil
	case !f.texts:
		c = c.Hide()
	}
	if f.json {
		enc := json.NewEncoder(std.out)
		enc.SetEscapeHTML(false)
		return enc.Encode(c)
	}
	return dialog.WriteChange(std.out, c)
}

// sinceTime reads a span before now, or a date.
func sinceTime(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if d, err := time.ParseDuration(s); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	if t, err := time.ParseInLocation(time.DateOnly, s, time.Local); err == nil {
		return t, nil
	}
	return time.Time{}, fmt.Errorf("%q: write a span such as 36h or a date such as 2026-11-01", s)
}

// open opens the log, or a copy of a backup.
func (f *replayFlags) open(ctx context.Context, std stdio) (l *eventlog.Log, done func() error, err error) {
	log := newLogger(std.err, slog.LevelWarn)
	if f.backup == "" {
		o, err := f.log.options(false, std.err, log)
		if err != nil {
			return nil, nil, err
		}
		o.CheckpointEvery, o.SnapshotEvery = -1, -1
		if l, err = eventlog.Open(ctx, o); err != nil {
			return nil, nil, err
		}
		return l, l.Close, nil
	}
	dir, err := os.MkdirTemp("", "yingda-replay-")
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	o := eventlog.Options{Dir: filepath.Join(dir, "log"), Logger: log, CheckpointEvery: -1, SnapshotEvery: -1}
	if o.Master, o.Previous, err = f.log.masterKeys(false, std.err); err != nil {
		return nil, nil, err
	}
	if _, err = eventlog.Restore(ctx, o, f.backup, eventlog.RestoreOptions{}); err != nil {
		return nil, nil, err
	}
	if l, err = eventlog.Open(ctx, o); err != nil {
		return nil, nil, err
	}
	return l, func() error { return errors.Join(l.Close(), os.RemoveAll(dir)) }, nil
}

// parts puts together what turns are done again with.
func (f *replayFlags) parts(ctx context.Context, l *eventlog.Log, std stdio) (o dialog.ReplayOptions, done func(), err error) {
	var closers []func()
	done = func() {
		for i := len(closers) - 1; i >= 0; i-- {
			closers[i]()
		}
	}
	defer func() {
		if err != nil {
			done()
		}
	}()
	p, err := loadPack(f.service)
	if err != nil {
		return o, done, err
	}
	e, err := f.engineFlags.open(ctx, std.err)
	if err != nil {
		return o, done, err
	}
	closers = append(closers, func() { e.Close() })
	known, closeKnowledge, err := openKnowledge(ctx, p, e, filepath.Join(f.cache, "vectors"), l)
	if err != nil {
		return o, done, err
	}
	closers = append(closers, closeKnowledge)
	log := newLogger(std.err, slog.LevelWarn)
	scripts, err := script.Open(ctx, l, p.Scripts, script.Options{Log: log})
	if err != nil {
		return o, done, err
	}
	closers = append(closers, scripts.Close)
	decide, err := policy.New(policy.Options{Tasks: p.Tasks, Settings: p.Settings, Knowledge: known, Same: p.Products.Same})
	if err != nil {
		return o, done, err
	}
	trials, err := experiment.Open(ctx, l, experiment.Options{Log: log}) // turns are done again with the variants that they had
	if err != nil {
		return o, done, err
	}
	closers = append(closers, trials.Close)
	o = dialog.ReplayOptions{Parser: parseWith{e}, Policy: policy.NewVariants(decide, trials.Change, log), Scripts: scripts, Feel: p.Emoji.Feel}
	if f.profile == "" {
		return o, done, nil
	}
	provider, closeProvider, err := openProvider(f.profile)
	if err != nil {
		return o, done, err
	}
	closers = append(closers, closeProvider)
	people, err := profile.New(profile.Options{Documents: l, Rules: p.Learning, Provider: provider, Logger: log})
	if err != nil {
		return o, done, err
	}
	closers = append(closers, people.Close)
	o.Profiles = people
	return o, done, nil
}
