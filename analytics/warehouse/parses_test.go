package warehouse_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"yingda/analytics"
	"yingda/analytics/lake"
	"yingda/analytics/warehouse"
	"yingda/dialogue"
	"yingda/nlu"
)

// packs makes n packs with sequences from first on, ten minutes apart, of so many texts.
func packs(first, n, texts int) *analytics.ParseRows {
	rows := &analytics.ParseRows{}
	for i := first; i < first+n; i++ {
		at := start.Add(time.Duration(i) * 10 * time.Minute)
		p := &dialogue.ParsedPack{ID: fmt.Sprint("pack", i), Counts: []dialogue.ParsedCount{
			{Tenant: "t1", Channel: "parse", Lang: "zh", Bundle: "b1", Time: at, Texts: int64(texts) + 3, Understood: 3, Unsure: 1, Kept: int64(texts)}}}
		for j := range texts {
			p.Parses = append(p.Parses, dialogue.Parsed{Request: fmt.Sprint("r", i), Place: j, Tenant: "t1", Customer: "cu-1", Channel: "parse", Time: at, Redacted: "能刻字吗", Lang: "zh",
				Intents: []nlu.Prediction{{Label: "a.b", Score: .5}}, Ranking: []nlu.Prediction{{Label: "a.b", Score: .5}, {Label: "c.d", Score: .45}}, OOS: .1,
				Emotion: dialogue.Reaction{Label: "calm", Intensity: .2}, Entities: []string{"product"}, Bundle: "b1", Millis: 4, Share: 1})
		}
		rows.Add(uint64(i), p)
	}
	return rows
}

func MustTakeParses(tb testing.TB, w *warehouse.Warehouse, rows *analytics.ParseRows, through int) {
	tb.Helper()
	if err := w.TakeParses(tb.Context(), rows, analytics.PackMark{Position: uint64(through), Pack: fmt.Sprint("pack", through)}); err != nil {
		tb.Fatal(err)
	}
}

func wantParses(tb testing.TB, w *warehouse.Warehouse, n, texts int) {
	tb.Helper()
	if got := count(tb, w, "SELECT count(*) FROM parses"); got != n {
		tb.Errorf("%d rows of parses, want %d", got, n)
	}
	if got := count(tb, w, "SELECT coalesce(sum(texts), 0)::INTEGER FROM parse_counts"); got != texts {
		tb.Errorf("%d texts are counted, want %d", got, texts)
	}
}

// TestTakeParses: whatever comes twice counts once, beside turns with the same sequences.
func TestTakeParses(t *testing.T) {
	dir := t.TempDir()
	w := MustOpen(t, warehouse.Options{Dir: dir})
	MustTake(t, w, traffic(3, 50))
	turns, position := count(t, w, "SELECT count(*) FROM turns"), w.Position()
	MustTakeParses(t, w, packs(1, 20, 30), 20)
	MustTakeParses(t, w, packs(11, 20, 30), 30)
	twice := packs(31, 1, 30)
	twice.Parses, twice.Counts = append(twice.Parses, twice.Parses...), append(twice.Counts, twice.Counts...)
	MustTakeParses(t, w, twice, 31)
	wantParses(t, w, 31*30, 31*33)
	if got := count(t, w, "SELECT count(*) FROM turns"); got != turns || w.Position() != position {
		t.Errorf("%d turns and position %d, were %d and %d", got, w.Position(), turns, position)
	}
	if m := w.Parses(); m != (analytics.PackMark{Position: 31, Pack: "pack31"}) {
		t.Errorf("mark %+v", m)
	}
	MustRefresh(t, w)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	w = MustOpen(t, warehouse.Options{Dir: dir})
	if m := w.Parses(); m != (analytics.PackMark{Position: 31, Pack: "pack31"}) {
		t.Errorf("opened again: mark %+v", m)
	}
	MustTakeParses(t, w, packs(25, 10, 30), 34)
	wantParses(t, w, 34*30, 34*33)
	if err := w.ParsesAgain(t.Context()); err != nil || w.Parses() != (analytics.PackMark{}) {
		t.Errorf("again: %v, %+v", err, w.Parses())
	}
	if err := w.Attach(t.Context(), "another", false); err != nil {
		t.Fatal(err)
	}
	MustTakeParses(t, w, packs(40, 1, 1), 40)
	if err := w.Attach(t.Context(), "a third", false); err != nil || w.Parses() != (analytics.PackMark{}) {
		t.Errorf("of another log: %v, %+v", err, w.Parses())
	}
}

