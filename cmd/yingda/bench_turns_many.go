package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"yingda/bench"
	"yingda/dialogue"
	"yingda/dialogue/eventlog"
	"yingda/nlu"
)

// manyCommand makes this program measure conversations in its own process; it is for 'yingda bench-turns' only.
const manyCommand = "@many"

// manySenders is how many send at a time.
const manySenders = 64

// manyFlags say how many conversations there are.
type manyFlags struct {
	open, each, long int
	profile, heap    string
}

func (f *manyFlags) register(fs *flag.FlagSet) {
	fs.IntVar(&f.open, "open", 100000, "how many conversations are open at a time")
	fs.IntVar(&f.each, "each", 1, "turns of each of them")
	fs.IntVar(&f.long, "long", 10000, "turns of the long conversation")
	fs.StringVar(&f.profile, "cpuprofile", "", "`file` for a CPU profile of the turns of the open conversations")
	fs.StringVar(&f.heap, "memprofile", "", "`file` for a profile of the memory with all of them open")
}

func (f *manyFlags) sound() bool { return f.open > 0 && f.each > 0 && f.long > 0 }

func (f *manyFlags) args() []string {
	return []string{"--open", strconv.Itoa(f.open), "--each", strconv.Itoa(f.each), "--long", strconv.Itoa(f.long), "--cpuprofile", f.profile, "--memprofile", f.heap}
}

// runMany prints a bench.Conversations as JSON.
func runMany(ctx context.Context, args []string, std stdio) error {
	fs := newFlags(std, "bench-turns "+manyCommand, "", "Part of bench-turns.")
	m := many{texts: bench.Texts(false), log: newLogger(std.err, slog.LevelError)}
	m.register(fs)
	f := serveFlags{maxQueue: 16384, maxWait: time.Minute}
	f.ortFlags.register(fs)
	fs.StringVar(&f.talk.log.dir, "log", "", "`folder` of the log")
	fs.StringVar(&f.store, "bundles", "", "`folder` of the bundle store")
	if err := parseFlags(fs, args); err != nil {
		return err
	}
	if err := f.initORT(ctx, std.err); err != nil {
		return err
	}
	got, err := m.run(ctx, &f)
	if err != nil {
		return err
	}
	return json.NewEncoder(std.out).Encode(got)
}

// remembered answers with what the model made of each text before.
type remembered map[string]*nlu.Analysis

// Parse implements [engine.Parser].
func (r remembered) Parse(_ context.Context, _ string, us []nlu.Utterance) ([]*nlu.Analysis, error) {
	as := make([]*nlu.Analysis, len(us))
	for i, u := range us {
		if as[i] = r[u.Text]; as[i] == nil {
			return nil, fmt.Errorf("%q was not parsed before", u.Text)
		}
	}
	return as, nil
}

// many holds many conversations.
type many struct {
	manyFlags
	texts []string
	log   *slog.Logger
	got   bench.Conversations
}

func (m *many) run(ctx context.Context, f *serveFlags) (got bench.Conversations, err error) {
	store, err := openStore(f.store)
	if err != nil {
		return got, err
	}
	rules, err := f.loadRules()
	if err != nil {
		return got, err
	}
	holdMemory(ctx)
	r := f.registry(store, rules, m.log)
	if err := r.Sync(ctx); err != nil {
		return got, err
	}
	defer func() { err = errors.Join(err, closeRegistry(r)) }()
	parser := remembered{}
	for _, text := range m.texts {
		as, err := r.Parse(ctx, "", []nlu.Utterance{{Text: text}})
		if err != nil {
			return got, err
		}
		parser[text] = as[0]
	}
	m.got = bench.Conversations{Open: m.open, Each: m.each, Long: m.long}
	if err := m.talk(ctx, f, converseParts{parser: parser, embedder: &championEmbedder{r}, cache: filepath.Join(cacheDir(), "vectors"), say: io.Discard, slog: m.log}); err != nil {
		return got, err
	}
	return m.got, m.reopen(ctx, &f.talk.log)
}

// talk opens the conversation half as the server does, and has everything said.
func (m *many) talk(ctx context.Context, f *serveFlags, parts converseParts) error {
	c, err := f.talk.open(ctx, parts)
	if err != nil {
		return err
	}
	defer c.close()
	background, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- c.run(background, m.log) }()
	err = m.fill(ctx, c)
	cancel()
	return errors.Join(err, <-done)
}

