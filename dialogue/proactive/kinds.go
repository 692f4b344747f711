package proactive

import (
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/internal/strict"
	"yingda/nlu"
)

// Kinds are the kinds of follow-ups of a deployment. Load them with [LoadKinds].
type Kinds struct {
	Zone       *time.Location      // of customers whose own is not known
	Keep       time.Duration       // how long a follow-up that ended can be looked at
	Categories map[string]Category // "service", "marketing" …
	Kinds      map[string]Kind
	triggers   map[string][]string // event type → kinds
	lifters    map[string][]string // event type → kinds that it cancels
}

// Category is a class of messages that a customer may refuse.
type Category struct {
	Default bool  // what silence means
	Quiet   Quiet // zero = none
	Caps    Caps  // over all kinds of the category
}

// Caps bound how many messages a customer gets in any 24 hours and in any 7 days; 0 = no bound.
type Caps struct{ Day, Week int }

// Stop is something that makes a follow-up pointless.
type Stop string

// The stops.
const (
	OnReply   Stop = "reply"   // the customer wrote, on whatever channel
	OnRating  Stop = "rating"  // the customer rated the conversation
	OnClose   Stop = "close"   // the conversation was closed
	OnHandOff Stop = "handoff" // people took over
)

// Kind says how one kind of follow-up behaves.
type Kind struct {
	Name        string
	Category    string
	Script      string        // key of the words
	Delay       time.Duration // from what makes it to when it is due
	Expire      time.Duration // from when it was due first; what is not sent by then never is
	Quiet       bool          // obeys the category's quiet hours
	Caps        Caps          // of this kind
	Channels    []string      // tried in this order; "same" is the conversation's own
	Stops       []Stop
	Events      map[string]Trigger    // types of events that make one
	Finished    []string              // intents ("order.*") of tasks whose end makes one
	CancelledBy []string              // types of events that make it pointless
	Same        []string              // fields of the event's data that must be the same for that
	Topic       []string              // intents that the conversation is about once it is sent
	Slots       map[string]string     // slots that are known then ← names of variables
	Focus       map[string]string     // entity types that "it" refers to then ← names of variables
	Asks        dialogue.QuestionKind // what the message asks: resume, confirm, choice; empty = nothing
	Buttons     []ButtonText
	Retries     int           // on one channel, before the next is tried
	Backoff     time.Duration // before the first retry; doubles
}

// Trigger says how an event becomes a follow-up.
type Trigger struct {
	Script string        // empty = the kind's
	Delay  time.Duration // in place of the kind's, when not negative
}

// ButtonText is a button in several languages. Without a title the script names it by its payload.
type ButtonText struct {
	Payload string
	Titles  map[nlu.Lang]string
}

// SameChannel stands for the conversation's own channel in Kind.Channels.
const SameChannel = "same"

// kindsFile is the form of followups.yaml.
type kindsFile struct {
	Version    int                     `yaml:"version"`
	Zone       string                  `yaml:"zone"`
	Keep       strict.Duration         `yaml:"keep"`
	Categories map[string]categoryFile `yaml:"categories"`
	Kinds      map[string]kindFile     `yaml:"kinds"`
}

type categoryFile struct {
	Default *bool    `yaml:"default"`
	Quiet   []string `yaml:"quiet"`
	Caps    capsFile `yaml:"caps"`
}

type capsFile struct {
	Day  int `yaml:"day"`
	Week int `yaml:"week"`
}

type kindFile struct {
	Category    string                 `yaml:"category"`
	Script      string                 `yaml:"script"`
	Delay       strict.Duration        `yaml:"delay"`
	Expire      strict.Duration        `yaml:"expire"`
	Quiet       *bool                  `yaml:"quiet"`
	Caps        capsFile               `yaml:"caps"`
	Channels    []string               `yaml:"channels"`
	Stops       []string               `yaml:"stop_on"`
	Events      map[string]triggerFile `yaml:"events"`
	Finished    []string               `yaml:"finished"`
	CancelledBy []string               `yaml:"cancelled_by"`
	Same        []string               `yaml:"same"`
	Topic       []string               `yaml:"topic"`
	Slots       map[string]string      `yaml:"slots"`
	Focus       map[string]string      `yaml:"focus"`
	Asks        string                 `yaml:"asks"`
	Buttons     []buttonFile           `yaml:"buttons"`
	Retries     *int                   `yaml:"retries"`
	Backoff     strict.Duration        `yaml:"backoff"`
}

