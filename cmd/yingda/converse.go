package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/action"
	"yingda/dialogue/engine"
	"yingda/dialogue/eventlog"
	"yingda/dialogue/experiment"
	"yingda/dialogue/idle"
	"yingda/dialogue/knowledge"
	"yingda/dialogue/media"
	"yingda/dialogue/pairs"
	"yingda/dialogue/policy"
	"yingda/dialogue/proactive"
	"yingda/dialogue/profile"
	"yingda/dialogue/profile/recommend"
	"yingda/dialogue/routing"
	"yingda/dialogue/script"
	pack "yingda/dialogue/standard"
	"yingda/nlu"
)

// converseFlags say where conversations are kept and what the robot works with.
type converseFlags struct {
	log     logFlags
	service string
	actions string
	profile string
	deliver string
	links   string
	off     bool
}

func (f *converseFlags) register(fs *flag.FlagSet) {
	f.log.register(fs)
	fs.StringVar(&f.service, "service", os.Getenv("YINGDA_SERVICE"), "`folder` of the service pack: tasks, scripts, knowledge, routing (YINGDA_SERVICE; default: the built-in one, see 'yingda service export')")
	fs.StringVar(&f.actions, "actions", os.Getenv("YINGDA_ACTIONS"), "`file` that says which of your systems answer which calls (YINGDA_ACTIONS; default: none, calls fail and the robot says so)")
	fs.StringVar(&f.profile, "profiles", os.Getenv("YINGDA_PROFILES"), "`file` that says where customers' profiles come from, by HTTP or SQL (YINGDA_PROFILES; default: only what callers send and the robot learns)")
	fs.StringVar(&f.deliver, "deliver", "", "`file` that says where messages go that the robot sends by itself when the customer is not connected")
	fs.StringVar(&f.links, "link-hosts", "", "comma-separated `hosts` whose pages' titles may be read when a customer sends a link")
	fs.BoolVar(&f.off, "parse-only", false, "only analyse texts: no conversations, and no log but that of --log-parses")
}

// converse is the conversation half of a running server.
type converse struct {
	log         *eventlog.Log
	folder      string     // of the service pack; empty = the built-in one
	pack        *pack.Pack // as it was at the start
	current     atomic.Pointer[pack.Pack]
	engine      *engine.Engine
	policy      livePolicy
	experiments *experiment.Service
	changed     chan struct{} // full when experiments have changed
	slog        *slog.Logger
	pairs       *pairs.Recorder
	scripts     *script.Library
	knowledge   *knowledge.Base
	routing     *routing.Service
	profiles    *profile.Service
	proposals   *recommend.Recommender
	proactive   *proactive.Service
	idle        *idle.Service
	calls       *action.Client
	closers     []func()
	reloading   sync.Mutex
}

// livePolicy is the policy that is in force: new files make a new one. Experiments change it for some customers.
type livePolicy struct {
	p atomic.Pointer[policy.Variants]
}

// Decide implements [dialogue.Policy].
func (l *livePolicy) Decide(ctx context.Context, t dialogue.Turn) (dialogue.Decision, error) {
	return l.p.Load().Decide(ctx, t)
}

// converseParts are what the conversation half takes from the other one.
type converseParts struct {
	parser   engine.Parser
	bundle   func(name string) error // why a bundle cannot answer; nil = any can
	shadowed func() bool             // whether a shadow understands beside the champion; nil = none does
	embedder knowledge.Embedder
	channel  proactive.Channel // to customers who are connected
	cache    string            // folder for what can be computed again
	say      io.Writer         // for what whoever starts the server must know
	slog     *slog.Logger
}

