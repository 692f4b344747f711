package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"yingda/bench"
)

// How many send to how many conversations: what issue 6 asks for. Half of the messages go to the few first conversations, so that senders meet.
const (
	senderCount       = 64
	conversationCount = 1000
	popularCount      = 60
)

// senders load robots as channels do: a message is sent under the same id until it is acknowledged, whatever happens to the robots.
// Now and then one is sent twice at once, and now and then a conversation is read.
type senders struct {
	ctx    context.Context // of the test: when it fails they end
	robots []*robot        // that share a log
	texts  []string
	client *http.Client
	began  time.Time

	stop   atomic.Bool
	wg     sync.WaitGroup
	mu     sync.Mutex
	ops    []porcupine.Operation
	acked  map[string]ackedTurn // by message id
	retold map[string]int       // answers that made a sender try again, by what they were
	slow   time.Duration        // longest time until a message was acknowledged
	faults []string             // answers that nobody should get
}

// ackedTurn is what a sender was told of its message.
type ackedTurn struct {
	conversation, replies string
	seq                   uint64
}

func newSenders(tb testing.TB, robots ...*robot) *senders {
	return &senders{ctx: tb.Context(), robots: robots, texts: bench.Texts(true), began: time.Now(), acked: map[string]ackedTurn{}, retold: map[string]int{},
		client: &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 2 * senderCount}}}
}

// start lets all senders begin; finish lets each bring its last message home and waits for that.
func (s *senders) start() {
	for n := range senderCount {
		s.wg.Go(func() { s.work(n) })
	}
}

func (s *senders) finish() {
	s.stop.Store(true)
	s.wg.Wait()
}

func (s *senders) work(sender int) {
	rng := rand.New(rand.NewPCG(uint64(sender), 6))
	for n := 0; !s.stop.Load() && s.ctx.Err() == nil; n++ {
		c := rng.IntN(conversationCount)
		if rng.IntN(2) == 0 {
			c = rng.IntN(popularCount)
		}
		conversation, id, text := fmt.Sprint("c", c), fmt.Sprintf("s%d-%d", sender, n), s.texts[rng.IntN(len(s.texts))]
		switch rng.IntN(16) {
		case 0: // a channel that delivers twice
			var twin sync.WaitGroup
			first, second := s.pick(rng), s.pick(rng)
			twin.Go(func() { s.send(sender, first, conversation, id, text) })
			s.send(senderCount+sender, second, conversation, id, text)
			twin.Wait()
		case 1, 2:
			s.read(sender, s.pick(rng), conversation)
		default:
			s.send(sender, s.pick(rng), conversation, id, text)
		}
	}
}

func (s *senders) pick(rng *rand.Rand) int { return rng.IntN(len(s.robots)) }

// turnOperation is a message, or with an empty id a look at the conversation.
type turnOperation struct {
	conversation, id string
	retried          bool // an earlier try may have been taken
}

// turnResult is what came of it.
type turnResult struct {
	seq       uint64
	duplicate bool
	turns     []takenTurn // that the reader saw
}

// takenTurn is a turn of a conversation.
type takenTurn struct {
	id  string
	seq uint64
}

// send sends a message until it is acknowledged, to one robot after the other.
func (s *senders) send(client, robot int, conversation, id, text string) {
	body, _ := json.Marshal(map[string]string{"id": id, "customer": "u-" + conversation, "text": text})
	call := time.Since(s.began)
	for try := 0; s.ctx.Err() == nil; try++ {
		base := s.robots[(robot+try)%len(s.robots)].base
		var a said
		status, err := s.do("POST", base+"/v1/conversations/"+conversation+"/messages", body, &a)
		switch {
		case err == nil && status == http.StatusOK:
			s.record(client, call, turnOperation{conversation, id, try > 0}, turnResult{seq: a.Seq, duplicate: a.Duplicate}, a.words())
			return
		case err != nil:
			s.tell("cut off")
		case status == 429 || status == 503 || status == 504:
			s.tell(a.Code)
		default:
			s.fault("message %s: status %d, %s: %s", id, status, a.Code, a.Detail)
			return
		}
		time.Sleep(20*time.Millisecond + rand.N(60*time.Millisecond))
	}
}

