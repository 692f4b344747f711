package experiment_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"yingda/dialogue"
	"yingda/dialogue/engine"
	"yingda/dialogue/eventlog"
	"yingda/dialogue/experiment"
	"yingda/dialogue/policy"
	"yingda/dialogue/script"
	"yingda/dialogue/standard"
	"yingda/models"
	"yingda/nlu"
	"yingda/nlu/norm"
)

// understands is a stand-in for the model: messages are "intent score words", as "order.cancel 0.9 取消订单 88320001".
type understands struct {
	mu    sync.Mutex
	asked []string // bundles
	gone  string   // a bundle that is not there
}

func (p *understands) Parse(_ context.Context, bundle string, us []nlu.Utterance) ([]*nlu.Analysis, error) {
	p.mu.Lock()
	p.asked = append(p.asked, bundle)
	p.mu.Unlock()
	if bundle != "" && bundle == p.gone {
		return nil, fmt.Errorf("%w: %s", models.ErrNoBundle, bundle)
	}
	id := models.BundleID("default-1")
	if bundle != "" && bundle != "champion" {
		id = models.BundleID(bundle)
	}
	var as []*nlu.Analysis
	for _, u := range us {
		var intent string
		var score float64
		fmt.Sscan(u.Text, &intent, &score)
		a := &nlu.Analysis{Utterance: u, Bundle: id, Normal: norm.Fold(u.Text, norm.Matching), Language: nlu.Detect(u.Text), OOS: 0.02}
		if strings.Contains(u.Text, "please") {
			a.Language = nlu.English
		}
		a.Emotion = nlu.Emotion{Prediction: nlu.Prediction{Label: "neutral", Score: 0.95}, Valence: "neutral"}
		a.Ranking = []nlu.Prediction{{Label: intent, Score: score}, {Label: "smalltalk.other", Score: 0.01}}
		a.Intents = []nlu.Intent{{Prediction: a.Ranking[0], Span: nlu.Span{End: len(u.Text)}}}
		if i := strings.Index(u.Text, "8832"); i >= 0 {
			a.Entities = []nlu.Entity{{Span: nlu.Span{Start: i, End: i + 8}, Type: "order_id", Text: u.Text[i : i+8], Score: 1, Source: nlu.SourceRegex}}
		}
		as = append(as, a)
	}
	return as, nil
}

// shop is a stand-in for the operator's system that counts what is done.
type shop struct {
	mu sync.Mutex
	n  map[string]int // by call and customer
}

func (s *shop) Call(_ context.Context, c dialogue.Call) dialogue.Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n[c.Name+" "+c.Customer]++
	return dialogue.Result{Status: dialogue.CallOK, Data: json.RawMessage(`{"order_id":"88320001","status":"待发货","product":"保温杯"}`)}
}

// robot is a whole robot but for the model, with experiments.
type robot struct {
	log     *eventlog.Log
	engine  *engine.Engine
	arms    *experiment.Service
	scripts *script.Library
	policy  *policy.Variants
	parser  *understands
	shop    *shop
	pack    *standard.Pack
}

func mustRobot(tb testing.TB) *robot {
	tb.Helper()
	must := func(err error) {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
	}
	r := &robot{log: mustLog(tb), parser: &understands{}, shop: &shop{n: map[string]int{}}}
	var err error
	r.pack, err = standard.Load(standard.Files())
	must(err)
	r.scripts, err = script.Open(tb.Context(), r.log, r.pack.Scripts, script.Options{Log: quiet()})
	must(err)
	tb.Cleanup(r.scripts.Close)
	plain, err := policy.New(policy.Options{Tasks: r.pack.Tasks, Settings: r.pack.Settings})
	must(err)
	r.arms = mustOpen(tb, r.log, experiment.Options{Check: func(tenant string, d *experiment.Definition) error {
		return d.Fits(experiment.Robot{Policy: r.policy.Check, Bundle: func(name string) error {
			if name == "no-such" {
				return errors.New("it is not loaded")
			}
			return nil
		}, Choices: func(key string) (string, []script.Choice, bool) { return r.scripts.Choices(tenant, key) }})
	}})
	r.policy = policy.NewVariants(plain, r.arms.Change, quiet())
	r.engine, err = engine.New(engine.Options{Store: r.log, Parser: r.parser, Policy: r.policy, Scripts: r.scripts, Calls: r.shop, Experiments: r.arms})
	must(err)
	return r
}

// say sends a message of a customer in their only conversation.
func (r *robot) say(tb testing.TB, tenant, customer, id, text string) dialogue.Outcome {
	tb.Helper()
	out, err := r.engine.Handle(tb.Context(), dialogue.Message{Key: dialogue.Key{Tenant: tenant, Conversation: "c-" + customer}, ID: id, Customer: customer, Text: text, Channel: "web",
		Time: start})
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

// turn is what the log says of a message.
func (r *robot) turn(tb testing.TB, out dialogue.Outcome) *dialogue.TurnBody {
	tb.Helper()
	evs, err := r.log.Events(tb.Context(), out.Key, out.Seq-1, 1)
	if err != nil || len(evs) != 1 {
		tb.Fatal(len(evs), err)
	}
	return evs[0].Turn
}

func (r *robot) start(tb testing.TB, tenant, source string) error {
	tb.Helper()
	d, err := experiment.Parse("test.yaml", []byte(source))
	if err != nil {
		tb.Fatal(err)
	}
	edit := experiment.Edit{Tenant: tenant, By: "chen"}
	e, err := r.arms.Save(tb.Context(), edit, *d)
	if err != nil {
		tb.Fatal(err)
	}
	edit.Name, edit.Revision = e.Name, e.Revision
	_, err = r.arms.Start(tb.Context(), edit)
	return err
}

// publish has the robot say other texts under a key.
func (r *robot) publish(tb testing.TB, tenant, key, source string) {
	tb.Helper()
	e, _, err := r.scripts.Save(tb.Context(), script.Edit{Tenant: tenant, Key: key, By: "chen"}, source)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := r.scripts.Publish(tb.Context(), script.Edit{Tenant: tenant, Key: key, Revision: e.Revision, By: "chen"}); err != nil {
		tb.Fatal(err)
	}
}
