package knowledge_test

import (
	"errors"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"yingda/dialogue/knowledge"
)

// faultsOf returns "line field" of all faults in an error.
func faultsOf(err error) []string {
	var out []string
	var many interface{ Unwrap() []error }
	var f *knowledge.Fault
	switch {
	case errors.As(err, &many):
		for _, e := range many.Unwrap() {
			out = append(out, faultsOf(e)...)
		}
	case errors.As(err, &f):
		out = append(out, strings.TrimSpace(strconv.Itoa(f.Line)+" "+f.Field))
	}
	return out
}

const markdown = `lang: zh
tags: 默认

# 配送

## 运费怎么算？ {#fee}
- 邮费多少
* 包邮吗
intents: shipping.fee_and_time, other
link: https://shop.example/fee

满 99 包邮。

- 这是回答里的列表
intents: 这是回答里的字

## 能自提吗？

answer: - 能
- 要带取货码

` + "```\n## 不是标题\n```" + `

## How much? {#fee.en}
lang: en
Ten.
`

func TestReadMarkdown(t *testing.T) {
	ds, err := knowledge.Read("a.md", []byte(markdown), knowledge.ReadOptions{})
	if err != nil || len(ds) != 3 {
		t.Fatalf("%d entries, %v", len(ds), err)
	}
	d := ds[0]
	if d.ID != "fee" || d.Line != 6 || !reflect.DeepEqual(d.Questions, []string{"运费怎么算？", "邮费多少", "包邮吗"}) ||
		!reflect.DeepEqual(d.Intents, []string{"shipping.fee_and_time", "other"}) || !reflect.DeepEqual(d.Tags, []string{"默认", "配送"}) ||
		d.Links[0] != "https://shop.example/fee" || d.Answer != "满 99 包邮。\n\n- 这是回答里的列表\nintents: 这是回答里的字" {
		t.Errorf("%+v", d)
	}
	if d := ds[1]; !strings.HasPrefix(d.ID, "q-") || d.Answer != "- 能\n- 要带取货码\n\n```\n## 不是标题\n```" {
		t.Errorf("%+v", d)
	}
	if d := ds[2]; d.Lang != "en" || d.Answer != "Ten." {
		t.Errorf("%+v", d)
	}
}

func TestReadCSV(t *testing.T) {
	table := "编号,标准问,相似问,答案,标签\nfee,运费怎么算,邮费多少|包邮吗,\"满 99,\n包邮。\",配送、钱\n\n,怎么开发票,,订单页申请。,\nfee,寄过来多少钱,,\"满 99,\n包邮。\",\n"
	gbk, err := simplifiedchinese.GBK.NewEncoder().String(table)
	if err != nil {
		t.Fatal(err)
	}
	utf16, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(strings.ReplaceAll(table, ",", "\t"))
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string]string{
		"OK": table, "BOM": "\ufeff" + table, "GBK": gbk, "CRLF": strings.ReplaceAll(table, "\n", "\r\n"), "Semicolon": strings.ReplaceAll(strings.ReplaceAll(table, ",", ";"), "99;", "99,"),
		"UTF16": strings.ReplaceAll(utf16, "9\t", "9,"),
	} {
		t.Run(name, func(t *testing.T) {
			ds, err := knowledge.Read("a.csv", []byte(data), knowledge.ReadOptions{})
			if err != nil || len(ds) != 2 {
				t.Fatalf("%d entries, %v", len(ds), err)
			}
			if d := ds[0]; d.ID != "fee" || d.Line != 2 || len(d.Questions) != 4 || !strings.HasPrefix(d.Answer, "满 99") || len(d.Tags) != 2 || d.Lang != "zh" {
				t.Errorf("%+v", d)
			}
			if d := ds[1]; d.Line != 5 {
				t.Errorf("%+v", d)
			}
		})
	}
	ds, err := knowledge.Read("b.csv", []byte("Frage,Antwort,Nr\nwhere,here,7\n"), knowledge.ReadOptions{Columns: map[string]string{"frage": "question", "Antwort": "answer", "Nr": "-"}})
	if err != nil || len(ds) != 1 || ds[0].Answer != "here" || ds[0].Lang != "en" {
		t.Errorf("%+v, %v", ds, err)
	}
}

func TestReadJSONL(t *testing.T) {
	ds, err := knowledge.Read("a.jsonl", []byte(`{"id":"a","question":"运费","aliases":["邮费"],"answer":"十元"}`+"\n\n"+`{"questions":["how much"],"answer":"ten","tags":["x"]}`), knowledge.ReadOptions{})
	if err != nil || len(ds) != 2 || len(ds[0].Questions) != 2 || ds[1].Lang != "en" || ds[1].Line != 3 {
		t.Fatalf("%+v, %v", ds, err)
	}
}

