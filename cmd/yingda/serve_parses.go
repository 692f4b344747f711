package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"time"

	"yingda/dialogue/eventlog"
	"yingda/dialogue/parses"
	"yingda/dialogue/redact"
	"yingda/server"
)

// parseLogFlags say what is kept of texts that are analysed without a conversation.
type parseLogFlags struct {
	mode   string
	sample float64
	days   int
}

func (f *parseLogFlags) register(fs *flag.FlagSet) {
	fs.StringVar(&f.mode, "log-parses", string(parses.Off), "keep texts that are only analysed (/v1/parse and its dialects), redacted, for reports and mining: `off, misses or all`; misses are those not understood, or unsurely")
	fs.Float64Var(&f.sample, "log-parses-sample", 1, "`share` of the texts to be kept, more than 0 and up to 1, that are; all are counted")
	fs.IntVar(&f.days, "log-parses-days", 0, "`days` that the log keeps them; analytics has its own copy, see --analytics-keep-days (default: as the log has it, 30 at first)")
}

// check reads the mode and tells what is wrong.
func (f *parseLogFlags) check() (parses.Mode, error) {
	mode, err := parses.ParseMode(f.mode)
	switch {
	case err != nil:
		return mode, fmt.Errorf("serve: --log-parses %w", err)
	case !(f.sample > 0 && f.sample <= 1):
		return mode, fmt.Errorf("serve: --log-parses-sample %g: want more than 0, up to 1", f.sample)
	case f.days < 0:
		return mode, fmt.Errorf("serve: --log-parses-days %d: want 1 or more", f.days)
	}
	return mode, nil
}

// notes is the half of a server that notes texts which are only analysed.
type notes struct {
	log      *eventlog.Log    // also where nothing is noted; nil = there is none
	recorder *parses.Recorder // nil = nothing is noted
	stop     []func() error   // first to last
}

// startNotes begins to note texts, in the log of the conversations or, with --parse-only, in one that has nothing else.
func (f *serveFlags) startNotes(ctx context.Context, talk *converse, std stdio, log *slog.Logger) (n *notes, err error) {
	n = &notes{}
	if talk != nil {
		n.log = talk.log
	}
	mode, err := f.notes.check()
	if err != nil || mode == parses.Off {
		return n, err
	}
	var rules redact.Rules
	if talk != nil {
		rules = talk.pack.Redact // as for turns
	} else if rules, err = n.open(ctx, &f.talk, std, log); err != nil {
		return n, err
	}
	n.recorder, err = parses.New(parses.Options{Log: n.log, Mode: mode, Sample: f.notes.sample, Redact: rules, Logger: log})
	if err != nil {
		return n, errors.Join(err, n.close())
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan error, 1)
	go func() { done <- n.recorder.Run(running) }()
	n.stop = append([]func() error{func() error { cancel(); return <-done }}, n.stop...)
	log.Info("texts that are only analysed are kept, redacted", "which", mode, "sample", f.notes.sample)
	return n, nil
}

// startBeside starts what goes on beside requests: the notes of texts, and analytics. stop ends both and does not close talk's log.
func (f *serveFlags) startBeside(ctx context.Context, talk *converse, std stdio, log *slog.Logger) (n *notes, count *analyst, stop func() error, err error) {
	if n, err = f.startNotes(ctx, talk, std, log); err != nil {
		return nil, nil, nil, err
	}
	if count, err = f.startAnalytics(n.log, talk, std, log); err != nil {
		return nil, nil, nil, errors.Join(err, n.close())
	}
	return n, count, stopBoth(count.close, n.close), nil
}

// open opens a log for texts alone.
func (n *notes) open(ctx context.Context, f *converseFlags, std stdio, log *slog.Logger) (rules redact.Rules, err error) {
	pack, err := loadPack(f.service)
	if err != nil {
		return rules, err
	}
	where, err := f.log.options(true, std.err, log)
	if err != nil {
		return rules, err
	}
	if n.log, err = eventlog.Open(ctx, where); err != nil {
		return rules, err
	}
	n.stop = append(n.stop, n.log.Close)
	return pack.Redact, nil
}

// close writes what is ready and closes what open opened.
func (n *notes) close() error {
	var errs []error
	for _, stop := range n.stop {
		errs = append(errs, stop())
	}
	n.stop = nil
	return errors.Join(errs...)
}

// serve hands the recorder to the server.
func (n *notes) serve(o *server.Options) {
	if n.recorder != nil {
		o.Parses = n.recorder
	}
}

// keepParses is for how long the log keeps texts; 0 = as it does.
func (f *parseLogFlags) keepParses() time.Duration { return time.Duration(f.days) * 24 * time.Hour }
