package corpus_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"yingda/training/corpus"
)

// said writes all that an example says in a line.
func said(eg *corpus.Example) string {
	labels, ents := "?", "?"
	if eg.HasIntents {
		labels = fmt.Sprint(eg.Intents)
	}
	if eg.HasEntities {
		var list []string
		for _, ent := range eg.Entities {
			list = append(list, fmt.Sprintf("%s %s %d", ent.Type, ent.Text, ent.Start))
		}
		ents = fmt.Sprint(list)
	}
	meta := ""
	if len(eg.Metadata) > 0 {
		data, _ := json.Marshal(eg.Metadata)
		meta = " " + string(data)
	}
	at := eg.Origin[strings.LastIndexByte(eg.Origin, ':')+1:]
	return fmt.Sprintf("%s %q %s %s %s%s%s", at, eg.Text, labels, ents, eg.Emotion, eg.Lang, meta)
}

// goodFiles are the files of testdata and what they hold.
var goodFiles = []struct {
	file  string
	o     corpus.ReadOptions
	want  []string
	notes []string // parts
}{
	{"massive.jsonl", corpus.ReadOptions{}, []string{
		`1 "后天上午八点半喊我起床" [alarm_set] [date 后天 0 time 八点半 12] zh {"id":"7","locale":"zh-CN","partition":"train","scenario":"alarm"}`,
		`2 "put [two] lemons on my list" [lists_add] [item lemons 10] en {"id":"8","locale":"en-US","partition":"dev","scenario":"lists"}`,
		`4 "放一首 歌" ? ? zh {"id":"9","locale":"zh-TW","partition":"test"}`}, nil},
	{"massive.jsonl", corpus.ReadOptions{Partitions: []string{"Train"}}, []string{
		`1 "后天上午八点半喊我起床" [alarm_set] [date 后天 0 time 八点半 12] zh {"id":"7","locale":"zh-CN","partition":"train","scenario":"alarm"}`}, nil},
	{"words.conll", corpus.ReadOptions{}, []string{
		`4 "Ann Lee lives in北京市# !" ? [PER Ann Lee 0 LOC 北京市 16] `,
		`13 "See Bob" ? [PER Bob 4] `}, nil},
	{"chars.bmes", corpus.ReadOptions{}, []string{
		`1 "退旧手机 钱" ? [PRODUCT 旧手机 3 MONEY 钱 13] `,
		`8 "iPhone Pro坏了了了了" ? [PRODUCT iPhone 0] `}, nil},
	{"iob1.iob", corpus.ReadOptions{}, []string{`1 "Ann Bob saw IBM" ? [PER Ann 0 PER Bob 4 ORG IBM 12] `}, nil},
	{"indexed.bio", corpus.ReadOptions{}, []string{`1 "我们去" ? [PER 我们 0] `, "5 \"\uFFFD\uFFFD好的\" ? [] "}, []string{"indexed.bio: every token carries its place"}},
	{"tokens.jsonl", corpus.ReadOptions{}, []string{
		`1 "fly from new york to rome" [flight fare] [from.city new york 9 to.city rome 21] `,
		`2 "hello ." [] [] `}, nil},
	{"cluener.jsonl", corpus.ReadOptions{}, []string{
		`1 "张三在𠮷祥公司上班，张三不在" ? [name 张三 0 company 𠮷祥公司 9 name 张三 31] `,
		`2 "没有标注" ? ? `}, nil},
	{"ewect.jsonl", corpus.ReadOptions{}, []string{`1 "又下雨，烦死了" ? ? angry`, `2 "今天没有标签" ? ? `}, nil},
	{"clinc.json", corpus.ReadOptions{}, []string{
		`3 "put money into my savings" [transfer] ?  {"partition":"train"}`, `4 "who painted this" [] ?  {"partition":"train"}`,
		`6 "how tall is it" [] ?  {"partition":"oos_test"}`}, nil},
	{"clinc.json", corpus.ReadOptions{Partitions: []string{"oos_test"}}, []string{`6 "how tall is it" [] ?  {"partition":"oos_test"}`}, nil},
	{"clu.json", corpus.ReadOptions{}, []string{
		`15 "😀取消顺丰的单" [Cancel] [Carrier 顺丰 10] zh {"partition":"Train"}`,
		`16 "😀 UPS" [] [Carrier UPS 5] en {"partition":"Test"}`}, []string{"clu.json:22: entity Carrier: prebuilt", "clu.json:22: regex Carrier does not work"}},
	{"utterances.json", corpus.ReadOptions{}, []string{
		`2 "refund please" [Refund] [] en {"partition":"Train"}`,
		`3 "给我退钱" [Refund] [Thing 钱 9] zh {"partition":"Train"}`}, nil},
	{"banking.csv.gz", corpus.ReadOptions{}, []string{
		`2 "Where is my card?" [card_arrival] ? `, `3 "My card, the blue one, is gone" [lost_card] ? `}, nil},
}

