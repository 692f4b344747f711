package itn_test

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"yingda/nlu"
	"yingda/nlu/norm"
	"yingda/nlu/recognizer/itn"
)

func TestEnglish(t *testing.T) {
	w := mustNew(t, itn.Options{Lang: nlu.English})
	for _, c := range []struct{ spoken, written string }{
		{"", ""},
		{"i want my money back", "i want my money back"},
		// numbers
		{"I have two or three, maybe twelve", "I have two or three, maybe twelve"},
		{"Thirteen of twenty-five", "13 of 25"},
		{"one hundred and five thousand and one", "105001"},
		{"a hundred and one", "a hundred and one"},
		{"minus five, negative forty", "-5, -40"},
		{"three hundred million and five", "300000005"},
		{"three hundred Million", "300 Million"},
		{"one seventy five", "175"},
		{"fourteen point five o", "14.50"},
		{"nine sextillion and one", "9000000000000000000001"},
		// fractions stay
		{"two thirds, one and a half, half a dozen, one fifth", "two thirds, one and a half, half a dozen, one fifth"},
		// ranks
		{"the First and the twenty second", "the 1st and the 22nd"},
		{"the one hundred and eleventh", "the 111th"},
		{"wait a second, first of all", "wait a second, first of all"},
		// dates
		{"on the third of June twenty nineteen", "on 3 June 2019"},
		{"by March twenty third", "by March 23"},
		{"in the nineteen seventies", "in the 1970s"},
		{"in eighteen o five", "in 1805"},
		{"in the third quarter of twenty twenty", "in Q3 2020"},
		{"may I go", "may I go"},
		{"a 30 second timer on march 4th 2019", "a 30 second timer on march 4th 2019"},
		// times of day
		{"at half past two or a quarter to nine", "at 02:30 or 08:45"},
		{"from nine A M to five fifteen pm g m t", "from 09:00 A.M. to 05:15 p.m. gmt"},
		{"twelve o'clock", "12:00"},
		{"from ten to eleven", "from ten to eleven"},
		// money
		{"it is one dollar and five cents", "it is $1.05"},
		{"ninety nine cents", "$0.99"},
		{"twelve hundred euros and fifty british pounds", "€1200 and £50"},
		{"five dollars twenty", "$5.20"},
		{"five dollars two weeks ago", "$5 two weeks ago"},
		{"minus three dollars", "-$3"},
		{"five dollar bill", "five dollar bill"},
		// measures
		{"five point five kilograms and six feet", "5.5 kg and 6 ft"},
		{"sixty kilo meters per hour", "60 km/h"},
		{"twelve square miles", "12 sq mi"},
		{"minus ten degrees celsius", "-10 °C"},
		{"twenty percent off", "20 % off"},
		// rows of digits
		{"order four five six seven eight", "order 45678"},
		{"one eight hundred five five five one two three four", "1 800-555-1234"},
		{"one eight hundred people", "one 800 people"},
		{"double o seven", "007"},
		{"plus one two one two five five five one two three four", "+1 212-555-1234"},
		{"one two", "one two"},
		{"flight b a two four nine", "flight ba249"},
		{"room a thirty six", "room a 36"},
		{"plan b one month", "plan b one month"},
		{"ten dot o dot o dot one", "10.0.0.1"},
		// addresses
		{"write to john underscore smith twenty at G mail dot com please", "write to john_smith20@gmail.com please"},
		{"my email is a b c at x y z dot co dot uk", "my email is abc@xyz.co.uk"},
		{"look at the dot com bubble", "look at the dot com bubble"},
		{"look at google dot com", "look at google.com"},
		{"w w w dot example dot org slash help slash one", "www.example.org/help/1"},
		{"http colon slash slash", "http colon slash slash"},
		// names
		{"an r t x forty seventy t i for the l g a seventeen hundred", "an RTX 4070ti for the LGA 1700"},
		{"five g all over, twenty four seven", "5G all over, 24/7"},
		// odd text
		{"我要 twenty five 个", "我要 25 个"},
		{"twenty!", "20!"},
		{"\xfftwenty\xfe", "\xff20\xfe"},
		{"Mister Dao", "Mister Dao"},
	} {
		t.Run(c.spoken, func(t *testing.T) {
			if got := w.Write(c.spoken).Text; got != c.written {
				t.Errorf("got %q, want %q", got, c.written)
			}
		})
	}
}

