package script_test

import (
	"testing"

	"yingda/dialogue"
)

// wordings of one conversation, as they come in production.
func wordings() []dialogue.Wording {
	angry := say("ask.refund.request.order_id")
	angry.Emotion, angry.Said = dialogue.Emotion{Label: "angry", Valence: "negative", Intensity: 0.8}, []string{"您好，我是智能客服，有什么可以帮您？"}
	again := say("clarify.rephrase")
	again.Said = []string{"抱歉，我没太明白您的意思，可以换个说法，或者说说遇到了什么事吗？", "请问是哪一笔订单？发我订单号就行，后四位也可以。"}
	again.Buttons = []dialogue.Button{{Payload: "/intent order.status"}, {Payload: "/agent"}}
	track := say("answer.delivery.track", "product", "雨伞", "status", "运输中", "location", "上海", "eta", "2026-06-03T18:00:00+08:00", "last_update", "到达转运中心",
		"carrier", "顺丰", "tracking_number", "SF1234567890")
	spoken := track
	spoken.Channel = "voice"
	return []dialogue.Wording{say("chat.greet", "name", "林女士"), track, spoken, angry, again, say("confirm.refund.request", "order_id", "8801238832", "amount", "128.5")}
}

func BenchmarkRender(b *testing.B) {
	book := mustPack(b)
	for _, w := range wordings() {
		name := w.Key
		if w.Channel == "voice" {
			name += "/voice"
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				book.Render(w)
			}
		})
	}
}

func BenchmarkRenderParallel(b *testing.B) {
	book := mustPack(b)
	list := wordings()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			book.Render(list[i%len(list)])
		}
	})
}

// A reply without buttons on a text channel costs one allocation: its text.
func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	book := mustPack(t)
	for _, w := range wordings() {
		most := 1.0
		switch {
		case w.Channel == "voice":
			most = 6
		case len(w.Buttons) > 0 || w.Key == "confirm.refund.request":
			most = 6
		}
		if n := testing.AllocsPerRun(200, func() { book.Render(w) }); n > most {
			t.Errorf("%s %s: %g allocations, want at most %g", w.Key, w.Channel, n, most)
		}
	}
}
