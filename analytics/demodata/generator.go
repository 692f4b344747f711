package demodata

import (
	"container/heap"
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"yingda/dialogue"
)

// turnsPerSession is how many messages of customers a session has on average; TestCounts holds it against what is written.
const turnsPerSession = 2.76

// batch is how many events are handed on at once.
const batch = 2000

// Generator writes one year. It is used once, by one goroutine.
type Generator struct {
	o       Options
	plan    plan
	pools   *pools
	domains map[string][]string // known intents by what is before the first dot
	perDay  float64             // sessions
	agents  []*agent
	trials  []*trialTruth

	pile     []dialogue.Event     // written, not yet handed on
	due      visits               // that come of sessions before
	busy     map[string]time.Time // conversations that go on over several sessions: until when
	last     map[int]ended        // contained sessions whose customer may come back, of the last seven days
	intents  map[string]*NewIntent
	seq      uint64
	sessions uint64
	truth    Truth
	err      error // of Options.Label
}

// ended is the latest session of a customer.
type ended struct {
	at        time.Time
	contained bool
}

// New prepares a year. It fails when the options make no sense.
func New(o Options) (*Generator, error) {
	if err := o.defaults(); err != nil {
		return nil, err
	}
	p, err := loadPools()
	if err != nil {
		return nil, err
	}
	g := &Generator{
		o: o, plan: newPlan(o.From, o.Days), pools: p, domains: map[string][]string{}, perDay: float64(o.TurnsPerDay) / turnsPerSession,
		busy: map[string]time.Time{}, last: map[int]ended{}, intents: map[string]*NewIntent{},
	}
	for _, t := range topics {
		domain, _, _ := strings.Cut(t.intent, ".")
		g.domains[domain] = append(g.domains[domain], t.intent)
	}
	g.agents = newAgents(g.perDay)
	for _, t := range trials(o.Days) {
		g.trials = append(g.trials, newTrialTruth(&t))
	}
	for _, pl := range p.planted {
		n := &NewIntent{Intent: pl.Intent, ZH: pl.ZH, EN: pl.EN, Verdict: "new_intent", Near: pl.Near, Mine: len(pl.Mine.ZH) + len(pl.Mine.EN), Measure: len(pl.Measure.ZH) + len(pl.Measure.EN)}
		if pl.Known {
			n.Verdict = "missing_examples"
		}
		g.intents[pl.Intent] = n
	}
	return g, nil
}

// Days is how many days there are, for showing progress.
func (g *Generator) Days() int { return g.plan.days }

// Run calls fn with all events in the order of the log: by time, numbered from 1 on, without private parts. The slice is fn's only until it
// returns. It ends with fn's first error, or ctx's.
func (g *Generator) Run(ctx context.Context, fn func(day int, evs []dialogue.Event) error) error {
	for day := range g.plan.days {
		if err := ctx.Err(); err != nil {
			return err
		}
		g.writeDay(day)
		until := g.plan.day(day + 1)
		if day == g.plan.days-1 {
			until = until.AddDate(1, 0, 0)
		}
		if err := g.handOn(day, until, fn); err != nil {
			return err
		}
	}
	g.finish()
	return nil
}

// Truth is what was planted and written. It is complete after Run.
func (g *Generator) Truth() *Truth { return &g.truth }

// writeDay writes the sessions that begin on a day.
func (g *Generator) writeDay(day int) {
	rng := rand.New(rand.NewPCG(g.o.Seed, uint64(day)+1))
	busy, sale := g.plan.busy(day)
	deal := g.newDeal(day, sale)
	visits := make([]visit, 0, int(g.perDay*busy)+16)
	for range poisson(rng, g.perDay*busy*firstVisits) {
		visits = append(visits, g.arrival(rng, day, deal))
	}
	slices.SortStableFunc(visits, func(a, b visit) int { return a.at.Compare(b.at) })
	g.notices(rng, day)
	next := g.plan.day(day + 1)
	for len(visits) > 0 || len(g.due) > 0 && g.due[0].at.Before(next) {
		var v visit
		if len(visits) == 0 || len(g.due) > 0 && g.due[0].at.Before(visits[0].at) {
			v = heap.Pop(&g.due).(visit)
		} else {
			v, visits = visits[0], visits[1:]
		}
		g.session(v, day, rng)
	}
	g.forget(g.plan.day(day))
}

