package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"yingda/analytics/feed"
	"yingda/analytics/intake"
	"yingda/analytics/mine/review"
	"yingda/analytics/warehouse"
	"yingda/analytics/web"
	"yingda/dialogue/eventlog"
)

const analyseHelp = `Keeps the warehouse and answers questions about it, on a socket in its folder. "yingda serve" starts one by itself, unless it is told
--no-analytics or its log is on an external cluster. With --nats this command reads the log of that cluster by itself, on any machine.`

// socketName is the name of the socket in the folder of analytics; experimentsName is that of the definitions of experiments.
const (
	socketName      = "analyse.sock"
	experimentsName = "experiments.json"
)

// analyseFlags are those of "yingda analyse", and of serve where it starts it.
type analyseFlags struct {
	dir     string
	memory  string
	threads int
	nice    int
	keep    int
	session time.Duration
	zone    zoneFlag // of reports that name none
	flight  flightFlags
}

// registerWarehouse registers what opening the folder takes; register adds what concerns a process that serves it.
func (f *analyseFlags) registerWarehouse(fs *flag.FlagSet, prefix string) {
	fs.StringVar(&f.memory, prefix+"memory", "1GB", "memory of the database, as 512MB or 2GB; what does not fit is spilled to its folder")
	fs.IntVar(&f.threads, prefix+"threads", 1, "`threads` of the database")
	fs.IntVar(&f.keep, prefix+"keep-days", 0, "`days` that turns and sessions are kept; hourly and daily sums stay (default: for ever)")
	fs.DurationVar(&f.session, prefix+"session-time", 30*time.Minute, "how long a silence ends a session; to change it, rebuild: 'yingda lake rebuild'")
}

func (f *analyseFlags) register(fs *flag.FlagSet, prefix string) {
	f.registerWarehouse(fs, prefix)
	fs.IntVar(&f.nice, prefix+"nice", 10, "how far analytics gives way to the robot where processors are short, 0 to 19")
	f.flight.register(fs, prefix)
}

func (f *analyseFlags) check() error {
	if f.nice < 0 || f.nice > 19 {
		return fmt.Errorf("analytics: niceness %d: want 0 to 19", f.nice)
	}
	return nil
}

// registerZone is for what answers requests of others; "yingda report" has a --zone of its own.
func (f *analyseFlags) registerZone(fs *flag.FlagSet, prefix string) {
	fs.Var(&f.zone, prefix+"zone", "time `zone` of days and hours in reports that name none, as Asia/Shanghai")
}

// zoneFlag is a time zone by its name. The zero value is UTC: what a report says does not hang on the machine that it is asked on.
type zoneFlag struct{ *time.Location }

// Set looks the zone up.
func (z *zoneFlag) Set(name string) error {
	loc, err := time.LoadLocation(name)
	if err != nil || name == "Local" || name == "" {
		return errors.New("want the name of a zone, as Asia/Shanghai")
	}
	z.Location = loc
	return nil
}

// analyticsDir returns the folder of analytics: beside the log.
func analyticsDir() string {
	if dir := os.Getenv("YINGDA_ANALYTICS"); dir != "" {
		return dir
	}
	return filepath.Join(filepath.Dir(filepath.Clean(logDir())), "analytics")
}

func registerAnalyticsDir(fs *flag.FlagSet, dir *string) {
	fs.StringVar(dir, "dir", analyticsDir(), "`folder` of analytics: warehouse, lake, reviews, socket (YINGDA_ANALYTICS)")
}

func (f *analyseFlags) options(log *slog.Logger) warehouse.Options {
	return warehouse.Options{Dir: f.dir, Memory: f.memory, Threads: f.threads, Keep: time.Duration(f.keep) * 24 * time.Hour, SessionTime: f.session, Log: log}
}

func runAnalyse(ctx context.Context, args []string, std stdio) error {
	fs := newFlags(std, "analyse", "", analyseHelp)
	var f analyseFlags
	var where logFlags
	registerAnalyticsDir(fs, &f.dir)
	f.register(fs, "")
	f.registerZone(fs, "")
	where.register(fs)
	if err := parseFlags(fs, args); err != nil {
		return err
	}
	if fs.NArg() > 0 {
		return fmt.Errorf("analyse: unexpected argument %q", fs.Arg(0))
	}
	log := newLogger(std.err, slog.LevelInfo)
	if where.nats != "" {
		return f.follow(ctx, &where, std, log)
	}
	return f.serve(ctx, log)
}

// follow feeds a child from the log of a cluster. The keys that reading the log takes stay in this process; the child has none.
func (f *analyseFlags) follow(ctx context.Context, where *logFlags, std stdio, log *slog.Logger) error {
	o, err := where.options(false, std.err, log)
	if err != nil {
		return err
	}
	l, err := eventlog.Open(ctx, o)
	if err != nil {
		return err
	}
	defer l.Close()
	a, err := f.start(l, std.err, log)
	if err != nil {
		return err
	}
	fmt.Fprintf(std.err, "\nAnalytics of %s in %s  —  try:\n\n  yingda report overview --dir %s\n\n", where.nats, f.dir, f.dir)
	<-ctx.Done()
	return a.close()
}

