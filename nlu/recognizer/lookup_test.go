package recognizer_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"yingda/nlu"
	"yingda/nlu/norm"
	"yingda/nlu/recognizer"
)

func TestLookup(t *testing.T) {
	lk := recognizer.NewLookup(mustIndex(t))
	for _, c := range mustCases[textCase](t, "lookup.yaml") {
		same(t, c.Text, analyse(t, c.Text, lk).Candidates, c.Want)
	}
}

func TestLookupOwnList(t *testing.T) {
	lists, err := recognizer.ParseLists("own.yaml", []byte(`
version: 1
lists:
- name: apps
  type: product
  names:
  - App
  - {value: Apple Music, also: [AM], role: service}
  - 保温杯
  - {value: 保温杯盖, also: [杯盖]}
  - {value: C++, also: [c 加加]}
  - {value: thing, only: true, also: [双名]}
- name: more
  type: brand
  names: [双名]
`))
	if err != nil {
		t.Fatal(err)
	}
	lk := recognizer.NewLookup(recognizer.NewIndex(lists...))
	for _, c := range []textCase{
		{"the app is in apple", []string{"product app => App"}},
		{"app2 apps myapp", nil},
		{"打开App看看", []string{"product App"}},
		{"apple music", []string{"product apple music => Apple Music @service"}},
		{"我的保温杯盖丢了", []string{"product 保温杯盖"}},
		{"保温杯和杯盖", []string{"product 保温杯", "product 杯盖 => 保温杯盖"}},
		{"learn c++ now", []string{"product c++ => C++"}},
		{"thing 双名", []string{"product 双名 => thing", "brand 双名"}},
		{"ＡＰＰ", []string{"product ＡＰＰ => App"}},
	} {
		same(t, c.Text, analyse(t, c.Text, lk).Candidates, c.Want)
	}
}

const rasaData = `
version: "3.1"
nlu:
- intent: greet
  examples: |
    - hi [招行](bank)
- lookup: city
  examples: |
    - 魔都
    - 上海
- lookup: colour
  examples: [red, blue]
- synonym: 上海
  examples: |
    - 沪
- synonym: 信用卡
  examples:
  - text: 卡
  - credit
`

func TestListFormats(t *testing.T) {
	csv, err := recognizer.ParseCSV("x.csv", "banks", "bank", []byte("\ufeffvalue,synonyms,role,needs\n招商银行,招行|CMB,from,\n平安,,,银行|卡\n"))
	if err != nil {
		t.Fatal(err)
	}
	rasa, syn, err := recognizer.ParseRasa("x.yml", []byte(rasaData))
	if err != nil {
		t.Fatal(err)
	}
	lk := recognizer.NewLookup(recognizer.NewIndex(append(rasa, csv)...))
	for _, c := range []textCase{
		{"招行在沪有吗", []string{"bank 招行 => 招商银行 @from", "city 沪 => 上海"}},
		{"祝你平安", nil},
		{"平安银行卡", []string{"bank 平安"}},
		{"Red or infrared", []string{"colour Red => red"}},
	} {
		same(t, c.Text, analyse(t, c.Text, lk).Candidates, c.Want)
	}
	a := &nlu.Analysis{Entities: []nlu.Entity{{Type: "card", Text: "Credit"}, {Type: "card", Text: "debit"}, {Type: "n", Text: "卡", Value: 3}}}
	if err := syn.Annotate(context.Background(), []*nlu.Analysis{a}); err != nil {
		t.Fatal(err)
	}
	if a.Entities[0].Value != "信用卡" || a.Entities[1].Value != nil || a.Entities[2].Value != 3 {
		t.Errorf("values %v", a.Entities)
	}
}

