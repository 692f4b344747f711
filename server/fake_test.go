package server_test

import (
	"bytes"
	"context"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"yingda/models"
	"yingda/models/batch"
	"yingda/nlu"
	"yingda/nlu/norm"
	"yingda/server"
)

var update = flag.Bool("update", false, "rewrite golden files")

// fake is a Parser with hand-made analyses. It records what it was asked.
type fake struct {
	bundle string
	us     []nlu.Utterance
	ctx    context.Context

	err   error
	panic any
	parse func(ctx context.Context, us []nlu.Utterance) ([]*nlu.Analysis, error) // instead of handMade
}

func (f *fake) Parse(ctx context.Context, bundle string, us []nlu.Utterance) ([]*nlu.Analysis, error) {
	f.bundle, f.us, f.ctx = bundle, us, ctx
	switch {
	case f.panic != nil:
		panic(f.panic)
	case f.err != nil:
		return nil, f.err
	case f.parse != nil:
		return f.parse(ctx, us)
	}
	as := make([]*nlu.Analysis, len(us))
	for i, u := range us {
		as[i] = handMade(u)
	}
	return as, nil
}

const order = "🙂訂單20241122001怎么还没发货，退款吧"

// handMade is what a model might say of order, of anything with "?" (not understood), and of the rest.
func handMade(u nlu.Utterance) *nlu.Analysis {
	a := &nlu.Analysis{Utterance: u, Bundle: "zh-en-5f0c1a2b9d3e", Language: nlu.Chinese, OOS: 0.0312345678, Timing: nlu.Timing{
		Tokenise: 51 * time.Microsecond, Queue: 7 * time.Microsecond, Inference: 3200 * time.Microsecond, Recognise: 123456, Total: 3400 * time.Microsecond, BatchRows: 2}}
	a.Ranking = ranking("order.urge_shipment", 0.72, "refund.request", 0.2, "order.status", 0.04)
	a.Emotion = nlu.Emotion{Prediction: nlu.Prediction{Label: "anxious", Score: 0.66}, Valence: "anxious", Intensity: 0.4,
		Ranking: ranking("anxious", 0.66, "neutral", 0.34)}
	a.Normal = norm.Text{Text: strings.ToLower(u.Text)}
	switch {
	case strings.Contains(u.Text, "?"):
		a.OOS = 0.9
		a.Ranking = ranking("product.info", 0.05, "order.status", 0.03)
	case u.Text == order:
		cut := strings.Index(order, "退款")
		a.Intents = []nlu.Intent{{Prediction: predict("order.urge_shipment", 0.91), Span: span(0, cut)}, {Prediction: predict("refund.request", 0.84), Span: span(cut, len(order))}}
		id := strings.Index(order, "2024")
		goods := strings.Index(order, "货")
		a.Entities = []nlu.Entity{
			{Span: span(4, 10), Type: "thing", Text: "訂單", Value: "订单", Role: "old", Score: 0.9, Source: nlu.SourceLookup, Rule: "things"},
			{Span: span(id, id+11), Type: "order_id", Text: "20241122001", Score: 1, Source: nlu.SourceRegex, Rule: "order-number"},
			{Span: span(goods, goods+3), Type: "amount", Text: "货", Value: map[string]any{"n": 1, "unit": "<件>"}, Score: 0.5, Source: nlu.SourceModel},
		}
		a.Candidates = a.Entities[:1]
		a.Encoding.Tokens = []nlu.Token{{Special: true}, {Span: span(0, 4)}, {Span: span(4, 10)}, {Span: span(len(order), len(order)), Special: true}}
	default:
		a.Intents = []nlu.Intent{{Prediction: a.Ranking[0], Span: span(0, len(u.Text))}}
	}
	return a
}

func span(start, end int) nlu.Span { return nlu.Span{Start: start, End: end} }

func predict(label string, score float64) nlu.Prediction {
	return nlu.Prediction{Label: label, Score: score}
}

// ranking takes labels and scores in turn.
func ranking(list ...any) (ps []nlu.Prediction) {
	for i := 0; i < len(list); i += 2 {
		ps = append(ps, predict(list[i].(string), list[i+1].(float64)))
	}
	return ps
}

// bundles is a fake of models.Registry.
type bundles []models.LoadedBundle

func (b bundles) Loaded() []models.LoadedBundle { return b }

func loaded() bundles {
	m := &models.Manifest{ID: "zh-en-5f0c1a2b9d3e", Name: "zh-en", Version: "2026.11.1", Created: "2026-11-22T00:00:00Z", Languages: []string{"zh", "en"},
		Model: models.ModelSpec{MaxTokens: 512, Encoder: "bge-small"}, Intents: &models.IntentSpec{Reject: "none"}, Metrics: map[string]any{"accuracy": 0.9},
		Heads: []models.Head{{Name: models.HeadIntents, Kind: models.Sequence, Labels: []string{"order.cancel", "none"}},
			{Name: models.HeadEmotion, Kind: models.Sequence, Labels: []string{"neutral", "angry"}},
			{Name: models.HeadEntities, Kind: models.Tokens, Labels: []string{"O", "B-product", "I-product"}}}}
	return bundles{{Role: models.Champion, Manifest: m, Requests: 1}, {Role: models.Challenger, Problem: "x-000000000000: tokenizer.json: is damaged"}}
}

func mustServer(tb testing.TB, o server.Options) *server.Server {
	tb.Helper()
	if o.Parser == nil {
		o.Parser = &fake{}
	}
	if o.Bundles == nil {
		o.Bundles = loaded()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Robot == nil && o.Conversations == nil {
		talk := newTalk()
		o.Robot, o.Conversations, o.Follow = talk, talk, talk
	}
	o.Version = "1.2.3"
	o.ListBundles = func() ([]models.BundleID, error) {
		return []models.BundleID{"zh-en-5f0c1a2b9d3e", "old-aaaaaaaaaaaa"}, nil
	}
	o.Queues = func() []server.Queue {
		return []server.Queue{{Role: models.Champion, Stats: batch.Stats{QueuedTexts: 3, Runs: 7}}}
	}
	s, err := server.New(o)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// call sends one request. Header fields are given as "Name: value".
func call(h http.Handler, method, path string, body io.Reader, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, body)
	r.Host = "127.0.0.1:8080"
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, line := range header {
		if name, value, _ := strings.Cut(line, ": "); name == "Host" {
			r.Host = value
		} else {
			r.Header.Set(name, value)
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// checkGolden compares with testdata/name, or writes it with -update.
func checkGolden(tb testing.TB, name string, got []byte) {
	tb.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			tb.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		tb.Errorf("%s differs; if the change is meant, run go test ./server -update\ngot  %s\nwant %s", path, got, want)
	}
}

type ctxt = context.Context
