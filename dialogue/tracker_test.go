package dialogue_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"yingda/dialogue"
)

var key = dialogue.Key{Tenant: "default", Conversation: "web-1"}

func turn(seq uint64, text string) *dialogue.Event {
	return &dialogue.Event{
		ID: fmt.Sprint("m", seq), Kind: dialogue.TurnTaken, Key: key, Customer: "c-9f", Channel: "web", Time: time.Unix(int64(1000+seq), 0), Seq: seq,
		Turn: &dialogue.TurnBody{Redacted: "…", Lang: "zh", Tier: "vip", Emotion: dialogue.Emotion{Label: "neutral"},
			Decision: dialogue.Decision{Action: dialogue.Answer}},
		Private: &dialogue.Private{Customer: "u-1", Text: text, State: dialogue.State{Misses: 1, Angry: 1, Slots: map[string]dialogue.Slot{"order_id": {Value: "8832"}}},
			Replies: []dialogue.Reply{{Text: "好的"}}},
	}
}

func hand(seq uint64, kind dialogue.EventKind, h dialogue.HandBody) *dialogue.Event {
	return &dialogue.Event{ID: fmt.Sprint("h", seq), Kind: kind, Key: key, Seq: seq, Time: time.Unix(int64(1000+seq), 0), Hand: &h}
}

func fold(evs ...*dialogue.Event) *dialogue.Tracker {
	t := &dialogue.Tracker{Key: key}
	for _, ev := range evs {
		t = t.Apply(ev, fmt.Sprint("hash", ev.Seq))
	}
	return t
}

func TestApplyTurn(t *testing.T) {
	tr := fold(turn(1, "查订单"), turn(2, "8832"))
	if tr.Seq != 2 || tr.Events != 2 || tr.Turns != 2 || tr.Customer != "u-1" || tr.Alias != "c-9f" || tr.Tier != "vip" || tr.Lang != "zh" || tr.Hash != "hash2" {
		t.Errorf("tracker %+v", tr)
	}
	var who []string
	for _, l := range tr.Lines {
		who = append(who, l.Who+":"+l.Text)
	}
	if got := strings.Join(who, " "); got != "customer:查订单 robot:好的 customer:8832 robot:好的" {
		t.Errorf("transcript %q", got)
	}
	if tr.Saw("m1") != 1 || tr.Saw("m2") != 2 || tr.Saw("m3") != 0 {
		t.Error("message ids are not remembered")
	}
	if tr.State.Slots["order_id"].Value != "8832" || tr.Started.Unix() != 1001 || tr.LastSaid.Unix() != 1002 {
		t.Errorf("state %+v", tr.State)
	}
}

func TestApplyWithoutPrivatePart(t *testing.T) {
	ev := turn(2, "张三的地址")
	ev.Private = nil
	tr := fold(turn(1, "查订单"), ev)
	if !reflect.DeepEqual(tr.State, dialogue.State{}) {
		t.Errorf("state survives erasure: %+v", tr.State)
	}
	if last := tr.Lines[len(tr.Lines)-1]; last.Text != "…" {
		t.Errorf("line %+v, want the redacted text", last)
	}
}

func TestOwner(t *testing.T) {
	asked := turn(1, "转人工")
	asked.Turn.Decision = dialogue.Decision{Action: dialogue.HandOff, HandOff: &dialogue.HandOffAsk{Queue: "vip", Why: dialogue.ByRequest, Urgent: true}}
	steps := []struct {
		ev   *dialogue.Event
		want dialogue.Owner
	}{
		{asked, dialogue.Owner{Kind: dialogue.OwnerQueue, Queue: "vip", Why: dialogue.ByRequest, Urgent: true, Token: 1}},
		{hand(2, dialogue.Claimed, dialogue.HandBody{Agent: "li"}), dialogue.Owner{Kind: dialogue.OwnerAgent, Queue: "vip", Agent: "li", Why: dialogue.ByRequest, Urgent: true, Token: 2}},
		{hand(3, dialogue.Transferred, dialogue.HandBody{Queue: "tech"}), dialogue.Owner{Kind: dialogue.OwnerQueue, Queue: "tech", Why: dialogue.ByRequest, Urgent: true, Token: 3, Front: true}},
		{hand(4, dialogue.Claimed, dialogue.HandBody{Agent: "wu"}), dialogue.Owner{Kind: dialogue.OwnerAgent, Queue: "tech", Agent: "wu", Why: dialogue.ByRequest, Urgent: true, Token: 4, Front: true}},
		{hand(5, dialogue.Released, dialogue.HandBody{}), dialogue.Owner{Kind: dialogue.OwnerQueue, Queue: "tech", Why: dialogue.ByRequest, Urgent: true, Token: 5, Front: true}},
		{hand(6, dialogue.Returned, dialogue.HandBody{}), dialogue.Owner{Token: 6}},
		{hand(7, dialogue.Queued, dialogue.HandBody{Queue: "tech", Why: dialogue.ByFailure, Skills: []string{"router"}}),
			dialogue.Owner{Kind: dialogue.OwnerQueue, Queue: "tech", Why: dialogue.ByFailure, Skills: []string{"router"}, Token: 7}},
		{hand(8, dialogue.Claimed, dialogue.HandBody{Agent: "wu"}),
			dialogue.Owner{Kind: dialogue.OwnerAgent, Queue: "tech", Agent: "wu", Why: dialogue.ByFailure, Skills: []string{"router"}, Token: 8}},
		{hand(9, dialogue.Closed, dialogue.HandBody{}), dialogue.Owner{Token: 9}},
	}
	tr := &dialogue.Tracker{Key: key}
	for _, s := range steps {
		tr = tr.Apply(s.ev, "h")
		if s.want.Since = s.ev.Time; s.want.Kind != dialogue.OwnerRobot && s.ev.Seq < 7 {
			s.want.Asked = asked.Time
		} else if s.want.Kind != dialogue.OwnerRobot {
			s.want.Asked = time.Unix(1007, 0)
		}
		if !reflect.DeepEqual(tr.Owner, s.want) {
			t.Errorf("after %s: owner %+v, want %+v", s.ev.Kind, tr.Owner, s.want)
		}
	}
	if tr.State.Misses != 0 || tr.State.Angry != 0 || tr.State.Slots["order_id"].Value != "8832" {
		t.Errorf("the robot starts calm, but knows what was learnt: %+v", tr.State)
	}
}

