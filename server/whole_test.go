package server_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"yingda/analytics/deliver"
	"yingda/analytics/mine/review"
	"yingda/analytics/web"
	"yingda/dialogue"
	"yingda/dialogue/engine"
	"yingda/dialogue/eventlog"
	"yingda/dialogue/experiment"
	"yingda/dialogue/knowledge"
	"yingda/dialogue/policy"
	"yingda/dialogue/proactive"
	"yingda/dialogue/profile"
	"yingda/dialogue/routing"
	"yingda/dialogue/script"
	"yingda/dialogue/standard"
	"yingda/dialogue/task"
	"yingda/nlu"
	"yingda/server"
)

// whole is the robot as it is served, with the default service pack, on a log in a folder of the test. Only the model is a stand-in.
type whole struct {
	log       *eventlog.Log
	engine    *engine.Engine
	routing   *routing.Service
	scripts   *script.Library
	arms      *experiment.Service
	knowledge *knowledge.Base
	profiles  *profile.Service
	proactive *proactive.Service
	pack      *standard.Pack
	reviews   *review.Store
	deliverer *deliver.Deliverer
}

// understand is the stand-in for the model: the intent of the first of these words.
var understand = []struct{ word, intent, emotion string }{
	{"人工", "chat.human_agent", "neutral"}, {"person", "chat.human_agent", "neutral"}, {"退款", "refund.request", "disappointed"}, {"refund", "refund.request", "disappointed"},
	{"到哪", "delivery.track", "neutral"}, {"不管", "complaint.service", "angry"}, {"你好", "chat.greet", "neutral"}, {"hello", "chat.greet", "neutral"}, {"谢谢", "chat.thank", "happy"},
}

type words struct{}

func (words) Parse(_ context.Context, _ string, us []nlu.Utterance) ([]*nlu.Analysis, error) {
	as := make([]*nlu.Analysis, len(us))
	for i, u := range us {
		a := &nlu.Analysis{Utterance: u, Bundle: "words", Language: nlu.Chinese, OOS: 0.9, Timing: nlu.Timing{Total: time.Millisecond, BatchRows: 1},
			Emotion: nlu.Emotion{Prediction: predict("neutral", 0.9), Valence: "neutral", Intensity: 0.1, Ranking: ranking("neutral", 0.9, "angry", 0.1)}}
		a.Ranking = ranking("delivery.track", 0.1, "refund.request", 0.05)
		for _, w := range understand {
			if strings.Contains(strings.ToLower(u.Text), w.word) {
				a.OOS, a.Ranking = 0.02, ranking(w.intent, 0.93, "chat.thank", 0.03)
				a.Intents = []nlu.Intent{{Prediction: a.Ranking[0], Span: span(0, len(u.Text))}}
				if w.emotion == "angry" {
					a.Emotion = nlu.Emotion{Prediction: predict("angry", 0.95), Valence: "negative", Intensity: 0.95, Ranking: ranking("angry", 0.95, "neutral", 0.05)}
				}
				break
			}
		}
		as[i] = a
	}
	return as, nil
}

// fixedTasks are tasks that stay as they are.
type fixedTasks struct{ set *task.Set }

func (f fixedTasks) Tasks() []*task.Task { return f.set.Tasks() }

func (f fixedTasks) Reload(context.Context, bool) error {
	_, err := standard.Load(standard.Files())
	return err
}

