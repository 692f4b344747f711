package knowledge_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"testing"

	"yingda/dialogue"
	"yingda/dialogue/knowledge"
	"yingda/nlu"
)

func TestFindByWords(t *testing.T) {
	b := mustBase(t, knowledge.Options{Defaults: shop()})
	for _, tt := range []struct {
		name, text string
		lang       nlu.Lang
		want       string
	}{
		{"Same", "运费怎么算", "zh", "fee"},
		{"Spelling", "　運費怎麼算？？", "zh", "fee"},
		{"Filler", "你好，请问一下运费怎么算呀", "zh", "fee"},
		{"Synonym", "快递费如何算", "zh", "fee"},
		{"Detected", "怎么开发票", "", "invoice"},
		{"English", "how much is the shipping", "en", "fee.en"},
		{"Stem", "are deliveries free", "en", "fee.en"},
		{"OtherLanguage", "How much is shipping?", "zh", "fee.en"},
		{"Negated", "什么商品不能退货", "zh", "noreturn"},
		{"Nothing", "蓝鲸唱歌", "zh", ""},
		{"Punctuation", "？！……", "", ""},
		{"Empty", "", "zh", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			hits := mustFind(t, b, dialogue.Asked{Text: tt.text, Lang: tt.lang})
			if got := first(hits); got != tt.want {
				t.Errorf("%q finds %v, want %q", tt.text, hits, tt.want)
			}
			for i, h := range hits {
				if !(h.Score >= b.Thresholds().Show && h.Score <= 1) || i > 0 && h.Score > hits[i-1].Score {
					t.Errorf("score %d is %v", i, h.Score)
				}
			}
		})
	}
}

