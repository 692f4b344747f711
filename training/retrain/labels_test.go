package retrain_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"yingda/training/corpus"
	"yingda/training/retrain"
)

// labelsOnly runs the first step and returns what it made of an export.
func labelsOnly(tb testing.TB, w *world) (*retrain.Merge, []retrain.Refusal, *retrain.Run) {
	tb.Helper()
	w.plan.Recipe = filepath.Join(w.dir, "none.yaml") // the second step fails: the first is what counts
	run := w.begin(tb)
	if err := run.Resume(tb.Context()); err == nil || !strings.Contains(err.Error(), "none.yaml") {
		tb.Fatal(err)
	}
	var refused []retrain.Refusal
	data, err := os.ReadFile(filepath.Join(run.Dir(), retrain.RefusedName))
	if err != nil {
		tb.Fatal(err)
	}
	for raw := range strings.Lines(string(data)) {
		var r retrain.Refusal
		if err := json.Unmarshal([]byte(raw), &r); err != nil {
			tb.Fatal(err)
		}
		refused = append(refused, r)
	}
	return summary(tb, run).Merge, refused, run
}

// TestRefusals: each row that is not taken is listed with the reason, and keeps no other row out.
func TestRefusals(t *testing.T) {
	plain := func(text, intents string) string { return `{"text":"` + text + `","intents":` + intents + `}` + "\n" }
	for _, tt := range []struct{ name, row, reason, why string }{
		{"Malformed", "{\"text\": 7}\n", retrain.Malformed, "not an example"},
		{"UnknownKey", `{"text":"退","intent":"x"}` + "\n", retrain.Malformed, "unknown field"},
		{"NotAccepted", plain("退消退消", `["refund.apply"]`), retrain.NotAccepted, "accepted_by is missing"},
		{"Unlabelled", `{"text":"退消退消","metadata":{"accepted_by":"ann"}}` + "\n", retrain.Unlabelled, "no intents"},
		{"AcceptedAt", `{"text":"退消退消","intents":[],"metadata":{"accepted_by":"ann","accepted_at":"yesterday"}}` + "\n", retrain.NotAccepted, "accepted_at"},
		{"BadName", label("退消退消", "Gift Wrap"), retrain.BadName, "order.cancel"},
		{"ChangedAfterwards", `{"text":"退消退消","intents":["refund.apply"],"metadata":{"accepted_by":"ann","turns":["t1"],"fingerprint":"00112233445566778899aabbccddeeff"}}` + "\n", retrain.NotAccepted, "changed after"},
		{"UnknownEmotion", `{"text":"退消退消","intents":["refund.apply"],"emotion":"bored","metadata":{"accepted_by":"ann"}}` + "\n", retrain.UnknownLabel, "bored"},
		{"UnknownEntity", `{"text":"退消退消","intents":["refund.apply"],"entities":[{"type":"moon","text":"退"}],"metadata":{"accepted_by":"ann"}}` + "\n", retrain.UnknownLabel, "moon"},
		{"InCorpus", label("退退退单", "refund.apply"), retrain.Duplicate, "corpus.jsonl:"},
		{"Contradicts", label("退退退单", "order.cancel"), retrain.Contradiction, "not refund.apply"},
		{"ContradictsWithNew", label("退退退单", "gift.wrap"), retrain.Contradiction, "not refund.apply"},
		{"OfFrozenSet", label("退，退，单！北京 cancel refund 消 退", "refund.apply"), retrain.Leak, "frozen.jsonl:"},
		{"TooFew", label("北京北京", "store.find"), retrain.TooFew, "store.find has"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, tt.row+gifts())
			write(t, w.plan.Frozen[0], frozen()+example("退 退 单，北京 cancel refund 消，退", "refund.apply"))
			m, refused, _ := labelsOnly(t, w)
			if len(refused) != 1 || refused[0].Reason != tt.reason || refused[0].Origin != "export.jsonl:1" || !strings.Contains(refused[0].Why, tt.why) {
				t.Errorf("%+v", refused)
			}
			if m.Read != len(tails)+1 || m.Trained+m.Held != len(tails) || m.Refused[tt.reason] != 1 {
				t.Errorf("%+v", m)
			}
		})
	}
}

