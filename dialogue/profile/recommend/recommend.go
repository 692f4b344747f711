package recommend

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"yingda/dialogue"
	"yingda/nlu"
)

// Options are the parts of a [Recommender]. Catalogue and Rules are required.
type Options struct {
	Catalogue *Catalogue
	Rules     *Rules
	// Documents keep what was counted, also for other replicas. Default: it is counted anew after each start.
	Documents dialogue.Documents
	// Flush is how often what was counted is written and that of others read. Default 1 min.
	Flush time.Duration
	// Now is the clock. Default time.Now.
	Now func() time.Time
	// Logger gets what operators should know. Default slog.Default().
	Logger *slog.Logger
}

// Recommender proposes. It is safe for concurrent use.
type Recommender struct {
	o       Options
	goods   atomic.Pointer[Catalogue]
	rules   atomic.Pointer[Rules]
	matched *recent[string, []*Product] // what texts of histories name
	tenants sync.Map                    // tenant → *atomic.Pointer[snapshot]
	mu      sync.Mutex                  // of what was counted since
	deltas  map[string]*Model
	people  *recent[string, *session] // by customer
	talks   *recent[string, *session] // by conversation
}

var (
	_ dialogue.Recommender = (*Recommender)(nil)
	_ dialogue.Suggester   = (*Recommender)(nil)
)

// snapshot is a model that is not changed any more.
type snapshot struct {
	model    Model
	products []string // popular
	topics   []string
}

// New checks the options and makes a recommender.
func New(o Options) (*Recommender, error) {
	if o.Catalogue == nil || o.Rules == nil {
		return nil, errors.New("new recommender: Options.Catalogue and Rules are required")
	}
	o.Flush = cmp.Or(o.Flush, time.Minute)
	if o.Flush < 0 {
		return nil, errors.New("new recommender: Options.Flush is negative")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	r := &Recommender{o: o, deltas: map[string]*Model{}, matched: newRecent[string, []*Product](20_000), people: newRecent[string, *session](50_000), talks: newRecent[string, *session](50_000)}
	r.goods.Store(o.Catalogue)
	r.rules.Store(o.Rules)
	return r, nil
}

// SetCatalogue puts another catalogue in the place of the present one.
func (r *Recommender) SetCatalogue(c *Catalogue) {
	r.goods.Store(c)
	r.matched.clear()
}

// SetRules puts other rules in the place of the present ones, after recommend.yaml was edited. What was counted by the former ones stays counted.
func (r *Recommender) SetRules(rules *Rules) { r.rules.Store(rules) }

func (r *Recommender) snapshot(tenant string) *snapshot {
	if p, ok := r.tenants.Load(tenant); ok {
		if s := p.(*atomic.Pointer[snapshot]).Load(); s != nil {
			return s
		}
	}
	return &snapshot{}
}

// owned is something that the customer has or looked at.
type owned struct {
	p      *Product
	at     time.Time
	weight float64
	has    bool
}

// proposal is a candidate.
type proposal struct {
	p     *Product
	score float64
	cause Cause
	last  *Product // that it follows
}

// Recommend implements dialogue.Recommender: products, or plans where the conversation is about them, the best first. Scores are comparable
// within one answer only.
func (r *Recommender) Recommend(_ context.Context, tenant string, p dialogue.Profile, s dialogue.State, limit int) []dialogue.Recommendation {
	if limit <= 0 {
		return nil
	}
	goods, now := r.goods.Load(), r.o.Now()
	w := r.wish(goods, s)
	past := r.past(goods, p.History, now)
	found := map[string]proposal{}
	offer := func(c proposal) {
		if old, ok := found[c.p.ID]; w.fits(c.p) && (!ok || c.score > old.score) {
			found[c.p.ID] = c
		}
	}
	for _, o := range past {
		if o.has {
			follow(goods, o, past, now, offer)
		}
	}
	r.guess(goods, r.snapshot(tenant), past, w, offer)
	out := make([]proposal, 0, len(found))
	for _, c := range found {
		c.score *= liking(c.p, p.Preferences)
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b proposal) int { return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.p.ID, b.p.ID)) })
	lang := cmp.Or(p.Lang, nlu.Chinese)
	recs := make([]dialogue.Recommendation, 0, min(limit, len(out)))
	for _, c := range out[:min(limit, len(out))] {
		last := ""
		if c.last != nil {
			last = c.last.Title(lang)
		}
		recs = append(recs, dialogue.Recommendation{
			ID: c.p.ID, Title: c.p.Title(lang), Kind: c.p.Kind, Link: c.p.Link, Score: min(1, c.score),
			Why: r.rules.Load().Why[c.cause].in(lang, "{last}", last, "{title}", c.p.Title(lang)),
		})
	}
	return recs
}

// past finds the products in a history, the newest last, each once.
func (r *Recommender) past(goods *Catalogue, history []dialogue.HistoryItem, now time.Time) []owned {
	var out []owned
	rules := r.rules.Load()
	for _, h := range history {
		has := slices.Contains(rules.Bought, h.Kind)
		if !has && !slices.Contains(rules.Looked, h.Kind) {
			continue
		}
		if status := fold(h.Status); has && slices.ContainsFunc(rules.Undone, func(u string) bool { return strings.Contains(status, u) }) {
			has = false // they wanted it once
		}
		ps := r.find(goods, cmp.Or(h.Product, h.Plan), h.Attribute)
		if len(ps) == 0 {
			continue
		}
		at := when(h)
		if at.IsZero() {
			at = now.AddDate(0, -1, 0) // of the past, not of today
		}
		weight := math.Exp2(-max(0, now.Sub(at).Hours()) / (24 * 60))
		if !has {
			weight /= 2
		}
		out = slices.DeleteFunc(out, func(o owned) bool { return o.p.ID == ps[0].ID && (has || !o.has) })
		if !slices.ContainsFunc(out, func(o owned) bool { return o.p.ID == ps[0].ID }) {
			out = append(out, owned{ps[0], at, weight, has})
		}
	}
	return out
}

