package review_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"yingda/analytics"
	"yingda/analytics/mine"
	"yingda/analytics/mine/review"
	"yingda/training/corpus"
)

const tenant = "shop/a"

var day = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func member(text, top1 string) mine.Member {
	return mine.Member{Item: mine.Item{Key: mine.Key(text), Text: text, Lang: "zh", Count: 3, Turns: []string{"h1"}}, Top1: top1, P1: 0.3}
}

// result has two groups and a queue of n random texts.
func result(n int) *mine.Result {
	res := &mine.Result{Tenant: tenant, Taken: day, Bundle: "b1", Groups: []mine.Group{
		{ID: "u-000001", Name: analytics.Text{ZH: "礼品卡", EN: "gift"}, Count: 6, Members: []mine.Member{member("礼品卡怎么用", "a.b"), member("礼品卡能退吗", "a.b")}},
		{ID: "u-000002", Count: 3, Members: []mine.Member{member("卡里的余额能提现吗", "a.b")}},
	}}
	for i := range n {
		res.Queue = append(res.Queue, mine.Pick{Member: member(fmt.Sprintf("%c号线问题", '甲'+rune(i)), "x.y"), Slice: mine.Random})
	}
	return res
}

func mustStore(t *testing.T, n int) (*review.Store, string) {
	t.Helper()
	dir, at := t.TempDir(), day
	var mu sync.Mutex
	s, err := review.Open(review.Options{Dir: dir, Now: func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		at = at.Add(time.Second)
		return at
	}})
	if err == nil {
		err = s.SaveRun(result(n))
	}
	if err != nil {
		t.Fatal(err)
	}
	return s, dir
}

func mustDecide(t *testing.T, s *review.Store, d review.Decision) {
	t.Helper()
	d.Actor = "ann"
	if _, err := s.Decide(tenant, d); err != nil {
		t.Fatal(err)
	}
}

func TestDecide(t *testing.T) {
	s, _ := mustStore(t, 0)
	for name, c := range map[string]struct {
		d    review.Decision
		want error
	}{
		"ErrNoGroup": {review.Decision{Actor: "a", Action: review.Refuse, Group: "u-9"}, review.ErrNotFound},
		"ErrNoActor": {review.Decision{Action: review.Refuse, Group: "u-000001"}, review.ErrInvalid},
		"ErrIntent":  {review.Decision{Actor: "a", Action: review.Accept, Group: "u-000001", Intent: "Gift Card"}, review.ErrInvalid},
		"ErrAction":  {review.Decision{Actor: "a", Action: "burn", Group: "u-000001"}, review.ErrInvalid},
		"ErrInto":    {review.Decision{Actor: "a", Action: review.Merge, Group: "u-000001", Into: "u-9"}, review.ErrNotFound},
		"ErrSelf":    {review.Decision{Actor: "a", Action: review.Merge, Group: "u-000001", Into: "u-000001"}, review.ErrConflict},
		"ErrName":    {review.Decision{Actor: "a", Action: review.Rename, Group: "u-000001"}, review.ErrInvalid},
		"ErrNothing": {review.Decision{Actor: "a", Action: review.Accept, Group: "u-000002", Intent: "a.b", Leave: []string{mine.Key("卡里的余额能提现吗")}}, review.ErrInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := s.Decide(tenant, c.d); !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
		})
	}
	mustDecide(t, s, review.Decision{Action: review.Rename, Group: "u-000001", Name: analytics.Text{EN: "gift cards"}})
	mustDecide(t, s, review.Decision{Action: review.Merge, Group: "u-000002", Into: "u-000001"})
	mustDecide(t, s, review.Decision{Action: review.Accept, Group: "u-000001", Intent: "gift_card.use"})
	if _, err := s.Decide(tenant, review.Decision{Actor: "b", Action: review.Assign, Group: "u-000001", Intent: "a.b"}); !errors.Is(err, review.ErrConflict) {
		t.Errorf("an accepted group was assigned: %v", err)
	}
	e, err := s.Group(tenant, "u-000001")
	if err != nil || e.Status != review.Accepted || e.Name != (analytics.Text{ZH: "礼品卡", EN: "gift cards"}) || len(e.Decisions) != 2 || e.Fresh != 0 {
		t.Errorf("%+v (%v)", e, err)
	}
	list, err := s.Groups(tenant)
	if err != nil || list[1].Status != review.Merged || list[1].Into != "u-000001" || list[0].Members != nil {
		t.Errorf("%+v (%v)", list, err)
	}
	next := result(0)
	next.Groups[0].Members = append(next.Groups[0].Members, member("礼品卡过期了", "a.b"))
	if err := s.SaveRun(next); err != nil {
		t.Fatal(err)
	}
	if e, _ := s.Group(tenant, "u-000001"); e.Fresh != 1 || len(e.Trend) != 2 {
		t.Errorf("fresh %d, trend %v", e.Fresh, e.Trend)
	}
	if id, err := s.NextID(tenant); err != nil || id != 3 {
		t.Errorf("next id %d (%v)", id, err)
	}
}

