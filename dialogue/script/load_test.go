package script_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"yingda/dialogue/script"
)

func TestLoadOK(t *testing.T) {
	b, err := script.Load(os.DirFS("testdata/good"))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(b.Keys(), " "); got != "confirm.order.cancel general name.paid" {
		t.Errorf("keys %s", got)
	}
	s := b.Script("confirm.order.cancel")
	if got := strings.Join(s.Slots(), " "); got != "order_id product" || !s.Tone || s.Note == "" || s.Experiment != "warmth" {
		t.Errorf("slots %s, %+v", got, s)
	}
	if b.Settings().Currency != "EUR" || b.Script("none") != nil {
		t.Errorf("settings %+v", b.Settings())
	}
	if len(b.Samples("confirm.order.cancel", nil)) != 5 || b.Samples("none", nil) != nil {
		t.Errorf("samples %+v", b.Samples("confirm.order.cancel", nil))
	}
}

// All faults of all files come at once, each with its place and what to do.
func TestLoadFaults(t *testing.T) {
	_, err := script.Load(os.DirFS("testdata/bad"))
	if err == nil {
		t.Fatal("no error")
	}
	golden(t, "bad.golden", err.Error()+"\n")
	for _, f := range script.FaultsOf(err) {
		if f.File == "" || f.Reason == "" {
			t.Errorf("fault without file or reason: %+v", f)
		}
	}
}

func TestLoadNothing(t *testing.T) {
	for name, fsys := range map[string]fstest.MapFS{
		"no file": {}, "empty": {"a.yaml": {}}, "null": {"a.yaml": {Data: []byte("null")}}, "no general": {"a.yaml": {Data: []byte("version: 1")}},
		"two documents": {"a.yaml": {Data: []byte(head + "---\nversion: 1\n")}}, "bomb": {"a.yaml": {Data: []byte(head + "  a: &a {zh: x, en: y}\n  b: *a\n")}},
		"too large": {"a.yaml": {Data: []byte(head + strings.Repeat("#", 5<<20))}},
	} {
		if _, err := script.Load(fsys); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestCheck(t *testing.T) {
	b := mustBook(t, `
  ask.order_id: {zh: '{product}的哪一单？', en: 'Which order of {product}?'}
  done: {zh: 好了。, en: Done.}
`)
	err := b.Check([]script.Need{
		{Key: "ask.refund.request.order_id", Vars: []string{"product", "order_id"}},
		{Key: "ask.order.cancel.order_id", Vars: []string{"order_id"}},
		{Key: "done.order.cancel"},
		{Key: "done.order.cancel", Exact: true},
		{Key: "sing"},
		{Key: "general"},
	})
	want := []string{"done.order.cancel: has no words", "sing: has no words", "ask.order_id: slot {product} is not offered here; offered are: order_id"}
	got := script.FaultsOf(err)
	if len(got) != len(want) {
		t.Fatalf("faults: %v", err)
	}
	for i, w := range want {
		if !strings.Contains(got[i].Error(), w) {
			t.Errorf("fault %d: %v, want %q", i, got[i], w)
		}
	}
}

func TestOffering(t *testing.T) {
	book := mustBook(t, shop).Offering([]script.Need{
		{Key: "ask.refund.request.order_id", Vars: []string{"order_id", "amount", "product"}},
		{Key: "ask.order.cancel.order_id", Vars: []string{"product", "order_id"}},
	})
	log := mustLog(t, t.TempDir())
	defer log.Close()
	l, err := script.Open(t.Context(), log, book, script.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for key, want := range map[string]string{"ask.refund.request.order_id": "order_id amount product", "ask.order_id": "order_id product", "ask": "order_id product", "general": "order_id product", "tone.angry": ""} {
		e, _, err := l.Save(t.Context(), edit(key, 0), "zh: x\nen: x\n")
		if err != nil || strings.Join(e.Offered, " ") != want {
			t.Errorf("%s offers %q, want %q: %v", key, e.Offered, want, err)
		}
	}
}

// golden compares with testdata/name, or writes it.
func golden(tb testing.TB, name, got string) {
	tb.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			tb.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	if string(want) != got {
		g, w := strings.Split(got, "\n"), strings.Split(string(want), "\n")
		for i := range g {
			if i >= len(w) || g[i] != w[i] {
				tb.Fatalf("%s differs from line %d on (run with -update to accept):\ngot  %s\nwant %s", path, i+1, g[i], append(w, "", "")[min(i, len(w))])
			}
		}
		tb.Fatalf("%s has more lines", path)
	}
}
