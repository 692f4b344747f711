package mine_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"yingda/analytics"
	"yingda/analytics/mine"
	"yingda/analytics/warehouse"
	"yingda/dialogue"
	"yingda/nlu"
)

// TestCollect asks a real warehouse.
func TestCollect(t *testing.T) {
	ctx := context.Background()
	w, err := warehouse.Open(ctx, warehouse.Options{Dir: t.TempDir(), Now: func() time.Time { return start.AddDate(0, 0, 2) }})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	var events []dialogue.Event
	seq := uint64(0)
	add := func(conversation, text string, after time.Duration, p1, p2 float64, d dialogue.Decision) {
		seq++
		events = append(events, dialogue.Event{ID: fmt.Sprint("m", seq), Kind: dialogue.TurnTaken, Key: dialogue.Key{Tenant: "t", Conversation: conversation},
			Customer: "cu-" + conversation, Channel: "web", Time: start.Add(after), Seq: seq, Turn: &dialogue.TurnBody{
				Redacted: text, Lang: "zh", Bundle: "b1", Decision: d, Ranking: []nlu.Prediction{{Label: "a.b", Score: p1}, {Label: "c.d", Score: p2}},
			}})
	}
	good := dialogue.Decision{Action: dialogue.Answer, Reason: dialogue.Reason("known")}
	add("fall", "礼品卡里的余额能不能提现", 0, .9, .01, dialogue.Decision{Action: dialogue.Answer, Reason: dialogue.NotUnderstood})
	add("fine", "我的订单现在到哪里了", 0, .95, .01, good)
	add("low", "能帮我在戒指上刻字吗", 0, .3, .05, good)
	add("close", "想把旧手机折价换新的", 0, .5, .45, good)
	add("again", "怎么申请开具电子发票", 0, .9, .01, good)
	add("again", "怎么申请电子发票呢", 30*time.Second, .9, .01, good)
	add("late", "怎么申请开具电子发票", 0, .9, .01, good)
	add("late", "怎么申请电子发票呢", time.Hour, .9, .01, good)
	add("hand", "会员积分什么时候清零", 0, .9, .01, good)
	add("hand", "转人工客服", 20*time.Second, .99, .01, dialogue.Decision{Action: dialogue.HandOff, HandOff: &dialogue.HandOffAsk{Why: dialogue.ByRequest}})
	add("thumb", "你们支持货到付款吗", 0, .9, .01, good)
	add("short", "嗯", 0, .1, .05, dialogue.Decision{Reason: dialogue.NotUnderstood})
	seq++
	events = append(events, dialogue.Event{ID: "r", Kind: dialogue.Rated, Key: dialogue.Key{Tenant: "t", Conversation: "thumb"}, Customer: "cu-thumb", Channel: "web",
		Time: start.Add(time.Minute), Seq: seq, Rating: &dialogue.RatingBody{Thumb: -1, About: fmt.Sprint("m", seq-2)}})
	if err := w.Ingest(ctx, events); err != nil {
		t.Fatal(err)
	}
	cs, err := mine.Collect(ctx, w, "t", start.Add(-time.Hour), start.AddDate(0, 0, 1), mine.CollectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]mine.Reason{}
	for _, c := range cs {
		got[c.Conversation] = append(got[c.Conversation], c.Reasons...)
		if c.Handed != (c.Conversation == "hand") {
			t.Errorf("%s: handed %v", c.Conversation, c.Handed)
		}
	}
	want := map[string][]mine.Reason{"fall": {mine.Fallback}, "low": {mine.Low}, "close": {mine.Margin}, "again": {mine.Rephrased}, "hand": {mine.HandedOver}, "thumb": {mine.ThumbDown}}
	if len(got) != len(want) {
		t.Errorf("candidates %v", got)
	}
	for k, r := range want {
		if !slices.Equal(got[k], r) {
			t.Errorf("%s: %v, want %v", k, got[k], r)
		}
	}
	if other, err := mine.Collect(ctx, w, "other", start, start.AddDate(0, 0, 1), mine.CollectOptions{}); err != nil || len(other) != 0 {
		t.Errorf("another tenant has %d candidates (%v)", len(other), err)
	}
	parses := &analytics.ParseRows{}
	parsed := func(id, text string, p1, p2 float64, understood bool) dialogue.Parsed {
		p := dialogue.Parsed{Request: id, Tenant: "t", Channel: "parse", Time: start.Add(time.Minute), Redacted: text, Lang: "zh", Bundle: "b1", Share: 1,
			Ranking: []nlu.Prediction{{Label: "e.f", Score: p1}, {Label: "c.d", Score: p2}}}
		if understood {
			p.Intents = p.Ranking[:1]
		}
		return p
	}
	parses.Add(1, &dialogue.ParsedPack{ID: "p", Parses: []dialogue.Parsed{
		parsed("missed", "礼品卡里的余额能不能提现", .5, .1, false), parsed("weak", "能帮我在项链上刻字吗", .3, .1, true), parsed("rival", "想把旧电脑折价换新的", .5, .45, true),
		parsed("known", "我的订单现在到哪里了呀", .95, .01, true), parsed("brief", "嗯", .1, .01, false)}})
	if err := w.TakeParses(ctx, parses, analytics.PackMark{Position: 1, Pack: "p"}); err != nil {
		t.Fatal(err)
	}
	both, err := mine.Collect(ctx, w, "t", start.Add(-time.Hour), start.AddDate(0, 0, 1), mine.CollectOptions{})
	if err != nil || len(both) != len(cs)+3 {
		t.Fatalf("%d candidates with parses, %d without, want 3 more (%v)", len(both), len(cs), err)
	}
	for i, c := range both {
		if want, ok := map[string]mine.Reason{"missed": mine.Fallback, "weak": mine.Low, "rival": mine.Margin}[c.ID]; ok && (len(c.Reasons) != 1 || c.Reasons[0] != want || c.Handed || c.Customer != "") {
			t.Errorf("%+v, want %s", c, want)
		}
		if i > 0 && c.Time.Before(both[i-1].Time) {
			t.Errorf("%s is older than the one before it", c.ID)
		}
	}
	for _, item := range mine.Dedupe(both) {
		if item.Text == "礼品卡里的余额能不能提现" && (item.Count != 2 || len(item.Customers) != 1) {
			t.Errorf("said in a conversation and analysed alone: %d, by %v", item.Count, item.Customers)
		}
	}
	if few, err := mine.Collect(ctx, w, "t", start.Add(-time.Hour), start.AddDate(0, 0, 1), mine.CollectOptions{Limit: 2}); err != nil || len(few) != 2 || few[0].ID == few[1].ID {
		t.Errorf("the newest two: %v (%v)", few, err)
	}
	known, err := mine.CollectKnown(ctx, w, "t", start.Add(-time.Hour), start.AddDate(0, 0, 1), 3)
	if err != nil || len(known) != 4 || known[0].Intent != "a.b" || known[3] != (mine.Known{Intent: "e.f", Text: "我的订单现在到哪里了呀"}) {
		t.Errorf("known %v (%v)", known, err)
	}
}
