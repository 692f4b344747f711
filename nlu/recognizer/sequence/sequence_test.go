package sequence_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"yingda/nlu/norm"
	"yingda/nlu/recognizer/sequence"
	"yingda/nlu/recognizer/value"
)

// addresses are texts with what is found in them by all scanners but that of telephone numbers: "kind value".
var addresses = []struct {
	text string
	want []string
}{
	{"看https://Item.jd.com/100012.html?a=1&b=2#top。", []string{"url https://item.jd.com/100012.html?a=1&b=2#top"}},
	{"(see http://a.com/b_(c)).", []string{"url http://a.com/b_(c)"}},
	{"<a href=\"http://a.com/x\">", []string{"url http://a.com/x"}},
	{"www.taobao.com", []string{"url www.taobao.com"}},
	{"localhost:8080/health", []string{"url localhost:8080/health"}},
	{"localhost", nil},
	{"http://user:pw@host.example.com:8443/", []string{"url http://user:pw@host.example.com:8443/"}},
	{"http://[2001:db8::1]:80/x", []string{"url http://[2001:db8::1]:80/x"}},
	{"ftp://10.0.0.1/pub", []string{"url ftp://10.0.0.1/pub"}},
	{"访问http://例子.中国/路", []string{"url http://例子.中国/"}},
	{"访问http://百度.com查看", []string{"url http://百度.com"}},
	{"http://xn--fiqs8s.xn--fiqs8s/a", []string{"url http://xn--fiqs8s.xn--fiqs8s/a"}},
	{"淘口令 m.tb.cn/h.5abc 打开", []string{"url m.tb.cn/h.5abc"}},
	{"amazon.co.uk, abc.co.in", []string{"url amazon.co.uk", "url abc.co.in"}},
	{"abc.com- and", []string{"url abc.com"}},
	{"ok.so what", nil}, {"thanks.my order", nil}, {"3.sony", nil}, {"at 7.am", nil}, {"000001.sz", nil}, {"e.g. this", nil}, {"a..com", nil}, {"file.png", nil}, {"readme.md", nil},
	{"http://nothing", nil}, {"http://a.invalidtld", nil}, {"1.2.3", nil}, {"foo_bar.com", nil}, {"...", nil},
	{"Bob.Lee+x@mail.example.co.uk.", []string{"email bob.lee+x@mail.example.co.uk"}},
	{"邮箱：zhang_san@163.com，谢谢", []string{"email zhang_san@163.com"}},
	{"mailto:a@b.cn?subject=x", []string{"email a@b.cn"}},
	{"<a-b@c-d.io>", []string{"email a-b@c-d.io"}},
	{"js@contoso.中国", []string{"email js@contoso.中国"}},
	{"a@[10.0.0.1]", []string{"email a@[10.0.0.1]"}},
	{"a..b@c.com", nil}, {"a.@c.com", nil}, {"js*@c.com", nil}, {"a@-c.com", nil}, {"a@b", []string{"mention @b"}},
	{"10.0.0.1:80, 256.0.0.1, 1.2.3.4.5", []string{"ip 10.0.0.1"}},
	{"ip:192.168.1.1/24", []string{"ip 192.168.1.1"}},
	{"::ffff:10.0.0.1", []string{"ip ::ff:10.0.0.1"}},
	{"[fe80::1%eth0]", nil}, {"2001:0db8::0001", []string{"ip 2001:db8::1"}},
	{"10:30:15", nil}, {"std::vector", nil}, {"a::b", nil}, {"00:1a:2b:3c:4d:5e", nil}, {"12::30", nil}, {"订单::地址", nil}, {"地址::", []string{"ip ::"}},
	{"1:2:3:4:5:6:7:8:9", nil}, {"12345::1", nil}, {"v1.2.3.4", nil},
	{"urn:uuid:123e4567-e89b-12d3-a456-426655440000", []string{"guid urn:uuid:123e4567-e89b-12d3-a456-426655440000"}},
	{"id=06e828879afc4064abadf6fb60b8a1f3;", []string{"guid 06e828879afc4064abadf6fb60b8a1f3"}},
	{"aaa28887-9afc-4064-abbb-f6fb60b8a1f3", []string{"guid aa28887-9afc-4064-abb-f6fb60b8a1f3"}},
	{"06e82887-9afc-4064-abad-f6fb60b8a1f3-1", nil}, {"6e828879afc4064abadf6fb60b8a1f3", nil},
	{"#双十一# 和#打卡 走起", []string{"hashtag #双十一#", "hashtag #打卡"}},
	{"a#b ##c &#39; http://a.com/#d", []string{"url http://a.com/#d"}},
	{"@小明 你好 hi@bob! @ x @@y", []string{"mention @小明", "mention @bob", "mention @y"}},
	{"a@b.c", nil},
}

