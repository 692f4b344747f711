package script_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/script"
	"yingda/nlu"
)

// mustBook reads scripts, given without the head of the file and with "general" added.
func mustBook(tb testing.TB, scripts string) *script.Book {
	tb.Helper()
	b, err := load(scripts)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

const head = "version: 1\nscripts:\n  general: {zh: 我在的。, en: I'm here.}\n"

func load(scripts string) (*script.Book, error) {
	return script.Load(fstest.MapFS{"a.yaml": {Data: []byte(head + scripts)}})
}

var noon = time.Date(2026, 6, 2, 12, 0, 0, 0, time.FixedZone("", 8*3600))

func vars(kv ...string) map[string]string {
	m := map[string]string{}
	for i := 0; i+1 < len(kv); i += 2 {
		m[kv[i]] = kv[i+1]
	}
	return m
}

func say(key string, kv ...string) dialogue.Wording {
	return dialogue.Wording{Say: dialogue.Say{Key: key, Vars: vars(kv...)}, Tenant: "default", Lang: "zh", Channel: "web", Unit: "u1", Time: noon}
}

func TestTexts(t *testing.T) {
	tests := []struct{ name, text, vars, want string }{
		{"plain", "您好", "", "您好"},
		{"slot", "订单{id}", "id=88", "订单88"},
		{"slot empty", "订单{id}", "", "我在的。"},
		{"slot blank", "订单{id}", "id=  ", "我在的。"},
		{"part filled", "到了[，在{place}]。", "place=杭州", "到了，在杭州。"},
		{"part empty", "到了[，在{place}]。", "", "到了。"},
		{"part needs all", "到了[，在{place}{day}]。", "place=杭州", "到了。"},
		{"alternative first", "[{a}|{b}|无]", "a=1;b=2", "1"},
		{"alternative second", "[{a}|{b}|无]", "b=2", "2"},
		{"alternative words", "[{a}|{b}|无]", "", "无"},
		{"escapes", `\{a\} \[b\] \| \\`, "", `{a} [b] | \`},
		{"bar outside", "a|b", "", "a|b"},
		{"braces in values", "{a}", "a={b}[c]", "{b}[c]"},
		{"controls in values", "{a}", "a=x\u202ey\u200bz\nw", "xyz w"},
		{"tail", "尾号{id|tail4}", "id=8801238832", "尾号8832"},
		{"tail short", "尾号{id|tail4}", "id=32", "尾号32"},
		{"mask phone", "{p|mask}", "p=13812345678", "138****5678"},
		{"mask mail", "{p|mask}", "p=lily@mail.example", "l***@mail.example"},
		{"mask short", "{p|mask}", "p=张三", "张*"},
		{"mask one", "{p|mask}", "p=张", "*"},
		{"mask masked", "{p|mask}", "p=135****0021", "135****0021"},
		{"money", "{m|money}", "m=128.5", "128.50元"},
		{"money whole", "{m|money}", "m=129.00", "129元"},
		{"money json", "{m|money}", `m={"amount":"20","currency":"USD"}`, "20美元"},
		{"money written", "{m|money}", "m=129 元", "129元"},
		{"money sign", "{m|money}", "m=$5.5", "5.50美元"},
		{"money code", "{m|money}", "m=5 EUR", "5欧元"},
		{"money thousands", "{m|money}", "m=¥1,299", "1299元"},
		{"money negative", "{m|money}", "m=-3", "-3元"},
		{"money words", "{m|money}", "m=包邮", "包邮"},
		{"money huge", "{m|money}", "m=1e300", "1e300"},
		{"money NaN", "{m|money}", "m=NaN", "NaN"},
		{"number", "{n|number}", "n=12800", "12800"},
		{"day", "{d|day}", "d=2026-06-08", "6月8日"},
		{"day tomorrow", "{d|day}", "d=2026-06-03", "明天"},
		{"day other year", "{d|day}", "d=2027-01-03", "2027年1月3日"},
		{"day words", "{d|day}", "d=下周三", "下周三"},
		{"time", "{d|time}", "d=2026-06-02T23:30:00Z", "明天07:30"},
		{"time without zone", "{d|time}", "d=2026-06-08 15:30", "6月8日15:30"},
		{"list", "{l|list}", "l=红\n蓝\n绿", "红、蓝和绿"},
		{"or", "{l|or}", "l=红\n\n蓝", "红或蓝"},
		{"lines", "{l|lines}", "l=红\n蓝", "1. 红\n2. 蓝"},
		{"lines numbered", "{l|lines}", "l=1. 红\n2. 蓝", "1. 红\n2. 蓝"},
		{"some", "有[{n|some}个|]", "n=3", "有3个"}, {"none", "有[{n|some}个|没有]", "n=0", "有没有"}, {"some words", "有[{n|some}|没有]", "n=x", "有没有"},
		{"one line", "{l|lines}", "l=红", "红"},
		{"name", "{s|name}", "s=shipped", "已发货"},
		{"name by prefix", "{s|name}", "s=shipped.by.sea", "已发货"},
		{"name of nothing", "[{s|name}|未知]", "s=lost_it", "未知"},
		{"name is words", "{s|name}", "s=运输中", "运输中"},
		{"duration", "{w|duration}", "w=90m", "1小时30分钟"},
		{"duration seconds", "{w|duration}", "w=61s", "2分钟"},
		{"duration days", "{w|duration}", "w=50h", "2天2小时"},
		{"duration nothing", "{w|duration}", "w=0s", "0分钟"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			b := mustBook(t, "  x: {zh: '"+strings.ReplaceAll(tc.text, "'", "''")+"', en: x}\nnames:\n  shipped: {zh: 已发货, en: shipped}\n")
			w := say("x")
			for kv := range strings.SplitSeq(tc.vars, ";") {
				if k, v, ok := strings.Cut(kv, "="); ok {
					w.Vars[k] = v
				}
			}
			if got := b.Render(w).Text; got != tc.want {
				t.Errorf("%s with %s:\ngot  %q\nwant %q", tc.text, tc.vars, got, tc.want)
			}
		})
	}
}

func TestTextsEnglish(t *testing.T) {
	tests := []struct{ text, value, want string }{
		{"{v|money}", "1299", "¥1,299"}, {"{v|money}", "20 USD", "$20"}, {"{v|money}", "5 CHF", "5 CHF"},
		{"{v|number}", "1234567.5", "1,234,567.5"},
		{"{v|day}", "2026-06-08", "8 June"}, {"{v|day}", "2026-06-04", "4 June"}, {"{v|day}", "2027-06-08", "8 June 2027"}, {"{v|day}", "2026-06-01", "yesterday"},
		{"{v|time}", "2026-06-03T15:30:00+08:00", "tomorrow 15:30"},
		{"{v|list}", "red\nblue\ngreen", "red, blue and green"}, {"{v|or}", "red\nblue", "red or blue"},
		{"{v|duration}", "61m", "1 hour 1 minute"}, {"{v|duration}", "120m", "2 hours"}, {"{v|duration}", "48h", "2 days"},
		{"{v|name}", "on the way", "on the way"}, {"[{v|name}|?]", "on_the_way", "?"},
	}
	for _, tc := range tests {
		b := mustBook(t, "  x: {zh: x, en: '"+tc.text+"'}\n")
		w := say("x", "v", tc.value)
		w.Lang = "en"
		if got := b.Render(w).Text; got != tc.want {
			t.Errorf("%s with %q: got %q, want %q", tc.text, tc.value, got, tc.want)
		}
	}
}

func TestSpeech(t *testing.T) {
	tests := []struct{ lang, text, want string }{
		{"zh", "订单8801238832已发货", "订单八八零幺二三八八三二已发货"},
		{"zh", "尾号{id|tail4}", "尾号八八幺二"},
		{"zh", "一共128.5元", "一共一百二十八点五元"},
		{"zh", "12800元", "一万二千八百元"},
		{"zh", "2小时后，6月2日", "两小时后，六月二日"},
		{"zh", "2026年15点10分", "二零二六年十五点十分"},
		{"zh", "10010个", "幺零零幺零个"},
		{"zh", "第100个，第1个，0个，1005天，110天", "第一百个，第一个，零个，一千零五天，一百一十天"},
		{"zh", "12,345,678元", "一千二百三十四万五千六百七十八元"},
		{"zh", "20,000,005", "二千万零五"},
		{"zh", "型号A100，V10093", "型号A幺零零，V幺零零九三"},
		{"zh", "明天 18:00，09:05，2:30，23:59，99:99", "明天十八点，九点零五分，两点半，二十三点五十九分，九十九:九十九"},
		{"en", "tomorrow 18:05, SF12345", "tomorrow 18:05, SF 1 2 3 4 5"},
		{"zh", "第一行\n第二行", "第一行，第二行"},
		{"zh", "**重要**😀 ok", "重要 ok"},
		{"en", "Order 8801238832 ends in {id|tail4}", "Order 8 8 0 1 2 3 8 8 3 2 ends in 8 8 1 2"},
		{"en", "That is 128.50 yuan", "That is 128.50 yuan"},
	}
	for _, tc := range tests {
		zh, en := tc.text, "x"
		if tc.lang == "en" {
			zh, en = "x", tc.text
		}
		b := mustBook(t, "  x:\n    zh: \""+strings.ReplaceAll(zh, "\n", `\n`)+"\"\n    en: \""+en+"\"\n")
		w := say("x", "id", "99988812")
		w.Lang, w.Channel = nlu.Lang(tc.lang), "voice"
		if got := b.Render(w).Text; got != tc.want {
			t.Errorf("%s:\ngot  %q\nwant %q", tc.text, got, tc.want)
		}
	}
}

func nluLang(s string) nlu.Lang { return nlu.Lang(s) }