// open loads the service pack, opens the log and puts the parts together. Nothing runs until run is called.
func (f *converseFlags) open(ctx context.Context, parts converseParts) (c *converse, err error) {
	c = &converse{folder: f.service, changed: make(chan struct{}, 1), slog: parts.slog}
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	if c.pack, err = loadPack(f.service); err != nil {
		return c, err
	}
	where, err := f.log.options(true, parts.say, parts.slog)
	if err != nil {
		return c, err
	}
	if c.log, err = eventlog.Open(ctx, where); err != nil {
		return c, err
	}
	c.closers = append(c.closers, func() { c.log.Close() })
	if c.scripts, err = script.Open(ctx, c.log, c.pack.Scripts, script.Options{Log: parts.slog}); err != nil {
		return c, err
	}
	c.closers = append(c.closers, c.scripts.Close)
	if c.knowledge, err = knowledge.New(knowledge.Options{Defaults: c.pack.Knowledge, Documents: c.log, Embedder: parts.embedder, CacheDir: parts.cache, Log: parts.slog}); err != nil {
		return c, err
	}
	if c.proposals, err = recommend.New(recommend.Options{Catalogue: c.pack.Products, Rules: c.pack.Proposing, Documents: c.log, Logger: parts.slog}); err != nil {
		return c, err
	}
	if err = c.openExperiments(ctx, parts); err != nil {
		return c, err
	}
	if err = c.decideBy(c.pack); err != nil {
		return c, err
	}
	if c.calls, err = openActions(f.actions, parts.slog); err != nil {
		return c, err
	}
	if c.calls != nil {
		c.closers = append(c.closers, c.calls.Close)
	}
	if err = f.openPeople(c, parts); err != nil {
		return c, err
	}
	if err = f.openEngine(c, parts); err != nil {
		return c, err
	}
	return c, f.openServices(c, parts)
}

// decideBy puts a pack's tasks and settings in force.
func (c *converse) decideBy(p *pack.Pack) error {
	next, err := policy.New(policy.Options{Tasks: p.Tasks, Settings: p.Settings, Knowledge: c.knowledge, Recommender: c.proposals, Suggester: c.proposals, Same: p.Products.Same})
	if err != nil {
		return err
	}
	c.policy.p.Store(policy.NewVariants(next, c.experiments.Change, c.slog))
	c.current.Store(p)
	return nil
}

func (f *converseFlags) openPeople(c *converse, parts converseParts) (err error) {
	o := profile.Options{Documents: c.log, Rules: c.pack.Learning, Logger: parts.slog}
	if f.profile != "" {
		var closer func()
		if o.Provider, closer, err = openProvider(f.profile); err != nil {
			return err
		}
		c.closers = append(c.closers, closer)
	}
	if c.profiles, err = profile.New(o); err != nil {
		return err
	}
	c.closers = append(c.closers, c.profiles.Close, c.log.OnErase(c.profiles.Erased), c.log.OnErase(c.proposals.Erased))
	return nil
}

func (f *converseFlags) openEngine(c *converse, parts converseParts) (err error) {
	looks, err := f.openMedia(c, parts)
	if err != nil {
		return err
	}
	o := engine.Options{Store: c.log, Parser: parts.parser, Policy: &c.policy, Scripts: c.scripts, Profiles: c.profiles, Media: looks, Redact: c.pack.Redact, Feel: c.feel,
		Experiments: c.experiments, Taken: c.pairs.Taken, Same: c.profiles.Same}
	if c.calls != nil {
		o.Calls = c.calls
	}
	o.Admit = func(t *dialogue.Tracker, ask dialogue.HandOffAsk, says []dialogue.Say) []dialogue.Say {
		return c.routing.Admit(t, ask, says)
	}
	c.engine, err = engine.New(o)
	return err
}

// feel corrects an emotion by the emoji of the pack that is in force.
func (c *converse) feel(words nlu.Emotion, text string) nlu.Emotion {
	return c.current.Load().Emoji.Feel(words, text)
}

func (f *converseFlags) openMedia(c *converse, parts converseParts) (*media.Reader, error) {
	o := media.Options{Log: parts.slog}
	if hosts := splitList(f.links); len(hosts) > 0 {
		links, err := media.NewLinks(media.LinkOptions{Hosts: hosts})
		if err != nil {
			return nil, fmt.Errorf("--link-hosts: %w", err)
		}
		o.Links, c.closers = links, append(c.closers, links.Close)
	}
	if c.calls != nil && len(c.calls.Missing(media.DescribeCall)) == 0 {
		o.Captioner = media.CallCaptioner{Caller: c.calls}
	}
	return media.New(o), nil
}

func (f *converseFlags) openServices(c *converse, parts converseParts) (err error) {
	c.routing, err = routing.New(routing.Options{
		Config: c.pack.Routing, Log: c.log, Documents: c.log, Conversations: c.engine, Scripts: c.scripts, Profiles: c.profiles, Knowledge: c.knowledge,
		Suggester: &routing.ScriptSuggester{Scripts: c.scripts}, Logger: parts.slog,
	})
	if err != nil {
		return err
	}
	channels := map[string]proactive.Channel{}
	if parts.channel != nil {
		channels["*"] = parts.channel
	}
	if f.deliver != "" {
		if err := openDelivery(f.deliver, channels); err != nil {
			return err
		}
	}
	c.proactive, err = proactive.New(proactive.Options{
		Documents: c.log, Conversations: c.engine, Scripts: c.scripts, Kinds: c.pack.FollowUps, People: c.profiles, Channels: channels, Logger: parts.slog,
	})
	if err != nil {
		return err
	}
	c.idle, err = idle.New(idle.Options{Log: c.log, Conversations: c.engine, Documents: c.log, Rules: silence(c.pack), Logger: parts.slog})
	return err
}

