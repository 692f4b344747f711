package corpus_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"yingda/training/corpus"
)

// rasaGood holds every form of the notation once.
const rasaGood = `version: "3.1"
nlu:
- intent: order.cancel
  metadata: {emotion: angry, tags: [typo, zh], shop: 7}
  examples: |
    - 刚下的那单[保温杯](product)撤了吧

    - 单号[6620193847]{"entity": "order_id", "value": 6620193847, "role": "old", "group": "1"}，不要发货[捂脸]
- intent: refund.status + invoice.request
  examples:
  - text: |
      那笔退款批了没？顺便[发票](doc:invoice)
    metadata: {emotion: anxious, lang: en, shop: 8}
  - plain one
- intent: nlu_fallback
  examples: |
    - 明天适合钓鱼吗
- intent: faq/ask_hours/weekend
  examples: |
    -open on [Sunday][{"entity": "day"}, {"entity": "weekend", "value": true}]?
- synonym: 微信支付
  examples: |
    - 微信
    - wx
- lookup: carrier
  examples: |
    - 顺丰
- regex: order_id
  examples: |
    - \d{10}
    - (?<=x)\d
stories:
- story: a
rules: []
`

func TestReadRasaOK(t *testing.T) {
	c, err := corpus.ReadRasa("data/zh/a.yml", []byte(rasaGood))
	if err != nil {
		t.Fatal(err)
	}
	got := make([]string, len(c.Examples))
	for i, eg := range c.Examples {
		got[i] = fmt.Sprintf("%s|%q|%q|%s|%s|%v|%v|%v", eg.Origin, eg.Text, eg.Intents, eg.Emotion, eg.Lang, eg.Tags, eg.Metadata, eg.Entities)
	}
	want := []string{
		`data/zh/a.yml:6|"刚下的那单保温杯撤了吧"|["order.cancel"]|angry|zh|[typo zh]|map[shop:7]|[{product 保温杯 15 24 <nil>  }]`,
		`data/zh/a.yml:8|"单号6620193847，不要发货[捂脸]"|["order.cancel"]|angry|zh|[typo zh]|map[shop:7]|[{order_id 6620193847 6 16 6.620193847e+09 old 1}]`,
		`data/zh/a.yml:11|"那笔退款批了没？顺便发票"|["refund.status" "invoice.request"]|anxious|en|[]|map[shop:8]|[{doc 发票 30 36 invoice  }]`,
		`data/zh/a.yml:14|"plain one"|["refund.status" "invoice.request"]||zh|[]|map[]|[]`,
		`data/zh/a.yml:17|"明天适合钓鱼吗"|[]||zh|[]|map[]|[]`,
		`data/zh/a.yml:20|"open on Sunday?"|["faq/ask_hours/weekend"]||zh|[]|map[]|[{day Sunday 8 14 <nil>  } {weekend Sunday 8 14 true  }]`,
	}
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Errorf("example %d\n got %s\nwant %s", i, at(got, i), at(want, i))
		}
	}
	if !c.Examples[4].OutOfScope() || c.Examples[0].OutOfScope() {
		t.Error("only nlu_fallback is out of scope")
	}
	if want := []corpus.Synonym{{Value: "微信支付", Forms: []string{"微信", "wx"}, Origin: "data/zh/a.yml:21"}}; !reflect.DeepEqual(c.Synonyms, want) {
		t.Errorf("synonyms %v", c.Synonyms)
	}
	if len(c.Lookups) != 1 || c.Lookups[0].Elements[0] != "顺丰" || len(c.Regexes) != 1 || len(c.Regexes[0].Elements) != 2 {
		t.Errorf("lookups %v, regexes %v", c.Lookups, c.Regexes)
	}
	if len(c.Notes) != 3 || !strings.Contains(c.Notes[0], "a.yml:31: regex order_id") || !strings.Contains(c.Notes[1], `a.yml:32: top-level key "stories"`) {
		t.Errorf("notes %q", c.Notes)
	}
}

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return "(none)"
}

