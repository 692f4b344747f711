package deliver_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"yingda/analytics/deliver"
	"yingda/analytics/warehouse"
	"yingda/dialogue"
	"yingda/dialogue/action"
)

func TestRun_DeliversAll(t *testing.T) {
	w, c := mustWarehouse(t), newClock(1)
	h := newHook(t, c.now, ok)
	d, stop := start(t, t.TempDir(), webhook(h, ""), w, c)
	want := int(truth.Total.Sessions)
	waitFor(t, "delivery of all sessions", func() bool { keys, _ := h.count(); return keys == want })
	waitFor(t, "the last one written down", func() bool { return d.Status("")[0].Waiting == 0 })
	if st := d.Status(""); int(st[0].Sent) != want || st[0].Dead != 0 {
		t.Errorf("%+v", st)
	}
	stop()
	if keys, n := h.count(); keys != want || n != want || len(h.errs) > 0 {
		t.Errorf("%d keys, %d deliveries of %d sessions; %v", keys, n, want, h.errs)
	}
}

// TestRun_Hostile: a system that refuses, fails, redirects, hangs, breaks off, answers endlessly, and in the end takes everything.
func TestRun_Hostile(t *testing.T) {
	w, c := mustWarehouse(t), newClock(300) // a second is five minutes
	var released sync.WaitGroup
	gone := make(chan struct{})
	h := newHook(t, c.now, func(n int, rw http.ResponseWriter, r *http.Request, _ []byte) {
		if n > 40 {
			rw.WriteHeader(http.StatusOK)
			return
		}
		switch n % 7 {
		case 0:
			rw.WriteHeader(http.StatusInternalServerError)
		case 1:
			http.Redirect(rw, r, "http://169.254.169.254/latest/meta-data", http.StatusTemporaryRedirect)
		case 2:
			released.Add(1)
			defer released.Done()
			select { // hangs
			case <-r.Context().Done():
			case <-gone:
			}
			rw.WriteHeader(http.StatusBadGateway)
		case 3:
			if conn, _, err := rw.(*noted).ResponseWriter.(http.Hijacker).Hijack(); err == nil {
				conn.Close()
			}
			rw.(*noted).status = 599
		case 4:
			rw.Header().Set("Retry-After", "2")
			rw.WriteHeader(http.StatusTooManyRequests)
		case 5:
			rw.WriteHeader(http.StatusBadRequest)
			io.WriteString(rw, strings.Repeat("no ", 1000))
		case 6:
			rw.(*noted).ResponseWriter.WriteHeader(http.StatusOK) // says yes and does not stop talking
			rw.(*noted).status = 598
			for range 200 {
				io.WriteString(rw, strings.Repeat("x", 1<<10))
			}
		}
	})
	d, stop := start(t, t.TempDir(), webhook(h, ", concurrency: 2, dead_after: 2160h"), w, c)
	want := int(truth.Total.Sessions)
	waitFor(t, "delivery in spite of all", func() bool { keys, _ := h.count(); return keys == want })
	close(gone)
	if st := d.Status(""); st[0].Dead != 0 || st[0].Failures != 0 {
		t.Errorf("%+v", st)
	}
	stop()
	released.Wait()
	if len(h.errs) > 0 {
		t.Error(h.errs[0])
	}
}