// session writes one visit, unless its conversation is busy.
func (g *Generator) session(v visit, day int, rng *rand.Rand) {
	g.sessions++
	t := &talk{g: g, rng: rng, v: v, day: day, at: v.at.Truncate(time.Millisecond), bundle: bundleID(1), arms: map[string]string{}}
	t.tag = strconv.FormatUint(g.sessions, 36)
	t.key = dialogue.Key{Tenant: g.o.Tenant, Conversation: v.conv}
	if v.conv == "" {
		t.key.Conversation = v.channel + "-" + t.tag
		if v.channel == "wechat" && v.who.number >= 0 { // one conversation for ever
			t.key.Conversation = "wechat-" + v.who.alias[:12]
		}
	}
	if until, ok := g.busy[t.key.Conversation]; ok && v.at.Before(until.Add(35*time.Minute)) {
		return
	}
	if day >= g.plan.rebundle {
		t.bundle = bundleID(2)
	}
	t.what()
	t.enrol()
	g.back(v)
	from := len(g.pile)
	t.run()
	end := t.at
	for i := from; i < len(g.pile); i++ {
		if at := g.pile[i].Time; at.After(end) {
			end = at
		}
	}
	g.ended(t, end)
}

// what sets what the session is about.
func (t *talk) what() {
	switch {
	case t.v.planted != nil:
		t.kind, t.intent = unknown, t.v.planted.Intent
		if t.v.planted.Known {
			t.kind = info
		}
	case t.v.topic != nil:
		t.kind, t.intent = t.v.topic.kind, t.v.topic.intent
	default:
		t.kind = chatter
	}
}

// enrol finds the arms of the trials that are running.
func (t *talk) enrol() {
	for _, tt := range t.g.trials {
		if !tt.trial.running(&t.g.plan, t.at) {
			continue
		}
		unit := t.v.who.alias
		arm := tt.trial.arm(unit)
		t.arms[tt.trial.name] = arm
		if tt.trial.bundle && arm == treatment {
			t.bundle = bundleID(3)
		}
		if tt.trial.loses(unit, t.v.who.channel, arm) {
			continue
		}
		if t.exposed == nil {
			t.exposed = map[string]string{}
		}
		t.exposed[tt.trial.name] = arm
	}
}

// back notes that a customer is here again.
func (g *Generator) back(v visit) {
	if v.who.number < 0 {
		return
	}
	was, ok := g.last[v.who.number]
	if !ok || !was.contained {
		return
	}
	gap := v.at.Sub(was.at)
	b := &g.truth.Back
	b.Within24h += one(gap < 24*time.Hour)
	b.Within72h += one(gap < 72*time.Hour)
	b.Within7d += one(gap < 7*24*time.Hour)
}

// ended counts a session that is over and plans what comes of it.
func (g *Generator) ended(t *talk, end time.Time) {
	r := t.result
	for _, c := range []*Counts{g.dayOf(t.v.at), &g.truth.Total} {
		c.Sessions++
		c.Handed += one(r.handed)
	}
	for _, tt := range g.trials {
		if arm, ok := t.arms[tt.trial.name]; ok && !tt.trial.loses(t.v.who.alias, t.v.who.channel, arm) {
			tt.add(t.v.who.alias, arm, t.odds, r)
		}
	}
	if !r.handed {
		g.truth.Back.Contained++
	}
	if t.v.channel == "wechat" {
		g.busy[t.key.Conversation] = end
	}
	if t.v.who.number < 0 {
		return
	}
	g.last[t.v.who.number] = ended{end, !r.handed}
	again := 0.02
	if !r.solved {
		again = 0.40
	}
	if t.rng.Float64() < again {
		v := visit{at: end.Add(after(t.rng)), who: t.v.who, topic: t.v.topic, planted: t.v.planted, again: !r.solved, channel: t.v.channel}
		heap.Push(&g.due, v)
	}
}