func (m *many) fill(ctx context.Context, c *converse) error {
	err := m.say(ctx, c, 1, "warm-")
	if err != nil {
		return err
	}
	time.Sleep(time.Second) // the index of the knowledge base
	if m.got.RSSBefore, err = residentMB(); err != nil {
		return err
	}
	stop, err := m.startProfile()
	if err != nil {
		return err
	}
	cpu, err := bench.SelfCPU()
	if err != nil {
		return err
	}
	start := time.Now()
	for range m.each {
		if err := m.say(ctx, c, m.open, "c"); err != nil {
			return err
		}
	}
	turns := float64(m.open * m.each)
	m.got.PerSecond = turns / time.Since(start).Seconds()
	time.Sleep(2 * time.Second) // what follows turns: queues, profiles, follow-ups, snapshots
	after, err := bench.SelfCPU()
	if err != nil {
		return err
	}
	m.got.TurnCPU = (after - cpu).Seconds() * 1000 / turns
	stop()
	if m.got.RSS, err = residentMB(); err != nil {
		return err
	}
	if err := m.writeHeap(); err != nil {
		return err
	}
	return m.saySlowly(ctx, c)
}

func (m *many) startProfile() (stop func(), err error) {
	if m.profile == "" {
		return func() {}, nil
	}
	w, err := os.Create(m.profile)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(w); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return func() {
		pprof.StopCPUProfile()
		w.Close()
	}, nil
}

func (m *many) writeHeap() error {
	if m.heap == "" {
		return nil
	}
	w, err := os.Create(m.heap)
	if err != nil {
		return err
	}
	return errors.Join(pprof.WriteHeapProfile(w), w.Close())
}

// say sends one message to each of n conversations.
func (m *many) say(ctx context.Context, c *converse, n int, name string) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var next atomic.Int64
	var all sync.WaitGroup
	for range manySenders {
		all.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if err := m.turn(ctx, c, fmt.Sprint(name, i), i); err != nil {
					stop(err)
				}
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}

// turn sends a message; its id is the conversation's next.
func (m *many) turn(ctx context.Context, c *converse, conversation string, i int) error {
	k := dialogue.Key{Tenant: "default", Conversation: conversation}
	id := time.Now().UnixNano()
	text := m.texts[(i+int(id))%len(m.texts)]
	_, err := c.engine.Handle(ctx, dialogue.Message{Key: k, ID: strconv.FormatInt(id, 36), Customer: "u-" + conversation, Channel: "web", Text: text})
	return err
}

// longKey is the long conversation.
var longKey = dialogue.Key{Tenant: "default", Conversation: "long"}

func (m *many) saySlowly(ctx context.Context, c *converse) error {
	for i := range m.long {
		if err := m.turn(ctx, c, longKey.Conversation, i); err != nil {
			return err
		}
	}
	var err error
	m.got.LoadWarm, _, err = timeLoads(ctx, c.log)
	return err
}

// reopen opens the log as a new process does, and loads the long conversation each time anew.
func (m *many) reopen(ctx context.Context, where *logFlags) error {
	o, err := where.options(false, io.Discard, m.log)
	if err != nil {
		return err
	}
	o.Trackers = -1 // none is kept in memory
	if m.got.LogMB, err = folderMB(where.dir); err != nil {
		return err
	}
	start := time.Now()
	l, err := eventlog.Open(ctx, o)
	if err != nil {
		return err
	}
	m.got.Reopened = since(start, time.Second)
	m.got.LoadCold, m.got.LoadHighest, err = timeLoads(ctx, l)
	return errors.Join(err, l.Close())
}

// timeLoads returns the median and the longest time of loading the long conversation, in milliseconds.
func timeLoads(ctx context.Context, l *eventlog.Log) (median, longest float64, err error) {
	var times []float64
	for range 30 {
		start := time.Now()
		if _, err := l.Load(ctx, longKey); err != nil {
			return 0, 0, err
		}
		times = append(times, since(start, time.Millisecond))
	}
	slices.Sort(times)
	return bench.Quantile(times, 0.5), times[len(times)-1], nil
}

func residentMB() (float64, error) {
	n, err := bench.SelfRSS()
	return float64(n) / 1e6, err
}

// folderMB sums the sizes of all files below a folder.
func folderMB(dir string) (float64, error) {
	var sum int64
	err := filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			sum += info.Size()
		}
		return err
	})
	return float64(sum) / 1e6, err
}