// mustWhole opens everything and runs it until the test ends.
func mustWhole(tb testing.TB) *whole {
	tb.Helper()
	must := func(err error) {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
	}
	quiet := slog.New(slog.DiscardHandler)
	w := &whole{}
	var err error
	w.pack, err = standard.Load(standard.Files())
	must(err)
	w.log, err = eventlog.Open(tb.Context(), eventlog.Options{Dir: tb.TempDir(), Master: bytes.Repeat([]byte{7}, 32), Logger: quiet, MaxBytes: 1 << 30})
	must(err)
	w.reviews, err = review.Open(review.Options{Dir: tb.TempDir()})
	must(err)
	w.deliverer, err = deliver.New(deliver.Options{Config: &deliver.Config{Version: 1}, Dir: tb.TempDir(), Querier: noTables{}})
	must(err)
	ctx, cancel := context.WithCancel(context.Background())
	w.scripts, err = script.Open(ctx, w.log, w.pack.Scripts, script.Options{Log: quiet})
	must(err)
	w.arms, err = experiment.Open(ctx, w.log, experiment.Options{Log: quiet})
	must(err)
	w.knowledge, err = knowledge.New(knowledge.Options{Defaults: w.pack.Knowledge, Documents: w.log, Log: quiet})
	must(err)
	w.profiles, err = profile.New(profile.Options{Documents: w.log, Rules: w.pack.Learning, Logger: quiet})
	must(err)
	rules, err := policy.New(policy.Options{Tasks: w.pack.Tasks, Settings: w.pack.Settings, Knowledge: w.knowledge})
	must(err)
	w.engine, err = engine.New(engine.Options{Store: w.log, Parser: words{}, Policy: rules, Scripts: w.scripts, Profiles: w.profiles, Redact: w.pack.Redact})
	must(err)
	w.routing, err = routing.New(routing.Options{Config: w.pack.Routing, Log: w.log, Documents: w.log, Conversations: w.engine, Scripts: w.scripts,
		Profiles: w.profiles, Knowledge: w.knowledge, Suggester: &routing.ScriptSuggester{Scripts: w.scripts}, Logger: quiet})
	must(err)
	w.proactive, err = proactive.New(proactive.Options{Documents: w.log, Conversations: w.engine, Scripts: w.scripts, Kinds: w.pack.FollowUps,
		People: w.profiles, Logger: quiet})
	must(err)
	var running sync.WaitGroup
	for _, run := range []func(context.Context) error{w.knowledge.Run, w.routing.Run, func(ctx context.Context) error { return w.profiles.Run(ctx, w.log) },
		func(ctx context.Context) error { return w.proactive.Run(ctx, w.log) }} {
		running.Go(func() { _ = run(ctx) })
	}
	tb.Cleanup(func() {
		cancel()
		running.Wait()
		w.scripts.Close()
		w.arms.Close()
		w.profiles.Close()
		if err := w.log.Close(); err != nil {
			tb.Error(err)
		}
	})
	for _, ready := range []<-chan struct{}{w.knowledge.Ready(), w.routing.Ready()} {
		select {
		case <-ready:
		case <-time.After(20 * time.Second):
			tb.Fatal("the robot does not get ready")
		}
	}
	must(w.proactive.Loaded(ctx))
	return w
}

// options serve the whole.
func (w *whole) options() server.Options {
	return server.Options{Parser: words{}, Robot: w.engine, Conversations: w.engine, Follow: w.log, Routing: w.routing, Scripts: w.scripts,
		Tasks: fixedTasks{w.pack.Tasks}, Knowledge: w.knowledge, Profiles: w.profiles, FollowUps: w.proactive, Experiments: w.arms, Records: logRecords{w.log},
		Analytics: web.New(web.Options{Reports: &web.Reports{Querier: noTables{}}, Reviews: w.reviews, Exports: w.deliverer})}
}

// noTables is a warehouse that is never asked: what these tests ask for needs none.
type noTables struct{}

func (noTables) Query(context.Context, string, ...any) (*sql.Rows, error) {
	return nil, errors.New("there are no tables")
}

func (noTables) Through() time.Time { return time.Time{} }

var _ dialogue.Robot = (*engine.Engine)(nil)

// logRecords is the log behind [server.Records], as cmd/yingda wires it.
type logRecords struct{ log *eventlog.Log }

func (r logRecords) Erase(ctx context.Context, tenant, customer string) (server.Erased, error) {
	e, err := r.log.Erase(ctx, tenant, customer)
	return server.Erased{Customer: customer, Alias: e.Alias, Keys: e.Keys, Documents: e.Documents, Time: e.Time}, err
}

func (r logRecords) Backup(ctx context.Context, w io.Writer) error {
	_, err := r.log.Backup(ctx, w, nil)
	return err
}
