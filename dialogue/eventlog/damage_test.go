package eventlog_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/eventlog"
)

// TestDamage writes what no program of ours would, and expects that it is reported and that the conversation goes on.
func TestDamage(t *testing.T) {
	good := func(t *testing.T, l *eventlog.Log, k dialogue.Key) []byte {
		t.Helper()
		b, err := l.Bytes(t.Context(), k)
		if err != nil {
			t.Fatal(err)
		}
		return bytes.Clone(b)
	}
	for _, c := range []struct {
		name string
		raw  func(t *testing.T, l *eventlog.Log, k dialogue.Key) []byte
	}{
		{"NotAFrame", func(*testing.T, *eventlog.Log, dialogue.Key) []byte { return []byte("hello") }},
		{"Empty", func(*testing.T, *eventlog.Log, dialogue.Key) []byte { return nil }},
		{"NewerVersion", func(t *testing.T, l *eventlog.Log, k dialogue.Key) []byte { b := good(t, l, k); b[2] = 9; return b }},
		{"CutOff", func(t *testing.T, l *eventlog.Log, k dialogue.Key) []byte { b := good(t, l, k); return b[:len(b)/2] }},
		{"OneBitOfReadable", func(t *testing.T, l *eventlog.Log, k dialogue.Key) []byte {
			b := good(t, l, k)
			b[bytes.Index(b, []byte("order.status"))] ^= 1
			return b
		}},
		{"OneBitOfSealed", func(t *testing.T, l *eventlog.Log, k dialogue.Key) []byte {
			b := good(t, l, k)
			b[len(b)-9] ^= 4
			return b
		}},
		{"OfAnotherConversation", func(t *testing.T, l *eventlog.Log, k dialogue.Key) []byte {
			write(t, l, key("another"), "u", 1)
			return good(t, l, key("another"))
		}},
		{"ReadableOnly", func(*testing.T, *eventlog.Log, dialogue.Key) []byte {
			return eventlog.WriteFrame([]byte(`{"id":"x"}`), nil)
		}},
		{"NotSealed", func(*testing.T, *eventlog.Log, dialogue.Key) []byte {
			return eventlog.WriteFrame([]byte(`{"id":"x"}`), []byte(`{"customer":"mallory"}`))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var reported atomic.Int32
			o := options(t.TempDir())
			o.OnDamage = func(eventlog.Damage) { reported.Add(1) }
			l := mustOpen(t, o)
			k := key("c")
			write(t, l, k, "u", 3)
			if err := l.Raw(t.Context(), k, c.raw(t, l, k)); err != nil {
				t.Fatal(err)
			}
			tr := mustLoad(t, l, k)
			if tr.Events != 4 || tr.Turns != 3 || reported.Load() == 0 || l.Stats().Damaged == 0 {
				t.Errorf("%d events, %d turns, %d reports; want 4, 3 and some", tr.Events, tr.Turns, reported.Load())
			}
			tr = mustAppend(t, l, tr, turn("next", "u", "还在吗", 9))
			if got := mustLoad(t, mustReplica(t, l), k); asJSON(t, got) != asJSON(t, tr) {
				t.Error("replay differs from the live tracker")
			}
			if evs, err := l.Events(t.Context(), k, 0, 0); err != nil || len(evs) != 4 {
				t.Errorf("%d events, %v; want 4", len(evs), err)
			}
			v, err := l.Verify(t.Context(), nil)
			if err != nil || v.Damaged != 1 {
				t.Errorf("verify found %d %v %v, want 1", v.Damaged, v.Damage, err)
			}
			seen := consumeAll(t, l, "reports", int(v.Messages)-1)
			if seen[len(seen)-1] != "next" {
				t.Errorf("the consumer saw %v", seen)
			}
		})
	}
}

