package handover_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"yingda/dialogue"
	"yingda/dialogue/routing/handover"
	"yingda/nlu"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func feel(label, valence string, intensity float64) dialogue.Emotion {
	return dialogue.Emotion{Label: label, Valence: valence, Intensity: intensity, Time: now}
}

// conversation is a refund that went wrong, with a router on the side.
func conversation() handover.Input {
	tr := &dialogue.Tracker{
		Key: dialogue.Key{Tenant: "default", Conversation: "web-1"}, Customer: "u-1", Channel: "web", Lang: "zh", Tier: "vip",
		Owner: dialogue.Owner{Kind: dialogue.OwnerQueue, Queue: "vip", Why: dialogue.ByEmotion, Token: 7, Asked: now.Add(-3*time.Minute - 20*time.Second)},
		State: dialogue.State{
			Slots: map[string]dialogue.Slot{"product": {Value: "烤箱", From: "profile"}, "order_id": {Value: "8832", From: "customer", More: []string{"8833"}}},
			Tasks: []dialogue.TaskState{{Task: "network", Intent: "network.problem", Step: "restart", Paused: true}, {Task: "refund", Intent: "refund.request"}},
			Later: []string{"invoice.request"}, Asked: &dialogue.Question{Kind: dialogue.AskSlot, Task: "refund", Slot: "reason"},
			Tried: []string{"step.network.restart"}, Notes: []string{"下午三点前要答复"},
		},
		Lines:    []dialogue.Line{{Who: "customer", Text: "退款怎么还没到", Time: now, Seq: 1}},
		Emotions: []dialogue.Emotion{feel("neutral", "neutral", 0), feel("anxious", "anxious", 0.5), feel("angry", "negative", 0.9)},
	}
	names := map[string]string{"refund.request": "退款", "network.problem": "网络问题", "invoice.request": "开发票", "order_id": "订单号", "product": "商品",
		"reason": "原因", "restart": "重启路由器", "step.network.restart": "重启路由器", "refund.create": "提交退款", "angry": "愤怒"}
	return handover.Input{
		Tracker: tr, Now: now, Profile: dialogue.Profile{Name: "张女士", History: []dialogue.HistoryItem{{Kind: "order", OrderID: "1"}, {Kind: "order", OrderID: "2"}}},
		Hits: []dialogue.Hit{{Entry: dialogue.Entry{ID: "refund-time", Questions: []string{"退款多久到账"}, Answer: "三个工作日内。"}, Score: 0.8}},
		Events: []dialogue.Event{{Kind: dialogue.TurnTaken, Time: now, Turn: &dialogue.TurnBody{Calls: []dialogue.CallNote{{Name: "order.get", Status: dialogue.CallOK}, {Name: "refund.create", Status: dialogue.CallFailed}}},
			Private: &dialogue.Private{Entities: []dialogue.Entity{{Type: "order_id", Text: "8832"}, {Type: "order_id", Text: "8832"}}}}},
		Name: func(name string, lang nlu.Lang) string {
			if lang == nlu.English {
				return ""
			}
			return names[name]
		},
	}
}

func TestSummary(t *testing.T) {
	in := conversation()
	p := handover.New(in)
	want := "客户要办：退款（还差：原因）、网络问题（排查到：重启路由器），另外提到：开发票。" +
		"已知：订单号 8832、8833、商品 烤箱（档案）。" +
		"已给出或试过：重启路由器。已查过系统：order.get 成功、提交退款 系统无响应。" +
		"情绪：愤怒，比之前激动。客户持续不满，客户已等待3分钟。等待时补充：下午三点前要答复。"
	if p.Summary.Text != want {
		t.Errorf("summary\n%s\nwant\n%s", p.Summary.Text, want)
	}
	in.Lang = nlu.English
	want = "The customer wants: refund.request (still missing: reason), network.problem (reached step: restart); also mentioned: invoice.request. " +
		"Known: order_id 8832, 8833, product 烤箱 (profile). " +
		"Already given or tried: step.network.restart. Systems asked: order.get ok, refund.create no answer. " +
		"Mood: angry, getting worse. The customer has been unhappy for a while; they have waited 3 minutes. Added while waiting: 下午三点前要答复."
	if got := handover.New(in).Summary.Text; got != want {
		t.Errorf("summary\n%s\nwant\n%s", got, want)
	}
}