func TestAddresses(t *testing.T) {
	kinds := slices.DeleteFunc(slices.Clone(sequence.Kinds), func(k value.Kind) bool { return k == value.KindPhone || k == value.KindQuoted })
	f := mustNew(t, kinds...)
	for _, tt := range addresses {
		text := norm.Fold(tt.text, norm.Matching).Text
		var got []string
		for _, find := range f.FindValues(nil, text, value.Context{}) {
			v := find.Value
			if ip, ok := v.(value.IP); ok {
				v = ip.Address
			}
			got = append(got, fmt.Sprint(find.Kind, " ", v))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%q: %q, want %q", tt.text, got, tt.want)
		}
	}
}

func TestQuotes(t *testing.T) {
	f := mustNew(t, value.KindQuoted)
	for text, want := range map[string][]string{
		`他说“不行”`: {"“不行”"}, `she said "it's 'fine'"`: {`'fine'`, `"it's 'fine'"`}, "don't and can't": nil, "don’t ‘do’ it": {"‘do’"}, `a 15" screen and 17"`: nil,
		"「a『b』c」": {"『b』", "「a『b』c」"}, `""`: nil, "“open": nil, "„gut“ und «bon»": {"„gut“", "«bon»"}, "`x`": {"`x`"},
	} {
		var got []string
		for _, find := range f.FindValues(nil, text, value.Context{}) {
			got = append(got, find.Value.(string))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestNew(t *testing.T) {
	if _, err := sequence.New(value.KindNumber); err == nil {
		t.Error("no error for a kind of others")
	}
	text := `a@b.cn "www.abc.com" #tag @you 13800138000 8.8.8.8`
	for _, k := range sequence.Kinds {
		for _, find := range mustNew(t, k).FindValues(nil, text, value.Context{}) {
			if find.Kind != k {
				t.Errorf("asked for %s: %+v", k, find)
			}
		}
	}
	all := mustNew(t).FindValues(nil, text, value.Context{})
	if len(all) != 6 {
		t.Errorf("all but quotations: %+v", all)
	}
	checkFinds(t, text, all)
}

func TestExact(t *testing.T) {
	raw := "访问 WWW.AAAb.com/PathX 吧"
	folded := norm.Fold(raw, norm.Matching)
	finds := mustNew(t, value.KindURL).FindValues(nil, folded.Text, value.Context{})
	if len(finds) != 1 {
		t.Fatalf("%q: %+v", folded.Text, finds)
	}
	start, end := folded.Raw(finds[0].Start, finds[0].End)
	if got := sequence.Exact(finds[0], raw[start:end]).Value; got != "WWW.AAAb.com/PathX" {
		t.Errorf("the exact value is %q", got)
	}
	ip := value.Find{Kind: value.KindIP, Value: value.IP{Address: "::ff:10.0.0.1", Version: "ipv6"}}
	if got := sequence.Exact(ip, "::FFFF:10.0.0.01").Value; got != (value.IP{Address: "::ffff:10.0.0.1", Version: "ipv6"}) {
		t.Errorf("the exact address is %v", got)
	}
	phone := value.Find{Kind: value.KindPhone, Value: "138"}
	if got := sequence.Exact(phone, "幺三八").Value; got != "138" {
		t.Errorf("a spoken number becomes %q", got)
	}
}

// TestAllocations: texts without values cost none, however full of figures and marks.
func TestAllocations(t *testing.T) {
	f := mustNew(t, sequence.Kinds...)
	for _, text := range []string{"", "我昨天在你们店里买的衣服还没有发货怎么办", "where is my order? it was due last week: nothing came.", "订单号202601011234,共12345678元,2026-11-03 12:30发货",
		strings.Repeat("x: 3.5元 no-1 #! @ ", 50)} {
		if n := testing.AllocsPerRun(20, func() { f.FindValues(nil, text, value.Context{}) }); n != 0 {
			t.Errorf("%.30q: %v allocations", text, n)
		}
	}
}

// TestLong reads long texts made to send scanners back and forth. One that took time in the square of the length would take hours.
func TestLong(t *testing.T) {
	f := mustNew(t, sequence.Kinds...)
	for _, unit := range []string{"1", "1 ", "1-", "(1", "1)", "12345678 ", "12345678,", "a", "a.", "a@", "@", "a@a.", "://", "http://a.", "http://a.cn/", ":", "1:", "::", "a:", "1.1.1.1.", "f", "f-", "#", "#a", "“", "'", "“”", "零", "double ", "one ", "one two three four five six ",
		"电话", "电话123456 ", "订单号是的", "x", "转", "+1", "\xff", "1-2345678x"} {
		text := strings.Repeat(unit, 100_000/len(unit))
		start := time.Now()
		f.FindValues(nil, text, value.Context{})
		if d := time.Since(start); d > 20*time.Second {
			t.Errorf("%d times %q takes %v", 100_000/len(unit), unit, d)
		} else if d > time.Second {
			t.Logf("%d times %q takes %v", 100_000/len(unit), unit, d)
		}
	}
}

// checkFinds demands what holds of the finds in any text: they lie in it, cut no character, and only quotations overlap.
func checkFinds(t *testing.T, text string, finds []value.Find) {
	t.Helper()
	for i, f := range finds {
		if f.Start < 0 || f.Start >= f.End || f.End > len(text) || f.Score < 0 || f.Score > 1 || f.Value == nil || f.Rule == "" {
			t.Fatalf("%q: %+v", text, f)
		}
		if utf8.ValidString(text) && !utf8.ValidString(text[f.Start:f.End]) {
			t.Fatalf("%q: %+v cuts a character", text, f)
		}
		for _, other := range finds[:i] {
			if f.Kind != value.KindQuoted && other.Kind != value.KindQuoted && f.Start < other.End && other.Start < f.End {
				t.Fatalf("%q: %+v overlaps with %+v", text, f, other)
			}
		}
	}
}

func FuzzFindValues(f *testing.F) {
	for _, tt := range phones {
		f.Add(tt.text)
	}
	for _, tt := range addresses {
		f.Add(tt.text)
	}
	f.Add("\xff138\xe5 0013\x808000 ((((+1)))) ((1(2)3)) “\xff”")
	finder := mustNew(f, sequence.Kinds...)
	f.Fuzz(func(t *testing.T, raw string) {
		for _, text := range []string{raw, norm.Fold(raw, norm.Matching).Text} {
			checkFinds(t, text, finder.FindValues(nil, text, value.Context{}))
		}
	})
}

func BenchmarkFindValues(b *testing.B) {
	f := mustNew(b)
	for _, size := range []int{10, 100, 1000, 2000} {
		for name, text := range map[string]string{
			"plain": "我昨天在店里买的衣服还没发货,", "phones": "电话13800138000 ", "figures": "12 345.6-7", "urls": "看 abc.com/x?y=1 ", "marks": "a@b.c@d:#e(",
		} {
			runes := []rune(strings.Repeat(text, size/utf8.RuneCountInString(text)+1))[:size]
			b.Run(fmt.Sprintf("%s%d", name, size), func(b *testing.B) {
				t := string(runes)
				b.ReportAllocs()
				for b.Loop() {
					f.FindValues(nil, t, value.Context{})
				}
			})
		}
	}
}