// after is how long it takes until somebody is back: hours, at most six days.
func after(rng *rand.Rand) time.Duration {
	h := 1.2 + 14*math.Exp(1.1*rng.NormFloat64())
	return time.Duration(math.Min(h, 144) * float64(time.Hour)).Truncate(time.Millisecond)
}

// forget drops what can no longer matter, so that memory holds days, not the year.
func (g *Generator) forget(now time.Time) {
	for conv, until := range g.busy {
		if until.Before(now) {
			delete(g.busy, conv)
		}
	}
	for n, e := range g.last {
		if now.Sub(e.at) > 7*24*time.Hour {
			delete(g.last, n)
		}
	}
}

// dull is by how much scores fall because customers speak of things that the model has not seen.
func (g *Generator) dull(day int) float64 { return 0.45 * g.plan.novelty(day) }

// label tells what a message truly means.
func (g *Generator) label(t *talk, text, pool string) {
	isNew := pool == "planted" || pool == "missing"
	if isNew {
		in := g.intents[t.intent]
		in.Turns++
		if in.First.IsZero() {
			in.First = t.at.UTC()
		}
		g.dayOf(t.at).New++
		g.truth.Total.New++
	}
	measured := t.day >= g.plan.measure
	if g.o.Label == nil || g.err != nil || pool == "ordinary" && !measured {
		return
	}
	g.err = g.o.Label(Label{
		Conversation: t.key.Conversation, ID: t.tag + "-" + strconv.Itoa(t.n+1), Time: t.at.UTC(), Text: text, Lang: t.v.who.lang, Intent: t.intent, Pool: pool, Measure: measured,
	})
}

// missedNew counts a planted wish that is not understood.
func (g *Generator) missedNew(t *talk) {
	if in := g.intents[t.intent]; in != nil && t.v.planted != nil {
		in.Missed++
	}
}

// handOn passes events on that lie before a time: no later session can write any.
func (g *Generator) handOn(day int, until time.Time, fn func(int, []dialogue.Event) error) error {
	if g.err != nil {
		return g.err
	}
	slices.SortStableFunc(g.pile, func(a, b dialogue.Event) int { return a.Time.Compare(b.Time) })
	n, _ := slices.BinarySearchFunc(g.pile, until, func(ev dialogue.Event, u time.Time) int { return ev.Time.Compare(u) })
	for i := range g.pile[:n] {
		g.seq++
		g.pile[i].Seq = g.seq
		g.count(&g.pile[i])
	}
	for part := range slices.Chunk(g.pile[:n], batch) {
		if err := fn(day, part); err != nil {
			return err
		}
	}
	g.pile = slices.Clone(g.pile[n:])
	return nil
}

// finish completes the truth.
func (g *Generator) finish() {
	p := &g.plan
	t := &g.truth
	t.Seed, t.Tenant, t.From, t.To, t.Zone, t.TurnsPerDay = g.o.Seed, g.o.Tenant, p.from, p.day(p.days), g.o.Zone.String(), g.o.TurnsPerDay
	t.Product = Product{ZH: "云雀智能指环", EN: "Lark smart ring", Launch: p.day(p.launch)}
	t.MeasureFrom = p.day(p.measure)
	t.Drift = Drift{From: p.day(p.launch), Metrics: []string{"intent", "p1", "oos", "fallback"}}
	for _, pl := range g.pools.planted {
		t.Intents = append(t.Intents, *g.intents[pl.Intent])
	}
	for _, tt := range g.trials {
		t.Experiments = append(t.Experiments, tt.truth(p))
	}
}
