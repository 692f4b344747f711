package script_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/eventlog"
	"yingda/dialogue/script"
)

const shop = `
  ask: {zh: 请问是什么？, en: 'What is it?'}
  ask.order_id:
    vars: [product, order_id]
    tone: true
    zh: 哪一笔订单？
    en: Which order?
  tone.angry: {zh: 抱歉。, en: Sorry.}
names:
  paid: {zh: 已付款, en: paid}
`

func mustLog(tb testing.TB, dir string) *eventlog.Log {
	tb.Helper()
	l, err := eventlog.Open(tb.Context(), eventlog.Options{Dir: dir, Master: bytes.Repeat([]byte{7}, 32), Logger: slog.New(slog.DiscardHandler), MaxBytes: 1 << 30})
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

func mustLibrary(tb testing.TB, docs dialogue.Documents, o script.Options) *script.Library {
	tb.Helper()
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	l, err := script.Open(tb.Context(), docs, mustBook(tb, shop), o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(l.Close)
	return l
}

// mustOne opens a library on a log of its own.
func mustOne(tb testing.TB, o script.Options) *script.Library {
	tb.Helper()
	log := mustLog(tb, tb.TempDir())
	tb.Cleanup(func() { log.Close() })
	return mustLibrary(tb, log, o)
}

func edit(key string, revision uint64) script.Edit {
	return script.Edit{Tenant: "default", Key: key, Revision: revision, By: "lin", Note: "friendlier"}
}

// mustPublish saves and publishes a text.
func mustPublish(tb testing.TB, l *script.Library, key string, revision uint64, source string) script.Entry {
	tb.Helper()
	e, faults, err := l.Save(tb.Context(), edit(key, revision), source)
	if err != nil || len(faults) > 0 {
		tb.Fatalf("save: %v %v", err, faults)
	}
	if e, err = l.Publish(tb.Context(), edit(key, e.Revision)); err != nil {
		tb.Fatal(err)
	}
	return e
}

// becomes waits until the words are said.
func becomes(tb testing.TB, l *script.Library, w dialogue.Wording, want string) dialogue.Reply {
	tb.Helper()
	var r dialogue.Reply
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		if r = l.Render(w); r.Text == want {
			return r
		}
	}
	tb.Fatalf("says %q, want %q", r.Text, want)
	return r
}

func TestPublish(t *testing.T) {
	dir := t.TempDir()
	log := mustLog(t, dir)
	other, err := log.Replica(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	a, b := mustLibrary(t, log, script.Options{}), mustLibrary(t, other, script.Options{})
	w := say("ask.order_id")
	e, faults, err := a.Save(t.Context(), edit("ask.order_id", 0), "zh: 请问哪一单呢？\nen: Which one, please?\n")
	if err != nil || len(faults) > 0 || e.Draft == "" || e.Version != 0 {
		t.Fatalf("save: %+v %v %v", e, faults, err)
	}
	if got := a.Render(w); got.Text != "哪一笔订单？" || got.Script.Version != 0 {
		t.Errorf("a draft is said: %+v", got)
	}
	if e, err = b.Publish(t.Context(), edit("ask.order_id", e.Revision)); err != nil || e.Version != 1 || e.Draft != "" {
		t.Fatalf("publish: %+v %v", e, err)
	}
	if got := b.Render(w); got.Text != "请问哪一单呢？" || got.Script != (dialogue.ScriptRef{Key: "ask.order_id", Version: 1}) {
		t.Errorf("not said at once by the replica that published: %+v", got)
	}
	becomes(t, a, w, "请问哪一单呢？")
	w.Emotion.Label = "angry"
	if got := a.Render(w).Text; got != "抱歉。请问哪一单呢？" {
		t.Errorf("a script keeps the tone of the book's: %q", got)
	}
	w.Emotion.Label, w.Tenant = "", "other"
	if got := a.Render(w).Text; got != "哪一笔订单？" {
		t.Errorf("another tenant says %q", got)
	}
	a.Close()
	b.Close()
	if err := errors.Join(other.Close(), log.Close()); err != nil {
		t.Fatal(err)
	}
	log = mustLog(t, dir)
	defer log.Close()
	w.Tenant = "default"
	if got := mustLibrary(t, log, script.Options{}).Render(w); got.Text != "请问哪一单呢？" || got.Script.Version != 1 {
		t.Errorf("after a restart: %+v", got)
	}
}

func TestVersions(t *testing.T) {
	l := mustOne(t, script.Options{})
	key, w := "ask.order_id", say("ask.order_id")
	e := mustPublish(t, l, key, 0, "zh: 一\nen: one\n")
	e = mustPublish(t, l, key, e.Revision, "zh: 二\nen: two\n")
	e, _, err := l.Save(t.Context(), edit(key, e.Revision), "zh: 三\nen: three\n")
	if err != nil {
		t.Fatal(err)
	}
	if e, err = l.RollBack(t.Context(), edit(key, e.Revision), 1); err != nil || e.Version != 3 || l.Render(w).Text != "一" || !strings.Contains(e.Draft, "三") {
		t.Fatalf("rolled back to 1: %+v %v, says %q", e, err, l.Render(w).Text)
	}
	if e, err = l.RollBack(t.Context(), edit(key, e.Revision), 0); err != nil || e.Version != 0 || l.Render(w).Text != "哪一笔订单？" {
		t.Fatalf("rolled back to the book's: %+v %v, says %q", e, err, l.Render(w).Text)
	}
	if _, err = l.RollBack(t.Context(), edit(key, e.Revision), 0); !errors.Is(err, script.ErrNoVersion) {
		t.Errorf("rolled back twice to the book's: %v", err)
	}
	if _, err = l.RollBack(t.Context(), edit(key, e.Revision), 9); !errors.Is(err, script.ErrNoVersion) {
		t.Errorf("rolled back to a version that never was: %v", err)
	}
	if e, err = l.Publish(t.Context(), edit(key, e.Revision)); err != nil || e.Version != 4 || l.Render(w).Text != "三" {
		t.Fatalf("the draft was kept and is published as 4: %+v %v", e, err)
	}
	if !slices.Equal(e.Versions, []int{4, 3, 2, 1}) {
		t.Errorf("versions %v", e.Versions)
	}

	h, err := l.History(t.Context(), "default", key, 0)
	if err != nil {
		t.Fatal(err)
	}
	var acts []string
	for _, c := range h {
		acts = append(acts, fmt.Sprintf("%s %d", c.Act, c.Version))
		if c.By != "lin" || c.Note != "friendlier" || c.Time.IsZero() {
			t.Errorf("who, why and when: %+v", c)
		}
	}
	want := []string{"published 4", "restored 0", "rolled_back 3", "saved 2", "published 2", "saved 1", "published 1", "saved 0"}
	if !slices.Equal(acts, want) {
		t.Errorf("acts\ngot  %q\nwant %q", acts, want)
	}
	if d := h[2]; d.From != 1 || !slices.Equal(d.Diff, []string{"- zh: 二", "- en: two", "+ zh: 一", "+ en: one"}) {
		t.Errorf("roll-back %+v", d)
	}
	if d := h[7].Diff; !slices.Contains(d, "- zh: 哪一笔订单？") || !slices.Contains(d, "+ zh: 一") {
		t.Errorf("the first draft differs from the book: %q", d)
	}
	if h, err = l.History(t.Context(), "default", key, 2); err != nil || len(h) != 2 || len(h[1].Diff) == 0 {
		t.Errorf("two acts: %+v %v", h, err)
	}
}

func TestReports(t *testing.T) {
	var out bytes.Buffer
	l := mustOne(t, script.Options{Log: slog.New(slog.NewTextHandler(&out, nil))})
	for range 3 {
		l.Render(say("nothing.like.this"))
	}
	l.Render(say("ask.order_id"))
	r := l.Reports()
	if len(r) != 1 || r[0] != (script.Report{Tenant: "default", Key: "nothing.like.this", Unsaid: 3}) {
		t.Errorf("reports %+v", r)
	}
	if n := strings.Count(out.String(), "nothing.like.this"); n != 1 {
		t.Errorf("logged %d times:\n%s", n, out.String())
	}
	for i := range 3000 {
		l.Render(say(fmt.Sprint("k", i)))
	}
	if n := len(l.Reports()); n > 1000 {
		t.Errorf("%d keys are remembered", n)
	}
}

// A document that another program wrote must not stop the robot from speaking.
func TestForeignDocuments(t *testing.T) {
	log := mustLog(t, t.TempDir())
	defer log.Close()
	for name, body := range map[string]string{
		"script/default/ask": "not JSON", "script/default/ask.order_id": `{"published": "zh: '{'", "version": 3}`, "script/default": "{}", "script/x/general": `{"published":"zh: '{a}'\nen: x"}`,
	} {
		if _, err := log.Put(t.Context(), dialogue.Document{Name: name, Body: []byte(body)}); err != nil {
			t.Fatal(err)
		}
	}
	l := mustLibrary(t, log, script.Options{})
	for _, tenant := range []string{"default", "x"} {
		w := say("ask.order_id")
		w.Tenant = tenant
		if got := l.Render(w).Text; got != "哪一笔订单？" {
			t.Errorf("%s says %q", tenant, got)
		}
	}
}

// failing documents answer nothing.
type failing struct{ dialogue.Documents }

func (failing) Watch(context.Context, string, func(), func(dialogue.Document)) error {
	return dialogue.ErrUnavailable
}

func TestOpenFails(t *testing.T) {
	if _, err := script.Open(t.Context(), failing{}, mustBook(t, shop), script.Options{}); !errors.Is(err, dialogue.ErrUnavailable) {
		t.Errorf("error %v", err)
	}
	if _, err := script.Open(t.Context(), nil, nil, script.Options{}); err == nil {
		t.Error("no error without documents")
	}
}

// While some edit, others render: each reply is a whole version, and versions never go back.
func TestEditWhileRendering(t *testing.T) {
	l := mustOne(t, script.Options{})
	ctx, stop := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			last := 0
			for ctx.Err() == nil {
				r := l.Render(say("ask.order_id"))
				if want := fmt.Sprintf("第%d版", r.Script.Version); r.Script.Version > 0 && r.Text != want {
					t.Errorf("version %d says %q", r.Script.Version, r.Text)
				}
				if r.Script.Version < last {
					t.Errorf("version %d came after %d", r.Script.Version, last)
				}
				last = r.Script.Version
			}
		})
	}
	var writers sync.WaitGroup
	for range 3 { // two of three meet a conflict and try again
		writers.Go(func() {
			for done := 0; done < 8; {
				e, err := l.Get(ctx, "default", "ask.order_id")
				if err != nil {
					t.Error(err)
					return
				}
				source := fmt.Sprintf("zh: 第%d版\nen: x\n", e.Version+1)
				e, _, err = l.Save(ctx, edit("ask.order_id", e.Revision), source)
				if err == nil {
					if _, err = l.Publish(ctx, edit("ask.order_id", e.Revision)); err == nil {
						done++
					}
				}
				if err != nil && !errors.Is(err, dialogue.ErrConflict) {
					t.Error(err)
					return
				}
			}
		})
	}
	writers.Wait()
	stop()
	readers.Wait()
	e, err := l.Get(t.Context(), "default", "ask.order_id")
	if err != nil || e.Version != 24 {
		t.Errorf("version %d after 24 were published: %v", e.Version, err)
	}
}