// serve opens the warehouse and serves it until ctx is done.
func (f *analyseFlags) serve(ctx context.Context, log *slog.Logger) error {
	if err := f.check(); err != nil {
		return err
	}
	if err := giveWay(f.nice); err != nil {
		log.Warn("analytics runs at the same priority as the robot", "error", err)
	}
	w, err := openWarehouse(ctx, f.options(log))
	if err != nil {
		return err
	}
	defer w.Close()
	ln, err := listenSocket(filepath.Join(f.dir, socketName))
	if err != nil {
		return err
	}
	changed, tell := bell()
	receiver := feed.NewReceiver(w, tell, log)
	mux := http.NewServeMux()
	mux.Handle("/internal/", receiver)
	mux.HandleFunc("POST /internal/experiments", f.takeExperiments)
	mux.HandleFunc("GET /internal/messages", serveMessages(w, log))
	mux.HandleFunc("GET /internal/candidates", serveMineSource(w, log))
	work, stop := context.WithCancel(ctx)
	deliveries, delivered := startDeliveries(work, f.dir, w, f.options(log).Keep, log)
	mux.Handle("POST "+intake.ImportPath, intake.Handler(w.Ingest, tell))
	answers := f.webOptions(w, log)
	answers.Exports = deliveries
	mux.Handle("/", web.New(answers))
	running := make(chan struct{})
	go func() {
		defer close(running)
		w.Run(work, changed, warehouse.RunOptions{})
	}()
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		if err := f.flight.serve(work, w, log); err != nil { // the reports are answered all the same
			log.Error("SQL over Arrow Flight is not answered", "error", err)
		}
	}()
	health := receiver.Health()
	log.Info("analytics runs", "dir", w.Dir(), "position", health.Position, "through", health.Through)
	err = serveSocket(ctx, ln, mux)
	stop()
	<-running
	<-asked
	<-delivered
	return errors.Join(err, w.Close())
}

// bell returns a channel and what rings it, which never waits: rung twice before somebody listens, it is heard once.
func bell() (<-chan struct{}, func()) {
	c := make(chan struct{}, 1)
	return c, func() {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// openWarehouse waits a little for a process that is just ending.
func openWarehouse(ctx context.Context, o warehouse.Options) (*warehouse.Warehouse, error) {
	for until := time.Now().Add(15 * time.Second); ; {
		w, err := warehouse.Open(ctx, o)
		if !errors.Is(err, warehouse.ErrInUse) || time.Now().After(until) || !wait(ctx, 200*time.Millisecond) {
			return w, err
		}
	}
}

// wait waits for d, and reports whether ctx still runs.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// listenSocket listens in the folder that this process has the database of: whoever left a socket there has gone.
func listenSocket(path string) (net.Listener, error) {
	if len(path) > 100 {
		return nil, fmt.Errorf("analyse: the path of the socket %s is longer than systems allow (100 bytes): choose a shorter --dir", path)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("analyse: %w", err)
	}
	ln, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("analyse: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("analyse: %w", err), ln.Close())
	}
	return ln, nil
}

// serveSocket serves until ctx is done, then lets requests under way end.
func serveSocket(ctx context.Context, ln net.Listener, h http.Handler) error {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(ln) }()
	select {
	case err := <-failed:
		return fmt.Errorf("analyse: %w", err)
	case <-ctx.Done():
	}
	closing, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := srv.Shutdown(closing); err != nil {
		srv.Close()
	}
	<-failed
	return nil
}

// takeExperiments keeps the definitions of experiments, for their results: analytics cannot read the documents that they are kept in.
func (f *analyseFlags) takeExperiments(rw http.ResponseWriter, r *http.Request) {
	data, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, 16<<20))
	if err == nil && !json.Valid(data) {
		err = errors.New("the definitions of experiments are not JSON")
	}
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	name := filepath.Join(f.dir, experimentsName)
	if err := errors.Join(os.WriteFile(name+".tmp", data, 0o640), os.Rename(name+".tmp", name)); err != nil {
		http.Error(rw, err.Error(), http.StatusInternalServerError)
	}
}

// webOptions puts the parts that answer over HTTP together.
func (f *analyseFlags) webOptions(w *warehouse.Warehouse, log *slog.Logger) web.Options {
	reviews, err := review.Open(review.Options{Dir: f.dir})
	if err != nil {
		log.Error("reviews are not answered", "error", err)
	}
	return web.Options{
		Log: log, Reports: &web.Reports{Querier: w, Zone: f.zone.Location}, Reviews: reviews,
		Experiments: &web.Experiments{Querier: w, Definition: definitionOf(f.dir), Zone: f.zone.Location},
	}
}
