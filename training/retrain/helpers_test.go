package retrain_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"yingda/internal/testenv"
	"yingda/models"
	"yingda/models/batch"
	"yingda/models/ort"
	"yingda/nlu/standard"
	"yingda/training"
	"yingda/training/corpus"
	"yingda/training/encoder"
	"yingda/training/retrain"
)

// world is a store whose champion is a small bundle that was really trained, the corpus it was trained on, a frozen set, and a label export. Everything is said in the few words
// that the tiny tokenizer knows: 消 cancels, 退 refunds, 天 is out of scope; "refund refund" is new.
type world struct {
	dir      string
	store    *models.Store
	champion models.BundleID
	plan     retrain.Plan
	now      time.Time
	opened   int // bundles
	traffic  []retrain.Message
	canary   retrain.Canary
	answers  func([]string) ([]retrain.Answer, error)
}

const taxonomy = `version: 1
languages: [zh, en]
intents:
  business:
    order.cancel: {zh: 取消订单, en: cancel an order}
    refund.apply: {zh: 申请退款, en: ask for a refund}
emotions:
  neutral: {valence: neutral}
  angry: {valence: negative}
entities: {}
`

const recipeYAML = `name: shop
version: "1"
languages: [zh]
layers: [2]
quantise: false
pairs: 20
seed: 1
finetune: {hold_out: 0.2}
`

// policyYAML is for sets of a few messages, and bundles of a few kilobytes that are not timed.
const policyYAML = `metrics:
  intent_accuracy: {minimum: 0.5, max_loss: 0.1}
  intent_macro_f1: {off: true}
  oos_false_alarm: {off: true}
  intent_ece: {off: true}
  oos_auroc: {off: true}
  oos_recall: {off: true}
  emotion_accuracy: {off: true}
  emotion_macro_f1: {off: true}
  emotion_ece: {off: true}
  multi_exact: {off: true}
latency: {median_ratio: 0, p95_ratio: 0, max_median_ms: 0, max_p95_ms: 0}
size: {max_mb: 10, ratio: 2}
`

// tails make different messages of the same kind.
var tails = []string{"", "单", "气", "单单", "气气", "单气", "气单", "单气单", "气单气", "单单单", "气气气", "单单气", "气单单", "单气气", "气气单", "单单气气", "气气单单", "单气单气", "气单气单", "单单单气", "气气气单", "单气气单"}

func write(tb testing.TB, path, content string) string {
	tb.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), 0o600)); err != nil {
		tb.Fatal(err)
	}
	return path
}

// example is a line of a corpus.
func example(text string, intents ...string) string {
	if intents == nil {
		intents = []string{}
	}
	raw, _ := json.Marshal(map[string]any{"text": text, "intents": intents, "emotion": "neutral", "lang": "zh"})
	return string(raw) + "\n"
}

// label is a line of an export, accepted by ann.
func label(text string, intents ...string) string {
	raw, _ := json.Marshal(map[string]any{"text": text, "intents": intents, "lang": "zh",
		"metadata": map[string]any{"group": "g1", "turns": []string{"t-" + text}, "accepted_by": "ann", "accepted_at": "2026-11-20T08:00:00Z", "definition": map[string]string{"zh": "礼品包装", "en": "gift wrapping"}}})
	return string(raw) + "\n"
}

// base is the champion's corpus: three kinds of messages.
func base() string {
	var b strings.Builder
	for _, tail := range tails {
		b.WriteString(example("消消消"+tail, "order.cancel") + example("退退退"+tail, "refund.apply") + example("天天天"+tail))
	}
	return b.String()
}

// gifts are labels of a new intent.
func gifts() string {
	var b strings.Builder
	for _, tail := range tails {
		b.WriteString(label("refund refund"+tail, "gift.wrap"))
	}
	return b.String()
}

// frozen is a set that nothing is trained on.
func frozen() string {
	return example("消消，消单", "order.cancel") + example("消，消", "order.cancel") + example("退，退单", "refund.apply") + example("退，退气", "refund.apply") + example("天，天单") + example("天，天气，单")
}

var championOnce = struct {
	sync.Once
	bundle *models.Bundle
}{}

// trainChampion makes the bundle that all tests begin from.
func trainChampion(tb testing.TB, recipe, data string) *models.Bundle {
	tb.Helper()
	championOnce.Do(func() {
		e, err := encoder.Load(testenv.MustEncoder(tb, 2))
		if err != nil {
			tb.Fatal(err)
		}
		c, err := corpus.Read(data)
		if err != nil {
			tb.Fatal(err)
		}
		r, err := training.LoadRecipe(recipe)
		if err != nil {
			tb.Fatal(err)
		}
		tax, err := corpus.ParseTaxonomy("taxonomy.yaml", []byte(taxonomy))
		if err != nil {
			tb.Fatal(err)
		}
		res, err := training.Train(tb.Context(), c, tax, e, r, training.RunOptions{}, nil)
		if err != nil {
			tb.Fatal(err)
		}
		res.Bundle.Manifest.Licences = map[string]string{"model": "MIT"}
		championOnce.bundle = res.Bundle
	})
	if championOnce.bundle == nil {
		tb.Fatal("no champion")
	}
	return championOnce.bundle
}

