package corpus_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"yingda/training/corpus"
)

// TestWrite_RoundTrip: what is read is written and read again as the same.
func TestWrite_RoundTrip(t *testing.T) {
	for _, tt := range goodFiles {
		c, err := corpus.ReadWith(filepath.Join("testdata", tt.file), tt.o)
		if err != nil {
			t.Fatal(err)
		}
		mustWriteBack(t, c)
	}
	c, err := corpus.ReadRasa("zh/f.yml", []byte(rasaGood))
	if err != nil {
		t.Fatal(err)
	}
	mustWriteBack(t, c)
	if err := corpus.WriteRasa(new(bytes.Buffer), "zh/f.yml", c); err != nil {
		t.Errorf("what came from Rasa YAML cannot be written so: %v", err)
	}
	own, err := corpus.ReadDir("data")
	if err != nil {
		t.Fatal(err)
	}
	mustWriteBack(t, own)
}

// TestWriteRasa pins the form: blocks for neighbours, quotes only where YAML needs them.
func TestWriteRasa(t *testing.T) {
	c, err := corpus.ReadJSONL("x.jsonl", []byte(`{"text":"到哪了 😀","intents":["a.b"],"entities":[],"emotion":"anxious","lang":"zh"}
{"text":"- 退#了: 'x'","intents":["a.b"],"entities":[{"type":"t","text":"退"}],"emotion":"anxious","lang":"zh"}
{"text":"a\tb\u2028\n\u0007\\\"c","intents":["a.b"],"emotion":"anxious","lang":"zh","entities":[]}
{"text":"x","intents":[],"entities":[],"lang":"en","tags":["no","typo"],"metadata":{"n":1000000,"on":"yes","m":{"k":[null,"\u007f"]}}}
{"text":"杯","intents":["y"],"entities":[{"type":"a:b","text":"杯","start":0},{"type":"c","text":"杯","start":0,"value":{"k":1},"role":"old"}]}
`))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := corpus.WriteRasa(&b, "zh/x.yml", c); err != nil {
		t.Fatal(err)
	}
	want := `version: "3.1"
nlu:
- intent: a.b
  metadata: {emotion: anxious}
  examples: |
    - 到哪了 😀
    - - [退](t)#了: 'x'
- intent: a.b
  metadata: {emotion: anxious}
  examples:
  - text: "a\u0009b\u2028\u000a\u0007\\\"c"
- intent: out_of_scope
  metadata: {lang: en, m: {"k":[null,"\u007f"]}, "n": 1000000, "on": "yes", tags: ["no","typo"]}
  examples: |
    - x
- intent: "y"
  examples: |
    - [杯][{"entity":"a:b"},{"entity":"c","role":"old","value":{"k":1}}]
`
	if got := b.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	mustWriteBack(t, c)
}

func TestWriteRasaFaults(t *testing.T) {
	c, err := corpus.ReadJSONL("x.jsonl", []byte(`{"text":"a","entities":[]}
{"text":" a","intents":["x"]}
{"text":"see [here](link)","intents":["x"]}
{"text":"北京路1号","intents":["x"],"entities":[{"type":"t","start":0,"end":3},{"type":"u","start":1,"end":4}]}
{"text":"a [b","intents":["x"]}
{"text":"a]","intents":["x"],"entities":[{"type":"t","text":"a]"}]}
{"text":"a","intents":["c++"]}
{"text":"a","intents":["x"],"metadata":{"lang":1}}
{"text":"ok","intents":["x"]}
`))
	if err != nil {
		t.Fatal(err)
	}
	c.Synonyms = []corpus.Synonym{{Value: "v", Origin: "s:1"}}
	c.Lookups = []corpus.List{{Name: "l", Elements: []string{"a "}, Origin: "l:1"}}
	var b bytes.Buffer
	err = corpus.WriteRasa(&b, "x.yml", c)
	checkFaults(t, nil, err, []string{"x.jsonl:1: Rasa YAML cannot say this: it has no intent labels; write JSON Lines", "x.jsonl:2: Rasa YAML cannot say this: white space", "x.jsonl:3:", "x.jsonl:4:",
		"x.jsonl:5:", "x.jsonl:6:", "x.jsonl:7:", "x.jsonl:8:", "s:1: Rasa YAML cannot say this: synonym v has no elements", "l:1:"})
	if b.Len() > 0 {
		t.Errorf("wrote %q", b.String())
	}
	if err := corpus.WriteRasa(&b, "x.yml", &corpus.Corpus{}); err == nil || !strings.Contains(err.Error(), "nothing to write") {
		t.Errorf("an empty corpus: %v", err)
	}
}