func TestReadFormats(t *testing.T) {
	for _, tt := range goodFiles {
		t.Run(fmt.Sprint(tt.file, tt.o.Partitions), func(t *testing.T) {
			c, err := corpus.ReadWith(filepath.Join("testdata", tt.file), tt.o)
			if err != nil {
				t.Fatal(err)
			}
			for i := range max(len(c.Examples), len(tt.want)) {
				got := "(none)"
				if i < len(c.Examples) {
					got = said(&c.Examples[i])
				}
				if got != at(tt.want, i) {
					t.Errorf("example %d\n got %s\nwant %s", i, got, at(tt.want, i))
				}
			}
			for i := range max(len(c.Notes), len(tt.notes)) {
				if !strings.Contains(at(c.Notes, i), at(tt.notes, i)) {
					t.Errorf("note %q, want %q", at(c.Notes, i), at(tt.notes, i))
				}
			}
		})
	}
}

// TestReadFormats_Anywhere: gzip, a byte order mark and Windows line ends change nothing, and a format can be forced on any name.
func TestReadFormats_Anywhere(t *testing.T) {
	formats := map[string]corpus.Format{"massive.jsonl": corpus.MASSIVE, "words.conll": corpus.CoNLL, "tokens.jsonl": corpus.Tokens,
		"cluener.jsonl": corpus.CLUENER, "ewect.jsonl": corpus.EWECT, "clinc.json": corpus.CLINC, "clu.json": corpus.CLU, "iob1.iob": corpus.CoNLL}
	for name, format := range formats {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		want, err := corpus.Parse(name, data, corpus.ReadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		fmt.Fprint(z, "\ufeff", strings.ReplaceAll(string(data), "\n", "\r\n"))
		z.Close()
		for as, o := range map[string]corpus.ReadOptions{name + ".gz": {}, "any.txt.gz": {Format: format}} {
			path := filepath.Join(t.TempDir(), as)
			if err := os.WriteFile(path, packed.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			got, err := corpus.ReadWith(path, o)
			if err != nil {
				t.Errorf("%s: %v", as, err)
				continue
			}
			mustEqualFingerprint(t, want, got)
			if a, b := said(&want.Examples[0]), said(&got.Examples[0]); a != b {
				t.Errorf("%s: %s, want %s", as, b, a)
			}
		}
	}
}

func TestReadFormats_CLUParts(t *testing.T) {
	c, err := corpus.Read("testdata/clu.json")
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("%v %v %v", c.Synonyms, c.Lookups, c.Regexes)
	want := "[{顺丰速运 [顺丰 SF] testdata/clu.json:22}] [{Carrier [顺丰 SF] testdata/clu.json:22}] [{Carrier [UP+S (?<=a)b] testdata/clu.json:22}]"
	if got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestReadFormats_Units(t *testing.T) {
	for unit, offset := range map[string]int{"Utf16CodeUnit": 3, "Utf32CodeUnit": 2, "UnicodeCodePoint": 2, "Utf8CodeUnit": 7} {
		length := map[string]int{"Utf8CodeUnit": 6}[unit]
		data := fmt.Sprintf(`{"assets":{"utterances":[{"text":"😀单顺丰","intent":"a","entities":[{"category":"c","offset":%d,"length":%d}]}]},"stringIndexType":%q}`, offset, max(length, 2), unit)
		c, err := corpus.Parse("x.json", []byte(data), corpus.ReadOptions{})
		if err != nil {
			t.Errorf("%s: %v", unit, err)
		} else if ents := c.Examples[0].Entities; len(ents) != 1 || ents[0].Text != "顺丰" {
			t.Errorf("%s: %v", unit, ents)
		}
	}
}

// badFiles are contents that may not be read, with parts of their faults.
var badFiles = []struct {
	name, file, data string
	o                corpus.ReadOptions
	want             []string
}{
	{"Extension", "x.txt", "", corpus.ReadOptions{}, []string{`x.txt: extension ".txt" is not known`}},
	{"Format", "x.txt", "", corpus.ReadOptions{Format: "word"}, []string{`x.txt: format "word" is not known; known are rasa, jsonl`}},
	{"Shape", "x.json", `{"a": 1}`, corpus.ReadOptions{}, []string{"x.json: neither a CLU export nor CLINC150"}},
	{"NoShape", "x.json", ``, corpus.ReadOptions{}, []string{"x.json: neither"}},
	{"NoParts", "x.csv", "a,b\n", corpus.ReadOptions{Partitions: []string{"train"}}, []string{"x.csv: format csv has no partitions"}},
	{"NotUTF8", "x.conll", "a O\n\xff O\n", corpus.ReadOptions{}, []string{"x.conll:2: not UTF-8"}},
	{"MASSIVE", "x.jsonl", `{"utt":"a b","locale":"en-US","annot_utt":"[x : a] c"}
{"utt":"a","locale":"en-US","annot_utt":"a b"}
{"utt":" ","locale":"en-US"}
{"utt":"a","locale":"en-US","uttr":1}
{"utt":"ab","locale":"en-US","annot_utt":"a"}
{"id":5}`, corpus.ReadOptions{}, []string{`x.jsonl:1: without its marks, "[x : a] c" is not "a b"`, "x.jsonl:2: without", "x.jsonl:3: an example without text",
		`x.jsonl:4: not an example: unknown field "uttr"`, "x.jsonl:5: without", "x.jsonl:6: not an example"}},
	{"MASSIVEPart", "x.jsonl", `{"utt":"a","locale":"en","partition":"train"}`, corpus.ReadOptions{Partitions: []string{"train", "tset"}},
		[]string{`x.jsonl: there is no partition "tset" in the file; there are train`}},
	{"CoNLL", "x.bio", "a O\nb\nc X O\nd Q\ne B-\n\nf I-x\ng B-x\nh O\ni B-x\n", corpus.ReadOptions{}, []string{"x.bio:2: one column", "x.bio:3: 3 columns where the first line has 2",
		`x.bio:4: tag "Q"`, `x.bio:5: tag "B-"`, "x.bio:7: tag I-x goes on with no entity"}},
	{"BIOES", "x.conll", "a B-x\nb B-x\nc E-x\nd E-x\ne B-y\nf E-x\n\ng B-x\n", corpus.ReadOptions{}, []string{"x.conll:2: entity x ends before B-x", "x.conll:4: tag E-x goes on with no",
		"x.conll:6: entity y ends before E-x", "x.conll:6: tag E-x goes on", "x.conll:8: entity x ends with the text"}},
	{"Space", "x.conll", " O\n\na O\n", corpus.ReadOptions{}, []string{"x.conll:1: an example without text"}},
	{"SpaceEntity", "x.conll", "a O\n B-x\n", corpus.ReadOptions{}, []string{"x.conll:2: entity x has no text"}},
	{"Tokens", "x.jsonl", `{"tokens":["a"],"slots":[]}
{"tokens":["a"],"slots":["B"]}
{"tokens":[""],"slots":["O"]}
{"tokens":["a"],"slots":["O"],"intent":"x#x"}
{"tokens":[],"slots":[]}
{"tokens":["a"],"slots":["O"],"intent":1}`, corpus.ReadOptions{}, []string{"x.jsonl:1: 1 tokens and 0 slots", `x.jsonl:2: tag "B"`, "x.jsonl:3: token 1 is empty",
		`x.jsonl:4: intent "x" is there twice`, "x.jsonl:5: an example without text", "x.jsonl:6: not an example"}},
	{"CLUENER", "x.jsonl", `{"text":"张三在","label":{"name":{"张三":[[0,2]]}}}
{"text":"张三在","label":{"name":{"张三":[[0,3],[1],[2,1],[-1,0]]},"":{"张":[[0,0]]}}}
{"text":"","label":{}}
{"text":"a","label":"x"}`, corpus.ReadOptions{}, []string{`x.jsonl:1: entity "张三" of type name: [0 2] of the text is "张三在"`, `x.jsonl:2: entity "张" of type ""`,
		"x.jsonl:2: entity \"张三\" of type \"name\": [0 3]", "[1] is no", "[2 1] is no", "[-1 0] is no", "x.jsonl:3: an example without", "x.jsonl:4: not an example"}},
	{"EWECT", "x.jsonl", "{\"content\":\"a\",\"label\":\" \"}\n{\"content\":\" \"}\n{\"content\":\"a\",\"emotion\":\"b\"}", corpus.ReadOptions{},
		[]string{"x.jsonl:1: an empty label", "x.jsonl:2: an example without", `x.jsonl:3: not an example: unknown field "emotion"`}},
	{"CLINC", "x.json", "{\"train\": [\n[\"a\"],\n[\"\", \"b\"], 5,\n[\"a\", \"b\"]],\n\"train\": [], \"val\": {}}", corpus.ReadOptions{Format: corpus.CLINC},
		[]string{"x.json:2: a pair of text and intent has 1 parts", "x.json:3: an example without text", "x.json:3: a pair of text and intent: cannot unmarshal number",
			`x.json:5: the file: key "train" is there twice`, "x.json:5: partition val must be a list"}},
	{"NotJSON", "x.json", "{\"assets\": {},\n\"a\": }", corpus.ReadOptions{}, []string{"x.json:2: not JSON: invalid character"}},
	{"TwoValues", "x.json", "[]\n[]", corpus.ReadOptions{}, []string{"x.json:2: not JSON: invalid character '[' after"}},
	{"NotAProject", "x.json", "5", corpus.ReadOptions{Format: corpus.CLU}, []string{"x.json:1: the project must be an object"}},
	{"CLU", "x.json", `{"assets": {"projectKind": "Orchestration", "intents": [{"category": "a"}, {}, 5],
"entities": [{"category": "e", "list": 5}],
"utterances": [
{"text": "ab", "intent": "b"},
{"text": "ab", "intent": "a", "entities": [{"category": "f", "offset": 0, "length": 1}, {"category": "e", "offset": 1, "length": 2}]},
{"text": "😀", "intent": "a", "entities": [{"category": "e", "offset": 1, "length": 1}, {"category": "e", "offset": 0, "length": 0}]},
{"text": "", "intent": "a"}, {"text": "x"}, {"text": "x", "intend": "a"}]},
"stringIndexType": "TextElement_v8"}`, corpus.ReadOptions{}, []string{`x.json:1: a project of kind "Orchestration"`, "x.json:1: an intent without category", "x.json:1: an intent must be an object",
		"x.json:2: list: cannot unmarshal",
		`x.json:4: intent "b" is not among`, `x.json:5: entity "f" is not among`, `x.json:5: entity "e": offset 1 and length 2 are no range of a text of 2 units`,
		"x.json:6: entity \"e\": offset 1", "x.json:6: entity \"e\": offset 0 and length 0", `x.json:7: an utterance: unknown field "intend"`, "x.json:7: an utterance without text", "x.json:7: an utterance without intent",
		`x.json:8: stringIndexType "TextElement_v8" is not read`}},
}

func TestReadFormatsFaults(t *testing.T) {
	for _, tt := range badFiles {
		t.Run(tt.name, func(t *testing.T) {
			c, err := corpus.Parse(tt.file, []byte(tt.data), tt.o)
			checkFaults(t, c, err, tt.want)
		})
	}
	path := filepath.Join(t.TempDir(), "x.csv.gz")
	if err := os.WriteFile(path, []byte("a,b\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := corpus.Read(path)
	checkFaults(t, c, err, []string{"x.csv.gz: not gzip"})
}

// TestReadFormats_Repair: what is against its scheme can be read as conlleval does.
func TestReadFormats_Repair(t *testing.T) {
	for data, want := range map[string]string{
		"a O\nb I-x\nc I-x\nd B-y\n":       `1 "a b c d" ? [x b c 2 y d 6] `,
		"a B-x\nb B-x\nc E-x\nd E-y\n":     `1 "a b c d" ? [x a 0 x b c 2 y d 6] `,
		"家 B-x\nO\n具 I-x\n好 O\n看 O\n了 O\n": `1 "家 具好看了" ? [x 家 0 x 具 4] `,
	} {
		c, err := corpus.Parse("x.conll", []byte(data), corpus.ReadOptions{Repair: true})
		if err != nil {
			t.Errorf("%q: %v", data, err)
			continue
		}
		if got := said(&c.Examples[0]); got != want || len(c.Notes) != 1 {
			t.Errorf("%q: %s, want %s; notes %q", data, got, want, c.Notes)
		}
	}
}

// FuzzParse: whatever the format and the bytes, there are faults or sound examples, which both writers give back as they are.
func FuzzParse(f *testing.F) {
	formats := corpus.Formats()
	for _, tt := range goodFiles {
		if data, err := os.ReadFile(filepath.Join("testdata", tt.file)); err == nil && !strings.HasSuffix(tt.file, ".gz") {
			for i := range formats {
				f.Add(uint8(2*i), data)
			}
		}
	}
	for _, tt := range badFiles {
		for i := range formats {
			f.Add(uint8(2*i+1), []byte(tt.data))
		}
	}
	f.Fuzz(func(t *testing.T, choice uint8, data []byte) {
		o := corpus.ReadOptions{Format: formats[int(choice/2)%len(formats)], Repair: choice%2 == 1}
		c, err := corpus.Parse("zh/f", data, o)
		if err != nil {
			if c != nil || len(corpus.Faults(err)) == 0 {
				t.Fatalf("%v with %v", c, err)
			}
			return
		}
		for i := range c.Examples {
			eg := &c.Examples[i]
			if strings.TrimSpace(eg.Text) == "" || eg.Origin == "" || slices.Contains(eg.Intents, "") {
				t.Fatalf("bad example %+v", eg)
			}
			for _, ent := range eg.Entities {
				if eg.Text[ent.Start:ent.End] != ent.Text || ent.Text == "" || ent.Type == "" || !eg.HasEntities {
					t.Fatalf("bad entity %+v of %q", ent, eg.Text)
				}
			}
		}
		mustWriteBack(t, c)
	})
}

// mustWriteBack writes a corpus in both notations and reads it again.
func mustWriteBack(tb testing.TB, c *corpus.Corpus) {
	tb.Helper()
	var lines bytes.Buffer
	if err := corpus.WriteJSONL(&lines, c); err != nil {
		tb.Fatal(err)
	}
	again, err := corpus.ReadJSONL("f.jsonl", lines.Bytes())
	if err != nil {
		tb.Fatalf("%v\n%s", err, lines.Bytes())
	}
	mustEqualFingerprint(tb, &corpus.Corpus{Examples: c.Examples}, again)
	var doc bytes.Buffer
	if corpus.WriteRasa(&doc, "f.yml", c) != nil {
		return // not every example can be said there
	}
	if again, err = corpus.ReadRasa("f.yml", doc.Bytes()); err != nil {
		tb.Fatalf("%v\n%s", err, doc.Bytes())
	}
	want := *c
	want.Examples = slices.Clone(c.Examples)
	for i := range want.Examples {
		want.Examples[i].HasEntities = true // Rasa YAML cannot leave them open
	}
	mustEqualFingerprint(tb, &want, again)
}