// read looks at a conversation; without an answer nothing is learnt.
func (s *senders) read(client, robot int, conversation string) {
	call := time.Since(s.began)
	turns, err := s.history(s.robots[robot].base, conversation)
	if err == nil {
		got := turnResult{}
		for _, t := range turns {
			got.turns = append(got.turns, takenTurn{t.ID, t.Seq})
		}
		s.record(client, call, turnOperation{conversation: conversation}, got, "")
	}
}

// historyTurn is a turn as the API shows it.
type historyTurn struct {
	ID, Kind string
	Seq      uint64
	Replies  []bubble
}

func (s *senders) history(base, conversation string) (turns []historyTurn, err error) {
	for after := uint64(0); ; {
		var page struct {
			Events []historyTurn
			Next   uint64
			More   bool
			Code   string
		}
		status, err := s.do("GET", fmt.Sprintf("%s/v1/conversations/%s/messages?limit=200&after=%d", base, conversation, after), nil, &page)
		switch {
		case err != nil:
			return nil, err
		case status == http.StatusNotFound && page.Code == "unknown_conversation":
			return nil, nil
		case status != http.StatusOK:
			return nil, fmt.Errorf("history of %s: status %d, %s", conversation, status, page.Code)
		}
		for _, ev := range page.Events {
			if ev.Kind == "turn" {
				turns = append(turns, ev)
			}
		}
		if after = page.Next; !page.More {
			return turns, nil
		}
	}
}

func (s *senders) do(method, url string, body []byte, into any) (int, error) {
	req, err := http.NewRequestWithContext(s.ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, json.Unmarshal(data, into)
}

func (s *senders) record(client int, call time.Duration, in turnOperation, out turnResult, replies string) {
	now := time.Since(s.began)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ops = append(s.ops, porcupine.Operation{ClientId: client, Input: in, Output: out, Call: int64(call), Return: int64(now)})
	if in.id == "" {
		return
	}
	s.slow = max(s.slow, now-call)
	a := ackedTurn{in.conversation, replies, out.seq}
	if before, ok := s.acked[in.id]; ok && before != a {
		s.faults = append(s.faults, fmt.Sprintf("message %s was answered with %+v and then with %+v", in.id, before, a))
	}
	s.acked[in.id] = a
}

func (s *senders) tell(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.retold[what]++
}

func (s *senders) fault(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, fmt.Sprintf(format, args...))
}

// turnModel is what a conversation should be: a list that grows by each message once, in the log's order, and that readers see whole.
var turnModel = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		by := map[string][]porcupine.Operation{}
		for _, op := range history {
			c := op.Input.(turnOperation).conversation
			by[c] = append(by[c], op)
		}
		var parts [][]porcupine.Operation
		for _, ops := range by {
			parts = append(parts, ops)
		}
		return parts
	},
	Init: func() any { return []takenTurn(nil) },
	Step: func(state, input, output any) (bool, any) {
		turns, in, out := state.([]takenTurn), input.(turnOperation), output.(turnResult)
		if in.id == "" {
			return slices.Equal(turns, out.turns), turns
		}
		if i := slices.IndexFunc(turns, func(t takenTurn) bool { return t.id == in.id }); i >= 0 {
			return turns[i].seq == out.seq && out.duplicate, turns
		}
		grows := len(turns) == 0 || turns[len(turns)-1].seq < out.seq
		return grows && (!out.duplicate || in.retried), append(slices.Clip(turns), takenTurn{in.id, out.seq})
	},
	Equal: func(a, b any) bool { return slices.Equal(a.([]takenTurn), b.([]takenTurn)) },
	DescribeOperation: func(input, output any) string {
		in, out := input.(turnOperation), output.(turnResult)
		if in.id == "" {
			return fmt.Sprintf("read → %v", out.turns)
		}
		return fmt.Sprintf("%s → %d, duplicate %v", in.id, out.seq, out.duplicate)
	},
}

