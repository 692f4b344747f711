package ort_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"yingda/internal/testenv"
	"yingda/models"
	"yingda/models/onnx"
	"yingda/models/ort"
	"yingda/nlu"
)

// texts are short and long, Chinese and English.
var texts = []string{
	"我的订单怎么还没发货", "退款", "how do I get my money back?", "APP一直闪退，气死我了！！", "hi", "帮我把地址改成北京市朝阳区建国路八十八号，另外问一下能不能开发票",
	"I ordered two pairs of shoes last Tuesday, the tracking page has not changed since, and nobody answers the phone — what is going on?",
	"訂單號 20241105003 查一下", "🙂", "转人工转人工转人工", "can u cancel my order pls", "上次那个客服说三天之内给我回电话，到现在一个星期了也没有人理我，你们到底管不管",
}

// pack makes a batch of rows, padded to at least cols.
func pack(cols int, pad int64, rows ...[]int64) *models.Batch {
	b := &models.Batch{Rows: len(rows), Cols: cols}
	for _, r := range rows {
		b.Cols = max(b.Cols, len(r))
		b.Lens = append(b.Lens, len(r))
	}
	for _, r := range rows {
		for i := range b.Cols {
			if i < len(r) {
				b.IDs, b.Mask = append(b.IDs, r[i]), append(b.Mask, 1)
			} else {
				b.IDs, b.Mask = append(b.IDs, pad), append(b.Mask, 0)
			}
		}
	}
	return b
}

