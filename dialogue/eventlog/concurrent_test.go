package eventlog_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"yingda/dialogue"
	"yingda/dialogue/eventlog"
)

// operation is a call on one conversation. The hash of the latest event stands for all of its history.
type operation struct {
	conversation string
	append       bool
	base         string // of the tracker that was appended to
}

type result struct {
	hash string // after it
	err  error
}

// conversationModel is what a conversation should be: a register that changes only from the state that the writer saw.
var conversationModel = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		by := map[string][]porcupine.Operation{}
		for _, op := range history {
			c := op.Input.(operation).conversation
			by[c] = append(by[c], op)
		}
		var out [][]porcupine.Operation
		for _, ops := range by {
			out = append(out, ops)
		}
		return out
	},
	Init: func() any { return "" },
	Step: func(state, input, output any) (bool, any) {
		in, out := input.(operation), output.(result)
		switch {
		case !in.append:
			return out.hash == state, state
		case out.err != nil:
			return in.base != state, state
		default:
			return in.base == state, out.hash
		}
	},
	DescribeOperation: func(input, output any) string {
		in, out := input.(operation), output.(result)
		if !in.append {
			return fmt.Sprintf("load → %.6s", out.hash)
		}
		return fmt.Sprintf("append to %.6s → %.6s %v", in.base, out.hash, out.err)
	},
}

// history collects operations of several clients.
type history struct {
	mu    sync.Mutex
	start time.Time
	ops   []porcupine.Operation
	acked map[string][]string // ids by conversation
}

func (h *history) do(client int, in operation, f func() result) result {
	call := time.Since(h.start)
	out := f()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ops = append(h.ops, porcupine.Operation{ClientId: client, Input: in, Output: out, Call: int64(call), Return: int64(time.Since(h.start))})
	return out
}

// send appends one turn as the engine does: load, look whether it came before, append, and again after a conflict.
func (h *history) send(ctx context.Context, l *eventlog.Log, client int, k dialogue.Key, id string) error {
	for {
		var t *dialogue.Tracker
		r := h.do(client, operation{conversation: k.Conversation}, func() result {
			var err error
			if t, err = l.Load(ctx, k); err != nil {
				return result{err: err}
			}
			return result{hash: t.Hash}
		})
		if r.err != nil {
			return r.err
		}
		if t.Saw(id) == 0 {
			r = h.do(client, operation{k.Conversation, true, t.Hash}, func() result {
				n, err := l.Append(ctx, t, turn(id, "u", "我的订单到哪了", client))
				if err != nil {
					return result{err: err}
				}
				return result{hash: n.Hash}
			})
			if errors.Is(r.err, dialogue.ErrConflict) {
				time.Sleep(rand.N(2 * time.Millisecond))
				continue
			}
			if r.err != nil {
				return r.err
			}
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		h.acked[k.Conversation] = append(h.acked[k.Conversation], id)
		return nil
	}
}

// TestLinearizable has 64 senders write into a few conversations through two replicas. Each sends every message twice, one after the
// other, through both.
func TestLinearizable(t *testing.T) {
	l := mustOpen(t, options(t.TempDir()))
	logs := []*eventlog.Log{l, mustReplica(t, l)}
	checkConcurrent(t, logs, 64, 6, 6)
}

func checkConcurrent(t *testing.T, logs []*eventlog.Log, senders, conversations, each int) {
	t.Helper()
	h := &history{start: time.Now(), acked: map[string][]string{}}
	var wg sync.WaitGroup
	for s := range senders {
		wg.Go(func() {
			for i := range each {
				k, id := key(fmt.Sprint("c", (s+i)%conversations)), fmt.Sprintf("s%d-%d", s, i)
				for twice := range 2 {
					if err := h.send(t.Context(), logs[(s+twice)%len(logs)], s, k, id); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	if res := porcupine.CheckOperationsTimeout(conversationModel, h.ops, time.Minute); res != porcupine.Ok {
		t.Errorf("the history of %d operations is %s, want Ok", len(h.ops), res)
	}
	total := 0
	for c := range conversations {
		k := key(fmt.Sprint("c", c))
		evs, err := logs[0].Events(t.Context(), k, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		there := map[string]int{}
		for _, ev := range evs {
			there[ev.ID]++
		}
		for _, id := range h.acked[k.Conversation] {
			if there[id] != 1 {
				t.Errorf("%s is there %d times, want once", id, there[id])
			}
		}
		total += len(evs)
	}
	if total != senders*each {
		t.Errorf("%d events, want %d", total, senders*each)
	}
	if v, err := logs[0].Verify(t.Context(), nil); err != nil || !v.OK() {
		t.Errorf("verify: %+v %v", v, err)
	}
	t.Logf("%d operations, %d conflicts", len(h.ops), logs[0].Stats().Conflicts+logs[1].Stats().Conflicts)
}
