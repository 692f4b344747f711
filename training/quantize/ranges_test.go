package quantize_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"yingda/internal/testenv"
	"yingda/training/quantize"
)

// TestCalibrate: ranges hold every row that was read, 0 included, and rows are kept up to a limit.
func TestCalibrate(t *testing.T) {
	const k, count = 130, 700
	g := newGraph(2)
	table := g.random(k*count, 1)
	for i := range count {
		table[i*k] = 2 + float32(i%5) // never 0
		table[i*k+1] = -3
	}
	m := rows(table, k, g.random(k*144, 1), 144, nil)
	r := MustCalibrate(t, m, [][]int64{upTo(count)[:300], upTo(count)[300:]})
	if len(r) != 1 || r["x"] == nil {
		t.Fatalf("ranges %v", r)
	}
	low, high := make([]float32, k), make([]float32, k)
	for i, v := range table {
		low[i%k], high[i%k] = min(low[i%k], v), max(high[i%k], v)
	}
	for i := range k {
		if r["x"].Low[i] != low[i] || r["x"].High[i] != high[i] {
			t.Fatalf("channel %d: %g…%g, want %g…%g", i, r["x"].Low[i], r["x"].High[i], low[i], high[i])
		}
	}
	if r["x"].Low[0] != 0 || r["x"].High[0] != 6 || r["x"].High[1] != 0 {
		t.Error("0 is not in the range")
	}
	if n := len(r["x"].Rows) / k; n != 512 || len(r["x"].Rows)%k != 0 {
		t.Errorf("%d rows kept of %d", n, count)
	}
	late := 0
	for i := range 512 {
		for j := 300; j < count; j++ {
			if r["x"].Rows[i*k+5] == table[j*k+5] {
				late++
			}
		}
	}
	if late < 200 || late > 400 { // 400 of 700 rows came with the second text; 293 are expected
		t.Errorf("%d of 512 rows kept are from the second text", late)
	}
}

func TestCalibrateErrors(t *testing.T) {
	testenv.MustORT(t)
	good := MustWritten(t)
	spoilt := MustClone(t, good)
	words := spoilt.Graph.Initializer("table")
	copy(words.Raw[4*(3*width+8):], []byte{0, 0, 0xc0, 0x7f}) // NaN in the row of token 3
	empty := MustClone(t, good)
	empty.Graph.Nodes = nil
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tt := range []struct {
		name, want string
		ctx        context.Context
		texts      [][]int64
		spoil      bool
		none       bool
	}{
		{"ErrEmpty", "no texts given", t.Context(), nil, false, false},
		{"ErrNoTokens", "text 1: has no tokens", t.Context(), [][]int64{{1, 2}, {}}, false, false},
		{"ErrNaN", "text 2: embedded: channel", t.Context(), [][]int64{{1, 2}, {4}, {5, 3}}, true, false},
		{"ErrNoToken", "text 0: ", t.Context(), [][]int64{{vocab}}, false, false},
		{"ErrNoProduct", "no MatMul multiplies", t.Context(), [][]int64{{1}}, false, true},
		{"ErrCancelled", context.Canceled.Error(), cancelled, [][]int64{{1}}, false, false},
	} {
		m := good
		switch {
		case tt.spoil:
			m = spoilt
		case tt.none:
			m = empty
		}
		_, err := quantize.Calibrate(tt.ctx, m, spec, tt.texts)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
		if tt.name == "ErrCancelled" && !errors.Is(err, context.Canceled) {
			t.Errorf("%v is not context.Canceled", err)
		}
	}
}

// TestCalibrateLeaves: the graph is not changed, and the same texts give the same ranges.
func TestCalibrateLeaves(t *testing.T) {
	m := MustWritten(t)
	nodes, outputs := len(m.Graph.Nodes), m.Graph.Outputs[0].Name
	a, b := MustCalibrate(t, m, randomTexts(1, 60)), MustCalibrate(t, m, randomTexts(1, 60))
	if len(m.Graph.Nodes) != nodes || m.Graph.Outputs[0].Name != outputs || len(m.Graph.Outputs) != 1 {
		t.Error("calibrating changed the graph")
	}
	if len(a) != 8 {
		t.Errorf("%d inputs of products", len(a))
	}
	for name := range a {
		if noise(a[name].Rows, b[name].Rows) != 0 || math.IsNaN(noise(a[name].Rows, b[name].Rows)) {
			t.Errorf("%s: other rows were kept the second time", name)
		}
	}
}
