package sequence_test

import (
	"slices"
	"testing"

	"yingda/nlu"
	"yingda/nlu/norm"
	"yingda/nlu/recognizer/value"
)

// phones are texts with the telephone numbers in them, as they are dialled.
var phones = []struct {
	text string
	want []string
	rule string // of the first one
}{
	// China
	{"我的手机号是13800138000", []string{"13800138000"}, "phone:cn-mobile"},
	{"13800138000", []string{"13800138000"}, "phone:cn-mobile"},
	{"138-0013-8000谢谢", []string{"13800138000"}, "phone:cn-mobile"},
	{"138 0013 8000", []string{"13800138000"}, "phone:cn-mobile"},
	{"１３８００１３８０００", []string{"13800138000"}, "phone:cn-mobile"},
	{"+86 138 0013 8000", []string{"+8613800138000"}, "phone:cn-mobile"},
	{"(+86)13800138000", []string{"+8613800138000"}, "phone:cn-mobile"},
	{"+(86)13800138000", []string{"+8613800138000"}, "phone:cn-mobile"},
	{"8613800138000", []string{"8613800138000"}, "phone:cn-mobile"},
	{"0086-13800138000", []string{"008613800138000"}, "phone:cn-mobile"},
	{"1 3 8 0 0 1 3 8 0 0 0", []string{"13800138000"}, "phone:cn-mobile"},
	{"打010-62288559或者021—68804868", []string{"01062288559", "02168804868"}, "phone:cn-landline"},
	{"0571-88888888转8001", []string{"057188888888x8001"}, "phone:cn-landline"},
	{"(010) 62288559 分机 12", []string{"01062288559x12"}, "phone:cn-landline"},
	{"客服热线400-820-8820", []string{"4008208820"}, "phone:cn-service"},
	{"4008208820", []string{"4008208820"}, "phone:cn-service"},
	{"联系13604779660、13604770960", []string{"13604779660", "13604770960"}, "phone:cn-mobile"},
	{"13604779660 13604770960", []string{"13604779660", "13604770960"}, "phone:cn-mobile"},
	{"13604779660/13604770960", []string{"13604779660", "13604770960"}, "phone:cn-mobile"},
	{"010-62288559/62288560", []string{"01062288559", "62288560"}, "phone:cn-landline"},
	{"账号13800138000充值", []string{"13800138000"}, "phone:cn-mobile"},
	{"13800138000元", []string{"13800138000"}, "phone:cn-mobile"},
	{"1.13800138000", nil, ""}, // a decimal
	{"1. 13800138000", []string{"13800138000"}, "phone:cn-mobile"},
	{"(13800138000)", []string{"13800138000"}, "phone:cn-mobile"},
	{"12:30 13800138000", []string{"13800138000"}, "phone:cn-mobile"},
	{"2026-11-03 13800138000 2026/11/04 10:00", []string{"13800138000"}, "phone:cn-mobile"},
	{"我们电话-12345678", []string{"12345678"}, "phone:figures"},
	// other countries
	{"call me at (541) 754-3010 x12", []string{"5417543010x12"}, "phone:bracketed"},
	{"+1-541-754-3010 ext. 7", []string{"+15417543010x7"}, "phone:international"},
	{"541.754.3010", []string{"5417543010"}, "phone:grouped"},
	{"ring 07700 900873 please", []string{"07700900873"}, "phone:grouped"},
	{"+44 (0)20 7946 0018", []string{"+4402079460018"}, "phone:international"},
	{"+33 6 44 44 44 44", []string{"+33644444444"}, "phone:international"},
	{"06 44 44 44 44", []string{"0644444444"}, "phone:grouped"},
	{"06.44.44.44.44", []string{"0644444444"}, "phone:grouped"},
	{"+852 2345 6789", []string{"+85223456789"}, "phone:international"},
	{"+886 912 345 678", []string{"+886912345678"}, "phone:international"},
	{"+81 3-1234-5678", []string{"+81312345678"}, "phone:international"},
	{"+65 6123 4567", []string{"+6561234567"}, "phone:international"},
	{"011 86 10 6228 8559", []string{"011861062288559"}, "phone:grouped"},
	{"order 12345678, my phone is 87654321", []string{"87654321"}, "phone:figures"},
	{"office +1 541 754 3010, order no 1234567", []string{"+15417543010"}, "phone:international"},
	{"numero: 012234, tel", nil, ""},
	{"tel. 012234", []string{"012234"}, "phone:figures"},
	// none
	{"订单号202601011234", nil, ""}, {"订单 13800138000", nil, ""}, {"快递单号：1234567890", nil, ""}, {"验证码是1234567", nil, ""}, {"卡号 6222 0212 3456 7890", nil, ""},
	{"身份证11010519491231002X", nil, ""}, {"qq号:123456789", nil, ""}, {"12345678元", nil, ""}, {"一共1234567块钱", nil, ""}, {"价格是$12345678", nil, ""}, {"20261103发货", nil, ""},
	{"10 000 000", nil, ""}, {"月薪5000-7000元", nil, ""}, {"2026年11月3日", nil, ""}, {"2026-11-03", nil, ""}, {"1,234,567,890", nil, ""}, {"3.14159265", nil, ""}, {"0.12345678", nil, ""},
	{"15:30:00 2026/11/03", nil, ""}, {"192.168.100.100", nil, ""}, {"https://abc.com/item/1234567890", nil, ""}, {"1234567890@qq.com", nil, ""}, {"978-7-111-12345-6", nil, ""},
	{"4111 1111 1111 1111", nil, ""}, {"3782 822463 10005", nil, ""}, {"DE89 3704 0044 0532 0130 00", nil, ""}, {"GB29 NWBK 6016 1331 9268 19", nil, ""}, {"078-05-1120", nil, ""}, {"078 05 1120", nil, ""},
	{"AB1234567", nil, ""}, {"1234567AB", nil, ""}, {"x=12345678", nil, ""}, {"12345678=x", nil, ""}, {"12345678 + 1", nil, ""}, {"12 + 34567890", nil, ""}, {"SN-12345678", nil, ""}, {"(1872-1970)", nil, ""},
	{"2333333", nil, ""}, {"66666666", nil, ""}, {"123456789", nil, ""}, {"1234567890123456789", nil, ""}, {"1234567890123", nil, ""}, {"1 2 3 4 5 6 7 8 9", nil, ""}, {"06e828879afc4064abadf6fb60b8a1f3", nil, ""},
	{"tracking number 1234567890", nil, ""}, {"invoice #1234567", nil, ""}, {"zip code 1234567", nil, ""}, {"12345678 kg", nil, ""}, {"iPhone 15", nil, ""}, {"110", nil, ""}, {"12306", nil, ""}, {"", nil, ""},
	// read out
	{"我的号码是幺三八零零幺三八零零零", []string{"13800138000"}, "phone:spoken"},
	{"一三八,零零一三,八零零零", []string{"13800138000"}, "phone:spoken"},
	{"138零零幺三8零零零", []string{"13800138000"}, "phone:spoken"},
	{"零幺零六二二八八五五九", []string{"0106228855" + "9"}, "phone:spoken"},
	{"四零零八二零八八二零", []string{"4008208820"}, "phone:spoken"},
	{"加八六幺三八零零幺三八零零零", []string{"+8613800138000"}, "phone:spoken"},
	{"电话是六二二八八五五九", []string{"62288559"}, "phone:spoken"},
	{"下午三点打幺三八零零幺三八零零零", []string{"13800138000"}, "phone:spoken"},
	{"one three eight double oh one three eight triple oh", []string{"13800138000"}, "phone:spoken"},
	{"my number is five five five, one two one two", []string{"5551212"}, "phone:spoken"},
	{"call eight hundred five five five twelve thirty four", []string{"8005551234"}, "phone:spoken"},
	{"plus one four one five five five five one two three four", []string{"+14155551234"}, "phone:spoken"},
	{"oh seven seven double oh nine hundred one two three", []string{"07700900123"}, "phone:spoken"},
	{"一二三四五六七", nil, ""}, {"一二三四五六七八九十", nil, ""}, {"one two three four five six seven", nil, ""}, {"one two three four five six seven eight nine ten", nil, ""},
	{"二零二六年", nil, ""}, {"三点一四一五九二六五", nil, ""}, {"订单号是二零二六一一零三一二三", nil, ""}, {"两百零五", nil, ""}, {"double room for two", nil, ""}, {"五五五五五五五万", nil, ""},
}

func TestPhones(t *testing.T) {
	f := mustNew(t, value.KindPhone)
	for _, tt := range phones {
		text := norm.Fold(tt.text, norm.Matching).Text
		var got []string
		rule := ""
		for i, find := range f.FindValues(nil, text, value.Context{Lang: nlu.Chinese}) {
			got = append(got, find.Value.(string))
			if i == 0 {
				rule = find.Rule
			}
		}
		if !slices.Equal(got, tt.want) || rule != tt.rule {
			t.Errorf("%q: %q %s, want %q %s", tt.text, got, rule, tt.want, tt.rule)
		}
	}
}

// TestRuleOfLanguage: the form alone does not tell a British mobile number from a Chinese landline.
func TestRuleOfLanguage(t *testing.T) {
	f := mustNew(t, value.KindPhone)
	for lang, want := range map[nlu.Lang]string{nlu.Chinese: "phone:cn-landline", nlu.English: "phone:figures"} {
		got := f.FindValues(nil, "07278810684", value.Context{Lang: lang})
		if len(got) != 1 || got[0].Rule != want {
			t.Errorf("%s: %+v, want %s", lang, got, want)
		}
	}
}