func TestFindLimit(t *testing.T) {
	b := mustBase(t, knowledge.Options{Defaults: shop()})
	if hits := mustFind(t, b, dialogue.Asked{Text: "退货", Lang: "zh", Limit: 1}); len(hits) > 1 {
		t.Errorf("%d hits", len(hits))
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := b.Find(ctx, dialogue.Asked{Text: "退货"}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestFindByIntent answers a known intent without a word in common, and prefers among several entries the one that fits the words.
func TestFindByIntent(t *testing.T) {
	es := shop()
	es = append(es, entry("return.fee", "zh", "质量问题我们出。", "退回去的路费谁出"))
	es[len(es)-1].Intents = []string{"return.policy"}
	b := mustBase(t, knowledge.Options{Defaults: es})
	hits := mustFind(t, b, dialogue.Asked{Text: "这双鞋磨脚", Lang: "zh", Intents: []string{"return.policy"}})
	if len(hits) == 0 || hits[0].Score < b.Thresholds().Intent {
		t.Errorf("got %v", hits)
	}
	if got := first(mustFind(t, b, dialogue.Asked{Text: "退回去的路费谁来出呢", Lang: "zh", Intents: []string{"return.policy"}})); got != "return.fee" {
		t.Errorf("got %q", got)
	}
	if hits := mustFind(t, b, dialogue.Asked{Text: "这双鞋磨脚", Lang: "zh", Intents: []string{"other"}}); len(hits) > 0 && hits[0].Score >= b.Thresholds().Answer {
		t.Errorf("an intent of no entry finds %v", hits)
	}
}

func TestFindByMeaning(t *testing.T) {
	f := newFake()
	b := mustBase(t, knowledge.Options{Defaults: shop(), Embedder: f})
	mustRun(t, b)
	eventually(t, "vectors", func() bool { return b.Status("default").Bundle == "fake-1" })
	text := "报销的凭证怎么弄"
	with := b.Search(dialogue.Asked{Text: text, Lang: "zh", Embedding: f.embed(text), Bundle: "fake-1"})
	if len(with) == 0 || with[0].ID != "invoice" || with[0].Evidence.Meaning < 0.5 {
		t.Fatalf("by meaning: %+v", with)
	}
	words := mustFind(t, b, dialogue.Asked{Text: text, Lang: "zh"})
	if len(words) > 0 && words[0].ID == "invoice" && words[0].Score >= with[0].Score {
		t.Errorf("meaning adds nothing: %v", words)
	}
	if got := mustFind(t, b, dialogue.Asked{Text: text, Lang: "zh", Embedding: []float32{1, 2}, Bundle: "fake-1"}); !reflect.DeepEqual(got, words) {
		t.Errorf("a vector of another width: %v, by words %v", got, words)
	}
	// what another bundle understood is compared by this one's vector, not by its own
	meaning := mustFind(t, b, dialogue.Asked{Text: text, Lang: "zh", Embedding: f.embed(text), Bundle: "fake-1"})
	if got := mustFind(t, b, dialogue.Asked{Text: text, Lang: "zh", Embedding: []float32{1, 2}, Bundle: "fake-2"}); !reflect.DeepEqual(got, meaning) {
		t.Errorf("another bundle's question: %v, by meaning %v", got, meaning)
	}
}

// TestSetEmbedder goes over to another bundle: its vectors are computed, and until then its queries are answered by words.
func TestSetEmbedder(t *testing.T) {
	f := newFake()
	b := mustBase(t, knowledge.Options{Defaults: shop(), Embedder: f})
	mustRun(t, b)
	eventually(t, "vectors", func() bool { return b.Status("").Bundle == "fake-1" })
	next := newFake()
	next.set("fake-2", nil)
	b.SetEmbedder(next)
	eventually(t, "the other bundle's vectors", func() bool { return b.Status("").Bundle == "fake-2" })
	// The same embedder that goes over to another bundle, as a champion does.
	next.set("fake-3", nil)
	b.SetEmbedder(next)
	eventually(t, "the third bundle's vectors", func() bool { return b.Status("").Bundle == "fake-3" })
}

// TestAnotherBundlesQuestion: a question that a bundle on trial has understood is compared by meaning too, with the vector of the bundle that the entries
// have; where that cannot be had, by words.
func TestAnotherBundlesQuestion(t *testing.T) {
	f, other := newFake(), newFake()
	other.set("fake-2", nil)
	b := mustBase(t, knowledge.Options{Defaults: shop(), Embedder: f})
	mustRun(t, b)
	eventually(t, "vectors", func() bool { return b.Status("").Bundle == "fake-1" })
	const text = "不想要了咋弄"
	ask := func(e *fake) []dialogue.Hit {
		return mustFind(t, b, dialogue.Asked{Text: text, Lang: nlu.Chinese, Bundle: e.Bundle(), Embedding: e.embed(text)})
	}
	own := ask(f)
	if len(own) == 0 {
		t.Fatal("nothing is found by meaning: the test shows nothing")
	}
	if got := ask(other); len(got) != len(own) || got[0].ID != own[0].ID || got[0].Score != own[0].Score {
		t.Errorf("%+v, want %+v", got, own)
	}
	f.set("fake-1", errors.New("busy"))
	words := mustFind(t, b, dialogue.Asked{Text: text, Lang: nlu.Chinese})
	if got := ask(other); len(got) != len(words) {
		t.Errorf("by words: %+v, want %+v", got, words)
	}
}

func TestEmbedderFails(t *testing.T) {
	f := newFake()
	f.set("fake-1", errors.New("busy"))
	b := mustBase(t, knowledge.Options{Defaults: shop(), Embedder: f})
	mustRun(t, b)
	if got := first(mustFind(t, b, dialogue.Asked{Text: "怎么开发票"})); got != "invoice" {
		t.Errorf("by words: %q", got)
	}
	f.set("fake-1", nil)
	b.SetEmbedder(f) // does not wait for the next attempt
	eventually(t, "vectors", func() bool { return b.Status("").Bundle == "fake-1" })
}

// none is an embedder of a bundle that does not embed.
type none struct{ fake }

func (*none) Embed(context.Context, ...string) ([][]float32, error) { return nil, nil }

func TestEmbedderNone(t *testing.T) {
	b := mustBase(t, knowledge.Options{Defaults: shop(), Embedder: &none{fake{id: "none"}}})
	mustRun(t, b)
	if got := first(mustFind(t, b, dialogue.Asked{Text: "怎么开发票"})); got != "invoice" {
		t.Errorf("by words: %q", got)
	}
}

func TestNewFaults(t *testing.T) {
	bad := shop()
	bad[2].ID = bad[1].ID
	if _, err := knowledge.New(knowledge.Options{Defaults: bad}); err == nil {
		t.Error("an id twice is taken")
	}
	var field *knowledge.FieldError
	if _, err := knowledge.New(knowledge.Options{Defaults: []dialogue.Entry{entry("x", "zh", "", "问")}}); !errors.As(err, &field) || field.Field != "answer" {
		t.Errorf("got %v", err)
	}
}

// TestOrder finds the same whatever order the entries came in.
func TestOrder(t *testing.T) {
	es := shop()
	a := mustBase(t, knowledge.Options{Defaults: es})
	slices.Reverse(es)
	b := mustBase(t, knowledge.Options{Defaults: es})
	for _, text := range []string{"运费怎么算", "退货", "不能退", "发票", "is it free"} {
		x, y := mustFind(t, a, dialogue.Asked{Text: text}), mustFind(t, b, dialogue.Asked{Text: text})
		if !reflect.DeepEqual(x, y) {
			t.Errorf("%q: %v and %v", text, x, y)
		}
	}
}

func TestValidate(t *testing.T) {
	long := make([]byte, 40000)
	for i := range long {
		long[i] = 'a'
	}
	for name, tt := range map[string]struct {
		change func(*dialogue.Entry)
		field  string
	}{
		"ErrID":       {func(e *dialogue.Entry) { e.ID = "A b" }, "id"},
		"ErrDots":     {func(e *dialogue.Entry) { e.ID = "a..b" }, "id"},
		"ErrNone":     {func(e *dialogue.Entry) { e.Questions = nil }, "questions"},
		"ErrEmpty":    {func(e *dialogue.Entry) { e.Questions = []string{"好", " "} }, "questions[1]"},
		"ErrLong":     {func(e *dialogue.Entry) { e.Questions = []string{string(long[:501])} }, "questions[0]"},
		"ErrUTF8":     {func(e *dialogue.Entry) { e.Answer = "\xff" }, "answer"},
		"ErrAnswer":   {func(e *dialogue.Entry) { e.Answer = string(long) }, "answer"},
		"ErrLang":     {func(e *dialogue.Entry) { e.Lang = "fr" }, "lang"},
		"ErrLink":     {func(e *dialogue.Entry) { e.Links = []string{"javascript:alert(1)"} }, "links[0]"},
		"ErrRelative": {func(e *dialogue.Entry) { e.Links = []string{"//evil.example/x"} }, "links[0]"},
		"ErrImage":    {func(e *dialogue.Entry) { e.Image = "ftp://x" }, "image"},
		"ErrIntent":   {func(e *dialogue.Entry) { e.Intents = []string{""} }, "intents"},
	} {
		t.Run(name, func(t *testing.T) {
			e := entry("a", "zh", "答", "问")
			tt.change(&e)
			var field *knowledge.FieldError
			if err := knowledge.Validate(&e); !errors.As(err, &field) || field.Field != tt.field {
				t.Errorf("got %v, want a fault of %s", err, tt.field)
			}
		})
	}
	e := entry("a", "", "答", "问")
	e.Links = []string{"https://shop.example/a", "/help"}
	if err := knowledge.Validate(&e); err != nil || e.Lang != nlu.Chinese {
		t.Errorf("%v, language %q", err, e.Lang)
	}
}
