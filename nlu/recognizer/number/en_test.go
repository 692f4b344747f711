package number_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"yingda/nlu"
	"yingda/nlu/norm"
	"yingda/nlu/recognizer/number"
	"yingda/nlu/recognizer/value"
)

// show writes finds from left to right: "surface=value".
func show(text string, finds []value.Find) string {
	slices.SortFunc(finds, func(a, b value.Find) int { return a.Start - b.Start })
	var out []string
	for _, f := range finds {
		s := "none"
		switch v := f.Value.(type) {
		case value.Number:
			if v.Rat != nil {
				s = number.Format(v)
			}
			if f.Kind == value.KindPercentage {
				s += "%"
			}
		case value.Ordinal:
			s = "#" + number.FormatOrdinal(v)
		case value.Range:
			s = number.FormatRange(v)
		}
		out = append(out, text[f.Start:f.End]+"="+s)
	}
	return strings.Join(out, "; ")
}

func TestEnglish(t *testing.T) {
	f := mustNew(t, number.Options{Lang: nlu.English})
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"i want my money back", ""},
		// whole numbers
		{"two and three", "two=2; three=3"},
		{"a hundred and one dalmatians", "a hundred and one=101"},
		{"nineteen hundred", "nineteen hundred=1900"},
		{"nineteen eighty-four", "nineteen=19; eighty-four=84"},
		{"two hundred five thousand and six", "two hundred five thousand and six=205006"},
		{"one thousand two million", "one thousand=1000; two million=2000000"},
		{"one hundred thousand million", "one hundred thousand million=100000000000"},
		{"three lakh crore", "three lakh crore=3000000000000"},
		{"hundred thousand dollars", "hundred thousand=100000"},
		{"a few hundred, several thousand, hundreds of them", ""},
		{"two dozen eggs, a dozen more, half a dozen rolls", "two dozen=24; a dozen=12; half a dozen=6"},
		{"one hundred and 4", "one hundred and 4=104"},
		{"3 hundred and 2 hundred", "3 hundred=300; 2 hundred=200"},
		{"twenty-twenty vision", "twenty=20; twenty=20"},
		{"three-nought-four", "three=3; nought=0; four=4"},
		{"fourty ninty", "fourty=40; ninty=90"},
		// "one" as a pronoun
		{"this one, the other one and no one", ""},
		{"one of them", "one=1"},
		{"one's own, oneself, someone", ""},
		// figures
		{"1,234,567.89 or 12,34,567 or 1.234.567,5", "1,234,567.89=1234567.89; 12,34,567=1234567; 1.234.567,5=1234567.5"},
		{"1, 234 and 1,2,3 and 1,23", "1=1; 234=234; 1=1; 2=2; 3=3; 1,23=1.23"},
		{"0,125 and 1234,567", "0,125=0.125; 1234,567=1234.567"},
		{"it is 5.", "5=5"},
		{".5 and 0.50", ".5=0.5; 0.50=0.5"},
		{"192.168.100.200", "192=192; 168=168; 100=100; 200=200"},
		{"1 234 567 but 4512 1234 5678", "1 234 567=1234567; 4512=4512; 1234=1234; 5678=5678"},
		{"12345678901234567890123", "12345678901234567890123=1.23456789012346E+22"},
		{"29km, 5th avenue, m4, x2", "5th=#5"},
		{"5k, 2.5 k, 10bn, 3 mln, 7m", "5k=5000; 2.5 k=2500; 10bn=10000000000; 3 mln=3000000; 7m=7000000"},
		{"7 m long, 1,200.5 m, 35mm, $35mm", "7=7; 1,200.5 m=1200500000; 35mm=35000000"},
		// signs
		{"-5, - 5 and minus five", "-5=-5; - 5=-5; minus five=-5"},
		{"5 - 3, 5-3 and 5 minus 3", "5=5; 3=3; 5=5; 3=3; 5=5; 3=3"},
		{"scp-173", "173=173"},
		// decimals, fractions, powers
		{"three point one four one five nine", "three point one four one five nine=3.14159"},
		{"nought point eleven, five point oh five, 3 point 25", "nought point eleven=0.11; five point oh five=5.05; 3 point 25=3.25"},
		{"five point two million", "five point two million=5200000"},
		{"at this point five people left", "five=5"},
		{"three quarters, one half and two and a half", "three quarters=0.75; one half=0.5; two and a half=2.5"},
		{"half of the first quarter, the second half", "half=0.5; first=#1; second=#2"},
		{"half a million, a quarter million, two thirds of a million", "half a million=500000; a quarter million=250000; two thirds of a million=666666.666666667"},
		{"3 million and a half, five and a half million", "3 million and a half=3500000; five and a half million=5500000"},
		{"a third party took a third", "third=#3; a third=0.333333333333333"},
		{"two millionth, two millionths", "two millionth=#2000000; two millionths=2E-06"},
		{"thirty seconds and two thirty-seconds", "thirty=30; two thirty-seconds=0.0625"},
		{"3/4, 1 3/4, 3 / 4, 24/7", "3/4=0.75; 1 3/4=1.75; 3 / 4=0.75"},
		{"5/17/2018 and 2018-05-17", "5=5; 17=17; 2018=2018; 2018=2018; 05=5; 17=17"},
		{"3/0", "3=3; 0=0"},
		{"11\u20442", "11\u20442=1.5"},
		{"2^10, 10^-2, 6.02x10^23, 1e3, 0^-1, 9^99999", "2^10=1024; 10^-2=0.01; 6.02x10^23=6.02E+23; 1e3=1000; 0=0; 1=1; 9=9; 99999=99999"},
		{"one over three, two out of five, 1 in 4", "one over three=0.333333333333333; two out of five=0.4; 1 in 4=0.25"},
		{"8 in 5, 12 out of 10, 1 in 2009", "8=8; 5=5; 12=12; 10=10; 1=1; 2009=2009"},
		// ranks
		{"first, 22nd, twenty-first and the hundredth", "first=#1; 22nd=#22; twenty-first=#21; hundredth=#100"},
		{"one thousand two hundred and thirty fourth", "one thousand two hundred and thirty fourth=#1234"},
		{"one second, per second, thirty second clip, she came second", "one=1; thirty second=#32; second=#2"},
		{"the last but one, second to last, third from the end", "the last but one=#end-1; second to last=#end-1; third from the end=#end-2"},
		{"the next one, the previous page, the last one", "next one=#current+1; previous=#current-1; last=#end+0"},
		// percentages
		{"5%, ten percent, 3 per cent, -2.5 %", "5%=5%; ten percent=10%; 3 per cent=3%; -2.5 %=-2.5%"},
		{"5% of 20", "5%=5%; 20=20"},
		{"percent of 10", "percent of 10=10%"},
		{"what percentage?", "percentage=none%"},
		{"a%20b%2", ""},
		// ranges
		{"more than 3, fewer than 5, at least six, up to 7", "more than 3=(3,); fewer than 5=(,5); at least six=[6,); up to 7=(,7]"},
		{"x>=5 and y<3", ">=5=[5,); <3=(,3)"},
		{"<>30, =>30, ->30", "30=30; 30=30; 30=30"},
		{"between five and ten, from 5 to 10, 5-10, 10-5", "between five and ten=[5,10); from 5 to 10=[5,10); 5-10=[5,10); 10=10; 5=5"},
		{"at least 3 but no more than 5", "at least 3 but no more than 5=[3,5]"},
		{"more than 5 and less than 3", "more than 5=(5,); less than 3=(,3)"},
		{"20 or more, 20 or more than 30", "20 or more=[20,); 20=20; more than 30=(30,)"},
		{"18+, 5+3, 5 + 3", "18+=[18,); 5=5; 3=3; 5=5; 3=3"},
		{"equal to 5 or less", "equal to 5 or less=(,5]"},
		{"more than 20%", "20%=20%"},
		{"555-1234-99", "555=555; 1234=1234; 99=99"},
		{"一共five个", "five=5"},
	} {
		t.Run(c.text, func(t *testing.T) {
			if got := show(c.text, f.FindValues(nil, c.text, value.Context{})); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestEnglishOptions(t *testing.T) {
	for _, c := range []struct {
		name string
		o    number.Options
		text string
		want string
	}{
		{"Numbers", number.Options{Kinds: []value.Kind{value.KindNumber}}, "between 5 and 10 first", "5=5; 10=10"},
		{"Closed", number.Options{ClosedRanges: true}, "between 5 and 10", "between 5 and 10=[5,10]"},
		{"Experimental", number.Options{Experimental: true}, "1 in 4", "1=1; 4=4"},
		{"Proportions", number.Options{Proportions: true}, "one in four, a quarter of them, one third", "one in four=25%; a quarter of=25%; one third=0.333333333333333"},
		{"PlainOrdinals", number.Options{PlainOrdinals: true}, "the first, the second to last and the next", "first=#1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.o.Lang = nlu.English
			if got := show(c.text, mustNew(t, c.o).FindValues(nil, c.text, value.Context{})); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestEnglishScanners(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"twenty five", "numeral twenty=20; number twenty=20; numeral twenty five=25; number twenty five=25"},
		{"21st", "digits 21=21; number 21=21; ordinal 21st=21"},
		{"twenty-first", "numeral twenty=20; number twenty=20; ordinal twenty-first=21"},
		{"200lbs", "digits 200=200; number 200=200"},
		{"usd|50", "digits 50=50; number 50=50"},
		{"5 m", "digits 5=5; number 5=5"},
		{"10000 over 3", "digits 10000=10000; number 10000=10000"},
		{"-20", "number -20=-20"},
		{"a hundred", "numeral a hundred=100; number a hundred=100"},
		{"two and a half", "numeral two=2; number two=2; number two and a half=2.5"},
		{"hundred", ""},
	} {
		t.Run(c.text, func(t *testing.T) {
			var got []string
			before, after, ok := strings.Cut(c.text, "|") // where to scan
			if !ok {
				before, after = "", before
			}
			text, at := before+after, len(before)
			for _, s := range number.Scanners(nlu.English) {
				if s.First(text[at]) {
					s.Scan(text, at, func(category, end int, v any) {
						if n, ok := v.(value.Number); ok {
							v = number.Format(n)
						}
						line := fmt.Sprintf("%s %s=%v", s.Categories[category], text[at:end], v)
						if !slices.Contains(got, line) {
							got = append(got, line)
						}
					})
				}
			}
			want := strings.FieldsFunc(c.want, func(r rune) bool { return r == ';' })
			for i := range want {
				want[i] = strings.TrimSpace(want[i])
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("got  %q\nwant %q", got, want)
			}
		})
	}
}

// TestEnglishNothing: text without numbers costs no memory.
func TestEnglishNothing(t *testing.T) {
	if race {
		t.Skip("the race detector makes pools forget")
	}
	f := mustNew(t, number.Options{Lang: nlu.English})
	for _, text := range []string{"i want my money back", "when will the order of a friend be there, and over to whom do i write?", "hello", "请问在吗"} {
		if n := testing.AllocsPerRun(100, func() { f.FindValues(nil, text, value.Context{}) }); n > 1 {
			t.Errorf("%q: %v allocations", text, n)
		}
	}
}

func FuzzEnglish(f *testing.F) {
	for _, s := range []string{
		"one hundred and two thousand three fifths", "- 1 4/5 or 1.1^-23, 1 234 567,8", "between the tenth and 20%", "the one before the last one",
		"minus five point oh five million and a half dozen", "1.2.3,4,5", "11⁄2 out of 5 in 3 over 0", "\xff1\xfe2 hundred",
	} {
		f.Add(s)
	}
	finders := []value.Finder{
		mustNew(f, number.Options{Lang: nlu.English}),
		mustNew(f, number.Options{Lang: nlu.English, Proportions: true, PlainOrdinals: true, ClosedRanges: true, Experimental: true}),
	}
	scanners := number.Scanners(nlu.English)
	f.Fuzz(func(t *testing.T, raw string) {
		text := norm.Fold(raw, norm.Matching).Text
		for _, finder := range finders {
			finds := finder.FindValues(nil, text, value.Context{})
			slices.SortFunc(finds, func(a, b value.Find) int { return a.Start - b.Start })
			end := 0
			for _, v := range finds {
				if v.Start < end || v.End <= v.Start || v.End > len(text) {
					t.Fatalf("%q: find at [%d,%d) after %d", text, v.Start, v.End, end)
				}
				end = v.End
			}
			_ = show(text, finds)
		}
		for at := range len(text) {
			for _, s := range scanners {
				if s.First(text[at]) {
					s.Scan(text, at, func(category, end int, v any) {
						if end <= at || end > len(text) || category >= len(s.Categories) || v == nil {
							t.Fatalf("%q at %d: category %d, end %d, value %v", text, at, category, end, v)
						}
					})
				}
			}
		}
	})
}
