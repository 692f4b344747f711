package eventlog_test

import (
	"errors"
	"fmt"
	"testing"

	"yingda/dialogue"
)

func TestReplayEqualsLive(t *testing.T) {
	dir := t.TempDir()
	l := mustOpen(t, options(dir))
	k := key("web-7f3a")
	live := write(t, l, k, "u-1001", 100)
	if live.Events != 100 || live.Turns != 100 {
		t.Fatalf("%d events, %d turns", live.Events, live.Turns)
	}
	want := asJSON(t, live)
	if got := asJSON(t, mustLoad(t, l, k)); got != want {
		t.Errorf("from memory:\n%s\nwant\n%s", got, want)
	}
	if got := asJSON(t, mustLoad(t, mustReplica(t, l), k)); got != want {
		t.Errorf("from another replica:\n%s\nwant\n%s", got, want)
	}
	eventually(t, "a snapshot", func() bool { return l.Stats().Snapshots == 3 })
	mustClose(t, l)
}

func TestConflict(t *testing.T) {
	l := mustOpen(t, options(t.TempDir()))
	k := key("c")
	empty := mustLoad(t, l, k)
	first := mustAppend(t, l, empty, turn("m1", "u", "你好", 0))
	if _, err := l.Append(t.Context(), empty, turn("m2", "u", "在吗", 0)); !errors.Is(err, dialogue.ErrConflict) {
		t.Errorf("second writer: %v, want ErrConflict", err)
	}
	again, err := l.Append(t.Context(), empty, turn("m1", "u", "你好", 0)) // the redo after a timeout
	if err != nil || asJSON(t, again) != asJSON(t, first) {
		t.Errorf("the same again: %v, %s", err, asJSON(t, again))
	}
	if _, err := l.Append(t.Context(), empty, turn("m1", "u", "你好吗", 0)); !errors.Is(err, dialogue.ErrConflict) {
		t.Errorf("the same id with other content: %v, want ErrConflict", err)
	}
	if evs, err := l.Events(t.Context(), k, 0, 0); err != nil || len(evs) != 1 || evs[0].Private.Text != "你好" {
		t.Errorf("%v %+v", err, evs)
	}
}

func TestDocumentsRoundTrip(t *testing.T) {
	l := mustOpen(t, options(t.TempDir()))
	ctx := t.Context()
	var rev uint64
	for i := range 3 {
		var err error
		if rev, err = l.Put(ctx, dialogue.Document{Name: "script/default/确认.退款", Body: fmt.Append(nil, i), Revision: rev, By: "li"}); err != nil {
			t.Fatal(err)
		}
	}
	d, err := l.Get(ctx, "script/default/确认.退款")
	if err != nil || string(d.Body) != "2" || d.By != "li" {
		t.Fatalf("%v %+v", err, d)
	}
	h, err := l.History(ctx, d.Name, 2)
	if err != nil || len(h) != 2 || string(h[1].Body) != "1" {
		t.Fatalf("%v %+v", err, h)
	}
	list, err := l.List(ctx, "script/def")
	if err != nil || len(list) != 1 {
		t.Fatalf("%v %+v", err, list)
	}
}
