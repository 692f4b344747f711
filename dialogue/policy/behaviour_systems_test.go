package policy_test

import (
	"yingda/dialogue"
)

// withSystems are the behaviours about buttons, notices, troubleshooting and what the operator's systems answer.
var withSystems = []behaviour{
	{"ButtonPayloads", dialogue.Profile{}, func(b *bot) {
		b.press("/intent order.cancel")
		b.want(dialogue.Ask, "key:ask.order.cancel.order_id", "intent:order.cancel")
		b.press("/slot order_id=20221188")
		b.want(dialogue.Confirm, "order_id=20221188")
		b.press("/deny")
		b.want(dialogue.Answer, "key:cancelled.order.cancel")
		b.press("/agent")
		b.want(dialogue.HandOff, "why:request")
		b.press("/agent")
		b.want(dialogue.Answer, "key:waiting.position")
	}},
	{"UnknownPayload", dialogue.Profile{}, func(b *bot) {
		b.press("/teleport")
		b.want(dialogue.Clarify)
	}},
	{"Misheard", dialogue.Profile{Tier: "vip"}, func(b *bot) {
		b.hear(dialogue.Message{Confidence: 0.3}, said("西瓜那个", means("product.recommend", 0.3)))
		b.want(dialogue.Clarify, "key:clarify.again")
		b.hear(dialogue.Message{Confidence: 0.3}, said("嗡嗡", strange))
		b.want(dialogue.HandOff, "why:unrecognised", "queue:vip")
	}},
	{"OptionOfANotice", dialogue.Profile{History: []dialogue.HistoryItem{
		{Kind: "order", OrderID: "3340718", Product: "咖啡豆", Status: "缺货"},
		{Kind: "notice", Text: "订单3340718中的咖啡豆缺货，您可以选择：1 等待补货；2 换其他烘焙度；3 退款。"}}}, func(b *bot) {
		b.say(said("选3", means("chat.affirm", 0.6)))
		b.want(dialogue.Confirm, "key:confirm.refund.request", "order_id=3340718", "product=咖啡豆")
	}},
	{"AfterANotice", dialogue.Profile{History: []dialogue.HistoryItem{
		{Kind: "order", OrderID: "70550192", Product: "speaker", Status: "exception"},
		{Kind: "notice", Text: "Your order 70550192 is on hold: the address is incomplete."}}}, func(b *bot) {
		b.say(said("why did it stop", means("order.status", 0.5), means("refund.status", 0.3)))
		b.want(dialogue.Ask, "order_id=70550192", "key:answer.order.status", "key:ask.order.change_address.address")
		b.say(said("221B Baker Street", has("address", "221B Baker Street"), strange))
		b.want(dialogue.Confirm, "key:confirm.order.change_address", "order_id=70550192")
	}},
	{"StepsAndPeople", dialogue.Profile{}, func(b *bot) {
		b.say(said("the app keeps crashing", means("app.crash_or_slow", 0.98)))
		b.want(dialogue.Answer, "key:step.app.crash_or_slow.refresh", "button:/affirm")
		b.say(said("still the same", means("chat.deny", 0.5), means("app.crash_or_slow", 0.3)))
		b.want(dialogue.Ask, "key:step.app.crash_or_slow.details", "intent:app.crash_or_slow")
		b.say(said("iOS 17", has("attribute", "iOS 17"), vague))
		b.want(dialogue.HandOff, "queue:tech", "why:complexity")
	}},
	{"StepHelps", dialogue.Profile{}, func(b *bot) {
		b.say(said("wifi老断", means("network.problem", 0.98)))
		b.want(dialogue.Answer, "key:step.network.problem.restart")
		b.say(said("好了，可以上网了", means("chat.thank", 0.4), means("chat.affirm", 0.4)))
		b.want(dialogue.Answer, "key:solved.network.problem")
	}},
	{"TriedAlready", dialogue.Profile{}, func(b *bot) {
		b.say(said("wifi老断，重启过了", means("network.problem", 0.98)))
		b.want(dialogue.Ask, "key:step.network.problem.place", "!key:step.network.problem.restart")
	}},
	{"SystemSaysNo", dialogue.Profile{}, func(b *bot) {
		b.shop.answer["order.cancel"] = dialogue.Result{Status: dialogue.CallRefused, Message: "shipped", Data: []byte(`{"next":"return"}`)}
		b.say(said("cancel order 20228832", means("order.cancel", 0.98), has("order_id", "20228832")))
		b.say(yes("yes"))
		b.want(dialogue.Answer, "key:refused.order.cancel", "button:/intent return.request")
		b.say(yes("ok"))
		b.want(dialogue.Confirm, "key:confirm.return.request", "order_id=20228832")
	}},
	{"SystemDoesNotKnow", dialogue.Profile{}, func(b *bot) {
		b.shop.answer["order.get"] = dialogue.Result{Status: dialogue.CallNotFound}
		b.say(said("查订单20221188", means("order.status", 0.98), has("order_id", "20221188")))
		b.want(dialogue.Ask, "key:notfound.order.status", "!order_id=20221188")
		delete(b.shop.answer, "order.get")
		b.say(said("20221189", has("order_id", "20221189"), strange))
		b.want(dialogue.Answer, "order_id=20221189")
	}},
	{"SystemFails", dialogue.Profile{}, func(b *bot) {
		b.shop.answer["refund.create"] = dialogue.Result{Status: dialogue.CallFailed}
		b.say(said("refund order 20228832", means("refund.request", 0.98), has("order_id", "20228832")))
		b.say(yes("yes"))
		b.want(dialogue.Answer, "key:failed.refund.request", "reason:failure")
		b.say(yes("try again, yes"))
		b.want(dialogue.HandOff, "why:failure")
	}},
	{"BadValue", dialogue.Profile{}, func(b *bot) {
		b.say(said("book a visit", means("appointment.book", 0.98)))
		b.say(said("on 1 November 2026", on("1 November 2026", "2026-11-01"), vague))
		b.want(dialogue.Ask, "key:wrong.datetime", "!datetime=1 November 2026")
		b.say(said("on 5 November 2026", on("5 November 2026", "2026-11-05"), vague))
		b.want(dialogue.Confirm, "datetime=5 November 2026")
	}},
	{"AskedTooOften", dialogue.Profile{}, func(b *bot) {
		b.say(said("我要退货", means("return.request", 0.98)))
		for range 3 {
			b.say(said("就是那个嘛", means("return.request", 0.9)))
		}
		b.want(dialogue.HandOff, "why:complexity")
	}},
	{"TopicsPutAside", dialogue.Profile{}, func(b *bot) {
		b.say(said("查订单20221188", means("order.status", 0.98), has("order_id", "20221188")))
		b.say(said("积分有多少", means("points.balance", 0.98)))
		b.want(dialogue.Answer, "!order_id=20221188")
		b.say(said("那单开发票，抬头明月公司", means("invoice.request", 0.98), has("organization", "明月公司")))
		b.want(dialogue.Confirm, "order_id=20221188")
	}},
	{"Goodbye", dialogue.Profile{}, func(b *bot) {
		b.say(said("我要退货", means("return.request", 0.98)))
		b.say(said("先这样，再见", means("chat.goodbye", 0.95)))
		b.want(dialogue.Answer, "key:chat.goodbye")
		if len(b.last.Follow) != 1 || b.last.Follow[0].Kind != "interrupted_task" {
			b.tb.Errorf("follow-ups: %+v", b.last.Follow)
		}
	}},
	{"DateThenTime", dialogue.Profile{}, func(b *bot) {
		b.say(said("预约5号上门", means("appointment.book", 0.98), on("5号", "2026-11-05")))
		b.want(dialogue.Confirm, "datetime=5号")
	}},
	{"OffersAfterTheTicket", orders("7781005 台灯 已签收"), func(b *bot) {
		b.say(said("台灯碎了", means("product.damaged", 0.98), has("product", "台灯")))
		b.want(dialogue.Ask, "key:answer.product.damaged", "button:/intent exchange.request", "button:/intent return.request", "call:ticket.create")
		b.say(said("选2", means("chat.affirm", 0.5)))
		b.want(dialogue.Confirm, "key:confirm.return.request", "order_id=7781005")
	}},
	{"ChosenAtOnce", orders("7781005 台灯 已签收"), func(b *bot) {
		b.say(said("台灯碎了，给我换一个", means("product.damaged", 0.9), and("exchange.request", 0.9), has("product", "台灯")))
		b.want(dialogue.Confirm, "key:answer.product.damaged", "key:confirm.exchange.request", "order_id=7781005")
	}},
	{"ChangesBeforeYes", dialogue.Profile{}, func(b *bot) {
		b.say(said("订两箱牛奶", means("order.place", 0.98), has("product", "牛奶"), has("quantity", "两箱")))
		b.say(said("送到文三路90号", means("order.change_address", 0.9), has("address", "文三路90号")))
		b.want(dialogue.Confirm, "key:confirm.order.place", "address=文三路90号", "product=牛奶")
		b.say(said("颜色换一下", means("order.change_items", 0.9)))
		b.want(dialogue.Ask, "key:ask.order.place.attribute")
	}},
}
