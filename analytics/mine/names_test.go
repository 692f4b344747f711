package mine_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"yingda/analytics/demodata"
	"yingda/analytics/mine"
)

// planted are the wordings of the wishes that demo data plants, by language and intent.
func planted(tb testing.TB) map[string]map[string][]string {
	tb.Helper()
	var buf bytes.Buffer
	if err := demodata.WriteWordings(&buf, false); err != nil {
		tb.Fatal(err)
	}
	out := map[string]map[string][]string{"zh": {}, "en": {}}
	for dec := json.NewDecoder(&buf); dec.More(); {
		var eg struct {
			Text, Lang string
			Intents    []string
		}
		if err := dec.Decode(&eg); err != nil {
			tb.Fatal(err)
		}
		if len(eg.Intents) > 0 {
			out[eg.Lang][eg.Intents[0]] = append(out[eg.Lang][eg.Intents[0]], eg.Text)
		}
	}
	return out
}

// said are words that people would use for the planted wishes; one of them should be in a name.
var said = map[string]string{
	"bulk.quote": "公司|批量|采购|price|bulk|quote", "customs.duty": "关税|海关|customs|duties", "device.find": "定位|找|lost|find|locate",
	"engraving.request": "刻|engrav", "family.share": "家人|数据|family|share", "giftcard.use": "礼品卡|gift card", "device.setup_help": "指环|配对|ring|pair",
	"preorder.deposit": "定金|尾款|预售|deposit", "referral.reward": "奖励|推荐|friend|refer", "repair.quote": "维修|修|repair", "ring.sizing": "尺寸|指围|size|finger",
	"student.verify": "学生|教育|student", "tradein.request": "换新|回收|旧|trade|old",
}

// TestNames_Planted names the planted wishes as groups. Where they have words in common the name says what they are about.
func TestNames_Planted(t *testing.T) {
	for lang, classes := range planted(t) {
		intents := slices.Sorted(maps.Keys(classes))
		var texts [][]string
		for _, in := range intents {
			texts = append(texts, classes[in])
		}
		named, good := 0, 0
		for i, n := range mine.Names(texts, 4) {
			name := strings.Join(n.Terms, " · ")
			t.Logf("%-20s %3.0f %% %s", intents[i], 100*n.Covered, name)
			if name != "" {
				named++
			}
			if slices.ContainsFunc(strings.Split(said[intents[i]], "|"), func(w string) bool { return strings.Contains(name, w) }) {
				good++
			}
		}
		if named < len(intents)-2 || good < named-1 {
			t.Errorf("%s: %d of %d wishes are named, %d well", lang, named, len(intents), good)
		}
	}
}

func TestNames(t *testing.T) {
	for name, c := range map[string]struct {
		classes [][]string
		want    []string // the first term of each class
	}{
		"whole words":   {[][]string{{"礼品卡怎么激活", "想买张礼品卡送人", "我的礼品卡余额", "有礼品卡吗"}, {"卡里没钱了", "银行卡换了", "刷卡失败", "办卡流程"}}, []string{"礼品卡", ""}},
		"verb, object":  {[][]string{{"track my parcel", "can I track my parcel on the map", "how to track my parcel"}, {"parcel lost", "my parcel is broken", "open the parcel"}}, []string{"track my parcel", ""}},
		"not a number":  {[][]string{{"订单 12 开发票", "给 345 开发票吧", "开发票 6"}, {"订单 1 在哪", "订单 2 到了吗"}}, []string{"开发票", "订单"}},
		"both":          {[][]string{{"礼品卡 gift card", "买 gift card", "gift card 余额"}, {"退货", "换货"}}, []string{"gift card", ""}},
		"nothing":       {[][]string{{}, {"怎么办", "what do you need"}}, []string{"", ""}},
		"across a stop": {[][]string{{"坏了，退钱", "不好，退钱", "你好，退钱"}, {"你好"}}, []string{"退钱", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			for i, n := range mine.Names(c.classes, 3) {
				if got := strings.Join(n.Terms[:min(1, len(n.Terms))], ""); c.want[i] != "" && got != c.want[i] || len(n.Terms) > 3 || n.Covered < 0 || n.Covered > 1 {
					t.Errorf("class %d is %+v, want %q", i, n, c.want[i])
				}
			}
		})
	}
}