func TestEnglishAbbreviations(t *testing.T) {
	w := mustNew(t, itn.Options{Lang: nlu.English, Abbreviate: true})
	for spoken, written := range map[string]string{
		"Mister Dao and misses smith": "Mr. Dao and mrs. smith",
		"she misses":                  "she misses",
		"for example et cetera":       "e.g. etc.",
	} {
		if got := w.Write(spoken).Text; got != written {
			t.Errorf("%q: got %q, want %q", spoken, got, written)
		}
	}
}

// TestEnglishAlignment: what was rewritten leads back to its words.
func TestEnglishAlignment(t *testing.T) {
	const spoken = "I paid twenty five dollars on the third of june"
	text := mustNew(t, itn.Options{Lang: nlu.English}).Write(spoken)
	for written, words := range map[string]string{"$25": "twenty five dollars", "3 june": "the third of june", "paid": "paid"} {
		at := strings.Index(text.Text, written)
		if at < 0 {
			t.Fatalf("%q has no %q", text.Text, written)
		}
		from, to := text.Spoken(at, at+len(written))
		if spoken[from:to] != words {
			t.Errorf("%q leads to %q, want %q", written, spoken[from:to], words)
		}
	}
}

// TestEnglishCardinals says numbers and writes them back.
func TestEnglishCardinals(t *testing.T) {
	w := mustNew(t, itn.Options{Lang: nlu.English})
	r := rand.New(rand.NewPCG(5, 6))
	for range 500 {
		n := 13 + r.IntN(999_987) // from a million on, round numbers keep the word
		if got := w.Write(sayEnglish(n)).Text; got != strconv.Itoa(n) {
			t.Fatalf("%q: got %q, want %d", sayEnglish(n), got, n)
		}
	}
}

func sayEnglish(n int) string {
	small := strings.Fields("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen")
	tens := strings.Fields("zero ten twenty thirty forty fifty sixty seventy eighty ninety")
	rest := func(n int, unit string) string {
		if n == 0 {
			return unit
		}
		return unit + " " + sayEnglish(n)
	}
	switch {
	case n < 20:
		return small[n]
	case n < 100:
		return rest(n%10, tens[n/10])
	case n < 1000:
		return rest(n%100, small[n/100]+" hundred")
	}
	return rest(n%1000, sayEnglish(n/1000)+" thousand")
}

// TestEnglishNothing: text that stays costs little.
func TestEnglishNothing(t *testing.T) {
	if race {
		t.Skip("the race detector makes pools forget")
	}
	w := mustNew(t, itn.Options{Lang: nlu.English})
	for _, text := range []string{"i want my money back", "when will a friend of mine be there at last"} {
		folded := norm.Fold(text, norm.Matching)
		if got := testing.AllocsPerRun(100, func() { w.WriteFolded(text, &folded) }); got > 2 {
			t.Errorf("%q: %v allocations", text, got)
		}
	}
}

func BenchmarkEnglish(b *testing.B) {
	w := mustNew(b, itn.Options{Lang: nlu.English})
	for _, c := range []struct{ name, text string }{
		{"None", "i want my money back"},
		{"Order", "my order number is one two three four five"},
		{"Long", strings.Repeat("i paid twenty five dollars on the third of june for it. ", 36)},
		{"Letters", strings.Repeat("a b c d one two dot at ", 80)},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(c.text)))
			for b.Loop() {
				w.Write(c.text)
			}
		})
	}
}

func FuzzEnglish(f *testing.F) {
	for _, s := range []string{
		"john dot smith at g mail dot com", "plus nine one one two three", "half past two P M", "the third of june twenty twelve", "$ five dollars and ten cents",
		"r t x forty fifty t i", "one two three dot one dot double o dot four", "\xff twenty \u0301 one", "ＴＷＥＮＴＹ ｏｎｅ",
	} {
		f.Add(s)
	}
	w := mustNew(f, itn.Options{Lang: nlu.English, Abbreviate: true})
	f.Fuzz(func(t *testing.T, raw string) {
		text := w.Write(raw)
		for at := range len(text.Text) {
			if from, to := text.Spoken(at, at+1); from < 0 || to > len(raw) || from > to {
				t.Fatalf("%q: byte %d of %q comes from [%d,%d)", raw, at, text.Text, from, to)
			}
		}
	})
}
