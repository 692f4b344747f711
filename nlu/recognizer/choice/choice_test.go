package choice_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"yingda/nlu"
	"yingda/nlu/norm"
	"yingda/nlu/recognizer/choice"
	"yingda/nlu/recognizer/value"
)

// answers are messages with the word that answers: + yes, - no, empty = no answer.
var answers = []struct {
	text, want string
}{
	{"好的", "+好的"}, {"好的谢谢", "+好的"}, {"嗯嗯好的谢谢亲", "+嗯嗯"}, {"好滴好滴", "+好滴"}, {"行吧", "+行"}, {"可以啊没问题", "+可以啊"},
	{"ok的", "+ok"}, {"OK，发吧", "+ok"}, {"那就好的吧", "+好的"}, {"我同意", "+同意"}, {"對的", "+对的"}, {"没错！", "+没错"}, {"👍🏽", "+👍🏽"}, {"✅", "+✅"},
	{"有的", "+有的"}, {"嗯", "+嗯"}, {"对对对", "+对"}, {"收到，好的", "+好的"}, {"可以，明天送吧", "+可以"},
	{"不用了谢谢", "-不用了"}, {"我不同意", "-不同意"}, {"不不不", "-不"}, {"不好", "-不好"}, {"没有", "-没有"}, {"还没", "-还没"}, {"算了", "-算了"}, {"不是的，我没下单", "-不是的"},
	{"👎", "-👎"}, {"❌", "-❌"}, {"不需要", "-不需要"}, {"不要不要", "-不要"}, {"唔好啦", "-唔好"},
	{"好久没发货了", ""}, {"好不好", ""}, {"可以吗", ""}, {"是不是坏了", ""}, {"可以?", ""}, {"ok吗?", ""}, {"不好意思", ""}, {"不知道", ""}, {"中国", ""}, {"行李箱", ""}, {"对不起", ""},
	{"是你们发错了", ""}, {"你好", ""}, {"您好，我想退货", ""}, {"是2008年的", ""}, {"有WiFi", ""}, {"I can’t see it", ""}, {"it did not accept my card", ""}, {"不是很清楚", ""}, {"这个能退吗", ""}, {"我要退货", ""}, {"有没有大码", ""},
	{"Yes", "+yes"}, {"yes please", "+yes"}, {"Yesss!!!", "+yess"}, {"yep, go ahead", "+yep"}, {"That's right.", "+that's right"}, {"sounds good, thanks", "+sounds good"},
	{"okay I will wait", "+okay"}, {"y", "+y"}, {"Of course!", "+of course"}, {"fine.", "+fine"}, {"right, so what now", "+right"},
	{"No", "-no"}, {"no thanks", "-no"}, {"Nope, that's not good", "-nope"}, {"nope", "-nope"}, {"I don't agree", "-don't agree"}, {"that's not true", "-not true"}, {"I disagree with that", "-disagree"},
	{"not really", "-not really"}, {"never mind", "-never mind"}, {"n", "-n"}, {"absolutely not", "-absolutely not"}, {"it isn't right", "-isn't right"},
	{"I'm not sure", ""}, {"are you sure", ""}, {"I have no idea", ""}, {"please make sure it arrives", ""}, {"order no. 12345", ""}, {"no.5", ""}, {"I need help right now", ""}, {"the fine print", ""},
	{"good morning", ""}, {"plan y", ""}, {"i will call you", ""}, {"there is no refund", ""}, {"notebook", ""}, {"is that right?", ""}, {"yes or no", ""}, {"ok?", ""}, {"", ""}, {"12345", ""}, {"🙂", ""},
}

func TestAnswers(t *testing.T) {
	f := mustNew(t)
	for _, tt := range answers {
		text := norm.Fold(tt.text, norm.Matching).Text
		got := ""
		for _, find := range f.FindValues(nil, text, value.Context{Lang: nlu.Chinese}) {
			sign := "-"
			if b := find.Value.(value.Boolean); b.Yes {
				sign = "+"
			}
			got += sign + text[find.Start:find.End]
		}
		if got != tt.want {
			t.Errorf("%q: %q, want %q", tt.text, got, tt.want)
		}
	}
}

