package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"

	"yingda/dialogue/pairs"
	"yingda/models"
	"yingda/models/batch"
	"yingda/nlu"
	"yingda/nlu/shadow"
	"yingda/nlu/standard"
	"yingda/server"
)

// registry is the registry of engines: the server's Parser.
type registry struct {
	*models.Registry[*standard.Engine]
	mirror  *shadow.Mirror // compares the shadow with the champion; nil = not
	changed *changes       // who wants to know of another champion
}

// changes tells of changes of the store, and of what the shadow said.
type changes struct {
	tell  func()
	pairs atomic.Pointer[pairs.Recorder] // nil = nobody wants to know
}

// sync loads what the store says and tells of it.
func (r registry) sync(ctx context.Context) error {
	err := r.Sync(ctx)
	if r.changed.tell != nil {
		r.changed.tell()
	}
	return err
}

// Parse implements [server.Parser].
func (r registry) Parse(ctx context.Context, bundle string, us []nlu.Utterance) ([]*nlu.Analysis, error) {
	lease, err := r.Acquire(bundle)
	if err != nil {
		return nil, err
	}
	defer lease.Release()
	as, err := lease.Engine.Analyse(ctx, us...)
	if err == nil && r.mirror != nil && (bundle == "" || bundle == string(models.Champion)) {
		r.mirror.Offer(r.ID(models.Shadow), us, as)
	}
	return as, err
}

func (r registry) queues() []server.Queue {
	var qs []server.Queue
	for _, role := range models.Roles {
		if lease, err := r.Acquire(string(role)); err == nil {
			qs = append(qs, server.Queue{Role: role, Stats: lease.Engine.Stats()})
			lease.Release()
		}
	}
	return qs
}

// serveFlags are those of "yingda serve".
type serveFlags struct {
	engineFlags
	addr     string
	drain    time.Duration
	verbose  bool
	once     bool
	maxQueue int
	maxWait  time.Duration
	share    float64
	talk     converseFlags
	keys     string
	origins  string
	demo     bool

	analyse     analyseFlags
	noAnalytics bool
	notes       parseLogFlags
}

func runServe(ctx context.Context, args []string, std stdio) error {
	fs := newFlags(std, "serve", "", "Serves the HTTP API with the champion of the bundle store, and follows changes of the store.")
	var f serveFlags
	f.ortFlags.register(fs)
	f.registerStore(fs)
	f.registerRules(fs)
	f.talk.register(fs)
	f.notes.register(fs)
	f.analyse.register(fs, "analytics-")
	f.analyse.registerZone(fs, "analytics-")
	fs.StringVar(&f.analyse.dir, "analytics", os.Getenv("YINGDA_ANALYTICS"), "`folder` of analytics (YINGDA_ANALYTICS; default: analytics beside the folder of the log)")
	fs.BoolVar(&f.noAnalytics, "no-analytics", false, "do not count what happens: no reports. With --nats one 'yingda analyse --nats' counts for all replicas")
	fs.StringVar(&f.addr, "addr", "127.0.0.1:8080", "listen `address`; anything but loopback needs --keys")
	fs.StringVar(&f.keys, "keys", os.Getenv("YINGDA_KEYS"), "`file` of API keys with their roles (YINGDA_KEYS); without one only this machine may call")
	fs.StringVar(&f.origins, "origins", "", "comma-separated `origins` of other sites whose pages may call, e.g. https://shop.example")
	fs.BoolVar(&f.demo, "demo", false, "run the demo shop beside the robot, as the system it calls")
	fs.DurationVar(&f.drain, "drain", 0, "how long to go on serving after SIGTERM, with /readyz saying no, until load balancers have noticed")
	fs.BoolVar(&f.verbose, "v", false, "log each request (never its text)")
	fs.BoolVar(&f.once, "once", false, "read each message once: some 8 % more messages a second, long ones answered a third sooner, and fewer second wishes found")
	fs.IntVar(&f.maxQueue, "queue-tokens", 16384, "tokens that may wait for the model before requests are refused")
	fs.Float64Var(&f.share, "shadow-share", 1, "`share` of the requests, 0 to 1, that the shadow is run on too, for /v1/shadow; it never delays an answer but costs processor time")
	fs.DurationVar(&f.maxWait, "queue-wait", 2*time.Second, "longest wait for the model")
	if err := parseFlags(fs, args); err != nil {
		return err
	}
	if fs.NArg() > 0 {
		return fmt.Errorf("serve: unexpected argument %q", fs.Arg(0))
	}
	if !(f.share >= 0 && f.share <= 1) {
		return fmt.Errorf("serve: --shadow-share %g: want 0 to 1", f.share)
	}
	if f.demo && f.talk.off {
		return errors.New("serve: --demo and --parse-only do not go together: the demo shop is there for conversations")
	}
	if _, err := f.notes.check(); err != nil {
		return err
	}
	f.talk.log.keepParses = f.notes.keepParses()
	level := slog.LevelInfo
	if f.verbose {
		level = slog.LevelDebug
	}
	return f.serve(ctx, std, newLogger(std.err, level))
}