// TestTurnModel shows that the checker finds what it is there to find.
func TestTurnModel(t *testing.T) {
	op := func(call, ret int64, in turnOperation, out turnResult) porcupine.Operation {
		in.conversation = "c"
		return porcupine.Operation{Input: in, Output: out, Call: call, Return: ret}
	}
	sent := func(call, ret int64, id string, seq uint64) porcupine.Operation {
		return op(call, ret, turnOperation{id: id}, turnResult{seq: seq})
	}
	seen := func(call, ret int64, turns ...takenTurn) porcupine.Operation {
		return op(call, ret, turnOperation{}, turnResult{turns: turns})
	}
	a, b := takenTurn{"a", 1}, takenTurn{"b", 2}
	for name, tt := range map[string]struct {
		ops  []porcupine.Operation
		want porcupine.CheckResult
	}{
		"OK":           {[]porcupine.Operation{sent(0, 1, "a", 1), sent(2, 3, "b", 2), seen(4, 5, a, b)}, porcupine.Ok},
		"OKMeanwhile":  {[]porcupine.Operation{sent(0, 3, "b", 2), sent(0, 3, "a", 1), seen(1, 2, a)}, porcupine.Ok},
		"OKDuplicate":  {[]porcupine.Operation{sent(0, 1, "a", 1), op(2, 3, turnOperation{id: "a"}, turnResult{seq: 1, duplicate: true})}, porcupine.Ok},
		"OKRetried":    {[]porcupine.Operation{op(0, 3, turnOperation{id: "a", retried: true}, turnResult{seq: 1, duplicate: true})}, porcupine.Ok},
		"ErrLost":      {[]porcupine.Operation{sent(0, 1, "a", 1), sent(2, 3, "b", 2), seen(4, 5, b)}, porcupine.Illegal},
		"ErrDoubled":   {[]porcupine.Operation{sent(0, 1, "a", 1), sent(2, 3, "a", 2)}, porcupine.Illegal},
		"ErrReordered": {[]porcupine.Operation{sent(0, 1, "b", 2), sent(2, 3, "a", 1)}, porcupine.Illegal},
		"ErrStale":     {[]porcupine.Operation{sent(0, 1, "a", 1), seen(2, 3)}, porcupine.Illegal},
	} {
		if got := porcupine.CheckOperations(turnModel, tt.ops); got != (tt.want == porcupine.Ok) {
			t.Errorf("%s: linearizable %v", name, got)
		}
	}
}

// check reads all conversations and holds them against what the senders were told.
func (s *senders) check(tb testing.TB) {
	tb.Helper()
	for _, f := range s.faults[:min(len(s.faults), 10)] {
		tb.Error(f)
	}
	found := 0
	for c := range conversationCount {
		conversation := fmt.Sprint("c", c)
		turns, err := s.history(s.robots[c%len(s.robots)].base, conversation)
		if err != nil {
			tb.Fatal(err)
		}
		for _, t := range turns {
			var a said
			a.Replies = t.Replies
			if want, ok := s.acked[t.ID]; !ok || want != (ackedTurn{conversation, a.words(), t.Seq}) {
				tb.Errorf("%s has the turn %s at %d, saying %q; its sender was told %+v", conversation, t.ID, t.Seq, a.words(), want)
			}
		}
		found += len(turns)
		s.read(0, c%len(s.robots), conversation)
	}
	if found != len(s.acked) {
		tb.Errorf("%d turns are there for %d acknowledged messages", found, len(s.acked))
	}
	if res := porcupine.CheckOperationsTimeout(turnModel, s.ops, 2*time.Minute); res != porcupine.Ok {
		tb.Errorf("the history of %d operations is %s, want Ok", len(s.ops), res)
	}
	took := time.Since(s.began)
	tb.Logf("%d operations, %d turns of %d senders in %.0f s; the slowest was acknowledged after %.1f s; sent again: %v", len(s.ops), found, senderCount,
		took.Seconds(), s.slow.Seconds(), s.retold)
}

// words are the replies, a line each.
func (a said) words() string {
	texts := make([]string, len(a.Replies))
	for i, r := range a.Replies {
		texts[i] = r.Text
	}
	return strings.Join(texts, "\n")
}