// TestScores: the score is the share of the message that answers.
func TestScores(t *testing.T) {
	f := mustNew(t)
	for _, tt := range []struct {
		text string
		lang nlu.Lang
		want float64
	}{
		{"好的", nlu.Chinese, 1}, {"好的,我等", nlu.Chinese, 0.7}, {"ok的", nlu.Chinese, 1}, {"好的 12 3", nlu.Chinese, 1},
		{"yes", nlu.English, 1}, {"yes 1", nlu.English, 0.7}, {"not ok then", nlu.English, 0.8}, {"👌🏾 a b", nlu.English, 0.7},
	} {
		got := f.FindValues(nil, tt.text, value.Context{Lang: tt.lang})
		if len(got) != 1 || got[0].Score != tt.want || got[0].Value.(value.Boolean).Score != tt.want {
			t.Errorf("%q: %+v, want %v", tt.text, got, tt.want)
		}
	}
}

// TestAllocations: a text without an answer costs none.
func TestAllocations(t *testing.T) {
	f := mustNew(t)
	for _, text := range []string{"", "我昨天买的衣服还没有发货怎么回事呀", "where is my order and why is it not here yet", strings.Repeat("我要退货 x1 ", 100)} {
		if n := testing.AllocsPerRun(20, func() { f.FindValues(nil, text, value.Context{}) }); n != 0 {
			t.Errorf("%.20q: %v allocations", text, n)
		}
	}
}

// TestLong reads long texts made to send the scanner back and forth. One that took time in the square of the length would take hours.
func TestLong(t *testing.T) {
	f := mustNew(t)
	for _, unit := range []string{"嗯", "嗯 ", "好 ", "好啊", "不", "no ", "not ", "i do ", "👌", "👌🏾", "a", "1", "?", "ok?", "谢谢", "y ", "\xff"} {
		start := time.Now()
		f.FindValues(nil, strings.Repeat(unit, 100_000/len(unit)), value.Context{})
		if d := time.Since(start); d > 20*time.Second {
			t.Errorf("%d times %q takes %v", 100_000/len(unit), unit, d)
		} else if d > time.Second {
			t.Logf("%d times %q takes %v", 100_000/len(unit), unit, d)
		}
	}
}

func FuzzFindValues(f *testing.F) {
	for _, tt := range answers {
		f.Add(tt.text)
	}
	f.Add("\xff好\xe5的")
	finder, err := choice.New()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		for _, text := range []string{raw, norm.Fold(raw, norm.Matching).Text} {
			got := finder.FindValues(nil, text, value.Context{Lang: nlu.English})
			if len(got) > 1 {
				t.Fatalf("%q has %d answers", text, len(got))
			}
			for _, find := range got {
				if find.Start < 0 || find.Start >= find.End || find.End > len(text) || find.Score <= 0.4 || find.Score > 1 {
					t.Fatalf("%q: %+v", text, find)
				}
				if utf8.ValidString(text) && !utf8.ValidString(text[find.Start:find.End]) {
					t.Fatalf("%q: %+v cuts a character", text, find)
				}
			}
		}
	})
}

func BenchmarkFindValues(b *testing.B) {
	f := mustNew(b)
	for _, bb := range []struct {
		name, text string
		size       int
	}{
		{"zh10", "好的,我想退这件衣服", 10}, {"zh100", "好的,我想退这件衣服", 100}, {"zh1000", "好的,我想退这件衣服", 1000}, {"zh2000", "好的,我想退这件衣服", 2000},
		{"en10", "ok send it ", 10}, {"en100", "ok send it ", 100}, {"en1000", "ok send it ", 1000}, {"en2000", "ok send it ", 2000},
	} {
		runes := []rune(strings.Repeat(bb.text, bb.size/10+1))[:bb.size]
		text := string(runes)
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f.FindValues(nil, text, value.Context{})
			}
		})
	}
}
