package training

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"yingda/training/corpus"
)

// manyExamples has three intents, messages of several and of none, long ones and a language without joints.
func manyExamples() *corpus.Corpus {
	c := &corpus.Corpus{}
	for i := range 60 {
		for _, lang := range []string{"zh", "en", "fr"} {
			eg := corpus.Example{Text: fmt.Sprintf("%s 文 %d", lang, i), Lang: lang, HasIntents: true, Intents: []string{fmt.Sprintf("intent.%d", i%3)}}
			switch i % 10 {
			case 7:
				eg.Intents = append(eg.Intents, "intent.other")
			case 8:
				eg.Intents = nil
			case 9:
				eg.Text += strings.Repeat(" long", 30)
			}
			c.Examples = append(c.Examples, eg)
		}
	}
	return c
}

func TestMakePairs(t *testing.T) {
	c := manyExamples()
	const folds = 4
	pairs := makePairs(c, 400, folds, 1)
	if len(pairs) < 150 || len(pairs) > 400 {
		t.Fatalf("%d pairs", len(pairs))
	}
	for _, p := range pairs {
		a, b := c.Examples[p.first], c.Examples[p.second]
		head, tail := p.text[:p.cut], p.text[p.cut:]
		joint, ok := strings.CutPrefix(head, a.Text)
		if !ok || tail != b.Text || !slices.Contains(joints[a.Lang], joint) {
			t.Errorf("%q is cut into %q and %q", p.text, head, tail)
		}
		if a.Lang != b.Lang || len(a.Intents) != 1 || len(b.Intents) != 1 || a.Intents[0] == b.Intents[0] || a.Lang == "fr" || max(len(a.Text), len(b.Text)) > maxPairBytes {
			t.Errorf("%+v and %+v make a pair", a, b)
		}
		if corpus.FoldOf(a.Text, folds) != corpus.FoldOf(b.Text, folds) {
			t.Errorf("%q joins two folds", p.text)
		}
	}
	if !reflect.DeepEqual(pairs, makePairs(c, 400, folds, 1)) {
		t.Error("the same seed gives other pairs")
	}
	if reflect.DeepEqual(pairs, makePairs(c, 400, folds, 2)) {
		t.Error("another seed gives the same pairs")
	}
	if p := makePairs(&corpus.Corpus{}, 10, folds, 1); p != nil {
		t.Errorf("no examples make %v", p)
	}
	if p := makePairs(c, 0, folds, 1); len(p) != 0 {
		t.Errorf("none wanted, got %v", p)
	}
}

func TestThin(t *testing.T) {
	c := manyExamples()
	thin := Thin(c, 2)
	count := map[string]int{}
	last := -1
	for _, eg := range thin.Examples {
		count[eg.Lang+" "+strings.Join(eg.Intents, "+")]++
		at := slices.IndexFunc(c.Examples, func(e corpus.Example) bool { return e.Text == eg.Text })
		if at <= last {
			t.Errorf("%q is out of order", eg.Text)
		}
		last = at
	}
	for _, lang := range []string{"zh", "en", "fr"} {
		for i := range 3 {
			if n := count[fmt.Sprintf("%s intent.%d", lang, i)]; n != 2 {
				t.Errorf("%s keeps %d of intent.%d", lang, n, i)
			}
		}
		if n := count[lang+" "]; n != 6 { // all that there are: up to 16 would be kept
			t.Errorf("%s keeps %d out of scope", lang, n)
		}
	}
	if len(c.Examples) != 180 || len(Thin(c, 1000).Examples) != 180 || len(Thin(c, 0).Examples) != 0 {
		t.Error("thinning changed the corpus, or lost something")
	}
}
