package proactive_test

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"testing"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/proactive"
)

// many is a store that shows a number of follow-ups to those who watch, and has nothing else.
type many struct {
	dialogue.Documents
	n    int
	body func(i int) dialogue.Document
}

func (m many) Watch(ctx context.Context, _ string, ready func(), fn func(dialogue.Document)) error {
	for i := range m.n {
		fn(m.body(i))
	}
	ready()
	<-ctx.Done()
	return nil
}

// TestHundredThousandPending holds 100,000 follow-ups that are not due yet: how much memory and time that takes is printed.
func TestHundredThousandPending(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED, NOT TESTED: takes seconds")
	}
	const n = 100_000
	due := noon.Add(48 * time.Hour)
	docs := many{n: n, body: func(i int) dialogue.Document {
		at := due.Add(time.Duration(i) * time.Second).UTC()
		f := proactive.FollowUp{
			Key: key(fmt.Sprintf("web-%08d", i)), ID: fmt.Sprintf("%s-%020d", at.Format("20060102T150405Z"), i), Kind: "interrupted_task", Customer: fmt.Sprintf("customer-%07d", i/3),
			Status: proactive.Pending, Due: at, Expires: at.Add(time.Hour), Script: "follow.interrupted_task", Vars: map[string]string{"task": "取消订单", "order_id": "8832"},
		}
		body, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		return dialogue.Document{Name: "followup/default/" + f.ID, Body: body, Revision: uint64(i + 1)}
	}}
	before := heap()
	began := time.Now()
	s, err := proactive.New(proactive.Options{Documents: docs, Conversations: conversations{}, Scripts: words{}, Kinds: mustStandard(t), Now: func() time.Time { return noon }, Logger: quietly})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx, nil) }()
	if err := s.Loaded(ctx); err != nil {
		t.Fatal(err)
	}
	took, used := time.Since(began), heap()-before
	t.Logf("%d pending: %.1f MB, read in %v (with making their JSON)", s.Stats().Pending, float64(used)/1e6, took.Round(time.Millisecond))
	if s.Stats().Pending != n || used > 64<<20 {
		t.Errorf("%d pending in %d bytes, want %d in at most 64 MB", s.Stats().Pending, used, n)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