// TestContradictingReviewers: nobody can tell which of two is right, so both wait.
func TestContradictingReviewers(t *testing.T) {
	w := newWorld(t, label("北京退", "refund.apply")+label("北京，退！", "order.cancel")+label("北京消", "order.cancel")+label("北京消", "order.cancel"))
	m, refused, _ := labelsOnly(t, w)
	if len(refused) != 3 || refused[0].Reason != retrain.Contradiction || refused[1].Reason != retrain.Contradiction || refused[2].Reason != retrain.Duplicate || m.Trained+m.Held != 1 {
		t.Errorf("%+v", refused)
	}
}

// TestSuperseded: what the corpus calls out of scope is older than the intent that now covers it.
func TestSuperseded(t *testing.T) {
	w := newWorld(t, gifts()+label("天天天单", "gift.wrap"))
	m, refused, run := labelsOnly(t, w)
	if len(refused) != 0 || len(m.Superseded) != 1 || m.Superseded[0].Text != "天天天单" || m.Corpus != 3*len(tails)-1 {
		t.Errorf("%+v %+v", refused, m)
	}
	train, err := corpus.Read(filepath.Join(run.Dir(), retrain.TrainName))
	if err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(train.Examples, func(eg corpus.Example) bool { return eg.Text == "天天天单" && eg.OutOfScope() }) {
		t.Error("the old label is still there")
	}
}

// TestHeldOut: nothing is on both sides, near duplicates stay together, and later labels move nothing from one side to the other.
func TestHeldOut(t *testing.T) {
	read := func(run *retrain.Run, name string) map[string]bool {
		c, err := corpus.Read(filepath.Join(run.Dir(), name))
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]bool{}
		for _, eg := range c.Examples {
			if eg.Metadata != nil {
				out[eg.Text] = true
			}
		}
		return out
	}
	long := []string{"refund refund cancel cancel refund 退 消 天 北 京", "refund refund cancel cancel refund 退 消 天 北 京 气", "refund refund cancel cancel refund 退 消 天 北 京 单"}
	var alike string
	for _, text := range long {
		alike += label(text, "gift.wrap")
	}
	w := newWorld(t, gifts()+alike)
	_, _, run := labelsOnly(t, w)
	train, held := read(run, retrain.TrainName), read(run, retrain.HeldName)
	for text := range held {
		if train[text] {
			t.Errorf("%q is on both sides", text)
		}
	}
	if held[long[0]] != held[long[1]] || held[long[0]] != held[long[2]] {
		t.Error("near duplicates are on both sides")
	}
	later := strings.ReplaceAll(label("refund refund refund 退", "gift.wrap")+label("cancel refund 退退", "gift.wrap"), "2026-11-20", "2026-11-21")
	w = newWorld(t, later+gifts()+alike)
	_, _, run = labelsOnly(t, w)
	now := read(run, retrain.HeldName)
	for text := range train {
		if now[text] {
			t.Errorf("%q was trained on and is held out now", text)
		}
	}
	for text := range held {
		if !now[text] {
			t.Errorf("%q was held out and is not any more", text)
		}
	}
}

// TestTaxonomy: the extended label space reads back, with what the review says of new intents.
func TestTaxonomy(t *testing.T) {
	w := newWorld(t, gifts())
	_, _, run := labelsOnly(t, w)
	path := filepath.Join(run.Dir(), retrain.TaxonomyName)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	tax, err := corpus.ParseTaxonomy(path, data)
	if err != nil {
		t.Fatal(err)
	}
	if d := tax.Intent("gift.wrap"); d == nil || d.Definition["en"] != "gift wrapping" || d.Definition["zh"] != "礼品包装" || tax.Intent("order.cancel") == nil {
		t.Errorf("%+v", tax.Intents)
	}
}