// find is Catalogue.Find with a memory.
func (r *Recommender) find(goods *Catalogue, text, attribute string) []*Product {
	if text == "" {
		return nil
	}
	k := text + "\x00" + attribute
	if ps, ok := r.matched.get(k); ok {
		return ps
	}
	ps := goods.Find(text, attribute)
	r.matched.put(k, ps)
	return ps
}

func when(h dialogue.HistoryItem) time.Time {
	if !h.Time.IsZero() || h.Date == "" {
		return h.Time
	}
	t, err := time.Parse(time.DateOnly, h.Date)
	if err != nil {
		return time.Time{}
	}
	return t
}

// soon is the share of a step's or a supply's time after which the next is proposed: in time, not too late.
const soon = 0.85

// follow proposes what comes after a product in its series, the same again when it is used up, or the next plan up.
func follow(goods *Catalogue, o owned, past []owned, now time.Time, offer func(proposal)) {
	for _, other := range past { // the latest of a series counts
		if other.has && other.p.Series == o.p.Series && o.p.Series != "" && (other.p.Step > o.p.Step || other.p.Step == o.p.Step && other.at.After(o.at)) {
			return
		}
	}
	at, left := o.p, now.Sub(o.at)
	for at.Series != "" && at.Lasts > 0 && float64(left) >= soon*float64(at.Lasts) {
		next := goods.next(at)
		if next == nil {
			break
		}
		at, left = next, left-at.Lasts
	}
	switch {
	case at.ID != o.p.ID:
		offer(proposal{at, 0.95, NextStep, o.p})
	case at.Restock > 0 && float64(left) >= soon*float64(at.Restock):
		offer(proposal{at, 0.9, Restock, o.p})
	case at.Kind == "plan":
		if next := goods.next(at); next != nil {
			offer(proposal{next, 0.8, Upgrade, o.p})
		}
	}
}

// topPopular is how many popular things are looked at.
const topPopular = 100

// guess proposes what goes with the past, what is popular, and what was asked for by name.
func (r *Recommender) guess(goods *Catalogue, s *snapshot, past []owned, w wish, offer func(proposal)) {
	var seen []Weighted
	for _, o := range past {
		seen = append(seen, Weighted{o.p.ID, o.weight})
	}
	popular := s.products
	for _, p := range w.named {
		popular = append(popular[:len(popular):len(popular)], p.ID)
	}
	if len(popular) == 0 { // nothing was counted yet
		for i := range goods.products[:min(topPopular, len(goods.products))] {
			popular = append(popular, goods.products[i].ID)
		}
	}
	only := func(id string) bool {
		p, ok := goods.Product(id)
		return ok && !given(p, past)
	}
	list := s.model.Products.next(seen, popular, only)
	if list == nil {
		for i, id := range popular {
			if only(id) {
				list = append(list, Scored{ID: id, Score: 1e-3 - 1e-9*float64(i)}) // as the catalogue has them
			}
		}
	}
	for _, c := range list {
		p, ok := goods.Product(c.ID)
		if !ok {
			continue
		}
		prop := proposal{p, min(0.85, c.Score), Popular, nil}
		if last, ok := goods.Product(c.From); ok && c.From != "" {
			prop.cause, prop.last = Together, last
		}
		prop.score += 0.1 * float64(w.detail(p)) // what was asked for counts before what is likely
		offer(prop)
	}
}

// given tells whether the customer has a thing that is not used up, or is past it in its series.
func given(p *Product, past []owned) bool {
	return slices.ContainsFunc(past, func(o owned) bool {
		if !o.has {
			return false
		}
		if p.Kind == "plan" { // one may go up and down
			return o.p.ID == p.ID
		}
		return o.p.ID == p.ID && p.Restock == 0 || p.Series != "" && o.p.Series == p.Series && p.Step != o.p.Step || o.p.ID == p.ID && p.Series != ""
	})
}

// liking weighs a product by what the customer likes, whatever it is called: a brand, a colour, a size.
func liking(p *Product, likes map[string]string) float64 {
	w := 1.0
	for _, v := range likes {
		if f := fold(v); f != "" && (f == fold(p.Brand) || p.has(f) == len(f)) {
			w *= 1.3
		}
	}
	return w
}

// Next implements dialogue.Suggester: questions that customers ask after what this conversation was about.
func (r *Recommender) Next(_ context.Context, tenant string, p dialogue.Profile, s dialogue.State, limit int) []dialogue.Recommendation {
	if limit <= 0 {
		return nil
	}
	var past []Weighted
	for i, in := range s.Topic {
		past = append(past, Weighted{in, float64(i + 1)})
	}
	snap, ask := r.snapshot(tenant), r.rules.Load().Ask
	list := snap.model.Topics.next(past, snap.topics, func(in string) bool {
		return ask[in] != nil && !slices.Contains(s.Topic, in) && !slices.Contains(s.Later, in) &&
			!slices.ContainsFunc(s.Tasks, func(t dialogue.TaskState) bool { return t.Intent == in })
	})
	lang := cmp.Or(p.Lang, nlu.Chinese)
	out := make([]dialogue.Recommendation, 0, limit)
	for _, c := range list[:min(limit, len(list))] {
		out = append(out, dialogue.Recommendation{ID: c.ID, Title: ask[c.ID].in(lang), Kind: "question", Score: c.Score})
	}
	return out
}