type triggerFile struct {
	Script string           `yaml:"script"`
	Delay  *strict.Duration `yaml:"delay"`
}

type buttonFile struct {
	Payload string `yaml:"payload"`
	ZH      string `yaml:"zh"`
	EN      string `yaml:"en"`
}

// LoadKinds reads and checks a file. The error joins a fault with file, line and field for everything that is wrong.
func LoadKinds(fsys fs.FS, name string) (*Kinds, error) {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("load kinds of follow-ups: %w", err)
	}
	return ParseKinds(name, data)
}

// ParseKinds is [LoadKinds] for a file that was read already.
func ParseKinds(name string, data []byte) (*Kinds, error) {
	raw := kindsFile{Zone: "Asia/Shanghai", Keep: strict.Duration(7 * 24 * time.Hour)}
	f := strict.Decode(name, data, &raw)
	ks := &Kinds{Keep: raw.Keep.Std(), Categories: map[string]Category{}, Kinds: map[string]Kind{}, triggers: map[string][]string{}, lifters: map[string][]string{}}
	if raw.Version != 1 {
		f.Addf(strict.Path("version"), "is %d; this program reads version: 1", raw.Version)
	}
	var err error
	if ks.Zone, err = time.LoadLocation(raw.Zone); err != nil || raw.Zone == "" || raw.Zone == "Local" {
		f.Addf(strict.Path("zone"), "%q is no time zone; write one such as Asia/Shanghai", raw.Zone)
	}
	if ks.Keep < time.Hour || ks.Keep > 366*24*time.Hour {
		f.Addf(strict.Path("keep"), "is %v; want 1h to 366d", ks.Keep)
	}
	for _, n := range slices.Sorted(maps.Keys(raw.Categories)) {
		ks.Categories[n] = raw.Categories[n].read(f, n)
	}
	for _, n := range slices.Sorted(maps.Keys(raw.Kinds)) {
		k := raw.Kinds[n].read(f, n, ks)
		ks.Kinds[n] = k
		for _, t := range slices.Sorted(maps.Keys(k.Events)) {
			ks.triggers[t] = append(ks.triggers[t], n)
		}
		for _, t := range k.CancelledBy {
			ks.lifters[t] = append(ks.lifters[t], n)
		}
	}
	if len(raw.Kinds) == 0 {
		f.Addf(strict.Path("kinds"), "there is none")
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	return ks, nil
}

// Events lists the types of events that do something, sorted.
func (ks *Kinds) Events() []string {
	all := map[string]bool{}
	for t := range ks.triggers {
		all[t] = true
	}
	for t := range ks.lifters {
		all[t] = true
	}
	return slices.Sorted(maps.Keys(all))
}

var (
	nameForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)
	typeForm = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$`)
)

func (c categoryFile) read(f *strict.File, name string) Category {
	at := func(parts ...any) []any { return append(strict.Path("categories", name), parts...) }
	out := Category{Caps: c.Caps.read(f, at("caps"))}
	if !nameForm.MatchString(name) {
		f.Addf(at(), "a category is named by 1 to 32 of a–z, 0–9 and _, beginning with a letter")
	}
	if c.Default == nil {
		f.Addf(at("default"), "is missing; write default: true if customers who said nothing get such messages, else false")
	} else {
		out.Default = *c.Default
	}
	if len(c.Quiet) > 0 {
		q, err := ParseQuiet(c.Quiet)
		if err != nil {
			f.Addf(at("quiet"), "%v", err)
		}
		out.Quiet = q
	}
	return out
}

func (c capsFile) read(f *strict.File, at []any) Caps {
	if c.Day < 0 || c.Week < 0 || c.Day > 100 || c.Week > 100 {
		f.Addf(at, "day and week are numbers of messages from 1 to 100; leave out what has no bound")
	}
	if c.Day > 0 && c.Week > 0 && c.Week < c.Day {
		f.Addf(at, "a week allows %d, less than a day's %d", c.Week, c.Day)
	}
	return Caps(c)
}

func (k kindFile) read(f *strict.File, name string, ks *Kinds) Kind {
	at := func(parts ...any) []any { return append(strict.Path("kinds", name), parts...) }
	out := Kind{
		Name: name, Category: k.Category, Script: k.Script, Delay: k.Delay.Std(), Expire: k.Expire.Std(), Quiet: k.Quiet == nil || *k.Quiet,
		Caps: k.Caps.read(f, at("caps")), Channels: k.Channels, Finished: k.Finished, CancelledBy: k.CancelledBy, Same: k.Same,
		Topic: k.Topic, Slots: k.Slots, Focus: k.Focus, Asks: dialogue.QuestionKind(k.Asks), Retries: 3, Backoff: k.Backoff.Std(),
		Events: map[string]Trigger{},
	}
	if !nameForm.MatchString(name) {
		f.Addf(at(), "a kind is named by 1 to 32 of a–z, 0–9 and _, beginning with a letter")
	}
	if _, ok := ks.Categories[k.Category]; !ok {
		f.Addf(at("category"), "%q is not one of the categories: %s", k.Category, strings.Join(slices.Sorted(maps.Keys(ks.Categories)), ", "))
	}
	if out.Script == "" {
		out.Script = "follow." + name
	}
	if out.Expire == 0 {
		f.Addf(at("expire"), "is missing; say until when after it was due it may still be sent, e.g. 24h")
	}
	if k.Retries != nil {
		out.Retries = *k.Retries
	}
	if out.Backoff == 0 {
		out.Backoff = time.Minute
	}
	if out.Retries < 0 || out.Retries > 20 || out.Backoff < time.Second {
		f.Addf(at("retries"), "want 0 to 20 retries and a backoff of 1s or more")
	}
	if len(out.Channels) == 0 {
		out.Channels = []string{SameChannel}
	}
	k.readTriggers(f, at, &out)
	k.readAnswer(f, at, &out)
	return out
}

// readTriggers checks what makes and what stops a follow-up.
func (k kindFile) readTriggers(f *strict.File, at func(...any) []any, out *Kind) {
	for i, s := range k.Stops {
		if !slices.Contains([]Stop{OnReply, OnRating, OnClose, OnHandOff}, Stop(s)) {
			f.Addf(at("stop_on", i), "%q is not known; there are reply, rating, close and handoff", s)
		}
		out.Stops = append(out.Stops, Stop(s))
	}
	for _, t := range slices.Sorted(maps.Keys(k.Events)) {
		tr := Trigger{Script: k.Events[t].Script, Delay: -1}
		if d := k.Events[t].Delay; d != nil {
			tr.Delay = d.Std()
		}
		if !typeForm.MatchString(t) {
			f.Addf(at("events", t), "a type of event is words of a–z, 0–9 and _ joined by dots, e.g. order.delayed")
		}
		out.Events[t] = tr
	}
	for i, t := range k.CancelledBy {
		if !typeForm.MatchString(t) {
			f.Addf(at("cancelled_by", i), "a type of event is words of a–z, 0–9 and _ joined by dots, e.g. order.delivered")
		}
	}
	if len(k.CancelledBy) > 0 && len(k.Same) == 0 {
		f.Addf(at("same"), "is missing: without it an event about one order would cancel what is about another; write e.g. same: [order_id]")
	}
}

// readAnswer checks what the conversation knows after the message.
func (k kindFile) readAnswer(f *strict.File, at func(...any) []any, out *Kind) {
	if !slices.Contains([]dialogue.QuestionKind{"", dialogue.AskResume, dialogue.AskConfirm, dialogue.AskChoice}, out.Asks) {
		f.Addf(at("asks"), "%q is not known; there are resume, confirm and choice", k.Asks)
	}
	for i, b := range k.Buttons {
		if b.Payload == "" {
			f.Addf(at("buttons", i, "payload"), "is missing")
		}
		bt := ButtonText{Payload: b.Payload, Titles: map[nlu.Lang]string{}}
		if (b.ZH == "") != (b.EN == "") {
			f.Addf(at("buttons", i), "has a title in one language only; write zh and en, or neither")
		}
		if b.ZH != "" {
			bt.Titles[nlu.Chinese], bt.Titles[nlu.English] = b.ZH, b.EN
		}
		out.Buttons = append(out.Buttons, bt)
	}
	if out.Asks == dialogue.AskChoice && len(out.Buttons) == 0 {
		f.Addf(at("asks"), "a choice needs buttons")
	}
}

// stops tells whether something makes follow-ups of the kind pointless.
func (k *Kind) stops(s Stop) bool { return slices.Contains(k.Stops, s) }