// newWorld makes a world with that label export.
func newWorld(tb testing.TB, labels string) *world {
	tb.Helper()
	testenv.MustORT(tb)
	dir := tb.TempDir()
	w := &world{dir: dir, now: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)}
	at := func(name, content string) string { return write(tb, filepath.Join(dir, name), content) }
	w.plan = retrain.Plan{
		Labels: []string{at("export.jsonl", labels)}, Corpus: at("corpus.jsonl", base()), Taxonomy: at("taxonomy.yaml", taxonomy), Frozen: []string{at("frozen.jsonl", frozen())},
		Recipe: at("recipe.yaml", recipeYAML), Policy: at("policy.yaml", policyYAML), Store: filepath.Join(dir, "bundles"),
	}
	var err error
	if w.store, err = models.OpenStore(w.plan.Store, nil, ""); err != nil {
		tb.Fatal(err)
	}
	w.champion = testenv.MustWrite(tb, w.plan.Store, trainChampion(tb, w.plan.Recipe, w.plan.Corpus))
	if err := w.store.SetRole(models.Champion, w.champion); err != nil {
		tb.Fatal(err)
	}
	return w
}

// options are a run's, on real parts.
func (w *world) options() retrain.Options {
	o := retrain.Options{
		Dir: filepath.Join(w.dir, "runs"), Store: w.store, Cache: filepath.Join(w.dir, "features"), Canary: w.canary, Answers: w.answers,
		Now:  func() time.Time { w.now = w.now.Add(time.Second); return w.now },
		Read: corpus.Read,
		Open: func(b *models.Bundle) (retrain.Engine, error) {
			w.opened++
			backend, err := ort.Open(b, ort.Options{})
			if err != nil {
				return nil, err
			}
			return standard.New(context.Background(), b, backend, standard.Options{Queue: batch.Options{MaxWait: time.Minute}})
		},
	}
	if w.traffic != nil {
		o.Traffic = func(context.Context, time.Duration) ([]retrain.Message, error) { return w.traffic, nil }
	}
	return o
}

func (w *world) begin(tb testing.TB) *retrain.Run {
	tb.Helper()
	run, err := retrain.Begin(w.options(), w.plan)
	if err != nil {
		tb.Fatal(err)
	}
	return run
}

// reset takes the store back to what it was while a run was at a step: the bundle that it made had that role.
func (w *world) reset(tb testing.TB, made models.BundleID, role models.Role) {
	tb.Helper()
	if err := os.Remove(filepath.Join(w.store.Dir(), models.StateName)); err != nil {
		tb.Fatal(err)
	}
	if err := w.store.SetRole(models.Champion, w.champion); err != nil {
		tb.Fatal(err)
	}
	if role == "" {
		if err := os.RemoveAll(filepath.Join(w.store.Dir(), string(made))); err != nil {
			tb.Fatal(err)
		}
		return
	}
	if err := w.store.SetRole(role, made); err != nil {
		tb.Fatal(err)
	}
}

func (w *world) role(tb testing.TB, id models.BundleID) models.Role {
	tb.Helper()
	state, err := w.store.State()
	if err != nil {
		tb.Fatal(err)
	}
	return state.RoleOf(id)
}

// summary reads a run's figures.
func summary(tb testing.TB, run *retrain.Run) *retrain.Summary {
	tb.Helper()
	s, err := run.Summary()
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// server is a canary that a test drives. It stands for the HTTP API of a server, which cmd/yingda's tests have.
type server struct {
	started map[string]retrain.Trial
	ended   map[string]string
	reading retrain.Reading
	fail    error
}

func newServer() *server {
	return &server{started: map[string]retrain.Trial{}, ended: map[string]string{}, reading: retrain.Reading{Verdict: retrain.Wait, Why: "no customers yet"}}
}

func (s *server) Start(_ context.Context, t retrain.Trial) error {
	s.started[t.Name] = t
	return s.fail
}

func (s *server) Read(_ context.Context, name string) (retrain.Reading, error) {
	if _, ok := s.started[name]; !ok {
		return retrain.Reading{}, fmt.Errorf("no trial %s", name)
	}
	return s.reading, nil
}

func (s *server) End(_ context.Context, name, why string) error {
	s.ended[name] = why
	return nil
}