func TestPackage(t *testing.T) {
	p := handover.New(conversation())
	if p.Customer.Name != "张女士" || p.Customer.Tier != "vip" || p.History[0].OrderID != "2" || p.Waited != 200 {
		t.Errorf("customer %+v, history %+v, waited %g", p.Customer, p.History, p.Waited)
	}
	if len(p.Tasks) != 2 || p.Tasks[0].Name != "refund.request" || p.Tasks[0].Waiting.Title != "原因" || !p.Tasks[1].Paused || p.Tasks[1].Waiting != nil {
		t.Errorf("tasks %+v", p.Tasks)
	}
	if len(p.Entities) != 1 || len(p.Calls) != 2 || p.Calls[0].Name != "refund.create" {
		t.Errorf("entities %+v, calls %+v", p.Entities, p.Calls)
	}
	if s := p.Suggestions; len(s) != 1 || s[0].ID != "knowledge/refund-time" || s[0].Title != "退款多久到账" || s[0].Reply.Text != "三个工作日内。" {
		t.Errorf("suggestions %+v", s)
	}
}

func TestTrend(t *testing.T) {
	calm, angry, happy := feel("neutral", "neutral", 0), feel("angry", "negative", 0.9), feel("positive", "positive", 0.8)
	cases := []struct {
		points []dialogue.Emotion
		want   handover.Move
		level  float64
	}{
		{nil, "", 0}, {[]dialogue.Emotion{angry}, handover.Steady, 0.9}, {[]dialogue.Emotion{calm, angry}, handover.Rising, 0.9},
		{[]dialogue.Emotion{angry, angry, calm, calm}, handover.Falling, 0}, {[]dialogue.Emotion{calm, calm, happy, happy}, handover.Falling, -0.8},
		{[]dialogue.Emotion{angry, angry, angry}, handover.Steady, 0.9},
	}
	for _, tc := range cases {
		in := handover.Input{Tracker: &dialogue.Tracker{Emotions: tc.points}}
		if got := handover.New(in).Emotion; got.Moves != tc.want || got.Level != tc.level {
			t.Errorf("%v: %+v, want %s at %g", tc.points, got, tc.want, tc.level)
		}
	}
}

func TestEmptyConversation(t *testing.T) {
	p := handover.New(handover.Input{Tracker: &dialogue.Tracker{}})
	if p.Summary.Text != "客户还没有说明要办什么。" {
		t.Errorf("summary %q", p.Summary.Text)
	}
	b, err := json.Marshal(p)
	if err != nil || strings.Contains(string(b), "NaN") {
		t.Errorf("%s, %v", b, err)
	}
	for _, list := range []string{`"tasks":[]`, `"slots":[]`, `"entities":[]`, `"suggestions":[]`, `"history":[]`, `"tried":[]`, `"calls":[]`} {
		if !strings.Contains(string(b), list) {
			t.Errorf("%s is missing: consoles need lists, not null", list)
		}
	}
}

// TestNothingIsLost draws conversations: whatever is known, tried or noted is in the summary, in both languages, and New changes nothing.
func TestNothingIsLost(t *testing.T) {
	word := rapid.StringMatching(`[a-z]{3,8}\.[a-z]{3,8}`)
	rapid.Check(t, func(t *rapid.T) {
		st := dialogue.State{Slots: map[string]dialogue.Slot{}, Tried: rapid.SliceOfN(word, 0, 4).Draw(t, "tried"), Notes: rapid.SliceOfN(word, 0, 3).Draw(t, "notes"),
			Later: rapid.SliceOfN(word, 0, 2).Draw(t, "later")}
		for _, name := range rapid.SliceOfN(word, 0, 5).Draw(t, "slots") {
			st.Slots[name] = dialogue.Slot{Value: "v-" + name, From: rapid.SampledFrom([]string{"customer", "profile", "system"}).Draw(t, "from")}
		}
		for _, name := range rapid.SliceOfN(word, 0, 3).Draw(t, "tasks") {
			st.Tasks = append(st.Tasks, dialogue.TaskState{Task: name, Intent: name})
		}
		before := st.Clone()
		tr := &dialogue.Tracker{State: st, Owner: dialogue.Owner{Why: rapid.SampledFrom([]dialogue.Reason{dialogue.ByRequest, dialogue.ByTier, "own.reason"}).Draw(t, "why")}}
		for _, lang := range []nlu.Lang{nlu.Chinese, nlu.English} {
			text := handover.New(handover.Input{Tracker: tr, Lang: lang}).Summary.Text
			var want []string
			for name, s := range st.Slots {
				want = append(want, name, s.Value)
			}
			for _, ts := range st.Tasks {
				want = append(want, ts.Intent)
			}
			want = append(append(want, st.Tried...), st.Notes...)
			if len(st.Tasks) > 0 {
				want = append(want, st.Later...)
			}
			for _, w := range want {
				if !strings.Contains(text, w) {
					t.Fatalf("%q is missing in %q", w, text)
				}
			}
		}
		if !reflect.DeepEqual(tr.State, before) {
			t.Fatal("New changed the tracker")
		}
	})
}
