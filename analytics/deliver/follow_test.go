package deliver_test

import (
	"encoding/csv"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"yingda/analytics/deliver"
	"yingda/analytics/warehouse"
	"yingda/dialogue"
)

// shop is a warehouse whose clock the test sets, with an export of it in the time of Shanghai.
type shop struct {
	tb  testing.TB
	w   *warehouse.Warehouse
	dir string
	now time.Time
	seq uint64
}

func newShop(tb testing.TB, now time.Time) *shop {
	tb.Helper()
	s := &shop{tb: tb, dir: tb.TempDir(), now: now}
	w, err := warehouse.Open(tb.Context(), warehouse.Options{Dir: tb.TempDir(), Now: func() time.Time { return s.now }})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { w.Close() })
	s.w = w
	return s
}

// add takes in a message of a customer, or what else body makes of the event.
func (s *shop) add(conversation string, at time.Time, body func(*dialogue.Event)) {
	s.tb.Helper()
	s.seq++
	s.now = s.now.Add(time.Second)
	ev := dialogue.Event{ID: fmt.Sprint("m", s.seq), Kind: dialogue.TurnTaken, Key: dialogue.Key{Tenant: "t1", Conversation: conversation}, Customer: "u" + conversation, Channel: "web", Time: at, Seq: s.seq,
		Turn: &dialogue.TurnBody{Redacted: "hi", Lang: "en", Owner: "robot", Decision: dialogue.Decision{Action: dialogue.Answer}}}
	if body != nil {
		body(&ev)
	}
	if err := s.w.Ingest(s.tb.Context(), []dialogue.Event{ev}); err != nil {
		s.tb.Fatal(err)
	}
	if err := s.w.Refresh(s.tb.Context()); err != nil {
		s.tb.Fatal(err)
	}
}

func (s *shop) deliverer(keep time.Duration) *deliver.Deliverer {
	s.tb.Helper()
	config := mustConfig(s.tb, "version: 1\nexports:\n- {name: daily, format: csv, zone: Asia/Shanghai}\n")
	d, err := deliver.New(deliver.Options{Config: config, Dir: s.dir, Querier: s.w, Keep: keep, Now: func() time.Time { return s.now }, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		s.tb.Fatal(err)
	}
	return d
}

// follow does what the schedule does once.
func (s *shop) follow(keep time.Duration) {
	s.tb.Helper()
	if err := s.deliverer(keep).Follow(s.tb.Context(), "daily", s.now); err != nil {
		s.tb.Fatal(err)
	}
}

// column reads a column of a day's file; nil without the file.
func (s *shop) column(day, name string) []string {
	s.tb.Helper()
	raw, err := os.ReadFile(filepath.Join(s.dir, "exports", "daily", "t1", day+".csv"))
	if os.IsNotExist(err) {
		return nil
	}
	rows, err := csv.NewReader(strings.NewReader(string(raw))).ReadAll()
	if err != nil {
		s.tb.Fatal(err)
	}
	var out []string
	for i, head := range rows[0] {
		for _, row := range rows[1:] {
			if head == name {
				out = append(out, row[i])
			}
		}
	}
	return out
}

func (s *shop) want(day, name, want string) {
	s.tb.Helper()
	if got := strings.Join(s.column(day, name), " "); got != want {
		s.tb.Errorf("%s of %s is %q, want %q", name, day, got, want)
	}
}

// TestFollow: what comes twenty days late changes the file of its day.
func TestFollow(t *testing.T) {
	second := time.Date(2026, 3, 2, 18, 0, 0, 0, time.UTC) // the third, in Shanghai
	s := newShop(t, time.Date(2026, 3, 5, 4, 0, 0, 0, time.UTC))
	early := second.AddDate(0, 0, -20)
	for _, at := range []time.Time{early, early.AddDate(0, 0, 1), second} {
		s.add("c"+at.Format("0102"), at, nil)
		s.add("d"+at.Format("0102"), at.Add(time.Hour), nil)
	}
	s.follow(0)
	s.want("2026-03-03", "turns", "1 1")
	if s.column("2026-02-11", "turns") != nil {
		t.Error("the first run writes what is older than its days")
	}
	if _, err := s.deliverer(0).Export(t.Context(), "daily", "t1", early.Add(8*time.Hour), early.Add(30*time.Hour)); err != nil { // by hand
		t.Fatal(err)
	}
	s.want("2026-02-11", "turns", "1 1")

	s.now = s.now.AddDate(0, 0, 20)
	s.follow(0)
	nine := 9
	s.add("c0302", second.Add(time.Minute), nil)
	s.add("d0302", second.Add(20*24*time.Hour), func(ev *dialogue.Event) {
		ev.Kind, ev.Turn, ev.Rating = dialogue.Rated, nil, &dialogue.RatingBody{NPS: &nine}
	})
	s.add("c0210", early.Add(time.Minute), nil)
	s.add("c0211", early.AddDate(0, 0, 1).Add(time.Minute), nil)
	s.add("e", second.AddDate(0, 0, 8), nil) // of a day that had none
	s.follow(0)
	s.want("2026-03-03", "turns", "2 1")
	s.want("2026-03-03", "nps", " 9")
	s.want("2026-02-11", "turns", "2 1")
	s.want("2026-03-11", "turns", "1")
	if s.column("2026-02-12", "turns") != nil {
		t.Error("a day before the first run that nobody asked for is written")
	}

	// What is forgotten in part is left as it is; and a day is not read again when nothing happened.
	s.add("d0302", second.Add(time.Hour+time.Minute), nil)
	s.follow(10 * 24 * time.Hour)
	s.want("2026-03-03", "turns", "2 1")
	path := filepath.Join(s.dir, "exports", "daily", "t1", "2026-03-11.csv")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	s.follow(0)
	if _, err := os.Stat(path); err == nil {
		t.Error("a day that did not change is written")
	}
}

// TestFollow_MadeAgain: of a warehouse that was made again no day is known to be as it was: all are looked at, and what is the same stays.
func TestFollow_MadeAgain(t *testing.T) {
	day := time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)
	s := newShop(t, time.Date(2026, 3, 4, 4, 0, 0, 0, time.UTC))
	s.add("c", day, nil)
	s.follow(0)
	path := filepath.Join(s.dir, "exports", "daily", "t1", "2026-03-02.csv")
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	again := newShop(t, s.now.AddDate(0, 0, 20))
	again.dir = s.dir
	again.add("c", day, nil)
	again.follow(0)
	if after, err := os.Stat(path); err != nil || !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("the same day is written again: %v", err)
	}
	again.add("c", day.Add(time.Minute), nil)
	again.follow(0)
	again.want("2026-03-02", "turns", "2")
	if err := os.WriteFile(filepath.Join(s.dir, "exports", "daily", "followed.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	again.follow(0) // said in the log, and begun again
	again.add("c", day.Add(2*time.Minute), nil)
	again.follow(0)
	again.want("2026-03-02", "turns", "3")
}