// TestParsesOdd: what cannot be a row is noted, and numbers that are none are NULL.
func TestParsesOdd(t *testing.T) {
	w := MustOpen(t, warehouse.Options{})
	rows := packs(1, 1, 5)
	nan := math.NaN()
	rows.Parses[0].Tenant = ""
	rows.Parses[1].Time = time.Time{}
	rows.Parses[2].Text = "a\xffb"
	rows.Parses[3].P1 = &nan
	rows.Counts[0].Conversation = ""
	MustTakeParses(t, w, rows, 1)
	wantParses(t, w, 3, 0)
	if n := count(t, w, "SELECT count(*) FROM notes"); n != 4 {
		t.Errorf("%d notes, want 3 of refusals and one of a cut", n)
	}
	if n := count(t, w, "SELECT count(*) FROM parses WHERE p1 IS NULL"); n != 1 {
		t.Errorf("%d without a probability", n)
	}
}

// TestParsesInTheLake: sealed, made again from the lake, repaired and forgotten as other tables are; their sequences do not touch the position of turns.
func TestParsesInTheLake(t *testing.T) {
	dir := t.TempDir()
	c := &clock{start.Add(400 * 10 * time.Minute)}
	w := MustOpen(t, warehouse.Options{Dir: dir, Now: c.now})
	MustTakeParses(t, w, packs(1, 300, 3), 300)
	c.t = c.t.Add(time.Hour)
	s := MustSeal(t, w, warehouse.SealOptions{All: true})
	if s.Files == 0 || s.Position != 0 {
		t.Errorf("%+v: want files, and position 0 of a log without turns", s)
	}
	lakeEqual(t, w)
	MustTakeParses(t, w, packs(301, 10, 3), 310) // not sealed
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", ".wal"} {
		_ = os.Remove(filepath.Join(dir, warehouse.FileName+suffix))
	}
	w = MustOpen(t, warehouse.Options{Dir: dir, Now: c.now})
	wantParses(t, w, 900, 1800)
	if m := w.Parses(); m.Position != 0 {
		t.Errorf("made again, it does not ask for all packs: %+v", m)
	}
	MustTakeParses(t, w, packs(1, 310, 3), 310)
	wantParses(t, w, 930, 1860)

	damaged := ""
	for _, f := range w.Lake().Manifest().Files {
		if f.Table == "parses" {
			damaged = filepath.Join(w.Lake().Dir(), filepath.FromSlash(f.Path))
		}
	}
	if err := os.WriteFile(damaged, []byte("PAR1 no"), 0o600); err != nil {
		t.Fatal(err)
	}
	if faults, err := w.Repair(t.Context()); err != nil || len(faults) != 1 {
		t.Fatalf("%v, %v", faults, err)
	}
	MustSeal(t, w, warehouse.SealOptions{All: true})
	lakeEqual(t, w)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	w = MustOpen(t, warehouse.Options{Dir: dir, Now: c.now, Keep: 24 * time.Hour})
	if err := w.Forget(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := count(t, w, "SELECT count(*) FROM parses"); n == 0 || n >= 930 {
		t.Errorf("%d rows are left of 930", n)
	}
	lakeEqual(t, w)
}

// TestDamagedParsesOfTheLake: a damaged file of a database that has to be made again is asked for from the log.
func TestDamagedParsesOfTheLake(t *testing.T) {
	dir := t.TempDir()
	w := MustOpen(t, warehouse.Options{Dir: dir})
	MustTakeParses(t, w, packs(1, 20, 3), 20)
	MustSeal(t, w, warehouse.SealOptions{All: true})
	var file lake.File
	for _, f := range w.Lake().Manifest().Files {
		if f.Table == "parses" {
			file = f
		}
	}
	path := filepath.Join(w.Lake().Dir(), filepath.FromSlash(file.Path))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("PAR1 no"), 0o600); err != nil {
		t.Fatal(err)
	}
	_ = os.Remove(filepath.Join(dir, warehouse.FileName))
	w = MustOpen(t, warehouse.Options{Dir: dir})
	MustTakeParses(t, w, packs(1, 20, 3), 20)
	wantParses(t, w, 60, 120)
	MustSeal(t, w, warehouse.SealOptions{All: true})
	lakeEqual(t, w)
}

// TestOlderTables: a warehouse of the version without parses gets their tables and keeps what it has, and its lake is read.
func TestOlderTables(t *testing.T) {
	dir := t.TempDir()
	w := MustOpen(t, warehouse.Options{Dir: dir})
	MustTake(t, w, traffic(3, 50))
	turns, position := count(t, w, "SELECT count(*) FROM turns"), w.Position()
	MustSeal(t, w, warehouse.SealOptions{All: true})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	withoutParses(t, dir)
	w = MustOpen(t, warehouse.Options{Dir: dir})
	MustTakeParses(t, w, packs(1, 2, 3), 2)
	wantParses(t, w, 6, 12)
	if got := count(t, w, "SELECT count(*) FROM turns"); got != turns || w.Position() != position {
		t.Errorf("%d turns and position %d, were %d and %d", got, w.Position(), turns, position)
	}
	if moved, _ := filepath.Glob(filepath.Join(dir, "*.broken-*")); len(moved) != 0 {
		t.Errorf("it was moved aside: %v", moved)
	}
}