func TestSecondHandOffKeepsThePlaceInTheQueue(t *testing.T) {
	asked := func(seq uint64, queue string) *dialogue.Event {
		ev := turn(seq, "转人工")
		ev.Turn.Decision.HandOff = &dialogue.HandOffAsk{Queue: queue}
		return ev
	}
	if tr := fold(asked(1, "vip"), asked(2, "general")); tr.Owner.Queue != "vip" || tr.Owner.Token != 1 {
		t.Errorf("owner %+v", tr.Owner)
	}
}

// TestApplyChangesNothing folds two ways from one tracker: what the first did must not show in the second.
func TestApplyChangesNothing(t *testing.T) {
	tr := fold(turn(1, "a"))
	for seq := uint64(2); seq < dialogue.MaxLines+10; seq++ {
		before := *tr
		lines := append([]dialogue.Line{}, tr.Lines...)
		left, right := tr.Apply(turn(seq, "left"), "l"), tr.Apply(turn(seq, "right"), "r")
		if n := len(left.Lines); left.Lines[n-2].Text != "left" || right.Lines[n-2].Text != "right" || n > dialogue.MaxLines {
			t.Fatalf("at %d: %d lines, %q and %q", seq, n, left.Lines[n-2].Text, right.Lines[n-2].Text)
		}
		if !reflect.DeepEqual(*tr, before) || !reflect.DeepEqual(tr.Lines, lines) {
			t.Fatalf("at %d: Apply changed its receiver", seq)
		}
		tr = left
	}
}

func TestKeyValidate(t *testing.T) {
	for _, c := range []struct {
		key dialogue.Key
		ok  bool
	}{
		{key, true},
		{dialogue.Key{Tenant: "shop_2-a", Conversation: "微信:王.*>"}, true},
		{dialogue.Key{Tenant: "", Conversation: "a"}, false},
		{dialogue.Key{Tenant: "Shop", Conversation: "a"}, false},
		{dialogue.Key{Tenant: strings.Repeat("a", 65), Conversation: "a"}, false},
		{dialogue.Key{Tenant: "a", Conversation: ""}, false},
		{dialogue.Key{Tenant: "a", Conversation: "a b"}, false},
		{dialogue.Key{Tenant: "a", Conversation: "a\nb"}, false},
		{dialogue.Key{Tenant: "a", Conversation: "a\xff"}, false},
		{dialogue.Key{Tenant: "a", Conversation: strings.Repeat("a", 129)}, false},
	} {
		if err := c.key.Validate(); (err == nil) != c.ok {
			t.Errorf("%+v: %v", c.key, err)
		}
	}
}

func TestStateClone(t *testing.T) {
	s := dialogue.State{
		Slots: map[string]dialogue.Slot{"a": {Value: "1"}}, Tasks: []dialogue.TaskState{{Task: "t", Slots: map[string]string{"a": "1"}, Asks: map[string]int{"a": 1}}},
		Later: []string{"x"}, Asked: &dialogue.Question{Slot: "a"}, Topic: []string{"x"}, Focus: map[string]string{"p": "1"}, Lists: []dialogue.Listed{{Value: "x"}},
		Tried: []string{"x"}, Notes: []string{"x"}, Said: []dialogue.Say{{Key: "x"}},
	}
	c := s.Clone()
	if !reflect.DeepEqual(s, c) {
		t.Fatalf("clone %+v differs from %+v", c, s)
	}
	c.Slots["a"] = dialogue.Slot{Value: "2"}
	c.Tasks[0].Slots["a"], c.Tasks[0].Asks["a"], c.Asked.Slot, c.Focus["p"] = "2", 2, "b", "2"
	c.Later[0], c.Topic[0], c.Lists[0].Value, c.Tried[0], c.Notes[0], c.Said[0].Key = "y", "y", "y", "y", "y", "y"
	if s.Slots["a"].Value != "1" || s.Tasks[0].Slots["a"] != "1" || s.Tasks[0].Asks["a"] != 1 || s.Asked.Slot != "a" || s.Focus["p"] != "1" ||
		s.Later[0]+s.Topic[0]+s.Lists[0].Value+s.Tried[0]+s.Notes[0]+s.Said[0].Key != "xxxxxx" {
		t.Errorf("the clone shares with the original: %+v", s)
	}
}