func (f *serveFlags) serve(ctx context.Context, std stdio, log *slog.Logger) error {
	if err := f.initORT(ctx, std.err); err != nil {
		return err
	}
	store, err := openStore(f.store)
	if err != nil {
		return err
	}
	rules, err := f.loadRules()
	if err != nil {
		return err
	}
	r := f.registry(store, rules, log)
	if err := f.addMirror(&r, log); err != nil { // before anybody has a copy of r
		return err
	}
	seen := stateTime(store) // before the first look, so that no later change is missed
	if err := r.Sync(ctx); err != nil {
		log.Error("some bundles could not be loaded", "error", err)
	}
	if len(r.Loaded()) == 0 || r.Loaded()[0].Manifest == nil {
		r.stopMirror()
		return errors.New("serve: no champion could be loaded; 'yingda bundle rollback' goes back to the bundle before")
	}
	debug.FreeOSMemory() // what reading and checking the bundle took
	holdMemory(ctx)
	defer spareProcessors()()
	access, err := f.openKeys()
	if err != nil {
		return err
	}
	var live liveServer
	talk, stopTalk, err := f.startTalk(ctx, r, &live, std, log)
	if err != nil {
		return errors.Join(err, closeRegistry(r))
	}
	noted, count, stopBeside, err := f.startBeside(ctx, talk, std, log)
	if err != nil {
		return errors.Join(err, stopTalk(), closeRegistry(r))
	}
	stopTalk = stopBoth(stopBeside, stopTalk)
	srv, err := f.newServer(store, &r, talk, noted, count, access, log)
	if err != nil {
		return errors.Join(err, stopTalk(), closeRegistry(r))
	}
	live.server.Store(srv)
	follow, stop := context.WithCancel(ctx)
	defer stop()
	go followStore(follow, store, seen, r, log)
	f.greet(r, std)
	err = srv.Run(follow)
	stop()
	err = errors.Join(err, stopTalk())
	return errors.Join(err, closeRegistry(r))
}

// spareProcessors lets Go run twice as many goroutines at a time as there are processors, unless GOMAXPROCS says otherwise: a run of the model keeps
// its place for milliseconds although it runs no Go, and what else a turn needs would wait for the runtime to notice. Measured at 100 turns a second on two
// processors: p99 130 and 440 ms without, 54 and 72 ms with.
func spareProcessors() (undo func()) {
	before := runtime.GOMAXPROCS(0)
	if os.Getenv("GOMAXPROCS") != "" {
		return func() {}
	}
	runtime.GOMAXPROCS(2 * before)
	return func() { runtime.GOMAXPROCS(before) }
}

// addMirror runs the shadow beside the champion, unless its share is 0.
func (f *serveFlags) addMirror(r *registry, log *slog.Logger) (err error) {
	if f.share > 0 {
		r.mirror, err = newMirror(*r, f.share, log)
	}
	return err
}

func (r registry) stopMirror() {
	if r.mirror != nil {
		r.mirror.Close()
	}
}

func closeRegistry(r registry) error {
	r.stopMirror() // before the engine that it runs
	closing, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return r.Close(closing)
}

// openKeys reads the file of API keys; without one only loopback may be bound.
func (f *serveFlags) openKeys() (keys *server.Keys, err error) {
	if f.keys != "" {
		if keys, err = server.OpenKeys(f.keys, time.Now); err != nil {
			return nil, fmt.Errorf("--keys: %w", err)
		}
	}
	return keys, server.CheckBinding(f.addr, keys)
}

// greet says where the server is and what to try.
func (f *serveFlags) greet(r registry, std stdio) {
	try := fmt.Sprintf(`curl -s http://%s/v1/parse -H 'Content-Type: application/json' -d '{"text": "我的订单怎么还没发货"}'`, f.addr)
	if !f.talk.off {
		try = fmt.Sprintf(`curl -s http://%s/v1/conversations/try-1/messages -H 'Content-Type: application/json' -d '{"customer": "demo-zh", "text": "我的订单到哪了"}'`, f.addr)
	}
	fmt.Fprintf(std.err, "\nYingda serves %s at http://%s  —  try:\n\n  %s\n\nor open http://%s in a browser.\n\n", r.Loaded()[0].Manifest.ID, f.addr, try, f.addr)
}

// newServer puts the server in front of the registry and the conversations.
func (f *serveFlags) newServer(store *models.Store, r *registry, talk *converse, noted *notes, count *analyst, keys *server.Keys, log *slog.Logger) (*server.Server, error) {
	o := server.Options{Bundles: r, ListBundles: store.List, Queues: r.queues, Addr: f.addr, Version: version(), Log: log, DrainDelay: f.drain,
		Keys: keys, Origins: splitList(f.origins)}
	if r.mirror != nil {
		o.Shadow = r.mirror.Report
	}
	o.Parser = *r
	noted.serve(&o)
	if count != nil {
		o.Analytics = count.handler()
	}
	if talk != nil {
		talk.serve(&o)
	}
	return server.New(o)
}

func (f *serveFlags) registry(store *models.Store, rules *standard.Rules, log *slog.Logger) registry {
	cores := runtime.GOMAXPROCS(0) // now: see spareProcessors
	build := func(b *models.Bundle) (*standard.Engine, error) {
		return buildEngineOn(b, standard.Options{Rules: rules, Once: f.once, Queue: batch.Options{QueueTokens: f.maxQueue, MaxWait: f.maxWait}}, cores)
	}
	return registry{Registry: models.NewRegistry(store, build, log), changed: &changes{}}
}

// followStore loads what another process activates. It looks at the state file's time twice a second: that works on every file system.
// seen is the time of the state that is loaded.
func followStore(ctx context.Context, store *models.Store, seen time.Time, r registry, log *slog.Logger) {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if t := stateTime(store); !t.Equal(seen) {
			seen = t
			if err := r.sync(ctx); err != nil {
				log.Error("bundle store changed but could not be followed", "error", err)
			}
			debug.FreeOSMemory()
		}
	}
}

func stateTime(store *models.Store) time.Time {
	info, err := os.Stat(filepath.Join(store.Dir(), models.StateName))
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}
