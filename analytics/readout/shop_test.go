package readout_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"yingda/analytics/readout"
	"yingda/analytics/warehouse"
	"yingda/dialogue"
	"yingda/nlu"
)

var start = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC) // a Monday

// shop is a made-up service whose truth is known: customers differ in how often they end with a person, before and after the start alike.
type shop struct {
	customers int
	effect    float64 // on the probability of a handover, of the treatment
	csat      float64 // on the probability of satisfaction
	lost      float64 // share of the treatment's customers whose exposures are not logged
	crossed   int     // customers who meet both variants

	events []dialogue.Event
	seq    uint64
	truth  map[string]*tally // by variant
}

// tally is what was generated, counted without a database.
type tally struct{ units, sessions, handed, rated, satisfied, turns, fallbacks float64 }

const experimentName = "tone"

// play generates 14 days before the start and 14 after.
func (s *shop) play(seed uint64) {
	r := rand.New(rand.NewPCG(seed, 1))
	s.truth = map[string]*tally{"control": {}, "warm": {}}
	for i := range s.customers {
		who := fmt.Sprintf("cust-%d", i)
		arm := []string{"control", "warm"}[i%2]
		base := 0.1 + 0.5*r.Float64()*r.Float64()
		exposed := arm == "control" || r.Float64() >= s.lost
		both := arm == "control" && i < 2*s.crossed
		for k := range 1 + r.IntN(4) {
			at := start.Add(-time.Duration(1+r.IntN(13*24*60)) * time.Minute)
			s.session(r, who, fmt.Sprintf("pre-%d-%d", i, k), at, base, 0.7, nil, nil)
		}
		first := start.Add(time.Duration(r.IntN(10*24*60)) * time.Minute)
		effect, csat := 0.0, 0.7
		if arm == "warm" {
			effect, csat = s.effect, 0.7+s.csat
		}
		for k := range 2 + r.IntN(3) {
			at := first.Add(time.Duration(k) * 3 * time.Hour)
			exposure := map[string]string{experimentName: arm}
			if both && k > 0 {
				exposure[experimentName] = "warm"
			}
			if !exposed {
				exposure = nil
			}
			t := s.truth[arm]
			if !exposed || both {
				t = &tally{}
			}
			s.session(r, who, fmt.Sprintf("c-%d-%d", i, k), at, base+effect, csat, exposure, t)
		}
		if exposed && !both {
			s.truth[arm].units++
		}
	}
}

// session adds one: a message, perhaps one that is not understood, a handover, a rating; it ends by silence.
func (s *shop) session(r *rand.Rand, who, conversation string, at time.Time, handed, csat float64, exposure map[string]string, t *tally) {
	if t == nil {
		t = &tally{}
	}
	t.sessions++
	turns := 1 + r.IntN(2)
	for k := range turns {
		ev := s.event(who, conversation, at.Add(time.Duration(k)*time.Minute), dialogue.TurnTaken)
		ev.Turn = &dialogue.TurnBody{
			Redacted: "在吗", Lang: "zh", Bundle: "b1", Intents: []nlu.Prediction{{Label: "order.status", Score: .9}},
			Emotion: dialogue.Emotion{Label: "neutral"}, Owner: "robot", Exposures: exposure, Millis: map[string]float64{"total": 5 + 20*r.ExpFloat64()},
			Decision: dialogue.Decision{Action: dialogue.Answer, Reason: dialogue.IntentKnown},
		}
		t.turns++
		if r.Float64() < 0.1 {
			ev.Turn.Decision.Reason, ev.Turn.Decision.Action = dialogue.NotUnderstood, dialogue.Clarify
			t.fallbacks++
		}
		if k == turns-1 && r.Float64() < handed {
			ev.Turn.Decision.Action, ev.Turn.Decision.HandOff = dialogue.HandOff, &dialogue.HandOffAsk{Queue: "general", Why: dialogue.ByRequest}
			t.handed++
		}
	}
	if r.Float64() < 0.5 {
		ev := s.event(who, conversation, at.Add(5*time.Minute), dialogue.Rated)
		ev.Rating = &dialogue.RatingBody{Score: 2}
		t.rated++
		if r.Float64() < csat {
			ev.Rating.Score = 5
			t.satisfied++
		}
	}
}

func (s *shop) event(who, conversation string, at time.Time, kind dialogue.EventKind) *dialogue.Event {
	s.seq++
	s.events = append(s.events, dialogue.Event{
		ID: fmt.Sprint(s.seq), Kind: kind, Key: dialogue.Key{Tenant: "t1", Conversation: conversation}, Customer: who,
		Channel: []string{"web", "app"}[len(conversation)%2], Time: at, Seq: s.seq,
	})
	return &s.events[len(s.events)-1]
}

// MustLoad puts a shop into a warehouse.
func MustLoad(tb testing.TB, s *shop) *warehouse.Warehouse {
	tb.Helper()
	w, err := warehouse.Open(tb.Context(), warehouse.Options{Dir: tb.TempDir(), Now: func() time.Time { return start.AddDate(0, 0, 30) }})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { w.Close() })
	for from := 0; from < len(s.events); from += 5000 {
		if err := w.Ingest(tb.Context(), s.events[from:min(len(s.events), from+5000)]); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Refresh(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return w
}

// plan is that of all tests.
func plan() readout.Plan {
	return readout.Plan{
		Tenant: "t1", Name: experimentName, From: start, To: start.AddDate(0, 0, 14), Arms: []readout.Arm{{Name: "control", Weight: 1}, {Name: "warm", Weight: 1}},
		Primary: "handoff", Secondary: []string{"fallback", "turns", "response_p95", "sessions"},
		Guardrails: []readout.Guardrail{{Metric: "csat", Margin: .1}}, Effect: .05, Cuts: []string{"channel"},
	}
}

func MustRun(tb testing.TB, q readout.Querier, p readout.Plan) *readout.Result {
	tb.Helper()
	r, err := readout.Run(tb.Context(), q, p)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}
