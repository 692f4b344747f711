package feed_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"yingda/analytics/feed"
	"yingda/analytics/warehouse"
	"yingda/dialogue"
)

// receiver is one with a warehouse that has nothing.
func receiver(tb testing.TB) (*feed.Receiver, *warehouse.Warehouse) {
	tb.Helper()
	w, err := warehouse.Open(tb.Context(), warehouse.Options{Dir: tb.TempDir(), Log: quiet})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { w.Close() })
	return feed.NewReceiver(w, nil, quiet), w
}

func post(r *feed.Receiver, boot string, after, through uint64, body string) (int, string) {
	q := url.Values{"boot": {boot}, "after": {fmt.Sprint(after)}, "through": {fmt.Sprint(through)}}
	rec := httptest.NewRecorder()
	r.ServeHTTP(rec, httptest.NewRequest(http.MethodPost, "/internal/events?"+q.Encode(), strings.NewReader(body)))
	return rec.Code, rec.Body.String()
}

const lineOK = `{"seq": %d, "event": {"id": "m%[1]d", "kind": "turn", "tenant": "t1", "conversation": "c", "customer": "x", "channel": "web", "time": "2026-03-01T10:00:00Z", "turn": {"text": "hi", "lang": "en"}}}`

// TestOddLines takes what is right and refuses the rest, line by line; the position goes on, so that nothing odd can hold the feed up.
func TestOddLines(t *testing.T) {
	r, w := receiver(t)
	body := strings.Join([]string{fmt.Sprintf(lineOK, 1), `{"seq": "two"}`, `not JSON`, `{"seq": 4, "event": {"id": 7, "kind": []}}`, `null`, "", strings.Repeat("x", 9<<20),
		`{"seq": 8, "event": {"id": "m8", "kind": "turn", "tenant": "t1", "conversation": "c", "time": "2026-03-01T10:00:00Z"}}`, fmt.Sprintf(lineOK, 9), `{"seq": 10, "ev`}, "\n")
	if code, answer := post(r, r.Health().Boot, 0, 10, body); code != http.StatusOK {
		t.Fatalf("%d %s", code, answer)
	}
	if h := r.Health(); h.Position != 10 || h.Refused != 6 || h.Taken != 3 {
		t.Errorf("%+v: want position 10, 6 lines refused, 3 events", h)
	}
	rows, err := w.Query(t.Context(), "SELECT count(*), min(seq), max(seq) FROM turns")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var n, low, high int
		if err := rows.Scan(&n, &low, &high); err != nil || n != 2 || low != 1 || high != 9 {
			t.Errorf("%d turns from %d to %d, %v", n, low, high, err)
		}
	}
}

func TestConflict(t *testing.T) {
	r, _ := receiver(t)
	for name, c := range map[string]struct {
		boot  string
		after uint64
		want  int
	}{"OK": {r.Health().Boot, 0, 200}, "ErrOtherBoot": {"another", 0, 409}, "ErrGap": {r.Health().Boot, 5, 409}} {
		if code, answer := post(r, c.boot, c.after, c.after, ""); code != c.want {
			t.Errorf("%s: %d %s, want %d", name, code, answer, c.want)
		}
	}
}

func FuzzReadEvents(f *testing.F) {
	f.Add([]byte(fmt.Sprintf(lineOK, 1)))
	f.Add([]byte("{\"seq\": 1}\n\n{\"seq\": 2, \"event\": null}\n\x00"))
	ev := dialogue.Event{ID: "m", Kind: dialogue.TurnTaken, Seq: 3, Turn: &dialogue.TurnBody{Redacted: "长"}}
	readable, err := json.Marshal(&ev)
	if err != nil {
		f.Fatal(err)
	}
	line, err := feed.AppendEvent(nil, 3, readable)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(line)
	f.Fuzz(func(t *testing.T, data []byte) {
		refused := 0
		parts, err := feed.ReadParts(bytes.NewReader(data), func(error) { refused++ })
		if err != nil {
			t.Fatal(err)
		}
		events := 0
		for _, p := range parts {
			events += len(p.Events) + len(p.Rows.Turns)
		}
		if lines := bytes.Count(data, []byte("\n")) + 1; events+refused > lines {
			t.Errorf("%d events and %d refused of %d lines", events, refused, lines)
		}
	})
}
