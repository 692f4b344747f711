package demodata

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"yingda/dialogue"
	"yingda/models"
	"yingda/nlu"
)

// visit is a session that is going to happen.
type visit struct {
	at      time.Time
	who     customer
	topic   *topic   // nil: planted, or noise
	planted *Planted // nil: ordinary, or noise
	again   bool     // back with a question that was not solved
	conv    string   // to go on in; empty = as the channel does it
	channel string
}

// talk writes one session: who says what, when, and what the robot makes of it.
type talk struct {
	g   *Generator
	rng *rand.Rand
	v   visit
	day int

	key      dialogue.Key
	tag      string // begins the ids of its events
	n        int    // events so far
	at       time.Time
	said     time.Time // by anybody, last
	owner    dialogue.OwnerKind
	bundle   string
	mood     string
	intent   string // what they come with; empty = noise
	kind     kind
	queue    string
	arms     map[string]string // of the trials that are running
	exposed  map[string]string // not yet logged
	odds     odds
	result   result
	asked    int // wordings of the wish so far
	finished bool
}

// emit puts an event into the day's pile.
func (t *talk) emit(ev dialogue.Event) *dialogue.Event {
	t.n++
	if ev.ID == "" {
		ev.ID = t.tag + "-" + strconv.Itoa(t.n)
	}
	ev.Key, ev.Customer, ev.Channel, ev.Time = t.key, t.v.who.alias, t.v.channel, t.at.UTC()
	t.said = t.at
	t.g.pile = append(t.g.pile, ev)
	return &t.g.pile[len(t.g.pile)-1]
}

// pause lets time pass: seconds, most often near the lower bound.
func (t *talk) pause(least, most float64) {
	u := t.rng.Float64()
	t.at = t.at.Add(time.Duration((least + (most-least)*u*u) * 1000 * float64(time.Millisecond))).Truncate(time.Millisecond)
}

// reading is what the robot took a message for.
type reading struct {
	intents []nlu.Prediction
	ranking []nlu.Prediction
	oos     float64
}

// read makes up the scores of a message: of an intent that is understood, or of none.
func (t *talk) read(intent string, near []string, understood bool) reading {
	r := t.rng
	dull := t.g.dull(t.day) // scores fall when what is said changes
	var p, oos float64
	if understood {
		p = 0.99 - 0.30*math.Pow(r.Float64(), 2.5) - dull*r.Float64()
		oos = 0.02 + 0.18*r.Float64()*r.Float64() + dull*0.3
	} else {
		p = 0.12 + 0.36*r.Float64()
		oos = 0.45 + 0.5*r.Float64()
	}
	rank := []nlu.Prediction{{Label: intent, Score: round4(p)}}
	rest := 1 - p
	for _, label := range t.g.neighbours(intent, near, r) {
		share := rest * (0.25 + 0.4*r.Float64())
		if !understood {
			share = math.Min(share, p*0.9)
		}
		rank = append(rank, nlu.Prediction{Label: label, Score: round4(math.Min(share, p))})
		rest -= share
	}
	slices.SortStableFunc(rank[1:], func(a, b nlu.Prediction) int {
		if a.Score > b.Score {
			return -1
		} else if a.Score < b.Score {
			return 1
		}
		return 0
	})
	out := reading{ranking: rank, oos: round4(math.Min(oos, 0.99)), intents: []nlu.Prediction{}}
	if understood {
		out.intents = rank[:1]
	}
	return out
}

func round4(x float64) float64 { return math.Round(x*10000) / 10000 }