func mustForward(tb testing.TB, be *ort.Backend, b *models.Batch) [][]models.Logits {
	tb.Helper()
	out, err := be.Forward(context.Background(), b)
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

func mustIDs(tb testing.TB, b *models.Bundle, texts ...string) [][]int64 {
	tb.Helper()
	tok, err := nlu.NewTokeniser(b)
	if err != nil {
		tb.Fatal(err)
	}
	var out [][]int64
	for _, text := range texts {
		ids, _, err := tok.Encode(text)
		if err != nil {
			tb.Fatal(err)
		}
		out = append(out, ids)
	}
	return out
}

// worst returns the largest difference of two answers, which must have the same form and, for heads with labels, the same best labels.
func worst(tb testing.TB, heads []models.Head, got, want []models.Logits) float64 {
	tb.Helper()
	d := 0.0
	for h := range want {
		g, w := got[h], want[h]
		if g.Rows != w.Rows || g.Cols != w.Cols || len(g.Data) != len(w.Data) {
			tb.Fatalf("head %s: %d×%d, want %d×%d", heads[h].Name, g.Rows, g.Cols, w.Rows, w.Cols)
		}
		for i := range w.Data {
			d = max(d, math.Abs(float64(g.Data[i])-float64(w.Data[i])))
		}
		for r := range w.Rows {
			if a, b := g.Row(r), w.Row(r); len(heads[h].Labels) > 0 && slices.Index(a, slices.Max(a)) != slices.Index(b, slices.Max(b)) {
				tb.Errorf("head %s, row %d: another label is best", heads[h].Name, r)
			}
		}
	}
	return d
}

func TestTiny(t *testing.T) {
	b := testenv.MustTiny(t, testenv.Tiny{Scale: 2})
	be := testenv.MustBackend(t, b, ort.Options{})
	out := mustForward(t, be, pack(6, 0, []int64{2, 5, 3}, []int64{2, 9, 10, 3}))
	heads := b.Manifest.Heads
	for i, ids := range [][]int64{{2, 5, 3}, {2, 9, 10, 3}} {
		if len(out[i]) != len(heads) {
			t.Fatalf("%d heads", len(out[i]))
		}
		for k, want := range testenv.TinyLogits(ids...) {
			if got := out[i][0].Data[k]; math.Abs(float64(got-2*want)) > 1e-6 {
				t.Errorf("row %d, intent %d: %v, want %v", i, k, got, 2*want)
			}
		}
		entities := out[i][3]
		if entities.Rows != len(ids) || entities.Cols != 3 {
			t.Fatalf("entities are %d×%d", entities.Rows, entities.Cols)
		}
		for r, id := range ids {
			for k, got := range entities.Row(r) {
				if want := 2 * testenv.TinyTokens[id].Row[5+k]; got != want {
					t.Errorf("row %d, token %d, tag %d: %v, want %v", i, r, k, got, want)
				}
			}
		}
		norm := 0.0
		for _, v := range out[i][4].Data {
			norm += float64(v * v)
		}
		if math.Abs(norm-1) > 1e-5 {
			t.Errorf("the embedding has length² %v", norm)
		}
	}
}

// TestInvariance: a text's answer is the same alone, beside others in any order, and padded.
func TestInvariance(t *testing.T) {
	for name, b := range map[string]*models.Bundle{"tiny": testenv.MustTiny(t, testenv.Tiny{}), "default": nil} {
		t.Run(name, func(t *testing.T) {
			if b == nil {
				b = testenv.MustDefault(t)
			}
			const tolerance = 1e-5
			be := testenv.MustBackend(t, b, ort.Options{})
			heads, pad := b.Manifest.Heads, b.Manifest.Tokenizer.Pad
			rows := mustIDs(t, b, texts...)
			alone := make([][]models.Logits, len(rows))
			for i, ids := range rows {
				alone[i] = mustForward(t, be, pack(0, pad, ids))[0]
			}
			check := func(how string, order []int, cols int) {
				t.Helper()
				var some [][]int64
				for _, i := range order {
					some = append(some, rows[i])
				}
				for k, got := range mustForward(t, be, pack(cols, pad, some...)) {
					if d := worst(t, heads, got, alone[order[k]]); d > tolerance {
						t.Errorf("%s: %q differs by %.2g", how, texts[order[k]], d)
					}
				}
			}
			all := make([]int, len(rows))
			for i := range all {
				all[i] = i
				check("again", []int{i}, 0)
				check("padded", []int{i}, len(rows[i])+17)
				check("beside the longest", []int{i, 6}, 0)
				check("beside itself", []int{i, i, i}, 0)
			}
			rng := rand.New(rand.NewPCG(1, 2))
			for range 4 {
				rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
				check("shuffled", all, 0)
				check("some", all[:5], 0)
			}
		})
	}
}

// TestManyShapes uses more shapes than a workspace keeps; evicted ones come back right.
func TestManyShapes(t *testing.T) {
	b := testenv.MustTiny(t, testenv.Tiny{MaxTokens: 256})
	be := testenv.MustBackend(t, b, ort.Options{})
	for round := range 3 {
		for n := 1; n <= 100; n++ {
			rows := [][]int64{slices.Repeat([]int64{5}, n)}
			if round == 1 {
				rows = append(rows, []int64{4})
			}
			out := mustForward(t, be, pack(0, 0, rows...))
			if got := out[0][0].Data[1]; math.Abs(float64(got)-6) > 1e-4 || out[0][1].Rows != n {
				t.Fatalf("%d tokens: %v, %d rows", n, got, out[0][1].Rows)
			}
		}
	}
}

// TestResultIsOwn: the caller owns the result; later runs do not write into it, and appending to one head does not reach the next.
func TestResultIsOwn(t *testing.T) {
	be := testenv.MustBackend(t, testenv.MustTiny(t, testenv.Tiny{}), ort.Options{})
	first := mustForward(t, be, pack(0, 0, []int64{2, 5, 3}))[0]
	kept := slices.Clone(first[0].Data)
	_ = append(first[0].Data, 99)
	second := first[1].Data[0]
	mustForward(t, be, pack(0, 0, []int64{2, 4, 3}))
	if !slices.Equal(first[0].Data, kept) || second == 99 {
		t.Errorf("the result changed: %v, was %v", first[0].Data, kept)
	}
}

func TestConcurrent(t *testing.T) {
	be := testenv.MustBackend(t, testenv.MustTiny(t, testenv.Tiny{}), ort.Options{Slots: 3})
	var wg sync.WaitGroup
	for c := range 8 {
		wg.Go(func() {
			ctx, cancel := context.WithCancel(context.Background()) // can be cancelled: the other way to run
			defer cancel()
			if c%2 == 0 {
				ctx = context.Background()
			}
			for i := range 200 {
				id := int64(4 + (c+i)%8)
				out, err := be.Forward(ctx, pack(0, 0, slices.Repeat([]int64{id}, 1+i%9)))
				if err != nil {
					t.Error(err)
					return
				}
				for k, want := range testenv.TinyLogits(id) {
					if got := out[0][0].Data[k]; math.Abs(float64(got-want)) > 1e-5 {
						t.Errorf("token %d: got %v, want %v", id, got, want)
					}
				}
			}
		})
	}
	wg.Wait()
}

// TestCancel: a cancelled run ends early, and the next one on the same tensors is right.
func TestCancel(t *testing.T) {
	b := testenv.MustDefault(t)
	be := testenv.MustBackend(t, b, ort.Options{})
	pad := b.Manifest.Tokenizer.Pad
	short := mustIDs(t, b, texts[0])[0]
	want := mustForward(t, be, pack(0, pad, short))[0]

	done, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := be.Forward(done, pack(0, pad, short)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before: %v", err)
	}
	long := slices.Repeat(short, 1+300/len(short))[:300]
	big := pack(0, pad, slices.Repeat([][]int64{long}, 4)...)
	start := time.Now()
	mustForward(t, be, big)
	whole := time.Since(start)
	ctx, cancel := context.WithTimeout(t.Context(), whole/20)
	defer cancel()
	start = time.Now()
	_, err := be.Forward(ctx, big)
	if took := time.Since(start); !errors.Is(err, context.DeadlineExceeded) || took > whole*3/4 {
		t.Errorf("%v after %v; the whole run takes %v", err, took, whole)
	}
	if d := worst(t, b.Manifest.Heads, mustForward(t, be, pack(0, pad, short))[0], want); d > 1e-6 {
		t.Errorf("after a cancelled run the answer differs by %v", d)
	}
	// While the only slot is taken a caller that gives up leaves without it.
	blocked := make(chan struct{})
	go func() { defer close(blocked); _, _ = be.Forward(context.Background(), big) }()
	time.Sleep(whole / 10)
	wait, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := be.Forward(wait, pack(0, pad, short)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("waiting for a slot: %v", err)
	}
	<-blocked
}

// TestCloseFrees opens and closes the default bundle: the process does not grow.
func TestCloseFrees(t *testing.T) {
	b := testenv.MustDefault(t)
	testenv.MustORT(t)
	ids := mustIDs(t, b, texts...)
	once := func() {
		be, err := ort.Open(b, ort.Options{Slots: 2})
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range ids {
			mustForward(t, be, pack(0, b.Manifest.Tokenizer.Pad, row))
		}
		if err := be.Close(); err != nil {
			t.Fatal(err)
		}
	}
	once()
	once()
	before := testenv.RSS(t)
	for range 4 {
		once()
	}
	after := testenv.RSS(t)
	if t.Logf("resident: %d MB before, %d MB after", before>>20, after>>20); after > before+before/10+(8<<20) {
		t.Errorf("grew from %d to %d MB", before>>20, after>>20)
	}
}

func TestOpenFaults(t *testing.T) {
	testenv.MustORT(t)
	tests := []struct {
		name   string
		change func(m *onnx.Model)
		want   string
	}{
		{"ErrOperator", func(m *onnx.Model) { m.Graph.Nodes[0].Op = "NoSuchOperator" }, "NoSuchOperator"},
		{"ErrGraph", func(m *onnx.Model) { m.Graph.Nodes[0].Inputs[0] = "nowhere" }, "nowhere"},
		{"ErrOrder", func(m *onnx.Model) { slices.Reverse(m.Graph.Nodes) }, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := testenv.MustTiny(t, testenv.Tiny{})
			m := testenv.TinyModel(1, false)
			tt.change(m)
			b.Model = onnx.Marshal(m)
			be, err := ort.Open(b, ort.Options{})
			if err == nil {
				be.Close()
				if tt.want != "" {
					t.Error("it was opened")
				}
			} else if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v", err)
			}
		})
	}
	be := testenv.MustBackend(t, testenv.MustTiny(t, testenv.Tiny{}), ort.Options{})
	if _, err := be.Forward(t.Context(), pack(0, 0, []int64{2, 1 << 40, 3})); err == nil {
		t.Error("an id beyond the table gave an answer")
	}
	mustForward(t, be, pack(0, 0, []int64{2, 5, 3}))
	if err := ort.Init("/another/libonnxruntime.so"); err == nil {
		t.Error("a second library was loaded")
	}
	if v := ort.Version(); !strings.HasPrefix(v, "1.") {
		t.Errorf("version %q", v)
	}
}

