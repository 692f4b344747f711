package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"

	"yingda/dialogue/eventlog"
	"yingda/dialogue/knowledge"
	"yingda/dialogue/proactive"
	"yingda/dialogue/profile"
	"yingda/dialogue/task"
	"yingda/models"
	"yingda/server"
)

// startTalk opens the conversation half and runs it; talk is nil with --parse-only. stop ends it and closes the log.
func (f *serveFlags) startTalk(ctx context.Context, r registry, live *liveServer, std stdio, log *slog.Logger) (talk *converse, stop func() error, err error) {
	if f.talk.off {
		return nil, func() error { return nil }, nil
	}
	closeDemo := func() error { return nil }
	if f.demo {
		if closeDemo, err = f.startDemoShop(ctx, std, log); err != nil {
			return nil, nil, err
		}
	}
	embed := &championEmbedder{r}
	talk, err = f.talk.open(ctx, converseParts{parser: r, embedder: embed, channel: live, cache: filepath.Join(cacheDir(), "vectors"), say: std.err, slog: log,
		bundle: r.answers, shadowed: func() bool { return r.mirror != nil && r.ID(models.Shadow) != "" }})
	if f.demo { // all has been read; a robot that is killed leaves no secret behind
		err = errors.Join(err, os.RemoveAll(filepath.Dir(f.talk.actions)))
	}
	if err != nil {
		return nil, nil, errors.Join(err, closeDemo())
	}
	r.changed.pairs.Store(talk.pairs)
	r.changed.tell = func() { talk.knowledge.SetEmbedder(embed) } // vectors of two bundles cannot be compared
	background, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan error, 1)
	go func() { done <- talk.run(background, log) }()
	return talk, func() error {
		cancel()
		err := <-done
		talk.close()
		return errors.Join(err, closeDemo())
	}, nil
}

// serve hands the conversation half to the server.
func (c *converse) serve(o *server.Options) {
	o.Robot, o.Conversations, o.Follow = c.engine, c.engine, c.log
	o.Routing, o.Scripts, o.Knowledge, o.Profiles, o.FollowUps = c.routing, c.scripts, c.knowledge, c.profiles, c.proactive
	o.Tasks, o.Records, o.Experiments = liveTasks{c}, records{c.log}, c.experiments
	o.NotReady = func() []string {
		if c.log.Stats().Full {
			return []string{"the disk of the event log is full: turns are refused until there is room"}
		}
		return nil
	}
}

// records is the log as something to be looked after.
type records struct{ log *eventlog.Log }

// Erase implements [server.Records].
func (r records) Erase(ctx context.Context, tenant, customer string) (server.Erased, error) {
	if err := profile.Sever(ctx, r.log, tenant, customer, "erasure"); err != nil {
		return server.Erased{}, err
	}
	e, err := r.log.Erase(ctx, tenant, customer)
	return server.Erased{Customer: customer, Alias: e.Alias, Keys: e.Keys, Documents: e.Documents, Time: e.Time}, err
}

// Backup implements [server.Records].
func (r records) Backup(ctx context.Context, w io.Writer) error {
	_, err := r.log.Backup(ctx, w, func(uint64, uint64) {})
	return err
}

// liveTasks are the tasks in force.
type liveTasks struct{ c *converse }

// Tasks implements [server.Tasks].
func (l liveTasks) Tasks() []*task.Task { return l.c.current.Load().Tasks.Tasks() }

// Reload implements [server.Tasks].
func (l liveTasks) Reload(_ context.Context, dry bool) error {
	if dry {
		_, err := loadPack(l.c.folder)
		return err
	}
	return l.c.reload(l.c.folder)
}

// championEmbedder makes vectors with the champion of the moment.
type championEmbedder struct{ r registry }

var _ knowledge.Embedder = (*championEmbedder)(nil)

// Bundle implements [knowledge.Embedder].
func (e *championEmbedder) Bundle() models.BundleID { return e.r.ID(models.Champion) }

// Embed implements [knowledge.Embedder].
func (e *championEmbedder) Embed(ctx context.Context, texts ...string) ([][]float32, error) {
	lease, err := e.r.Acquire(string(models.Champion))
	if err != nil {
		return nil, err
	}
	defer lease.Release()
	return lease.Engine.Embed(ctx, texts...)
}

// liveServer brings messages to customers who are connected. One who is not sees the message when they come back, for it is part of their
// conversation already, unless another channel reaches them first.
type liveServer struct{ server atomic.Pointer[server.Server] }

// Deliver implements [proactive.Channel].
func (l *liveServer) Deliver(_ context.Context, d proactive.Delivery) (proactive.Status, error) {
	if s := l.server.Load(); s != nil && s.Connected(d.Key) {
		return proactive.Delivered, nil
	}
	return "", proactive.ErrUnreachable
}
