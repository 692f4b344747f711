package dialog

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/demoshop"
	"yingda/dialogue/engine"
	"yingda/dialogue/eventlog"
	"yingda/dialogue/media"
	"yingda/dialogue/proactive"
	"yingda/dialogue/script"
)

// stage is everything that one dialog is played with.
type stage struct {
	d       *Dialog
	key     dialogue.Key
	clock   *clock
	log     *eventlog.Log
	shop    *demoshop.Shop
	systems *systems
	scripts *script.Library
	engine  *engine.Engine
	follow  *follower // nil where nothing is sent that the customer did not ask for
	own     bool      // the customer is one of the demo shop
	steps   int
	last    []dialogue.Reply // with buttons that can be pressed
	seen    uint64           // latest event that was looked at
}

// clock stands still until it is set.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

// logRoom is more than any dialog writes.
const logRoom = 64 << 20

// openStage puts the parts together. n makes the folder's name.
func openStage(ctx context.Context, o *Options, decide dialogue.Policy, n int, d *Dialog) (s *stage, err error) {
	s = &stage{d: d, key: dialogue.Key{Tenant: "default", Conversation: "dialog-" + strconv.Itoa(n+1)}, clock: &clock{now: d.Start}}
	if d.Start.IsZero() {
		s.clock.now = DefaultStart
	}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	quiet := slog.New(slog.DiscardHandler)
	s.log, err = eventlog.Open(ctx, eventlog.Options{
		Dir: filepath.Join(o.Dir, strconv.Itoa(n)), Master: make([]byte, 32), MaxBytes: logRoom, CheckpointEvery: -1, Logger: quiet, Now: s.clock.Now,
	})
	if err != nil {
		return s, err
	}
	if s.shop, err = demoshop.New(demoshop.Options{Invent: true, Now: s.clock.Now}); err != nil {
		return s, err
	}
	_, s.own = s.shop.Profile(s.customer())
	if d.Profile != nil {
		s.shop.Adopt(s.customer(), *d.Profile)
	}
	s.systems = &systems{shop: s.shop, answers: map[string]*dialogue.Result{}}
	if s.scripts, err = script.Open(ctx, s.log, o.Pack.Scripts, script.Options{Log: quiet}); err != nil {
		return s, err
	}
	s.engine, err = engine.New(engine.Options{
		Store: s.log, Parser: o.Parser, Policy: decide, Scripts: s.scripts, Profiles: profiles{s.shop}, Calls: s.systems, Media: media.New(media.Options{Log: quiet}),
		Redact: o.Pack.Redact, Feel: o.Pack.Emoji.Feel, Now: s.clock.Now,
	})
	if err != nil {
		return s, err
	}
	if d.outOfTurn() {
		s.follow, err = startFollower(ctx, proactive.Options{
			Documents: s.log, Conversations: s.engine, Scripts: s.scripts, Kinds: o.Pack.FollowUps, Now: s.clock.Now, Logger: quiet, MaxSleep: time.Hour,
		})
	}
	return s, err
}

// outOfTurn tells whether the robot may have to say something by itself.
func (d *Dialog) outOfTurn() bool {
	for i := range d.Steps {
		if k := d.Steps[i].Kind; k == Wait || k == Event {
			return true
		}
	}
	return false
}

// customer is the id of the customer; one without a name gets one, so that the shop can know their orders.
func (s *stage) customer() string {
	switch {
	case s.d.Customer != "":
		return s.d.Customer
	case s.d.Profile != nil:
		return "customer"
	}
	return ""
}

func (s *stage) close() {
	if s.follow != nil {
		s.follow.stop()
	}
	if s.scripts != nil {
		s.scripts.Close()
	}
	if s.log != nil {
		s.log.Close()
	}
}

// profiles asks the shop who customers are.
type profiles struct{ shop *demoshop.Shop }

// Profile implements [dialogue.Profiles].
func (p profiles) Profile(_ context.Context, _, customer string) (dialogue.Profile, error) {
	known, _ := p.shop.Profile(customer)
	return known, nil
}

// systems are the operator's: the demo shop, but for what the dialog says. It remembers the calls.
type systems struct {
	shop    *demoshop.Shop
	mu      sync.Mutex
	answers map[string]*dialogue.Result // by call, "*" for all
	made    []dialogue.CallRecord
}

// Call implements [dialogue.Caller].
func (s *systems) Call(ctx context.Context, c dialogue.Call) dialogue.Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	answer := s.answers[c.Name]
	if answer == nil {
		answer = s.answers["*"]
	}
	var res dialogue.Result
	if answer != nil {
		res = *answer
	} else {
		res = s.shop.Call(ctx, c)
	}
	s.made = append(s.made, dialogue.CallRecord{Call: c, Result: res})
	return res
}

func (s *systems) set(a *Answers) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a.Result == nil {
		delete(s.answers, a.Call)
		return
	}
	s.answers[a.Call] = a.Result
}

// take returns the calls since it was asked last.
func (s *systems) take() []dialogue.CallRecord {
	s.mu.Lock()
	defer s.mu.Unlock()
	made := s.made
	s.made = nil
	return made
}

// follower sends what is due.
type follower struct {
	service *proactive.Service
	cancel  context.CancelFunc
	done    chan error
}

func startFollower(ctx context.Context, o proactive.Options) (*follower, error) {
	arrive := proactive.ChannelFunc(func(context.Context, proactive.Delivery) (proactive.Status, error) { return proactive.Delivered, nil })
	o.Channels = map[string]proactive.Channel{"*": arrive}
	service, err := proactive.New(o)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	f := &follower{service: service, cancel: cancel, done: make(chan error, 1)}
	go func() { f.done <- service.Run(ctx, nil) }()
	if err := service.Loaded(ctx); err != nil {
		f.stop()
		return nil, fmt.Errorf("follow-ups: %w", err)
	}
	return f, nil
}

func (f *follower) stop() {
	f.cancel()
	<-f.done
}