func TestDamagedSnapshot(t *testing.T) {
	l := mustOpen(t, options(t.TempDir()))
	k := key("c")
	tr := write(t, l, k, "u", 40)
	eventually(t, "a snapshot", func() bool { return l.Stats().Snapshots == 1 })
	if err := l.RawSnapshot(t.Context(), k, []byte("rubbish")); err != nil {
		t.Fatal(err)
	}
	other := mustReplica(t, l)
	if got := mustLoad(t, other, k); asJSON(t, got) != asJSON(t, tr) || other.Stats().Damaged != 1 {
		t.Errorf("%d damaged; tracker differs", other.Stats().Damaged)
	}
}

func TestDamagedDocument(t *testing.T) {
	l := mustOpen(t, options(t.TempDir()))
	mustPut(t, l, dialogue.Document{Name: "script/default/a", Body: []byte("a")})
	mustPut(t, l, dialogue.Document{Name: "script/default/b", Body: []byte("b")})
	if err := l.RawDocument(t.Context(), "script/default/a", []byte("rubbish")); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Get(t.Context(), "script/default/a"); !errors.Is(err, eventlog.ErrDamaged) {
		t.Errorf("get: %v, want ErrDamaged", err)
	}
	if list, err := l.List(t.Context(), "script/"); err != nil || len(list) != 1 {
		t.Errorf("list: %v %v, want b only", list, err)
	}
	if h, err := l.History(t.Context(), "script/default/a", 0); err != nil || len(h) != 1 || string(h[0].Body) != "a" {
		t.Errorf("history: %v %v", h, err)
	}
}