// neighbours are four labels that a message could be taken for, besides the best.
func (g *Generator) neighbours(intent string, near []string, r *rand.Rand) []string {
	out := make([]string, 0, 4)
	for _, n := range near {
		if n != intent && len(out) < 3 {
			out = append(out, n)
		}
	}
	domain, _, _ := strings.Cut(intent, ".")
	of := g.domains[domain]
	for range 6 {
		if len(of) == 0 || len(out) == 4 {
			break
		}
		if n := of[r.IntN(len(of))]; n != intent && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	for len(out) < 4 {
		if n := topics[r.IntN(len(topics))].intent; n != intent && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

// turn writes a message of the customer and what the robot did.
func (t *talk) turn(w Wording, r reading, d dialogue.Decision, keys ...string) *dialogue.Event {
	b := &dialogue.TurnBody{
		Redacted: w.Text, Lang: t.v.who.lang, Intents: r.intents, Ranking: r.ranking, OOS: r.oos, Emotion: t.feel(w), Entities: w.Entities,
		Bundle: models.BundleID(t.bundle), Tier: t.v.who.tier, Owner: t.owner, Decision: d, Scripts: []dialogue.ScriptRef{}, Millis: map[string]float64{},
	}
	if b.Intents == nil {
		b.Intents = []nlu.Prediction{}
	}
	if b.Entities == nil {
		b.Entities = []string{}
	}
	if len(d.Intents) == 0 && len(r.intents) > 0 {
		b.Decision.Intents = []string{r.intents[0].Label}
	}
	for _, k := range keys {
		b.Decision.Say = append(b.Decision.Say, dialogue.Say{Key: k})
		b.Scripts = append(b.Scripts, dialogue.ScriptRef{Key: k, Variant: t.variant(k), Version: 1 + t.day*3/t.g.plan.days})
	}
	if t.owner == dialogue.OwnerRobot && len(t.exposed) > 0 {
		b.Exposures, t.exposed = t.exposed, nil
	}
	if t.v.channel != "voice" && t.rng.Float64() < 0.02 {
		b.Attachments = []dialogue.AttachmentType{dialogue.Image}
	}
	return t.timed(dialogue.Event{Kind: dialogue.TurnTaken, Turn: b})
}

// timed writes a turn with the times it took. Calls are already in it, or come by [talk.call].
func (t *talk) timed(ev dialogue.Event) *dialogue.Event {
	m := ev.Turn.Millis
	parse := 9 * math.Exp(0.35*t.rng.NormFloat64())
	m["parse"], m["policy"] = round4(parse), round4(0.4+0.6*t.rng.Float64())
	m["total"] = round4(m["parse"] + m["policy"] + 3 + 4*t.rng.Float64())
	return t.emit(ev)
}

// call adds a call of the operator's systems to a turn.
func (t *talk) call(ev *dialogue.Event, name string, failed bool) {
	if name == "" {
		return
	}
	took := round4(85 * math.Exp(0.5*t.rng.NormFloat64()))
	c := dialogue.CallNote{Name: name, Status: dialogue.CallOK, Millis: took}
	if failed {
		c.Status, c.Millis = dialogue.CallFailed, 5000
	} else if t.rng.Float64() < 0.03 {
		c.Status = dialogue.CallNotFound
	}
	b := ev.Turn
	b.Calls = append(b.Calls, c)
	b.Millis["calls"] = round4(b.Millis["calls"] + c.Millis)
	b.Millis["total"] = round4(b.Millis["total"] + c.Millis)
}

// variant chooses a wording: the trial's arm where the trial is about it, else one of two.
func (t *talk) variant(key string) string {
	if arm, ok := t.arms["warm_tone"]; ok && (strings.HasPrefix(key, "answer.") || strings.HasPrefix(key, "done.")) {
		return map[string]string{control: "plain", treatment: "warm"}[arm]
	}
	if t.rng.IntN(2) == 0 {
		return "a"
	}
	return "b"
}

// valences group emotions as the label space does.
var valences = map[string]string{"neutral": "neutral", "positive": "positive", "anxious": "anxious", "confused": "neutral", "disappointed": "negative", "angry": "negative"}

// feel is the emotion of a message: what its words say, else mostly the customer's mood.
func (t *talk) feel(w Wording) dialogue.Emotion {
	label := w.Emotion
	if label == "" {
		label = "neutral"
		if t.mood != "neutral" && t.rng.Float64() < 0.55 {
			label = t.mood
		}
	}
	x := 0.15 + 0.2*t.rng.Float64()
	if label != "neutral" {
		x = 0.45 + 0.5*t.rng.Float64()
	}
	return dialogue.Emotion{Label: label, Valence: valences[label], Intensity: round4(x), Time: t.at.UTC()}
}

// small is a message of a few words: yes, a value, thanks.
func (t *talk) small(lines Both) Wording {
	text := pick(t.rng, lines.In(t.v.who.lang))
	return Wording{Text: text, Lang: t.v.who.lang, Entities: tags(text)}
}

// chat is a message of an intent of the conversation itself.
func (t *talk) chat(intent string) Wording {
	return t.g.pools.ordinary(t.rng, intent, t.v.who.lang, "neutral")
}

// wish words what the customer came for, another way each time.
func (t *talk) wish() Wording {
	lang := t.v.who.lang
	var w Wording
	pool := "ordinary"
	switch {
	case t.v.planted != nil:
		lines := t.v.planted.Mine
		if t.day >= t.g.plan.measure {
			lines = t.v.planted.Measure
		}
		text := pick(t.rng, lines.In(lang))
		w = Wording{Text: text, Lang: lang, Intent: t.intent}
		pool = "planted"
		if t.v.planted.Known {
			pool = "missing"
		}
	case t.v.topic != nil:
		w = t.g.pools.ordinary(t.rng, t.intent, lang, t.mood)
	default:
		pool = "noise"
		w = t.g.pools.ordinary(t.rng, "", lang, t.mood)
		if t.rng.Float64() < 0.6 {
			text := pick(t.rng, t.g.pools.Noise.In(lang))
			w = Wording{Text: text, Lang: lang}
		}
	}
	w.Text = t.g.pools.vary(t.rng, w.Text, lang)
	if t.v.again && t.asked == 0 && t.rng.Float64() < 0.35 {
		join := "，"
		if lang == "en" {
			join = ". "
		}
		w.Text = pick(t.rng, t.g.pools.Again.In(lang)) + join + w.Text
	}
	t.asked++
	t.g.label(t, w.Text, pool)
	return w
}

// feeling is the mood in which somebody comes.
func (t *talk) feeling() string {
	shares := [...]float64{0.66, 0.06, 0.13, 0.08, 0.04, 0.03}
	switch t.kind {
	case complaint:
		shares = [...]float64{0.15, 0, 0.08, 0.02, 0.35, 0.40}
	case trouble:
		shares = [...]float64{0.45, 0.01, 0.26, 0.14, 0.09, 0.05}
	}
	u := t.rng.Float64()
	for i, name := range [...]string{"neutral", "positive", "anxious", "confused", "disappointed", "angry"} {
		if u -= shares[i]; u < 0 {
			return name
		}
	}
	return "neutral"
}