// TestAllocs: a run copies logits out and makes little else.
func TestAllocs(t *testing.T) {
	be := testenv.MustBackend(t, testenv.MustTiny(t, testenv.Tiny{}), ort.Options{})
	b := pack(0, 0, []int64{2, 5, 3}, []int64{2, 4, 3}, []int64{2, 6, 3}, []int64{2, 7, 3})
	mustForward(t, be, b)
	got := testing.AllocsPerRun(200, func() { mustForward(t, be, b) })
	if t.Logf("%.0f allocations for 4 texts and %d heads", got, 5); got > 16 {
		t.Errorf("%.0f allocations a run", got)
	}
}

func TestGemm(t *testing.T) {
	testenv.MustORT(t)
	g, err := ort.NewGemm()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	}()
	a, b := []float32{1, 2, 3, 4, 5, 6}, []float32{1, 0, 0, 1, 1, 1}
	c := make([]float32, 4)
	if err := g.Mul(false, 2, 3, 2, a, b, c); err != nil || !slices.Equal(c, []float32{4, 5, 10, 11}) { // (2×3)·(3×2)
		t.Errorf("A·B = %v (%v)", c, err)
	}
	c = make([]float32, 6)
	if err := g.Mul(true, 2, 3, 2, a, b[:4], c); err != nil || !slices.Equal(c, []float32{1, 4, 2, 5, 3, 6}) { // (2×3)ᵀ·(2×2)
		t.Errorf("Aᵀ·B = %v (%v)", c, err)
	}
}