// TestBitRot flips bits in the files of a closed store. Whatever the server makes of them, nothing that comes out may be wrong: an event
// is as it was written, or missing and reported.
func TestBitRot(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for round := range 6 {
		dir := t.TempDir()
		l := mustOpen(t, options(dir))
		k := key("c")
		write(t, l, k, "u", 20)
		want := map[string]string{}
		evs, err := l.Events(t.Context(), k, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, ev := range evs {
			want[ev.ID] = asJSON(t, ev) + asJSON(t, ev.Private)
		}
		mustClose(t, l)
		blocks, err := filepath.Glob(filepath.Join(dir, "jetstream", "*", "streams", "turns", "msgs", "*.blk"))
		if err != nil || len(blocks) == 0 {
			t.Fatal(blocks, err)
		}
		data, err := os.ReadFile(blocks[0])
		if err != nil {
			t.Fatal(err)
		}
		data[rng.IntN(len(data))] ^= 1 << rng.IntN(8)
		if err := os.WriteFile(blocks[0], data, 0o600); err != nil {
			t.Fatal(err)
		}
		o := options(dir)
		o.Timeout = time.Second
		l, err = eventlog.Open(t.Context(), o)
		if err != nil {
			continue // it refuses: fine
		}
		evs, err = l.Events(t.Context(), k, 0, 0)
		for _, ev := range evs {
			if want[ev.ID] != asJSON(t, ev)+asJSON(t, ev.Private) {
				t.Errorf("round %d: event %s is not as it was written", round, ev.ID)
			}
		}
		v, verr := l.Verify(t.Context(), nil)
		if len(evs) < 20 && err == nil && verr == nil && v.OK() {
			t.Errorf("round %d: %d of 20 events, and nobody noticed", round, len(evs))
		}
		mustClose(t, l)
	}
}

func TestVerifyFindsWhatIsCutOff(t *testing.T) {
	dir := t.TempDir()
	o := options(dir)
	l := mustOpen(t, o)
	write(t, l, key("a"), "u", 5)
	if err := l.Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	write(t, l, key("b"), "u", 5)
	mustClose(t, l) // writes a second one
	l = mustOpen(t, o)
	v, err := l.Verify(t.Context(), nil)
	if err != nil || !v.OK() || v.Checkpoints != 2 || v.Checkpointed != 10 || v.Conversations != 2 || v.Messages != 10 {
		t.Fatalf("%+v %v", v, err)
	}
	mustClose(t, l)
	if err := os.RemoveAll(filepath.Join(dir, "jetstream", "$G", "streams", "turns")); err != nil {
		t.Fatal(err)
	}
	l = mustOpen(t, o)
	write(t, l, key("a"), "u", 3)
	v, err = l.Verify(t.Context(), nil)
	if err != nil || v.OK() || !strings.Contains(v.Damage[0].Err.Error()+v.Damage[len(v.Damage)-1].Err.Error(), "cut off") {
		t.Errorf("%+v %v", v, err)
	}
	mustClose(t, l)
}

func TestDiskFull(t *testing.T) {
	var free atomic.Int64
	free.Store(50 << 30)
	o := options(t.TempDir())
	o.Reserve = 1 << 30
	l, err := eventlog.OpenWithDisk(t.Context(), o, free.Load)
	if err != nil {
		t.Fatal(err)
	}
	defer mustClose(t, l)
	k := key("c")
	tr := write(t, l, k, "u", 2)
	free.Store(1<<30 - 1)
	eventually(t, "the guard refuses", func() bool { return errors.Is(l.Healthy(t.Context()), dialogue.ErrLogFull) })
	if _, err := l.Append(t.Context(), tr, turn("m3", "u", "x", 3)); !errors.Is(err, dialogue.ErrLogFull) {
		t.Errorf("append: %v, want ErrLogFull", err)
	}
	if _, err := l.Put(t.Context(), dialogue.Document{Name: "a/b", Body: []byte("x")}); !errors.Is(err, dialogue.ErrLogFull) {
		t.Errorf("put: %v, want ErrLogFull", err)
	}
	if got := mustLoad(t, l, k); got.Events != 2 {
		t.Errorf("reading while full: %d events", got.Events)
	}
	if err := l.ShutdownStore(); err != nil { // as the server does when the disk fills within a tick
		t.Fatal(err)
	}
	free.Store(2 << 30)
	eventually(t, "writes are taken again", func() bool { return l.Healthy(t.Context()) == nil })
	mustAppend(t, l, tr, turn("m3", "u", "x", 3))
}

func TestStreamFull(t *testing.T) {
	o := options(t.TempDir())
	o.MaxBytes = 256 << 10
	l := mustOpen(t, o)
	k := key("c")
	tr := mustLoad(t, l, k)
	var err error
	n := 0
	for ; n < 2000 && err == nil; n++ {
		var next *dialogue.Tracker
		if next, err = l.Append(t.Context(), tr, turn(tr.Hash+"x", "u", "你好", n)); err == nil {
			tr = next
		}
	}
	if !errors.Is(err, dialogue.ErrLogFull) {
		t.Fatalf("after %d events: %v, want ErrLogFull", n, err)
	}
	if got := mustLoad(t, mustReplica(t, l), k); got.Events != tr.Events || got.Events < 50 {
		t.Errorf("%d events are there, %d were acknowledged", got.Events, tr.Events)
	}
}

func TestSettings(t *testing.T) {
	l := mustOpen(t, options(t.TempDir()))
	if !l.SyncAlways() {
		t.Error("the server does not sync every write")
	}
	got, err := l.Configs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"turns": "DiscardNew File", "documents": "DiscardNew File", "keys": "DiscardNew File", "snapshots": "DiscardOld File async",
		"checkpoints": "DiscardOld File async", "learnt": "DiscardNew File async", "positions": "DiscardOld File async", "parses": "DiscardOld File async"}
	if asJSON(t, got) != asJSON(t, want) {
		t.Errorf("streams are %v, want %v", got, want)
	}
	if _, err := eventlog.Open(t.Context(), options(filepath.Dir(filepath.Dir(os.DevNull))+"proc/none")); err == nil {
		t.Error("a folder that cannot be made: no error")
	}
}

func TestInUse(t *testing.T) {
	o := options(t.TempDir())
	mustOpen(t, o)
	if _, err := eventlog.Open(context.Background(), o); !errors.Is(err, eventlog.ErrInUse) {
		t.Errorf("%v, want ErrInUse", err)
	}
}