// silence is what a pack says of idle conversations.
func silence(p *pack.Pack) idle.Rules {
	i := p.Settings.Idle
	return idle.Rules{Quiet: i.Quiet.Std(), Done: i.Done.Std(), People: i.People.Std()}
}

// run runs the background half until ctx is done. A part that fails is begun again after a while: turns go on meanwhile.
func (c *converse) run(ctx context.Context, log *slog.Logger) error {
	parts := map[string]func(context.Context) error{
		"knowledge": c.knowledge.Run,
		"routing":   c.routing.Run,
		"pairs":     c.pairs.Run,
		"idle":      c.idle.Run,
		"profiles":  func(ctx context.Context) error { return c.profiles.Run(ctx, c.log) },
		"proposals": func(ctx context.Context) error { return c.proposals.Run(ctx, c.log) },
		"follow-ups": func(ctx context.Context) error {
			return c.proactive.Run(ctx, c.log)
		},
	}
	var all sync.WaitGroup
	for name, run := range parts {
		all.Go(func() { keepRunning(ctx, name, run, log) })
	}
	if c.folder != "" {
		all.Go(func() { c.follow(ctx, c.folder, log) })
	}
	all.Wait()
	return nil
}

// keepRunning runs a part again whenever it ends before ctx does, after a pause that grows while it keeps failing.
func keepRunning(ctx context.Context, name string, run func(context.Context) error, log *slog.Logger) {
	const shortest, longest = 500 * time.Millisecond, 30 * time.Second
	for pause := shortest; ; pause = min(2*pause, longest) {
		began := time.Now()
		err := run(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > longest {
			pause = shortest
		}
		log.Error("a part of the robot stopped; it is begun again", "part", name, "pause", pause, "error", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// close gives everything back, in the opposite order of opening.
func (c *converse) close() {
	for i := len(c.closers) - 1; i >= 0; i-- {
		c.closers[i]()
	}
	c.closers = nil
}

// loadPack reads the service pack of a folder, or the built-in one.
func loadPack(dir string) (*pack.Pack, error) {
	if dir == "" {
		return pack.Load(pack.Files())
	}
	if info, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("--service: %w", err)
	} else if !info.IsDir() {
		return nil, fmt.Errorf("--service: %s is no folder; 'yingda service export DIR' writes one to edit", dir)
	}
	return pack.Load(os.DirFS(dir))
}

// packTime is the newest change in a service pack's folder.
func packTime(dir string) (newest time.Time) {
	filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		if info, err := d.Info(); err == nil && info.ModTime().After(newest) {
			newest = info.ModTime()
		}
		return nil
	})
	return newest
}

// follow puts changed tasks, settings, queues, follow-ups, products, emoji and the rules of learning and proposing in force while the server runs. Scripts and knowledge are edited through the
// API, where changes have versions; their files are the first version and are read at start.
func (c *converse) follow(ctx context.Context, dir string, log *slog.Logger) {
	seen := packTime(dir)
	tick := time.NewTicker(2 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		t := packTime(dir)
		if t.Equal(seen) {
			continue
		}
		seen = t
		if err := c.reload(dir); err != nil {
			log.Error("the service pack changed but is not taken over", "folder", dir, "error", err)
			continue
		}
		log.Info("service pack taken over", "folder", dir)
	}
}

// reload reads the pack again; when anything is wrong nothing changes.
func (c *converse) reload(dir string) error {
	p, err := loadPack(dir)
	if err != nil {
		return err
	}
	c.reloading.Lock() // all parts take the same pack
	defer c.reloading.Unlock()
	if err := c.decideBy(p); err != nil {
		return err
	}
	c.routing.SetConfig(p.Routing)
	c.proactive.SetKinds(p.FollowUps)
	c.proposals.SetCatalogue(p.Products)
	c.proposals.SetRules(p.Proposing)
	c.profiles.SetRules(p.Learning)
	c.idle.SetRules(silence(p))
	return nil
}