// TestReadFaults lists all faults of a file, and the sound entries beside them.
func TestReadFaults(t *testing.T) {
	for _, tt := range []struct {
		name, file, data string
		sound            int
		want             []string
	}{
		{"Markdown", "a.md", "text\n## a {#A}\nb\n## c\n\n## d {#d}\nlang: fr\ne\n## f {#f}\ng\n", 1, []string{"1", "2 id", "4 answer", "6 lang"}},
		{"Twice", "a.md", "## 问 {#a}\n答\n## 另 {#a}\n答二\n", 1, []string{"3 id"}},
		{"CSVHeader", "a.csv", "问题,说明,答案,回答\nx,y,z,w\n", 0, []string{"1", "1"}},
		{"CSVNoAnswer", "a.csv", "问题\nx\n", 0, []string{"1"}},
		{"CSVRows", "a.csv", "question,answer\nx,y,z\n\"a\"b,c\nfine,yes\n", 1, []string{"2", "3"}},
		{"JSONL", "a.jsonl", "{\"id\":1}\nnonsense\n{\"shape\":1}\n{\"id\":\"a\",\"question\":\"q\",\"answer\":\"a\"}\n{} {}\n", 1, []string{"1", "2", "3", "5"}},
		{"Ending", "a.xlsx", "", 0, []string{"0"}},
		{"Bytes", "a.csv", "question,answer\n\xff\xfe\xff,\x81", 0, []string{"0"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ds, err := knowledge.Read(tt.file, []byte(tt.data), knowledge.ReadOptions{})
			if got := faultsOf(err); !reflect.DeepEqual(got, tt.want) || len(ds) != tt.sound {
				t.Errorf("%d sound, faults %q, want %q\n%v", len(ds), got, tt.want, err)
			}
		})
	}
}

func TestManyFaults(t *testing.T) {
	_, err := knowledge.Read("a.jsonl", []byte(strings.Repeat("x\n", 5000)), knowledge.ReadOptions{})
	if n := len(faultsOf(err)); n < 100 || n > 500 {
		t.Errorf("%d faults", n)
	}
}

func TestLoad(t *testing.T) {
	es, err := knowledge.Load(fstest.MapFS{
		"b.csv":     {Data: []byte("question,answer\n积分过期吗,会\n")},
		"a.md":      {Data: []byte("## 运费 {#fee}\n十元\n")},
		"sub/c.md":  {Data: []byte("## 发票 {#invoice}\n能\n")},
		"README.md": {Data: []byte("# about\nnothing\n")},
		"note.txt":  {Data: []byte("x")},
	})
	if err != nil || len(es) != 3 || es[0].ID != "fee" || es[2].ID != "invoice" {
		t.Fatalf("%+v, %v", es, err)
	}
	_, err = knowledge.Load(fstest.MapFS{"a.md": {Data: []byte("## 运费怎么算 {#a}\n十元\n## 怎么算 {#c}\nx\n")}, "b.md": {Data: []byte("## 运费如何算？ {#b}\n九元\n\n## x {#c}\ny\n## bad\n")}})
	if got := faultsOf(err); !reflect.DeepEqual(got, []string{"6 answer", "1 questions", "4 questions"}) {
		t.Errorf("%q: %v", got, err)
	}
}

func TestPlan(t *testing.T) {
	a, b, c := entry("a", "zh", "答", "问"), entry("b", "zh", "答", "问二"), entry("c", "zh", "答", "问三")
	existing := []knowledge.Version{{Entry: a, Revision: 3}, {Entry: b, Revision: 4}, {Entry: c, Revision: 5, Deleted: true}}
	b.Answer = "新"
	drafts := []knowledge.Draft{{Entry: a}, {Entry: b}, {Entry: c}, {Entry: entry("d", "zh", "答", "问四")}}
	drafts[0].Tags = []string{}
	for i, want := range []knowledge.Change{{Kind: knowledge.Unchanged, Revision: 3}, {Kind: knowledge.Replaced, Revision: 4}, {Kind: knowledge.Created, Revision: 5}, {Kind: knowledge.Created}} {
		if got := knowledge.Plan(existing, drafts)[i]; got.Kind != want.Kind || got.Revision != want.Revision {
			t.Errorf("%s: %s at %d", got.ID, got.Kind, got.Revision)
		}
	}
}

// FuzzRead reads anything without a panic: what it returns is sound, and what is not is said.
func FuzzRead(f *testing.F) {
	for _, name := range []string{"a.md", "a.csv", "a.jsonl"} {
		f.Add(name, markdown)
		f.Add(name, "question,answer\n\"a\nb\",c\n")
		f.Add(name, `{"id":"a","question":"q","answer":"a"}`)
		f.Add(name, "\xff\xfe## \x00")
	}
	f.Fuzz(func(t *testing.T, name, data string) {
		ds, err := knowledge.Read(name, []byte(data), knowledge.ReadOptions{})
		for i := range ds {
			if err := knowledge.Validate(&ds[i].Entry); err != nil || !utf8.ValidString(ds[i].Answer) {
				t.Errorf("%+v: %v", ds[i], err)
			}
		}
		if err != nil && len(faultsOf(err)) == 0 {
			t.Errorf("%v is no fault", err)
		}
		knowledge.Repeats(ds)
	})
}