func TestListFaults(t *testing.T) {
	_, err := recognizer.ParseLists("bad.yaml", []byte(`
version: 3
lists:
- name: ""
  names: [{value: "", also: [x]}, {valeu: y}, {value: z, only: true}, {value: ok, also: [" "]}]
`))
	_, csvErr := recognizer.ParseCSV("bad.csv", "n", "", []byte("value,color\na,b,c\n\"\n"))
	_, _, rasaErr := recognizer.ParseRasa("bad.yml", []byte("nlu:\n- lookup: x\n  examples: |\n    a\n- synonym: y\n"))
	for _, c := range []struct {
		err   error
		wants []string
	}{
		{err, []string{"version", "has no name", "has no type", "name 1 has no value", "valeu", "only: true", "empty spelling"}},
		{csvErr, []string{"unknown column \"color\"", "3 fields", "has no type", "bad.csv"}},
		{rasaErr, []string{"does not begin with -", "has no examples"}},
	} {
		if c.err == nil {
			t.Fatalf("no error, want %q", c.wants)
		}
		for _, want := range c.wants {
			if !strings.Contains(c.err.Error(), want) {
				t.Errorf("fault %q is not reported in:\n%v", want, c.err)
			}
		}
	}
}

// randomNames returns n names of two to eight Han.
func randomNames(n int) []recognizer.Name {
	r := rand.New(rand.NewPCG(1, 2))
	names := make([]recognizer.Name, n)
	for i := range names {
		var b strings.Builder
		for range 2 + r.IntN(7) {
			b.WriteRune(rune(0x4e00 + r.IntN(4000)))
		}
		names[i].Value = b.String()
	}
	return names
}

// TestLookupOracle compares with the naive search on many names.
func TestLookupOracle(t *testing.T) {
	names := randomNames(3000)
	for i := range names { // short alphabet, so that names overlap
		names[i].Value = strings.Map(func(r rune) rune { return 0x4e00 + r%7 }, names[i].Value)
	}
	names = slices.DeleteFunc(names, func(n recognizer.Name) bool { return norm.Fold(n.Value, norm.Matching).Text != n.Value })
	lk := recognizer.NewLookup(recognizer.NewIndex(recognizer.List{Name: "n", Type: "t", Names: names}))
	r := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		var b strings.Builder
		for range 30 {
			b.WriteRune(rune(0x4e00 + r.IntN(8)))
		}
		text := b.String()
		if norm.Fold(text, norm.Matching).Text != text {
			continue // four in a row are folded to three
		}
		var want []string
		for at := 0; at < len(text); {
			best := ""
			for _, n := range names {
				if len(n.Value) > len(best) && strings.HasPrefix(text[at:], n.Value) {
					best = n.Value
				}
			}
			if best != "" && (len(want) == 0 || want[len(want)-1] != "") {
				want = append(want, "t "+best)
			}
			at += max(3, len(best))
		}
		got := describeUnique(analyse(t, text, lk).Candidates)
		if strings.Join(got, ";") != strings.Join(want, ";") {
			t.Fatalf("%s\n got  %v\n want %v", text, got, want)
		}
	}
}

// describeUnique leaves out repetitions of one span: equal names in a list are reported each.
func describeUnique(ents []nlu.Entity) (out []string) {
	last := -1
	for _, ent := range ents {
		if ent.Start != last {
			out = append(out, ent.Type+" "+ent.Text)
		}
		last = ent.Start
	}
	return out
}

func TestIndexBuildTime(t *testing.T) {
	names := randomNames(50_000)
	start := time.Now()
	x := recognizer.NewIndex(recognizer.List{Name: "n", Type: "t", Names: names})
	took := time.Since(start)
	t.Logf("index of 50,000 names built in %v", took)
	if took > slower*3*time.Second {
		t.Errorf("took %v", took)
	}
	text := "请问" + names[4711].Value + "有货吗"
	if got := analyse(t, text, recognizer.NewLookup(x)).Candidates; len(got) == 0 {
		t.Errorf("%q: nothing found", text)
	}
}

func TestConcurrentSwap(t *testing.T) {
	x := mustIndex(t)
	empty := recognizer.NewIndex()
	lk, fz := recognizer.NewLookup(x), recognizer.NewFuzzy(x, recognizer.FuzzyOptions{})
	rx, roles := mustRegex(t), mustRoles(t)
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 200 {
				text := fmt.Sprintf("从北京发顺风快递到上海，订单号8801245670%d", i)
				a := analyse(t, text, rx, lk, fz, recognizer.Merge{}, roles)
				checkSpans(t, text, a.Entities)
				if w == 0 {
					lk.Swap([]*recognizer.Index{x, empty}[i%2])
					fz.Swap([]*recognizer.Index{x, empty}[i%2])
				}
			}
		})
	}
	wg.Wait()
}
