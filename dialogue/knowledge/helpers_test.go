package knowledge_test

import (
	"context"
	"errors"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/knowledge"
	"yingda/models"
	"yingda/nlu"
)

// fake embeds by topics: texts that share a topic's word lie close together, whatever else they say.
type fake struct {
	mu     sync.Mutex
	id     models.BundleID
	topics [][]string
	fail   error
	calls  int
}

func (f *fake) Bundle() models.BundleID {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.id
}

func (f *fake) set(id models.BundleID, fail error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.id, f.fail = id, fail
}

const fakeDim = 64

func (f *fake) Embed(_ context.Context, texts ...string) ([][]float32, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail != nil {
		return nil, f.fail
	}
	out := make([][]float32, len(texts))
	for i, t := range texts {
		f.calls++
		out[i] = f.embed(t)
	}
	return out, nil
}

func (f *fake) embed(text string) []float32 {
	h := fnv.New64a()
	h.Write([]byte(string(f.id) + text))
	rng := rand.New(rand.NewPCG(h.Sum64(), 1))
	x := make([]float32, fakeDim)
	for j := range x {
		x[j] = float32(rng.NormFloat64()) * 0.4
	}
	for k, words := range f.topics {
		for _, w := range words {
			if strings.Contains(text, w) {
				x[k] += 12
				break
			}
		}
	}
	n := 0.0
	for _, v := range x {
		n += float64(v) * float64(v)
	}
	for j := range x {
		x[j] /= float32(math.Sqrt(n))
	}
	return x
}

var topics = [][]string{{"运费", "邮费", "shipping", "包邮", "寄过去"}, {"退货", "退掉", "不想要", "return"}, {"发票", "报销", "invoice"}, {"积分", "points"}}

func newFake() *fake { return &fake{id: "fake-1", topics: topics} }

func entry(id string, lang nlu.Lang, answer string, questions ...string) dialogue.Entry {
	return dialogue.Entry{ID: id, Lang: lang, Answer: answer, Questions: questions}
}

func shop() []dialogue.Entry {
	es := []dialogue.Entry{
		entry("fee", nlu.Chinese, "满 99 包邮。", "运费怎么算", "寄过来要多少邮费", "满多少包邮"),
		entry("return", nlu.Chinese, "7 天内可以退。", "买了不喜欢可以退货吗", "支持七天无理由退货吗"),
		entry("noreturn", nlu.Chinese, "贴身衣物不能退。", "哪些商品不能退货"),
		entry("invoice", nlu.Chinese, "订单页申请。", "怎么开发票", "在哪里申请电子发票"),
		entry("points", nlu.Chinese, "年底过期。", "积分会过期吗"),
		entry("hours", nlu.Chinese, "9 点到 22 点。", "客服几点上班"),
		entry("fee.en", nlu.English, "Free from ¥99.", "How much is shipping?", "is delivery free"),
		entry("return.en", nlu.English, "Within 7 days.", "Can I return something I don't like?"),
	}
	es[1].Intents = []string{"return.policy"}
	return es
}

func mustBase(tb testing.TB, o knowledge.Options) *knowledge.Base {
	tb.Helper()
	if o.Settle == 0 {
		o.Settle = time.Millisecond
	}
	b, err := knowledge.New(o)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// mustRun keeps a base up to date until the test ends.
func mustRun(tb testing.TB, b *knowledge.Base) {
	tb.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	tb.Cleanup(func() {
		stop()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			tb.Error(err)
		}
	})
	select {
	case <-b.Ready():
	case err := <-ended:
		ended <- nil
		tb.Fatal(err)
	}
}

func mustFind(tb testing.TB, b *knowledge.Base, q dialogue.Asked) []dialogue.Hit {
	tb.Helper()
	hits, err := b.Find(tb.Context(), q)
	if err != nil {
		tb.Fatal(err)
	}
	return hits
}

// eventually waits for what goes on in the background.
func eventually(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if ok() {
			return
		}
	}
	tb.Fatalf("waited in vain for %s", what)
}

func first(hits []dialogue.Hit) string {
	if len(hits) == 0 {
		return ""
	}
	return hits[0].ID
}
