package policy_test

import (
	"slices"
	"testing"

	"yingda/dialogue"
	"yingda/dialogue/policy"
	"yingda/nlu"
)

// behaviour is a conversation with analyses made by hand, for one thing that the robot must be able to do.
type behaviour struct {
	name    string
	profile dialogue.Profile
	run     func(*bot)
}

// behaviours are all of them.
var behaviours = slices.Concat(withWords, withSystems)

// withWords are those about what customers say.
var withWords = []behaviour{
	{"FillsOverTurns", dialogue.Profile{}, func(b *bot) {
		b.say(said("我要改地址", means("order.change_address", 0.98)))
		b.want(dialogue.Ask, "key:ask.order.change_address.order_id", "reason:slot")
		b.say(said("8832", bare("number", "8832", 8832.0), strange))
		b.want(dialogue.Ask, "order_id=8832", "key:ask.order.change_address.address", "intent:order.change_address")
		b.say(said("杭州市文三路90号", has("address", "杭州市文三路90号"), means("store.hours_and_location", 0.5)))
		b.want(dialogue.Confirm, "order_id=8832", "address=杭州市文三路90号", "button:/affirm", "button:/deny")
		b.say(yes("对"))
		b.want(dialogue.Answer, "key:done.order.change_address", "call:order.change_address", "intent:chat.affirm")
	}},
	{"SeveralSlotsAtOnce", dialogue.Profile{}, func(b *bot) {
		b.say(said("change the tax number of invoice for order 20250411093 to 91440300MA5F0Q7R2C", means("invoice.change", 0.98), has("order_id", "20250411093"), has("tax_number", "91440300MA5F0Q7R2C")))
		b.want(dialogue.Confirm, "order_id=20250411093", "tax_number=91440300MA5F0Q7R2C")
	}},
	{"ValueForAnotherIntent", dialogue.Profile{}, func(b *bot) { // the analysis is wrong, what was asked mends it
		b.say(said("发票税号错了", means("invoice.change", 0.99)))
		b.say(said("订单20250411093，税号91440300MA5F0Q7R2C", means("invoice.request", 0.62), means("invoice.change", 0.15), has("order_id", "20250411093"), has("tax_number", "91440300MA5F0Q7R2C")))
		b.want(dialogue.Confirm, "intent:invoice.change", "key:confirm.invoice.change")
	}},
	{"DigressionAndReturn", dialogue.Profile{}, func(b *bot) {
		b.say(said("I want to return this", means("return.request", 0.98)))
		b.say(said("where is your store in Boston", means("store.hours_and_location", 0.95), has("location", "Boston")))
		b.want(dialogue.Answer, "key:answer.store.hours_and_location", "key:resume.return.request")
		b.say(said("99812311", has("order_id", "99812311"), strange))
		b.want(dialogue.Confirm, "key:confirm.return.request", "order_id=99812311")
	}},
	{"ResumeAfterAnotherTask", dialogue.Profile{}, func(b *bot) {
		b.say(said("我要退货", means("return.request", 0.98)))
		b.say(said("先帮我充50元话费", means("topup.request", 0.98), has("money", "50元")))
		b.want(dialogue.Confirm, "key:confirm.topup.request")
		b.say(yes("好"))
		b.want(dialogue.Answer, "key:done.topup.request", "key:resume.return.request")
		b.say(yes("继续吧"))
		b.want(dialogue.Ask, "key:ask.return.request.order_id")
	}},
	{"NotResumed", dialogue.Profile{}, func(b *bot) {
		b.say(said("我要退货", means("return.request", 0.98)))
		b.say(said("先帮我充50元话费", means("topup.request", 0.98), has("money", "50元")))
		b.say(yes("好"))
		b.say(said("不用了", means("chat.deny", 0.98)))
		b.want(dialogue.Answer, "key:cancelled.return.request")
	}},
	{"CorrectByTail", orders("20258832 耳机 已签收", "20258833 键盘 已签收"), func(b *bot) {
		b.say(said("退掉键盘", means("return.request", 0.98), has("product", "键盘")))
		b.want(dialogue.Confirm, "order_id=20258833", "product=键盘")
		b.say(said("不对，是尾号8832那单", means("chat.correct", 0.8)))
		b.want(dialogue.Confirm, "order_id=20258832", "product=耳机", "key:corrected", "reason:correct", "intent:chat.correct")
	}},
	{"CorrectEnglish", dialogue.Profile{}, func(b *bot) {
		b.say(said("cancel order 20228832", means("order.cancel", 0.98), has("order_id", "20228832")))
		b.say(said("not 20228832, I meant 20228833", means("chat.correct", 0.7), has("order_id", "20228832"), has("order_id", "20228833")))
		b.want(dialogue.Confirm, "order_id=20228833")
	}},
	{"CorrectName", dialogue.Profile{}, func(b *bot) {
		b.say(said("注册账号，邮箱a@b.cn", means("account.register", 0.98), has("email", "a@b.cn")))
		b.want(dialogue.Ask, "key:ask.account.register.person")
		b.say(said("林晓曼", has("person", "林晓曼"), vague))
		b.want(dialogue.Confirm, "person=林晓曼")
		b.say(said("名字打错了，是小曼", means("chat.correct", 0.6), has("person", "小曼")))
		b.want(dialogue.Confirm, "person=林小曼", "email=a@b.cn")
	}},
	{"CorrectPart", dialogue.Profile{}, func(b *bot) {
		b.say(said("订单80231177改到文三路90号", means("order.change_address", 0.98), has("order_id", "80231177"), has("address", "文三路90号")))
		b.say(said("不是90号，是190号", means("chat.correct", 0.9)))
		b.want(dialogue.Confirm, "address=文三路190号")
	}},
	{"CorrectWithoutValue", dialogue.Profile{}, func(b *bot) {
		b.say(said("取消订单20221188", means("order.cancel", 0.98), has("order_id", "20221188")))
		b.say(said("不对", means("chat.deny", 0.6), means("chat.correct", 0.3)))
		b.want(dialogue.Ask, "key:correct.what", "!call:order.cancel")
		b.say(said("20221189", has("order_id", "20221189"), strange))
		b.want(dialogue.Confirm, "order_id=20221189")
	}},
	{"CorrectAfterTheAnswer", dialogue.Profile{}, func(b *bot) {
		b.say(said("查订单20221188", means("order.status", 0.98), has("order_id", "20221188")))
		b.want(dialogue.Answer)
		b.say(said("说错了，是20221189", means("chat.correct", 0.9), has("order_id", "20221189")))
		b.want(dialogue.Answer, "order_id=20221189", "key:answer.order.status", "reason:correct")
	}},
	{"ChangeOfMind", dialogue.Profile{}, func(b *bot) {
		b.say(said("退订单20221188", means("return.request", 0.98), has("order_id", "20221188")))
		b.say(said("算了不退了", means("return.request", 0.7), means("chat.deny", 0.1)))
		b.want(dialogue.Answer, "key:cancelled.return.request", "!call:return.create")
	}},
	{"RatherTheOther", dialogue.Profile{}, func(b *bot) {
		b.say(said("退订单20221188", means("return.request", 0.98), has("order_id", "20221188")))
		b.say(said("不退了，换成换货", means("exchange.request", 0.9)))
		b.want(dialogue.Confirm, "key:confirm.exchange.request", "order_id=20221188", "!key:resume.return.request")
		b.say(yes("嗯"))
		b.want(dialogue.Answer, "call:exchange.create", "!call:return.create", "!key:resume.return.request")
	}},
	{"NeverMindEnglish", dialogue.Profile{}, func(b *bot) {
		b.say(said("I'd like to return my shoes", means("return.request", 0.98), has("product", "shoes")))
		b.say(said("never mind", means("chat.deny", 0.6), means("chat.goodbye", 0.2)))
		b.want(dialogue.Answer, "key:cancelled.return.request")
	}},
	{"Ellipsis", dialogue.Profile{}, func(b *bot) {
		b.say(said("风衣有红色的吗", means("product.availability", 0.95), has("product", "风衣"), has("attribute", "红色")))
		b.say(said("那蓝色的呢？", means("product.info", 0.4), has("attribute", "蓝色")))
		b.want(dialogue.Answer, "key:answer.product.availability", "attribute=蓝色", "product=风衣", "intent:product.availability")
		b.say(said("what about green?", means("product.compare", 0.4), has("attribute", "green")))
		b.want(dialogue.Answer, "key:answer.product.availability", "attribute=green")
	}},
	{"Pronoun", orders("20221188 耳机 已发货"), func(b *bot) {
		b.say(said("我的耳机发货了吗", means("order.status", 0.9), has("product", "耳机")))
		b.want(dialogue.Answer, "order_id=20221188")
		b.say(said("它什么时候到", means("delivery.track", 0.8)))
		b.want(dialogue.Answer, "key:answer.delivery.track", "order_id=20221188")
	}},
	{"TheCheapOne", dialogue.Profile{}, func(b *bot) {
		b.shop.answer["product.compare"] = dialogue.Result{Status: dialogue.CallOK, Data: []byte(`{"items":[{"product":"A款","price":129},{"product":"B款","price":99}]}`)}
		b.say(said("A款和B款哪个好", means("product.compare", 0.95), has("product", "A款"), has("product", "B款")))
		b.want(dialogue.Answer, "product=A款|B款")
		b.say(said("便宜那个来一个", means("order.place", 0.6)))
		b.want(dialogue.Confirm, "key:confirm.order.place", "product=B款")
	}},
	{"TheSecond", dialogue.Profile{}, func(b *bot) {
		b.shop.answer["product.search"] = dialogue.Result{Status: dialogue.CallOK, Data: []byte(`{"items":[{"product":"alpha","price":20},{"product":"beta","price":10}]}`)}
		b.say(said("recommend headphones", means("product.recommend", 0.95), has("product", "headphones")))
		b.want(dialogue.Recommend, "key:recommend")
		b.say(said("how much is option 2", means("product.price", 0.9)))
		b.want(dialogue.Answer, "product=beta")
	}},
	{"LastTime", orders("6612000 猫粮 已完成"), func(b *bot) {
		b.say(said("上次那个猫粮多少钱", means("product.price", 0.9), has("product", "猫粮")))
		b.want(dialogue.Answer, "order_id=6612000", "product=猫粮")
	}},
	{"OnlyOrderThatFits", orders("11110001 羽绒服 待发货", "11110002 保温杯 已签收"), func(b *bot) {
		b.say(said("怎么还不发货", means("order.urge_shipment", 0.9)))
		b.want(dialogue.Answer, "order_id=11110001", "key:done.order.urge_shipment")
	}},
	{"SeveralOrders", orders("11110001 羽绒服 已发货", "11110002 保温杯 已发货"), func(b *bot) {
		b.say(said("到哪了", means("delivery.track", 0.9)))
		b.want(dialogue.Ask, "button:/slot order_id=11110001", "button:/slot order_id=11110002")
		b.say(said("保温杯那个", vague))
		b.want(dialogue.Answer, "order_id=11110002", "product=保温杯")
		b.say(said("到哪了", means("delivery.track", 0.9)))
		b.want(dialogue.Answer, "order_id=11110002")
		b.say(said("羽绒服呢", vague, has("product", "羽绒服")))
		b.want(dialogue.Answer, "order_id=11110001")
	}},
	{"YesWithAnotherWish", orders("20221188 耳机 待发货"), func(b *bot) {
		b.say(said("地址改成文三路90号", means("order.change_address", 0.95), has("address", "文三路90号")))
		b.want(dialogue.Confirm, "order_id=20221188")
		b.say(said("对，那它什么时候到？", means("chat.affirm", 0.6), means("delivery.track", 0.35)))
		b.want(dialogue.Answer, "key:done.order.change_address", "key:answer.delivery.track", "intent:chat.affirm", "intent:delivery.track")
	}},
	{"YesWithAnOptionalValue", dialogue.Profile{}, func(b *bot) {
		b.say(said("开个年卡", means("membership.join", 0.95), has("plan", "年卡")))
		b.say(said("嗯用微信付", means("payment.methods", 0.55), means("topup.request", 0.3), has("payment_method", "微信")))
		b.want(dialogue.Answer, "key:done.membership.join", "payment_method=微信", "call:membership.join")
	}},
	{"YesWithANeededValue", dialogue.Profile{}, func(b *bot) {
		b.say(said("cancel order 20228832", means("order.cancel", 0.98), has("order_id", "20228832")))
		b.say(said("yes, and it is 20228833", means("chat.affirm", 0.9), has("order_id", "20228833")))
		b.want(dialogue.Confirm, "order_id=20228833", "!call:order.cancel")
	}},
	{"NoThanks", dialogue.Profile{}, func(b *bot) {
		b.say(said("cancel order 20228832", means("order.cancel", 0.98), has("order_id", "20228832")))
		b.say(said("no thanks", means("chat.thank", 0.5), means("chat.deny", 0.3)))
		b.want(dialogue.Answer, "key:cancelled.order.cancel", "!call:order.cancel")
	}},
	{"NoAndAnotherWish", dialogue.Profile{}, func(b *bot) {
		b.say(said("退订单20221188", means("return.request", 0.98), has("order_id", "20221188")))
		b.say(said("不用了，帮我开发票吧", means("invoice.request", 0.9)))
		b.want(dialogue.Ask, "key:ask.invoice.request.organization", "order_id=20221188")
	}},
	{"TwoWishes", dialogue.Profile{}, func(b *bot) {
		b.say(said("退款到哪了，另外开张发票", means("refund.status", 0.9), and("invoice.request", 0.9)))
		b.want(dialogue.Ask, "key:ask.refund.status.order_id", "later:invoice.request")
		b.say(said("20221188", has("order_id", "20221188"), strange))
		b.want(dialogue.Ask, "key:answer.refund.status", "key:ask.invoice.request.organization", "order_id=20221188", "!later:invoice.request")
	}},
	{"Repeat", dialogue.Profile{}, func(b *bot) {
		b.say(said("我要退货", means("return.request", 0.98)))
		b.say(said("没听清", means("chat.repeat", 0.95)))
		b.want(dialogue.Answer, "key:ask.return.request.order_id", "reason:repeat")
		b.say(said("20221188", has("order_id", "20221188"), strange))
		b.want(dialogue.Confirm, "key:confirm.return.request")
	}},
	{"Wait", dialogue.Profile{}, func(b *bot) {
		b.say(said("我要退货", means("return.request", 0.98)))
		b.say(said("hold on please", means("chat.wait", 0.95)))
		b.want(dialogue.Answer, "key:chat.wait", "reason:wait")
		b.say(said("20221188", has("order_id", "20221188"), strange))
		b.want(dialogue.Confirm)
	}},
	{"ThanksKeepTheQuestion", dialogue.Profile{}, func(b *bot) {
		b.say(said("I want to return it", means("return.request", 0.98)))
		b.say(said("thanks", means("chat.thank", 0.98)))
		b.want(dialogue.Answer, "key:chat.thank")
		b.say(said("20221188", has("order_id", "20221188"), strange))
		b.want(dialogue.Confirm)
	}},
	{"TwoAreClose", dialogue.Profile{}, func(b *bot) {
		b.say(said("那个券", means("coupon.claim", 0.27), means("coupon.not_working", 0.26), means("promotion.info", 0.2)))
		b.want(dialogue.Clarify, "key:clarify.choice", "button:/intent coupon.claim", "button:/intent coupon.not_working", "reason:ambiguous")
		b.say(said("选2", means("chat.affirm", 0.6)))
		b.want(dialogue.Answer, "key:answer.coupon.not_working", "reason:choice")
	}},
	{"TwoMisses", dialogue.Profile{}, func(b *bot) {
		b.say(said("asdf qwer", strange))
		b.want(dialogue.Clarify, "key:clarify.rephrase", "reason:not_understood")
		b.say(said("zxcv", strange))
		b.want(dialogue.HandOff, "why:unrecognised", "queue:general")
	}},
	{"AMessageBetweenMisses", dialogue.Profile{}, func(b *bot) {
		b.say(said("asdf qwer", strange))
		b.say(said("hello", means("chat.greet", 0.98)))
		b.say(said("zxcv", strange))
		b.want(dialogue.Clarify)
	}},
	{"APictureIsNoMiss", dialogue.Profile{}, func(b *bot) {
		b.say(said("asdf qwer", strange))
		b.hear(dialogue.Message{Attachments: []dialogue.Attachment{{Type: dialogue.Image, URL: "https://x.example/1.jpg"}}}, nil)
		b.want(dialogue.Clarify, "key:clarify.image", "reason:no_text")
		b.hear(dialogue.Message{Attachments: []dialogue.Attachment{{Type: dialogue.Link, URL: "https://x.example/"}}}, nil)
		b.want(dialogue.Clarify, "key:clarify.link")
	}},
	{"LowConfidenceAsks", dialogue.Profile{}, func(b *bot) {
		b.say(said("券", means("coupon.claim", 0.26), vague, func(a *nlu.Analysis) {
			a.OOS = 0.6
			a.Intents = []nlu.Intent{{Prediction: a.Ranking[0]}}
		}))
		b.want(dialogue.Clarify, "!call:coupon.claim")
	}},
	{"PersonInAComplaint", dialogue.Profile{}, func(b *bot) {
		b.say(said("你们乱收费", means("complaint.price", 0.95)))
		b.want(dialogue.Soothe, "key:soothe.calm", "key:answer.complaint.price", "call:ticket.create")
		b.say(said("叫你们经理来", means("chat.human_agent", 0.95)))
		b.want(dialogue.HandOff, "queue:complaint", "why:request")
	}},
	{"PersonForAVIP", dialogue.Profile{Tier: "vip"}, func(b *bot) {
		b.say(said("let me talk to someone", means("chat.human_agent", 0.95)))
		b.want(dialogue.HandOff, "queue:vip", "why:request")
	}},
	{"SecondAnger", dialogue.Profile{}, func(b *bot) {
		b.say(said("你们太差劲了！", means("complaint.service", 0.95), feels("angry", 0.9)))
		b.want(dialogue.Soothe, "key:soothe.angry.strong")
		b.say(said("还在敷衍我！", means("complaint.service", 0.9), feels("angry", 0.9)))
		b.want(dialogue.HandOff, "why:emotion", "queue:complaint", "key:soothe.angry.again")
	}},
	{"FirstAngerOfAVIP", dialogue.Profile{Tier: "vip"}, func(b *bot) {
		b.say(said("this is outrageous", means("complaint.service", 0.95), feels("angry", 0.9)))
		b.want(dialogue.HandOff, "why:emotion", "queue:vip")
	}},
	{"AngerAfterSoothing", orders("9915520 蛋糕 配送延误"), func(b *bot) {
		b.say(said("还来得及吗急死了", means("delivery.urge", 0.9), feels("anxious", 0.9)))
		b.want(dialogue.Soothe, "key:soothe.anxious.strong", "key:done.delivery.urge")
		b.say(said("气死我了", means("complaint.delivery", 0.5), feels("angry", 0.9)))
		b.want(dialogue.HandOff, "why:emotion", "queue:complaint")
	}},
	{"SarcasmIsAnger", dialogue.Profile{}, func(b *bot) {
		b.say(said("你们可真专业啊", means("praise.give", 0.6), means("complaint.service", 0.3), feels("angry", 0.95)))
		b.want(dialogue.Soothe, "!key:answer.praise.give", "intent:complaint.service")
	}},
	{"WaitingIsNotHandedOverTwice", dialogue.Profile{}, func(b *bot) {
		b.say(said("转人工", means("chat.human_agent", 0.98)))
		b.say(said("人呢", means("chat.human_agent", 0.9)))
		b.want(dialogue.Answer, "key:waiting.position", "!queue:general")
		b.say(said("我要退订单20221188", means("return.request", 0.95), has("order_id", "20221188")))
		b.want(dialogue.Answer, "key:waiting.noted", "order_id=20221188", "!call:return.create")
		b.say(said("几点下班", means("store.hours_and_location", 0.95)))
		b.want(dialogue.Answer, "key:answer.store.hours_and_location")
		b.say(said("太慢了！", means("complaint.service", 0.9), feels("angry", 0.9)))
		b.want(dialogue.Soothe, "!why:emotion")
	}},
}

func TestBehaviours(t *testing.T) {
	p := mustPolicy(t, policy.Options{})
	for _, tt := range behaviours {
		t.Run(tt.name, func(t *testing.T) { tt.run(newBot(t, p, tt.profile)) })
	}
}
