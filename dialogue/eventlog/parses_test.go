package eventlog_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/eventlog"
	"yingda/nlu"
)

func pack(id string, texts int) *dialogue.ParsedPack {
	p := &dialogue.ParsedPack{ID: id, Counts: []dialogue.ParsedCount{{Tenant: "default", Channel: "parse", Lang: "zh", Bundle: "b1", Time: start, Texts: int64(texts)}}}
	for i := range texts {
		p.Parses = append(p.Parses, dialogue.Parsed{Request: id + "r", Place: i, Tenant: "default", Channel: "parse", Time: start, Redacted: "查一下 <order_id> 的包裹", Lang: "zh",
			Intents: []nlu.Prediction{}, Ranking: []nlu.Prediction{{Label: "order.status", Score: 0.3}}, Entities: []string{"order_id"}, Bundle: "b1"})
	}
	return p
}

func mustAppendParses(tb testing.TB, l *eventlog.Log, p *dialogue.ParsedPack) {
	tb.Helper()
	if err := l.AppendParses(tb.Context(), p); err != nil {
		tb.Fatal(err)
	}
}

// readParses returns the ids and sequences of what is there after a sequence.
func readParses(tb testing.TB, l *eventlog.Log, after uint64) (got []string) {
	tb.Helper()
	err := l.ReadParses(tb.Context(), after, func(seq uint64, data []byte) error {
		if data == nil {
			got = append(got, fmt.Sprintf("%d:damaged", seq))
			return nil
		}
		var p dialogue.ParsedPack
		if err := json.Unmarshal(data, &p); err != nil {
			return err
		}
		got = append(got, fmt.Sprintf("%d:%s:%d", seq, p.ID, len(p.Parses)))
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return got
}

func TestParses(t *testing.T) {
	dir := t.TempDir()
	l := mustOpen(t, options(dir))
	if got := readParses(t, l, 0); got != nil {
		t.Errorf("an empty stream has %v", got)
	}
	for i := range 5 {
		mustAppendParses(t, l, pack(fmt.Sprint("p", i+1), 64))
	}
	mustAppendParses(t, l, pack("p5", 64)) // again: its outcome was not known
	want := "[1:p1:64 2:p2:64 3:p3:64 4:p4:64 5:p5:64]"
	if got := fmt.Sprint(readParses(t, l, 0)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := fmt.Sprint(readParses(t, l, 3)); got != "[4:p4:64 5:p5:64]" {
		t.Errorf("after 3: %s", got)
	}
	if got := readParses(t, l, 9); got != nil {
		t.Errorf("beyond the end: %v", got)
	}
	for seq, want := range map[uint64]string{0: "", 1: "p1", 5: "p5", 6: ""} {
		id, first, last, err := l.ParsesAt(t.Context(), seq)
		if id != want || first != 1 || last != 5 || err != nil {
			t.Errorf("at %d: %q, %d to %d, %v", seq, id, first, last, err)
		}
	}
	if s := l.Stats(); s.Parses != 6*64 {
		t.Errorf("%d texts are counted", s.Parses)
	}
	if err := l.AppendParses(t.Context(), &dialogue.ParsedPack{}); err == nil {
		t.Error("a pack without an id was taken")
	}
	mustClose(t, l)
	l = mustOpen(t, options(dir))
	if got := fmt.Sprint(readParses(t, l, 0)); got != want {
		t.Errorf("opened again: %s, want %s", got, want)
	}
	v, err := l.Verify(t.Context(), nil)
	if err != nil || !v.OK() {
		t.Errorf("the log is not whole any more: %v, %+v", err, v)
	}
}

// TestParsesAreKeptForATime: the oldest go by age.
func TestParsesAreKeptForATime(t *testing.T) {
	o := options(t.TempDir())
	o.KeepParses = time.Second
	l := mustOpen(t, o)
	mustAppendParses(t, l, pack("p1", 3))
	eventually(t, "the pack goes", func() bool { return readParses(t, l, 0) == nil })
	mustAppendParses(t, l, pack("p2", 1))
	if got := fmt.Sprint(readParses(t, l, 0)); got != "[2:p2:1]" {
		t.Errorf("with a gap before it: %s", got)
	}
	mustClose(t, l)
	o.KeepParses = 0 // as whoever only looks at the log opens it
	l = mustOpen(t, o)
	eventually(t, "the second goes too", func() bool { return readParses(t, l, 0) == nil })
	o.KeepParses = time.Hour
	mustClose(t, l)
	l = mustOpen(t, o)
	mustAppendParses(t, l, pack("p3", 1))
	time.Sleep(1500 * time.Millisecond)
	if got := fmt.Sprint(readParses(t, l, 0)); got != "[3:p3:1]" {
		t.Errorf("kept for an hour: %s", got)
	}
	id, first, last, err := l.ParsesAt(t.Context(), 1)
	if id != "" || first != 3 || last != 3 || err != nil {
		t.Errorf("what has gone is found: %q, %d to %d, %v", id, first, last, err)
	}
}

// TestParsesAreBounded: the oldest go by size, and turns are not refused.
func TestParsesAreBounded(t *testing.T) {
	o := options(t.TempDir())
	o.MaxBytes = 50 << 20 // 1 MiB for parses
	l := mustOpen(t, o)
	r := rand.New(rand.NewPCG(1, 2))
	filler := make([]byte, 40<<10)
	for i := range 60 {
		p := pack(fmt.Sprint("p", i+1), 1)
		for j := range filler { // so that it does not get much smaller
			filler[j] = byte('a' + r.IntN(26))
		}
		p.Parses[0].Redacted = string(filler)
		mustAppendParses(t, l, p)
	}
	_, first, last, err := l.ParsesAt(t.Context(), 1)
	if err != nil || last != 60 || first < 2 {
		t.Errorf("%d to %d are there (%v): the oldest should have gone", first, last, err)
	}
	write(t, l, key("a"), "u1", 3)
}

func TestParsesOnAFullDisk(t *testing.T) {
	free := int64(50 << 30)
	l, err := eventlog.OpenWithDisk(t.Context(), options(t.TempDir()), func() int64 { return free })
	if err != nil {
		t.Fatal(err)
	}
	defer mustClose(t, l)
	mustAppendParses(t, l, pack("p1", 1))
	free = 1 << 20
	eventually(t, "the guard sees it", func() bool { return l.Stats().Full })
	if err := l.AppendParses(t.Context(), pack("p2", 1)); !errors.Is(err, dialogue.ErrLogFull) {
		t.Errorf("written on a full disk: %v", err)
	}
}

// TestParsesAreDamaged: a flipped bit costs one pack.
func TestParsesAreDamaged(t *testing.T) {
	o := options(t.TempDir())
	damaged := 0
	o.OnDamage = func(d eventlog.Damage) {
		if d.Stream == "parses" {
			damaged++
		}
	}
	l := mustOpen(t, o)
	mustAppendParses(t, l, pack("p1", 2))
	if err := l.RawParses(t.Context(), []byte("YD no pack")); err != nil {
		t.Fatal(err)
	}
	mustAppendParses(t, l, pack("p3", 2))
	if got := fmt.Sprint(readParses(t, l, 0)); got != "[1:p1:2 2:damaged 3:p3:2]" || damaged != 1 {
		t.Errorf("%s, %d damaged", got, damaged)
	}
	if id, _, _, err := l.ParsesAt(t.Context(), 2); id != "" || err != nil {
		t.Errorf("a damaged pack has the id %q (%v)", id, err)
	}
}

// TestParsesInABackup: notes of texts are not part of it, and a restored log goes on with new ones.
func TestParsesInABackup(t *testing.T) {
	l := mustOpen(t, options(t.TempDir()))
	write(t, l, key("a"), "u1", 2)
	mustAppendParses(t, l, pack("p1", 2))
	var buf bytes.Buffer
	if _, err := l.Backup(t.Context(), &buf, nil); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(buf.Bytes(), []byte("parses-")) {
		t.Error("the backup has parses")
	}
	dir, file := t.TempDir(), filepath.Join(t.TempDir(), "backup.tar")
	if err := os.WriteFile(file, buf.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := eventlog.Restore(t.Context(), options(dir), file, eventlog.RestoreOptions{}); err != nil {
		t.Fatal(err)
	}
	restored := mustOpen(t, options(dir))
	mustAppendParses(t, restored, pack("p9", 1))
	if got := fmt.Sprint(readParses(t, restored, 0)); got != "[1:p9:1]" {
		t.Errorf("a restored log has %s", got)
	}
}

// TestParsesOfReplicas: all write into one stream.
func TestParsesOfReplicas(t *testing.T) {
	l := mustOpen(t, options(t.TempDir()))
	r := mustReplica(t, l)
	mustAppendParses(t, l, pack("p1", 1))
	mustAppendParses(t, r, pack("p2", 1))
	if got := fmt.Sprint(readParses(t, r, 0)); got != "[1:p1:1 2:p2:1]" {
		t.Errorf("of two replicas: %s", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.ReadParses(ctx, 0, func(uint64, []byte) error { return nil }); err == nil {
		t.Error("read with a context that is done")
	}
}
