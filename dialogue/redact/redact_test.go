package redact_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"yingda/dialogue/redact"
	"yingda/nlu"
)

func ent(text, part, typ string) nlu.Entity {
	i := strings.Index(text, part)
	return nlu.Entity{Span: nlu.Span{Start: i, End: i + len(part)}, Type: typ, Text: part}
}

func TestText(t *testing.T) {
	rules := redact.Rules{Visible: []string{"product", "money"}}
	for _, c := range []struct {
		name, in, want string
		ents           [][2]string
	}{
		{"empty", "", "", nil},
		{"nothing personal", "这件裙子99块钱贵吗", "这件裙子99块钱贵吗", [][2]string{{"裙子", "product"}, {"99块钱", "money"}}},
		{"order id", "查一下88012456到哪了", "查一下<order_id>到哪了", [][2]string{{"88012456", "order_id"}}},
		{"unclaimed digits", "我的号码是13812345678哦", "我的号码是<number>哦", nil},
		{"short digits stay", "2024年买的4个", "2024年买的4个", nil},
		{"spaced digits", "card 6222 0212 3456", "card <number>", nil},
		{"dotted digits", "电话138.0013.8000。", "电话<number>。", nil},
		{"digits with wide gaps", "138 - 0013 - 8000", "<number>", nil},
		{"digits with other signs", "138－0013－8000 or (010) 6552·9988", "<number> or (<number>", nil},
		{"date, price and range stay", "2024.11.23 付了1299.50，要3-5件", "2024.11.23 付了1299.50，要3-5件", nil},
		{"mail", "write to li.lei@mail.example please", "write to <email> please", nil},
		{"link", "看https://shop.example/a?b=1这个", "看<url>这个", nil},
		{"unknown type is personal", "叫我王小明", "叫我<person>", [][2]string{{"王小明", "person"}}},
		{"digits inside a visible entity", "型号13812345678手机", "型号<product>", [][2]string{{"13812345678手机", "product"}}},
		{"full-width digits", "单号８８０１２４５６", "单号<number>", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var ents []nlu.Entity
			for _, e := range c.ents {
				ents = append(ents, ent(c.in, e[0], e[1]))
			}
			if got := rules.Text(c.in, ents); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func FuzzText(f *testing.F) {
	f.Add("我的号码是13812345678哦", 15, 26)
	f.Add("write to li.lei@mail.example please", 0, 5)
	f.Fuzz(func(t *testing.T, text string, start, end int) {
		if !utf8.ValidString(text) || start < 0 || end > len(text) || start > end {
			return
		}
		got := redact.Rules{}.Text(text, []nlu.Entity{{Span: nlu.Span{Start: start, End: end}, Type: "x"}})
		run := 0
		for _, c := range got {
			if '0' <= c && c <= '9' {
				run++
			} else {
				run = 0
			}
			if run > 8 { // two kept runs may touch where an entity was cut out of a longer one: never more
				t.Fatalf("%q keeps the digits of %q", got, text)
			}
		}
	})
}