// TestRun_Restarts: the process is ended again and again in the middle; what was acknowledged is known, what was not comes again with its key.
func TestRun_Restarts(t *testing.T) {
	w, c, dir := mustWarehouse(t), newClock(100), t.TempDir()
	h := newHook(t, c.now, func(n int, rw http.ResponseWriter, _ *http.Request, _ []byte) {
		if n%5 == 0 {
			rw.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		rw.WriteHeader(http.StatusOK)
	})
	want := int(truth.Total.Sessions)
	config := webhook(h, "")
	for round := 0; ; round++ {
		before, _ := h.count()
		_, stop := start(t, dir, config, w, c)
		for range 20 { // a busy machine needs more than one breath to deliver some
			time.Sleep(150 * time.Millisecond)
			if keys, _ := h.count(); keys == want || keys > before+10 {
				break
			}
		}
		stop()
		journal := filepath.Join(dir, "deliver", "crm.jsonl")
		f, err := os.OpenFile(journal, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString(`{"id":"cs_half`); err != nil { // as a crash leaves it
			t.Fatal(err)
		}
		f.Close()
		if keys, _ := h.count(); keys == want {
			break
		} else if round > 300 {
			t.Fatalf("%d of %d after %d rounds", keys, want, round)
		}
	}
	_, stop := start(t, dir, config, w, c)
	defer stop()
	time.Sleep(300 * time.Millisecond)
	keys, n := h.count()
	if keys != want || n > want+want/5 {
		t.Errorf("%d keys in %d deliveries, want %d and hardly more", keys, n, want)
	}
}

// TestRun_Dead: what is not taken for too long is given up, listed, and can be sent again.
func TestRun_Dead(t *testing.T) {
	w, c := mustWarehouse(t), newClock(3000) // a second is fifty minutes
	var mu sync.Mutex
	refuse := true
	h := newHook(t, c.now, func(_ int, rw http.ResponseWriter, _ *http.Request, _ []byte) {
		mu.Lock()
		defer mu.Unlock()
		if refuse {
			rw.WriteHeader(http.StatusForbidden)
			return
		}
		rw.WriteHeader(http.StatusOK)
	})
	d, stop := start(t, t.TempDir(), strings.Replace(webhook(h, ", dead_after: 2h"), "2025-10-01", "2025-11-14", 1), w, c)
	defer stop()
	waitFor(t, "a record given up", func() bool { return d.Status("")[0].Dead > 0 })
	list, err := d.Dead("crm", "")
	if err != nil || len(list) == 0 || !strings.Contains(list[0].Reason, "403") || list[0].Attempts < 2 {
		t.Fatalf("%+v, %v", list, err)
	}
	mu.Lock()
	refuse = false
	mu.Unlock()
	waitFor(t, "delivery of the others", func() bool { return d.Status("")[0].Waiting == 0 })
	list, _ = d.Dead("crm", "")
	if n, err := d.Resend(context.Background(), "crm", "", nil); err != nil || n != len(list) {
		t.Fatalf("%d sent again, %v; %d were given up", n, err, len(list))
	}
	waitFor(t, "delivery of what was given up", func() bool { st := d.Status("")[0]; return st.Dead == 0 && st.Waiting == 0 })
	for _, dead := range list {
		h.mu.Lock()
		if h.kinds[dead.ID] == "" {
			t.Errorf("%s never came", dead.ID)
		}
		h.mu.Unlock()
	}
	if _, err := d.Resend(context.Background(), "other", "", nil); err == nil {
		t.Error("a webhook that there is not was sent to")
	}
}

// TestRun_SignedAnswers: who cannot sign has not acknowledged.
func TestRun_SignedAnswers(t *testing.T) {
	w, c := mustWarehouse(t), newClock(300)
	key := []action.Secret{action.Secret(secret)}
	h := newHook(t, c.now, nil)
	h.answer = func(n int, rw http.ResponseWriter, r *http.Request, body []byte) {
		answer := []byte(`{"ok": true}`)
		switch {
		case n == 1: // not signed
			rw.(*noted).status = 299
			rw.(*noted).ResponseWriter.WriteHeader(http.StatusOK)
		case n == 2: // another one's answer
			action.SignAnswer(rw.Header(), key, "cs_other", c.now(), answer)
			rw.(*noted).ResponseWriter.WriteHeader(http.StatusOK)
		default:
			action.SignAnswer(rw.Header(), key, r.Header.Get(action.HeaderID), c.now(), answer)
			rw.WriteHeader(http.StatusOK)
		}
		rw.Write(answer)
	}
	config := strings.Replace(webhook(h, ", signed_answers: true"), "2025-10-01", "2025-11-14", 1)
	d, stop := start(t, t.TempDir(), config, w, c)
	defer stop()
	waitFor(t, "delivery", func() bool { st := d.Status("")[0]; return st.Sent > 0 && st.Waiting == 0 })
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.n <= int(d.Status("")[0].Sent) {
		t.Errorf("%d requests for %d records: the two bad answers were taken", h.n, d.Status("")[0].Sent)
	}
}

// TestRun_Updated: a rating that comes late makes a new revision of the same record.
func TestRun_Updated(t *testing.T) {
	ctx := context.Background()
	w, err := warehouse.Open(ctx, warehouse.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	c := newClock(60)
	h := newHook(t, c.now, ok)
	key := dialogue.Key{Tenant: "default", Conversation: "web-1"}
	base := dialogue.Event{Key: key, Customer: "c1", Channel: "web"}
	turn, closed, rated := base, base, base
	turn.ID, turn.Kind, turn.Seq, turn.Time = "1", dialogue.TurnTaken, 1, end.Add(-time.Hour)
	turn.Turn = &dialogue.TurnBody{Redacted: "<order_id>", Lang: "zh", Decision: dialogue.Decision{Intents: []string{"product.damaged"}}, Entities: []string{"order_id"}, Emotion: dialogue.Emotion{Label: "angry"}}
	closed.ID, closed.Kind, closed.Seq, closed.Time, closed.Hand = "2", dialogue.Closed, 2, end.Add(-59*time.Minute), &dialogue.HandBody{By: "system"}
	no := false
	rated.ID, rated.Kind, rated.Seq, rated.Time, rated.Rating = "3", dialogue.Rated, 3, end.Add(-58*time.Minute), &dialogue.RatingBody{Score: 1, Resolved: &no}
	take := func(evs ...dialogue.Event) {
		t.Helper()
		if err := w.Ingest(ctx, evs); err != nil {
			t.Fatal(err)
		}
		if err := w.Refresh(ctx); err != nil {
			t.Fatal(err)
		}
	}
	take(turn, closed)
	var mu sync.Mutex
	var last deliver.Record
	h.answer = func(_ int, rw http.ResponseWriter, _ *http.Request, body []byte) {
		var e struct{ Data deliver.Record }
		mu.Lock()
		defer mu.Unlock()
		if err := json.Unmarshal(body, &e); err == nil {
			last = e.Data
		}
		rw.WriteHeader(http.StatusOK)
	}
	_, stop := start(t, t.TempDir(), webhook(h, ", texts: true")+"links: {desk: 'https://desk.example.com/c/{conversation}'}\n", w, c)
	defer stop()
	waitFor(t, "the first delivery", func() bool { keys, _ := h.count(); return keys == 1 })
	take(rated)
	waitFor(t, "the delivery of the change", func() bool { keys, _ := h.count(); return keys == 2 })
	mu.Lock()
	defer mu.Unlock()
	if last.Outcome != deliver.Unresolved || *last.Satisfaction.Score != 1 || last.Links["desk"] != "https://desk.example.com/c/web-1" || len(last.Texts) != 1 || !last.Angry {
		t.Errorf("%+v", last)
	}
	if got := strings.Join(last.Demand, " "); got != "repair_or_replace call_back" {
		t.Errorf("demand %s", got)
	}
	if last.Summary.ZH != "客户来问 product.damaged，共 1 条消息，有怒气；客户表示没有解决；评分 1。" || !strings.Contains(last.Summary.EN, "rated 1 of 5") {
		t.Errorf("%+v", last.Summary)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.kinds[last.ID] != "conversation.updated" {
		t.Errorf("the second one is %q", h.kinds[last.ID])
	}
}
