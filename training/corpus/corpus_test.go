package corpus_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"yingda/training/corpus"
)

func TestReadJSONL(t *testing.T) {
	c, err := corpus.ReadJSONL("dev/en.jsonl", []byte("\ufeff"+`{"text":"寄到北京路1号，我在北京","intents":["a","b"],"entities":[{"type":"location","text":"北京"},{"type":"address","text":"北京路1号","value":{"unit":null}}],"emotion":"neutral","tags":["x"]}

{"text":"a a a","intents":[],"entities":[{"type":"t","text":"a"},{"type":"t","text":"a"},{"type":"u","text":"a","start":2,"end":3}]}
{"text":"𝒜杯","intents":null,"entities":[{"type":"t","start":1,"end":2}],"lang":"zh"}`+"\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	eg := c.Examples
	want := []string{
		"true [a b] [{address 北京路1号 6 19 map[unit:<nil>]  } {location 北京 28 34 <nil>  }] en dev/en.jsonl:1",
		"true [] [{t a 0 1 <nil>  } {u a 2 3 <nil>  } {t a 4 5 <nil>  }] en dev/en.jsonl:3",
		"false [] [{t 杯 4 7 <nil>  }] zh dev/en.jsonl:4",
	}
	for i := range want {
		if got := fmt.Sprintf("%v %v %v %s %s", eg[i].HasIntents, eg[i].Intents, eg[i].Entities, eg[i].Lang, eg[i].Origin); got != want[i] {
			t.Errorf("line %d\n got %s\nwant %s", i, got, want[i])
		}
	}
}

func TestReadJSONLFaults(t *testing.T) {
	c, err := corpus.ReadJSONL("x.jsonl", []byte(strings.Join([]string{
		`{"text":"a","intents":["x"]}`,
		`{"text":"a","intent":"x"}`,
		`{"text":" "}`,
		`{"text":"a"} {"text":"b"}`,
		`{"text":"a","intents":["x","x"]}`,
		`{"text":"a","intents":["x","null"]}`,
		`{"text":"杯","entities":[{"type":"t","text":"b"},{"type":"t","text":"杯"},{"type":"t","text":"杯"}]}`,
		`{"text":"杯子","entities":[{"type":"t","text":"子","start":3},{"type":"t","text":"子","start":0},{"type":"t","start":1},{"text":"杯"},{"type":"t"}]}`,
		`[]`,
	}, "\n")))
	checkFaults(t, c, err, []string{
		`x.jsonl:2: not an example: unknown field "intent"`, "x.jsonl:3: an example without text", "x.jsonl:4: text after", "x.jsonl:5: intent \"x\" is there twice",
		"x.jsonl:6: \"x+null\" is out of scope", `x.jsonl:7: entity "杯" does not occur in the text (or not`, `x.jsonl:7: entity "b" does not`,
		`x.jsonl:8: entity "子": [3, 4) is no range of a text of 2`, `x.jsonl:8: entity "子": [0, 1) of the text is "杯"`, `x.jsonl:8: entity "": [1, 1) is no range`,
		`x.jsonl:8: entity "杯" has no type`, `x.jsonl:8: an entity of type "t" has neither`, "x.jsonl:9: not an example: cannot unmarshal array",
	})
}

func TestReadTables(t *testing.T) {
	for _, tt := range []struct {
		name, data string
		tsv        bool
		want       []string
	}{
		{"Header", "\ufefftext,category,id,tags\n\"a, \"\"b\"\"\",x,1,p|q\nc,OOS,2,\n", false, []string{`"a, \"b\"" [x] [p q] 2`, `"c" [] [] 3`}},
		{"NoHeader", "a,x+y\nb,\n", false, []string{`"a" [x y] [] 1`, `"b" [] [] 2`}},
		{"Swapped", "label,文本\nc++,\"a\nb\"\nnull,c\n", false, []string{`"a\nb" [c++] [] 2`, `"c" [] [] 4`}},
		{"TSV", "text\tlabel\r\n27\" tv\tx\r\n\"say \"\"hi\"\"\"\tOut_Of_Scope\r\n", true, []string{`"27\" tv" [x] [] 2`, `"say \"hi\"" [] [] 3`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			read := corpus.ReadCSV
			if tt.tsv {
				read = corpus.ReadTSV
			}
			c, err := read("t", []byte(tt.data))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, eg := range c.Examples {
				got = append(got, fmt.Sprintf("%q %v %v %s", eg.Text, eg.Intents, eg.Tags, strings.TrimPrefix(eg.Origin, "t:")))
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %v\nwant %v", got, tt.want)
			}
		})
	}
	c, err := corpus.ReadCSV("t.csv", []byte("a,x\nb,x,y\n,z\na \"q\" b,x\nc,x+x\nd,OOS+x\n"))
	checkFaults(t, c, err, []string{"t.csv:2: 3 columns where 2", "t.csv:3: an example without", "t.csv:4: not CSV", "t.csv:5: intent", "t.csv:6: \"OOS+x\""})
}

func TestRead(t *testing.T) {
	dir := t.TempDir()
	write := func(name, data string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	if _, err := corpus.Read(dir); err == nil || !strings.Contains(err.Error(), "no .yml") {
		t.Errorf("empty folder: %v", err)
	}
	if _, err := corpus.Read(filepath.Join(dir, "gone.csv")); err == nil {
		t.Error("a file that is not there was read")
	}
	if _, err := corpus.Read(write("a.txt", "x")); err == nil || !strings.Contains(err.Error(), `extension ".txt"`) {
		t.Errorf("unknown extension: %v", err)
	}
	write("d/zh/a.yml", "nlu:\n- intent: a\n  examples: |\n    - x\n")
	write("d/en/b.yaml", "nlu:\n- intent: b\n  examples: |\n    - y\n")
	write("d/.git/c.yml", "broken")
	c, err := corpus.Read(filepath.Join(dir, "d"))
	if err != nil || len(c.Examples) != 2 || c.Examples[0].Lang != "en" || c.Examples[1].Lang != "zh" {
		t.Fatalf("%+v, %v", c, err)
	}
	write("d/zh/c.yml", "nlu:\n- intent: a\n")
	write("d/en/c.yml", "a: b: c\n")
	if _, err := corpus.Read(filepath.Join(dir, "d")); len(corpus.Faults(err)) != 2 {
		t.Errorf("faults of both files are wanted: %v", err)
	}
	for name, n := range map[string]int{write("zh.jsonl", `{"text":"x"}`): 1, write("a.csv", "a,b\nc,d\n"): 2, write("b.tsv", "a\tb\n"): 1} {
		if c, err := corpus.Read(name); err != nil || len(c.Examples) != n {
			t.Errorf("%s: %v, %v", name, c, err)
		}
	}
}

func TestDefaultTaxonomy(t *testing.T) {
	tax := corpus.DefaultTaxonomy()
	if len(tax.Intents) < 70 {
		t.Errorf("%d intents", len(tax.Intents))
	}
	if d := tax.Intent("order.cancel"); d == nil || d.Group != "business" || d.Definition["en"] != "cancel an order" {
		t.Errorf("order.cancel is %+v", d)
	}
	if tax.Valence("anxious") != "anxious" || tax.Valence("angry") != "negative" || tax.Valence("x") != "" || len(tax.Emotions) != 6 {
		t.Errorf("emotions %+v", tax.Emotions)
	}
	if d := tax.Entity("order_id"); d == nil || d.By != "rule" || tax.Entity("money").Value == "" || tax.Entity("x") != nil {
		t.Errorf("order_id is %+v", d)
	}
	_, err := corpus.ParseTaxonomy("t.yaml", []byte("version: x\nintents: {g: {a+b: {zh: x, fr: y}}}\nentities: {e: {by: hand}}\nmore: 1\n"))
	checkFaults(t, nil, err, []string{"t.yaml:1: version", `t.yaml:2: intent "a+b"`, `t.yaml:2: a+b: unknown key "fr"`, "t.yaml:3: entity e: by", `t.yaml:4: unknown key "more"`})
}

func TestValidate(t *testing.T) {
	c, err := corpus.ReadRasa("zh/x.yml", []byte(`nlu:
- intent: order.cancel
  metadata: {emotion: angry}
  examples: |
    - 取消訂單！！！！！
    - 取消[，杯](product)吧
- intent: order.cancel
  metadata: {emotion: neutral}
  examples: |
    - 取消订单!!!
    - 取消，杯吧
- intent: refund.status+order.cancle
  metadata: {emotion: cross}
  examples: |
    - 取消,杯吧
    - 用[VISA][{"entity":"cards"},{"entity":"payment_method"}]付的
- intent: return.request
  examples: |
    - 用visa付的
`))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range corpus.Validate(c, corpus.DefaultTaxonomy(), corpus.Limits{MinPerIntent: map[string]int{"zh": 1}}) {
		if f.Kind != corpus.ThinClass {
			got = append(got, f.Origin+" "+string(f.Kind))
		} else if strings.Contains(f.Message, "order.cancel") || !strings.HasSuffix(f.Message, "has 0 of 1 examples in zh") {
			t.Error(f)
		}
	}
	want := []string{
		"zh/x.yml:6 loose-span", "zh/x.yml:10 contradiction", "zh/x.yml:11 contradiction",
		"zh/x.yml:15 unknown-intent", "zh/x.yml:15 unknown-emotion", "zh/x.yml:15 contradiction",
		"zh/x.yml:16 unknown-intent", "zh/x.yml:16 unknown-emotion", "zh/x.yml:16 unknown-entity", "zh/x.yml:16 overlap",
		"zh/x.yml:19 contradiction",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestSplit(t *testing.T) {
	for text, want := range map[string]int{"取消订单": 0, "where is my order": 0, "a": 4, "": 3} { // must never change
		if got := corpus.FoldOf(text, 5); got != want {
			t.Errorf("%q is in fold %d, want %d", text, got, want)
		}
	}
	if corpus.FoldOf("取消訂單！！！！！", 1000) != corpus.FoldOf("取消订单!!!", 1000) {
		t.Error("the same text after normalisation lies in two folds")
	}
	c := &corpus.Corpus{}
	for i := range 5000 {
		c.Examples = append(c.Examples, corpus.Example{Text: fmt.Sprint("第", i, "句"), HasIntents: true})
	}
	for fold := range 5 {
		train, held := c.Split(5, fold)
		if n := len(held.Examples); n < 900 || n > 1100 || len(train.Examples)+n != 5000 {
			t.Errorf("fold %d holds %d", fold, n)
		}
	}
}

func TestFingerprint(t *testing.T) {
	c, err := corpus.ReadRasa("zh/a.yml", []byte(rasaGood))
	if err != nil {
		t.Fatal(err)
	}
	shuffled := *c
	shuffled.Examples = slices.Clone(c.Examples)
	slices.Reverse(shuffled.Examples)
	shuffled.Examples[0].Origin = "elsewhere"
	mustEqualFingerprint(t, c, &shuffled)
	a, _ := c.Fingerprint()
	shuffled.Examples[0].Emotion = "angry"
	if b, _ := shuffled.Fingerprint(); a == b || len(a) != 64 {
		t.Errorf("another label has the same fingerprint %s", b)
	}
}

// TestData reads the default bundle's own corpus: its form, not its quality.
func TestData(t *testing.T) {
	c, err := corpus.ReadDir("data")
	if err != nil {
		t.Fatal(err)
	}
	serious := 0
	for _, f := range corpus.Validate(c, corpus.DefaultTaxonomy(), corpus.Limits{MinPerIntent: map[string]int{"zh": 40, "en": 20}}) {
		if f.Kind.Serious() {
			serious++
			t.Error(f)
		} else {
			t.Log(f)
		}
	}
	t.Logf("%d examples, %d serious findings", len(c.Examples), serious)
}
