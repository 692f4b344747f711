package demodata_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"hash/fnv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"yingda/analytics/demodata"
	"yingda/dialogue/redact"
	"yingda/dialogue/standard"
	"yingda/nlu"
	"yingda/training/corpus"
)

var update = flag.Bool("update", false, "write ordinary.jsonl again from training/corpus/data")

// Most of how many wordings an intent gets in a language, and how long they are.
const (
	ordinaryPerIntent = 16
	ordinaryNoise     = 40
)

// TestOrdinary makes the pool of ordinary wordings of the corpus with -update, and otherwise checks that it holds what it should.
func TestOrdinary(t *testing.T) {
	if *update {
		if err := os.WriteFile("ordinary.jsonl", mustOrdinary(t), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := os.ReadFile("ordinary.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for line := range bytes.Lines(raw) {
		var w demodata.Wording
		if err := json.Unmarshal(line, &w); err != nil {
			t.Fatal(err)
		}
		count[w.Intent+" "+string(w.Lang)]++
		if again := (redact.Rules{}).Text(w.Text, nil); again != w.Text {
			t.Errorf("not redacted: %q", w.Text)
		}
	}
	for key, n := range count {
		if n < 6 {
			t.Errorf("%s has %d wordings, want 6 or more", key, n)
		}
	}
	if len(count) < 2*74 {
		t.Errorf("%d intents and languages, want those of the whole label space", len(count))
	}
}

func mustOrdinary(tb testing.TB) []byte {
	tb.Helper()
	c, err := corpus.ReadDir(filepath.Join("..", "..", "training", "corpus", "data"))
	if err != nil {
		tb.Fatal(err)
	}
	pack, err := standard.Load(standard.Files())
	if err != nil {
		tb.Fatal(err)
	}
	byKey := map[string][]demodata.Wording{}
	for i := range c.Examples {
		eg := &c.Examples[i]
		if !eg.HasIntents || len(eg.Intents) > 1 || utf8.RuneCountInString(eg.Text) > map[string]int{"zh": 44, "en": 110}[eg.Lang] {
			continue
		}
		w := demodata.Wording{Lang: nlu.Lang(eg.Lang), Emotion: eg.Emotion}
		if len(eg.Intents) == 1 {
			w.Intent = eg.Intents[0]
		}
		var ents []nlu.Entity
		for _, s := range eg.Entities {
			ents = append(ents, nlu.Entity{Type: s.Type, Span: nlu.Span{Start: s.Start, End: s.End}, Text: s.Text})
			if !slices.Contains(w.Entities, s.Type) {
				w.Entities = append(w.Entities, s.Type)
			}
		}
		w.Text = pack.Redact.Text(eg.Text, ents)
		key := w.Intent + " " + eg.Lang
		byKey[key] = append(byKey[key], w)
	}
	var keys []string
	for k := range byKey {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	for _, k := range keys {
		of := byKey[k]
		slices.SortFunc(of, func(a, b demodata.Wording) int { return int(sum(a.Text)) - int(sum(b.Text)) })
		most := ordinaryPerIntent
		if strings.HasPrefix(k, " ") {
			most = ordinaryNoise
		}
		for _, w := range of[:min(most, len(of))] {
			if err := enc.Encode(w); err != nil {
				tb.Fatal(err)
			}
		}
	}
	return out.Bytes()
}

func sum(s string) uint32 {
	h := fnv.New32a()
	h.Write([]byte(s))
	return h.Sum32()
}
