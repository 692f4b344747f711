package quantity

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"yingda/nlu"
	"yingda/nlu/norm"
	"yingda/nlu/recognizer/value"
)

// iso4217 are the codes of money in use, without those of funds, metals and tests, and without KGS and CUP, which are kilograms and cups.
const iso4217 = `AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP CRC
	CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KHR
	KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK
	PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD
	UYU UZS VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG`

func TestEveryCode(t *testing.T) {
	f, err := New(Options{Lang: nlu.English})
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range strings.Fields(iso4217) {
		text := "100" + strings.ToLower(code)
		finds := f.FindValues(nil, text, value.Context{})
		if len(finds) != 1 || finds[0].End != len(text) || finds[0].Value.(value.Money).Currency != code {
			t.Errorf("%q: got %v", text, finds)
		}
	}
}

// TestEveryWord: every word of the data is found behind a number, and means the entry that lists it.
func TestEveryWord(t *testing.T) {
	l, err := readLexicon()
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range []nlu.Lang{nlu.Chinese, nlu.English} {
		money, err := New(Options{Lang: lang, Kinds: []value.Kind{value.KindMoney}, Subunits: true})
		if err != nil {
			t.Fatal(err)
		}
		measures, err := New(Options{Lang: lang, Kinds: []value.Kind{value.KindQuantity}})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range l.currencies {
			checkWords(t, money, c.Unit, english(c.En), c.Zh)
		}
		for _, s := range l.subunits {
			checkWords(t, money, s.Unit, english(s.En), s.Zh)
		}
		for _, u := range l.units {
			if u.cue == 0 {
				checkWords(t, measures, u.Unit, append(english(u.En), u.Plural...), append(u.Zh, u.Symbol...))
			}
		}
	}
}

func checkWords(t *testing.T, f *Finder, unit string, spaced, joined []string) {
	t.Helper()
	for i, w := range append(spaced, joined...) {
		text := "7000" + w
		if i < len(spaced) {
			text = "7000 " + w
		}
		if norm.Fold(w, norm.Matching).Text != w {
			t.Errorf("%s: %q is not folded", unit, w)
		}
		finds := f.FindValues(nil, text, value.Context{})
		if len(finds) != 1 || finds[0].Start != 0 || finds[0].End != len(text) {
			t.Errorf("%q: got %v, want all of it as %s", text, finds, unit)
			continue
		}
		got := ""
		switch v := finds[0].Value.(type) {
		case value.Money:
			got = v.Unit
		case value.Quantity:
			got = v.Unit
		}
		if got != unit {
			t.Errorf("%q: got %s, want %s", text, got, unit)
		}
	}
}

// TestHabits: the words of the lists of exceptions are words of the lexicon, so that no list has a misspelt one.
func TestHabits(t *testing.T) {
	l, err := readLexicon()
	if err != nil {
		t.Fatal(err)
	}
	money, measures := map[string]bool{}, map[string]bool{}
	for _, c := range l.currencies {
		for _, w := range append(append(append(english(c.En), c.Zh...), c.Sign...), append(c.Also, strings.ToLower(c.Code))...) {
			money[w] = true
		}
	}
	for _, u := range l.units {
		for _, w := range append(append(append(english(u.En), u.Plural...), u.Zh...), u.Symbol...) {
			measures[w] = true
		}
	}
	for list, words := range map[string][]string{"glued": l.money.Glued, "never": l.money.Never, "figures": l.money.Figures, "together": l.money.Together} {
		for _, w := range words {
			if !money[w] {
				t.Errorf("currencies.yaml: %s: %q is no word of a currency", list, w)
			}
		}
	}
	for list, words := range map[string][]string{"glued": l.measures.Glued, "figures": l.measures.Figures, "together": l.measures.Together, "alone": l.measures.Alone} {
		for _, w := range words {
			if !measures[w] {
				t.Errorf("units.yaml: %s: %q is no word of a unit", list, w)
			}
		}
	}
	for name, words := range map[string]string{"counted": l.counted, "halved": l.halved, "priced": l.priced} {
		if utf8.RuneCountInString(words) < 10 {
			t.Errorf("cues.yaml: %s is empty", name)
		}
	}
}

// TestCues: the grammar names cues that exist.
func TestCues(t *testing.T) {
	l, err := readLexicon()
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"shared.grammar", "zh.grammar", "en.grammar"} {
		data, err := dataFiles.ReadFile("data/" + file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`-> (?:ifCue|unlessCue)((?: [a-z]+)+)`).FindAllStringSubmatch(string(data), -1) {
			for _, name := range strings.Fields(m[1]) {
				if name != "unless" && l.cue(name) < 1 {
					t.Errorf("%s: no cue %q", file, name)
				}
			}
		}
	}
}
