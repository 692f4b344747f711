package datetime_test

import (
	"os"
	"strings"
	"testing"

	"yingda/nlu"
	"yingda/nlu/recognizer/datetime"
	"yingda/nlu/recognizer/value"
)

// TestFamilies reads testdata/gen_*.txt: whole families of phrases, of which the specifications have but a member or two.
func TestFamilies(t *testing.T) {
	for name, lang := range map[string]nlu.Lang{"gen_zh": nlu.Chinese, "gen_en": nlu.English} {
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile("testdata/" + name + ".txt")
			if err != nil {
				t.Fatal(err)
			}
			f, err := datetime.New(datetime.Options{Lang: lang})
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for line := range strings.Lines(string(data)) {
				text, want, ok := strings.Cut(strings.TrimRight(line, "\n"), " =>")
				if strings.HasPrefix(line, "#") || !ok {
					continue
				}
				n++
				found := findings(t, f, text, value.Context{Lang: lang, Reference: wednesday})
				if got := strings.ReplaceAll(found, "\n", "; "); got != strings.TrimSpace(want) {
					t.Errorf("%s\n got %s\nwant %s", text, got, strings.TrimSpace(want))
				}
			}
			if n < 150 {
				t.Errorf("only %d cases", n)
			}
		})
	}
}

// TestDayWithClock joins every kind of day with every kind of clock and part of the day: the phrase is one value.
func TestDayWithClock(t *testing.T) {
	parts := strings.Fields("凌晨 清晨 早晨 早上 上午 中午 下午 午后 傍晚 晚上 夜里 深夜 半夜")
	clocks := strings.Fields("八点 8点 八点半 8点30分 十一点一刻 8:30 两点三刻 一点 八点到十一点 8:30-9:30 二十点")
	days := strings.Fields("今天 后天 大后天 周一 周三 周六 星期一 礼拜二 下周一 上周三 本周六 下个星期一 周日 十月一号 三月十一日 5月11号 2019年3月1日 " +
		"二零一九年三月二十一号 本月11号 下个月一号 21号 国庆节 元旦 除夕 清明 大年初一 正月十五 下个月第一个周一 今年的最后一天")
	f := zhFinder(t)
	for _, d := range days {
		for _, tail := range append(parts, clocks...) {
			one(t, f, d+tail, nlu.Chinese)
		}
		for _, c := range clocks[:8] {
			one(t, f, d+"上午"+c, nlu.Chinese)
		}
	}
	en, err := datetime.New(datetime.Options{Lang: nlu.English})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{"today", "tomorrow", "monday", "next tuesday", "thursday next week", "october 1st", "1 october", "march 11, 2019", "2019-03-11", "monday, march 11th",
		"the 21st of next month", "the first monday of may", "two days from now", "a week from tuesday"} {
		for _, tail := range []string{"morning", "evening", "in the afternoon", "at 8", "at 8pm", "8:30", "at half past eight", "at noon", "at eight o'clock", "around 9am", "8 pm",
			"at 20:15", "from 8 to 11", "8-11am", "between 8 and 11", "from 8:30 to 9:15"} {
			one(t, en, d+" "+tail, nlu.English)
		}
	}
}

// one checks that a finder finds the whole text as one value.
func one(t *testing.T, f *datetime.Finder, text string, lang nlu.Lang) {
	t.Helper()
	finds := f.FindValues(nil, text, value.Context{Lang: lang, Reference: wednesday})
	if len(finds) != 1 || finds[0].Start != 0 || finds[0].End != len(text) {
		t.Errorf("%q: %s", text, findings(t, f, text, value.Context{Lang: lang, Reference: wednesday}))
	}
}