// TestDecide_Core takes only the texts along that lie where their group is dense; the others are not asked about again.
func TestDecide_Core(t *testing.T) {
	s, _ := mustStore(t, 0)
	res := result(0)
	res.Groups[0].Members[0].Core, res.Groups[0].Core = true, 1
	if err := s.SaveRun(res); err != nil {
		t.Fatal(err)
	}
	mustDecide(t, s, review.Decision{Action: review.Merge, Group: "u-000002", Into: "u-000001"}) // a group without a core goes along whole
	d, err := s.Decide(tenant, review.Decision{Actor: "ann", Action: review.Accept, Group: "u-000001", Intent: "gift_card.use", Core: true})
	if err != nil || len(d.Texts) != 2 || !slices.Equal(d.Leave, []string{res.Groups[0].Members[1].Key}) {
		t.Errorf("%+v (%v)", d, err)
	}
	if e, err := s.Group(tenant, "u-000001"); err != nil || e.Fresh != 0 {
		t.Errorf("%d fresh texts (%v)", e.Fresh, err)
	}
}

func TestExport(t *testing.T) {
	s, dir := mustStore(t, 2)
	mustDecide(t, s, review.Decision{Action: review.Merge, Group: "u-000002", Into: "u-000001"})
	mustDecide(t, s, review.Decision{Action: review.Accept, Group: "u-000001", Intent: "gift_card.use"})
	queue, err := s.Queue(tenant, "ann", 9)
	if err != nil || len(queue) != 2 {
		t.Fatalf("%d texts to be labelled (%v)", len(queue), err)
	}
	if _, err := s.Label(tenant, "ann", queue[0].Key, []string{}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Label(tenant, "ann", "none", nil); !errors.Is(err, review.ErrNotFound) {
		t.Errorf("an unknown text was labelled: %v", err)
	}
	ex, err := s.Export(tenant, review.ExportOptions{Exclude: []string{"礼品卡能退吗？"}})
	if err != nil {
		t.Fatal(err)
	}
	if ex.Examples != 3 || ex.Excluded != 1 || ex.Intents["gift_card.use"] != 2 || ex.Intents[""] != 1 || !slices.Equal(ex.New, []string{"gift_card.use"}) {
		t.Errorf("%+v", ex)
	}
	c, err := corpus.ReadJSONL("export", ex.Lines)
	if err != nil {
		t.Fatal(err)
	}
	for _, eg := range c.Examples {
		if !eg.HasIntents || eg.Lang != "zh" || eg.Metadata["accepted_by"] != "ann" || eg.Metadata["bundle"] != "b1" || eg.Metadata["fingerprint"] == "" {
			t.Errorf("%+v", eg)
		}
	}
	again, err := s.Export(tenant, review.ExportOptions{Exclude: []string{"礼品卡能退吗？"}})
	if err != nil || again.Fingerprint != ex.Fingerprint {
		t.Errorf("the same reviews gave %s and %s (%v)", ex.Fingerprint, again.Fingerprint, err)
	}
	mustDecide(t, s, review.Decision{Action: review.Reopen, Group: "u-000001"})
	if ex, err := s.Export(tenant, review.ExportOptions{}); err != nil || ex.Examples != 1 {
		t.Errorf("after reopening %d examples are left (%v)", ex.Examples, err)
	}

	t.Run("torn line", func(t *testing.T) {
		path := filepath.Join(dir, "reviews", "shop%2Fa", "decisions.jsonl")
		f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		f.WriteString(`{"time":"2026`)
		f.Close()
		mustDecide(t, s, review.Decision{Action: review.Refuse, Group: "u-000001"})
		ds, err := s.Decisions(tenant)
		if err != nil || len(ds) != 4 || ds[3].Action != review.Refuse {
			t.Errorf("%d decisions (%v)", len(ds), err)
		}
	})
	t.Run("ErrDamaged", func(t *testing.T) {
		path := filepath.Join(dir, "reviews", "shop%2Fa", "decisions.jsonl")
		data, _ := os.ReadFile(path)
		os.WriteFile(path, append([]byte("{broken}\n"), data...), 0o640)
		if _, err := s.Decisions(tenant); err == nil || !strings.Contains(err.Error(), "decisions.jsonl:1 is damaged") {
			t.Errorf("error %v", err)
		}
	})
}

func TestConcurrentLabels(t *testing.T) {
	s, dir := mustStore(t, 40)
	other, err := review.Open(review.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i, p := range result(40).Queue {
		wg.Go(func() {
			if _, err := []*review.Store{s, other}[i%2].Label(tenant, "ann", p.Key, []string{"x.y"}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	ls, err := s.Labels(tenant)
	if err != nil || len(ls) != 40 {
		t.Errorf("%d labels (%v)", len(ls), err)
	}
	q, err := s.Quality(tenant)
	if err != nil || q.Labelled != 40 || q.Right.Num != 40 || q.Right.Low < 0.9 {
		t.Errorf("%+v (%v)", q, err)
	}
	left, err := s.Queue(tenant, "bob", 100)
	if err != nil || len(left) == 0 || len(left) > 12 {
		t.Errorf("%d of 40 texts are labelled twice (%v)", len(left), err)
	}
}

func TestKappa(t *testing.T) {
	// Cohen 1960 by hand: 20 agree on a, 15 on b, 5 and 10 cross: observed .7, by chance .5.
	var a, b []string
	for _, c := range []struct {
		n    int
		x, y string
	}{{20, "a", "a"}, {5, "a", "b"}, {10, "b", "a"}, {15, "b", "b"}} {
		for range c.n {
			a, b = append(a, c.x), append(b, c.y)
		}
	}
	if k := review.Kappa(a, b); math.Abs(k-0.4) > 1e-12 {
		t.Errorf("kappa %v, want 0.4", k)
	}
	if k := review.Kappa([]string{"a"}, []string{"a"}); k != 1 {
		t.Errorf("kappa %v of full agreement", k)
	}
	if k := review.Kappa(nil, nil); k != 0 {
		t.Errorf("kappa %v of nothing", k)
	}
}

func TestTenants(t *testing.T) {
	s, _ := mustStore(t, 0)
	for _, bad := range []string{"", ".", ".."} {
		if _, err := s.Run(bad); !errors.Is(err, review.ErrInvalid) {
			t.Errorf("tenant %q: %v", bad, err)
		}
	}
	if list, err := s.Groups("other"); err != nil || len(list) != 0 {
		t.Errorf("another tenant sees %d groups (%v)", len(list), err)
	}
}

func FuzzLines(f *testing.F) {
	data, _ := json.Marshal(review.Decision{Action: review.Refuse, Group: "u-000001", Actor: "a"})
	f.Add(append(data, '\n'))
	f.Add([]byte("{\"group\":\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		if err := os.MkdirAll(filepath.Join(dir, "reviews", "t"), 0o750); err != nil {
			t.Fatal(err)
		}
		os.WriteFile(filepath.Join(dir, "reviews", "t", "decisions.jsonl"), data, 0o640)
		s, err := review.Open(review.Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Export("t", review.ExportOptions{}); err == nil {
			s.Groups("t")
		}
	})
}