func TestReadRasaFaults(t *testing.T) {
	item := func(s string) string { return "version: \"3.1\"\nnlu:\n" + s }
	ex := func(s string) string { return item("- intent: a\n  examples: |\n    - " + s + "\n") }
	for _, tt := range []struct {
		name, data string
		want       []string // parts of the faults, in order
	}{
		{"Empty", "", []string{"x.yml: the file is empty"}},
		{"NotYAML", "nlu:\n- intent: [a\n", []string{"x.yml:1: not YAML: did not find expected"}},
		{"NotUTF8", "nlu:\n- \xff\n", []string{"x.yml:2: not UTF-8 (byte 0xff)"}},
		{"TwoDocuments", "version: \"3.1\"\n---\nnlu: []\n", []string{"a second YAML document"}},
		{"Version", "version: \"1\"\n", []string{`x.yml:1: version "1"`}},
		{"NotAMapping", "- a\n", []string{"x.yml:1: the file must be a mapping"}},
		{"NotAList", "nlu: {a: b}\n", []string{"x.yml:1: nlu must be a list"}},
		{"TwiceAKey", item("- intent: a\n  intent: b\n  examples: |\n    - x\n"), []string{`x.yml:4: an nlu item: key "intent" is there twice`}},
		{"TwoKinds", item("- intent: a\n  synonym: b\n  examples: |\n    - x\n"), []string{"x.yml:4: an nlu item is either intent or synonym"}},
		{"UnknownKey", item("- intent: a\n  idea: b\n  examples: |\n    - x\n"), []string{`x.yml:4: unknown key "idea"`}},
		{"NoKind", item("- examples: |\n    - x\n"), []string{"x.yml:3: an nlu item needs intent"}},
		{"NoName", item("- intent:\n  examples: |\n    - x\n"), []string{"x.yml:3: intent needs a name"}},
		{"NoExamples", item("- intent: a\n"), []string{"x.yml:3: an nlu item needs"}},
		{"EmptyBlock", item("- intent: a\n  examples: |\n"), []string{"no examples"}},
		{"Folded", item("- intent: a\n  examples: >\n    - x\n    - y\n"), []string{"x.yml:4: examples must be a literal block"}},
		{"NoDash", item("- intent: a\n  examples: |\n    - x\n    y\n    -\n"), []string{"x.yml:6: an example starts with '- '", "x.yml:7: an example without text"}},
		{"EmptyPart", item("- intent: a+\n  examples: |\n    - x\n"), []string{`intent "a+" has an empty part`}},
		{"TwiceAnIntent", item("- intent: a+a\n  examples: |\n    - x\n"), []string{`intent "a" is there twice`}},
		{"ScopeAndIntent", item("- intent: a+out_of_scope\n  examples: |\n    - x\n"), []string{"out of scope and has an intent"}},
		{"OpenBracket", ex("买[保温杯(product)"), []string{"x.yml:5: '[' is not closed"}},
		{"OpenParenthesis", ex("买[保温杯](product"), []string{"x.yml:5: entity [保温杯]: '(' is not closed"}},
		{"NoType", ex("买[保温杯]()"), []string{"x.yml:5: entity [保温杯] has no type"}},
		{"NoSurface", ex("买[ ](product)"), []string{"must have a surface"}},
		{"Nested", ex("买[蓝[保温杯](product)](x)"), []string{"must have a surface without '['"}},
		{"BadJSON", ex(`买[杯]{"entity": product}`), []string{"x.yml:5: entity [杯]: not readable as JSON"}},
		{"UnknownJSONKey", ex(`买[杯]{"entity": "product", "rolle": "x"}`), []string{`unknown field "rolle"`}},
		{"Metadata", item("- intent: a\n  metadata: angry\n  examples: |\n    - x\n"), []string{"x.yml:4: metadata must be a mapping"}},
		{"Emotion", item("- intent: a\n  metadata: {emotion: [angry]}\n  examples: |\n    - x\n"), []string{"x.yml:6: metadata emotion must be text"}},
		{"LongKey", item("- intent: a\n  examples:\n  - text: x\n    intent: b\n"), []string{`x.yml:6: unknown key "intent" in an example`}},
		{"LongEmpty", item("- intent: a\n  examples:\n  - metadata: {a: b}\n"), []string{"x.yml:5: an example without text"}},
		{"All", item("- intent: a\n  examples: |\n    - [x\n    - y](\n    - [z](\n- lookup: l\n  example: x\n- 5\n"),
			[]string{"x.yml:5:", "x.yml:7:", "x.yml:9: unknown key", "x.yml:10: an nlu item must be a mapping"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := corpus.ReadRasa("x.yml", []byte(tt.data))
			checkFaults(t, c, err, tt.want)
		})
	}
}

// checkFaults wants exactly the faults whose parts are given.
func checkFaults(t *testing.T, c *corpus.Corpus, err error, want []string) {
	t.Helper()
	if c != nil || err == nil {
		t.Fatalf("read %v, want faults %q", c, want)
	}
	got := corpus.Faults(err)
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || !strings.Contains(got[i].Error(), want[i]) {
			t.Fatalf("got\n%v\nwant %q", err, want)
		}
	}
}

func FuzzReadRasa(f *testing.F) {
	f.Add([]byte(rasaGood))
	f.Add([]byte("version: \"3.1\"\nnlu:\n- intent: &a b+c\n  examples: |2\n     - [x](y:z)\n- synonym: *a\n  examples: \"- q\\n- r\"\n"))
	f.Add([]byte("nlu:\n- intent: a\n  metadata: {<<: {a: 1}, b: .nan}\n  examples:\n  - [a]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := corpus.ReadRasa("zh/f.yml", data)
		if err != nil {
			if c != nil || len(corpus.Faults(err)) == 0 {
				t.Fatalf("%v with %v", c, err)
			}
			return
		}
		var lines []byte
		for i := range c.Examples {
			eg := &c.Examples[i]
			if strings.TrimSpace(eg.Text) == "" || !eg.HasIntents {
				t.Fatalf("bad example %+v", eg)
			}
			for _, ent := range eg.Entities {
				if eg.Text[ent.Start:ent.End] != ent.Text || ent.Text == "" || ent.Type == "" {
					t.Fatalf("bad entity %+v of %q", ent, eg.Text)
				}
			}
			if lines, err = eg.AppendJSONL(lines); err != nil {
				t.Fatal(err)
			}
		}
		again, err := corpus.ReadJSONL("zh/f.jsonl", lines)
		if err != nil {
			t.Fatalf("%v\n%s", err, lines)
		}
		mustEqualFingerprint(t, &corpus.Corpus{Examples: c.Examples}, again)
	})
}

func mustEqualFingerprint(t testing.TB, a, b *corpus.Corpus) {
	t.Helper()
	x, err := a.Fingerprint()
	if err != nil {
		t.Fatal(err)
	}
	y, err := b.Fingerprint()
	if err != nil {
		t.Fatal(err)
	}
	if x != y {
		t.Fatalf("fingerprints differ:\n%+v\n%+v", a.Examples, b.Examples)
	}
}
