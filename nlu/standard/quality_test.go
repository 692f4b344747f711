package standard_test

import (
	"slices"
	"testing"

	"yingda/internal/testenv"
	"yingda/nlu"
	"yingda/nlu/standard"
)

// TestPlain is a guard against a bundle, a tokenizer or a decoder that has come apart, not a measurement: plain sentences of intents that
// nobody confuses. Scores are not looked at, so that another good bundle passes too.
func TestPlain(t *testing.T) {
	plain := []struct{ text, intent string }{
		{"转人工", "chat.human_agent"},
		{"请给我开一张发票", "invoice.request"},
		{"我忘记密码了，怎么重置密码", "password.reset"},
		{"我要退款", "refund.request"},
		{"帮我取消订单", "order.cancel"},
		{"我想修改收货地址", "order.change_address"},
		{"收不到验证码", "verification_code.problem"},
		{"我有多少积分", "points.balance"},
		{"你们支持哪些支付方式", "payment.methods"},
		{"我要注销账号", "account.close"},
		{"你好", "chat.greet"},
		{"再见", "chat.goodbye"},
		{"幫我取消訂單", "order.cancel"},
		{"I want to talk to a human agent", "chat.human_agent"},
		{"Please send me an invoice", "invoice.request"},
		{"I forgot my password, how do I reset it", "password.reset"},
		{"I want a refund", "refund.request"},
		{"Please cancel my order", "order.cancel"},
		{"I need to change the delivery address of my order", "order.change_address"},
		{"I did not receive the verification code", "verification_code.problem"},
		{"How many points do I have", "points.balance"},
		{"Which payment methods do you accept", "payment.methods"},
		{"Please delete my account", "account.close"},
		{"hello", "chat.greet"},
		{"thank you very much", "chat.thank"},
	}
	strange := []string{"明天北京会下雨吗", "给我写一首关于春天的诗", "Tell me a story about dragons", "write a poem about the moon"}
	finds := []struct{ text, typ, surface string }{
		{"订单号 20261105003817 到哪了", "order_id", "20261105003817"},
		{"my order number is 20261105003817", "order_id", "20261105003817"},
		{"顺丰什么时候送到", "carrier", "顺丰"},
		{"the parcel was sent with FedEx yesterday", "carrier", "FedEx"},
		{"我的邮箱是 li.wei@example.com", "email", "li.wei@example.com"},
		{"please write to jane.doe@example.org", "email", "jane.doe@example.org"},
	}

	e := mustEngine(t, testenv.MustDefault(t), standard.Options{})
	for _, tt := range plain {
		if a := mustAnalyse(t, e, tt.text); len(a.Intents) == 0 || !slices.ContainsFunc(a.Intents, func(i nlu.Intent) bool { return i.Label == tt.intent }) {
			t.Errorf("%q is %v (best %v, out of scope %.2f), want %s", tt.text, a.Intents, a.Ranking[:2], a.OOS, tt.intent)
		} else if len(a.Intents) > 1 {
			t.Logf("%q is several: %v", tt.text, a.Intents)
		}
	}
	for _, text := range strange {
		if a := mustAnalyse(t, e, text); len(a.Intents) != 0 {
			t.Errorf("%q is %v (out of scope %.2f), want not understood", text, a.Intents, a.OOS)
		}
	}
	for _, tt := range finds {
		a := mustAnalyse(t, e, tt.text)
		if !slices.ContainsFunc(a.Entities, func(ent nlu.Entity) bool {
			return ent.Type == tt.typ && ent.Text == tt.surface && tt.text[ent.Start:ent.End] == tt.surface
		}) {
			t.Errorf("%q has %v, want %s %q", tt.text, a.Entities, tt.typ, tt.surface)
		}
	}
}

func mustAnalyse(tb testing.TB, e *standard.Engine, text string) *nlu.Analysis {
	tb.Helper()
	as, err := e.Analyse(tb.Context(), nlu.Utterance{Text: text})
	if err != nil {
		tb.Fatal(err)
	}
	return as[0]
}

// TestOnce: a message that may hold a second wish is read again in part, unless each is to be read once; the ranking is the same.
func TestOnce(t *testing.T) {
	b := testenv.MustDefault(t)
	twice, once := mustEngine(t, b, standard.Options{}), mustEngine(t, b, standard.Options{Once: true})
	const text = "花呗付不出去能不能货到付款"
	read := func(e *standard.Engine) (*nlu.Analysis, int64) {
		before := e.Stats().Texts
		a := mustAnalyse(t, e, text)
		return a, e.Stats().Texts - before
	}
	first, many := read(twice)
	second, one := read(once)
	if many != 3 || one != 1 {
		t.Errorf("read %d and %d texts, want 3 and 1", many, one)
	}
	if len(first.Intents) != 2 || !slices.Equal(first.Ranking, second.Ranking) || first.OOS != second.OOS {
		t.Errorf("%v and %v", first.Intents, second.Intents)
	}
	if _, short := read(once); short != 1 {
		t.Errorf("read %d texts", short)
	}
}
