package server_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"yingda/nlu"
	"yingda/nlu/shadow"
	"yingda/server"
)

// mustShadow is a mirror that has compared some texts: the shadow understands nothing and fails on what has a "!".
func mustShadow(tb testing.TB) *shadow.Mirror {
	tb.Helper()
	m, err := shadow.New(shadow.Options{Share: 0.5, Rand: func() float64 { return 0 }, Log: slog.New(slog.DiscardHandler), Parse: func(_ context.Context, us []nlu.Utterance) ([]*nlu.Analysis, error) {
		if strings.Contains(us[0].Text, "!") {
			panic("shadow")
		}
		a := handMade(us[0])
		a.Bundle, a.Intents = "zh-en-aaaaaaaaaaaa", nil
		return []*nlu.Analysis{a}, nil
	}})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(m.Close)
	for _, text := range []string{order, "退款", "退款!"} {
		u := nlu.Utterance{Text: text}
		m.Offer("zh-en-aaaaaaaaaaaa", []nlu.Utterance{u}, []*nlu.Analysis{handMade(u)})
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		if p := m.Report().Pairs[0]; p.Compared == 2 && p.Dropped["failed"] == 1 {
			return m
		}
		if time.Now().After(deadline) {
			tb.Fatalf("%+v", m.Report())
		}
	}
}

func TestShadow(t *testing.T) {
	s := mustServer(t, server.Options{Shadow: mustShadow(t).Report})
	body := call(s.Handler(), "GET", "/v1/shadow", nil).Body.String()
	for _, want := range []string{`"share":0.5`, `"intents":{"same":0,"of":2,"rate":0}`, `"emotion":{"same":2,"of":2,"rate":1}`, `"failed":1`,
		`{"layer":"intents","champion":"order.urge_shipment+refund.request","shadow":"none","count":1}`} {
		if !strings.Contains(body, want) {
			t.Errorf("/v1/shadow lacks %s:\n%s", want, body)
		}
	}
	if strings.Contains(body, "退款") || strings.Contains(body, "訂單") {
		t.Errorf("/v1/shadow shows a text:\n%s", body)
	}
	metrics := call(s.Handler(), "GET", "/metrics", nil).Body.String()
	const pair = `champion="zh-en-5f0c1a2b9d3e",`
	for _, want := range []string{
		`yingda_shadow_offered_total{` + pair + `shadow="zh-en-aaaaaaaaaaaa"} 3`,
		`yingda_shadow_dropped_total{cause="failed",` + pair + `shadow="zh-en-aaaaaaaaaaaa"} 1`,
		`yingda_shadow_compared_total{` + pair + `layer="intents",shadow="zh-en-aaaaaaaaaaaa"} 2`,
		`yingda_shadow_agreed_total{` + pair + `layer="emotion",shadow="zh-en-aaaaaaaaaaaa"} 2`,
		`yingda_shadow_waiting_texts 0`,
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("/metrics lacks %s", want)
		}
	}
	none := call(mustServer(t, server.Options{}).Handler(), "GET", "/v1/shadow", nil).Body.String()
	if strings.TrimSpace(none) != `{"share":0,"waiting":0,"capacity":0,"pairs":[]}` {
		t.Errorf("without a shadow: %s", none)
	}
}
