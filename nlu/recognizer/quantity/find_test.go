package quantity_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"yingda/nlu"
	"yingda/nlu/norm"
	"yingda/nlu/recognizer/number"
	"yingda/nlu/recognizer/quantity"
	"yingda/nlu/recognizer/value"
)

// TestFind reads the tables of texts in testdata.
func TestFind(t *testing.T) {
	for _, lang := range []nlu.Lang{nlu.Chinese, nlu.English} {
		f := mustNew(t, quantity.Options{Lang: lang})
		for _, row := range mustRows(t, lang) {
			if got := show(f, row[0]); got != row[1] {
				t.Errorf("%s: %q:\n got %s\nwant %s", lang, row[0], got, row[1])
			}
		}
	}
}

// mustRows reads a table: text, what is found.
func mustRows(t testing.TB, lang nlu.Lang) (rows [][2]string) {
	t.Helper()
	data, err := os.ReadFile("testdata/" + string(lang) + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		text, want, ok := strings.Cut(line, "->")
		if text = strings.TrimSpace(text); !ok || text != norm.Fold(text, norm.Matching).Text {
			t.Fatalf("%s: want folded text -> finds, got %q", lang, line)
		}
		rows = append(rows, [2]string{text, strings.TrimSpace(want)})
	}
	return rows
}

// show writes the finds of a text from left to right: "三块五 = 3.5 CNY; 两件 = 2 件".
func show(f *quantity.Finder, text string) string {
	finds := f.FindValues(nil, text, value.Context{})
	slices.SortFunc(finds, func(a, b value.Find) int { return a.Start - b.Start })
	var out []string
	for _, v := range finds {
		out = append(out, text[v.Start:v.End]+" = "+showValue(v.Value))
	}
	return strings.Join(out, "; ")
}

func showValue(v any) string {
	n, unit := value.Number{}, ""
	switch v := v.(type) {
	case value.Money:
		n, unit = v.Amount, v.Currency
		if unit == "" {
			unit = v.Unit
		}
	case value.Quantity:
		n, unit = v.Number, v.Unit
		if v.Dimension == quantity.Age || v.Dimension == quantity.Temperature || v.Dimension == "angle" {
			unit += " " + v.Dimension
		}
	}
	if n.Rat == nil {
		return unit
	}
	return fmt.Sprint(number.Format(n), " ", unit)
}

func TestOptions(t *testing.T) {
	money, measures := []value.Kind{value.KindMoney}, []value.Kind{value.KindQuantity}
	for _, c := range []struct {
		name, text, want string
		options          quantity.Options
	}{
		{"PoundsAreMoney", "two pounds", "two pounds = 2 Pound", quantity.Options{Lang: nlu.English, Kinds: money}},
		{"PoundsAreWeight", "it cost two pounds", "two pounds = 2 Pound", quantity.Options{Lang: nlu.English, Kinds: measures}},
		{"OnlyMoney", "两件一共30元", "30元 = 30 CNY", quantity.Options{Lang: nlu.Chinese, Kinds: money}},
		{"OnlyCounts", "两件3斤一共30元", "两件 = 2 件", quantity.Options{Lang: nlu.Chinese, Kinds: measures, Dimensions: []string{quantity.Count}}},
		{"UnwantedStillBlocks", "rotate 90 degrees", "", quantity.Options{Lang: nlu.English, Kinds: measures, Dimensions: []string{quantity.Temperature}}},
		{"DegreesAreAngles", "90 degrees", "90 degrees = 90 Degree angle", quantity.Options{Lang: nlu.English, Dimensions: quantity.Measures}},
		{"NoBareUnits", "convert to fahrenheit", "", quantity.Options{Lang: nlu.English}},
		{"BareUnits", "convert to fahrenheit", "fahrenheit = F temperature", quantity.Options{Lang: nlu.English, Bare: true}},
		{"BareCurrency", "人民币换美元", "人民币 = CNY; 美元 = USD", quantity.Options{Lang: nlu.Chinese, Bare: true}},
		{"BareIsNoWord", "a foot in the real world, cup of tea, all mad", "", quantity.Options{Lang: nlu.English, Bare: true}},
		{"PartsOfCurrencies", "五毛", "五毛 = 0.5 CNY", quantity.Options{Lang: nlu.Chinese}},
		{"PartsAsWritten", "五毛", "五毛 = 5 Jiao", quantity.Options{Lang: nlu.Chinese, Subunits: true}},
		{"CentsOfNobody", "50 cents", "50 cents = 50 Cent", quantity.Options{Lang: nlu.English}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := show(mustNew(t, c.options), c.text); got != c.want {
				t.Errorf("%q: got %q, want %q", c.text, got, c.want)
			}
		})
	}
}

func TestErrNew(t *testing.T) {
	for name, o := range map[string]quantity.Options{
		"Lang":      {},
		"Kind":      {Lang: nlu.Chinese, Kinds: []value.Kind{value.KindDateTime}},
		"Dimension": {Lang: nlu.English, Dimensions: []string{"beauty"}},
	} {
		if _, err := quantity.New(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestWord: a quantity has its unit as it was written.
func TestWord(t *testing.T) {
	for text, want := range map[string]string{"两件": "件", "3块电池": "块", "三斤半": "斤", "20 [kg]": "kg", "50公里/小时": "公里/小时", "七周岁": "周岁", "三斤二两": "", "5kg": "kg"} {
		finds := mustNew(t, quantity.Options{Lang: nlu.Chinese}).FindValues(nil, text, value.Context{})
		if len(finds) != 1 || finds[0].Value.(value.Quantity).Word != want {
			t.Errorf("%q: got %+v, want the unit as %q", text, finds, want)
		}
	}
}

// TestScore: 一个 is more often an article than a count.
func TestScore(t *testing.T) {
	f := mustNew(t, quantity.Options{Lang: nlu.Chinese})
	for text, want := range map[string]float64{"来一个": 0.5, "来两个": 1} {
		finds := f.FindValues(nil, text, value.Context{})
		if len(finds) != 1 || finds[0].Score != want || finds[0].Rule == "" {
			t.Errorf("%q: got %v, want one of score %v with its rule", text, finds, want)
		}
	}
}

// TestAllocations: looking for nothing costs nothing, a find a few small values.
func TestAllocations(t *testing.T) {
	if race {
		t.Skip("the race detector makes pools forget")
	}
	for _, c := range []struct {
		lang nlu.Lang
		text string
		most float64
	}{
		{nlu.Chinese, "我的订单怎么还没发货能不能帮我催催", 0},
		{nlu.English, "where is my parcel, it should have been here", 0},
	} {
		f := mustNew(t, quantity.Options{Lang: c.lang})
		if n := testing.AllocsPerRun(100, func() { f.FindValues(nil, c.text, value.Context{}) }); n > c.most {
			t.Errorf("%q: %v allocations, want at most %v", c.text, n, c.most)
		}
	}
}

func FuzzFind(f *testing.F) {
	finders := []*quantity.Finder{}
	for _, lang := range []nlu.Lang{nlu.Chinese, nlu.English} {
		finders = append(finders, mustNew(f, quantity.Options{Lang: lang, Bare: true}), mustNew(f, quantity.Options{Lang: lang}))
		for _, row := range mustRows(f, lang) {
			f.Add(row[0])
		}
	}
	for _, s := range []string{"\xff块五", "5' 5\" 5'", "三块" + strings.Repeat("五", 50), strings.Repeat("1,", 60) + "元", "1e9 usd", "- 5 g", "$$$5$5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, folded := range []string{text, norm.Fold(text, norm.Matching).Text} {
			for _, q := range finders {
				checkFinds(t, folded, q.FindValues(nil, folded, value.Context{}))
			}
		}
	})
}

// checkFinds holds for every text: finds lie within it, do not overlap, and have a value of their kind.
func checkFinds(t *testing.T, text string, finds []value.Find) {
	t.Helper()
	end := 0
	slices.SortFunc(finds, func(a, b value.Find) int { return a.Start - b.Start })
	for _, v := range finds {
		if v.Start < end || v.End <= v.Start || v.End > len(text) {
			t.Fatalf("%q: [%d, %d) after %d", text, v.Start, v.End, end)
		}
		end = v.End
		switch x := v.Value.(type) {
		case value.Money:
			if v.Kind != value.KindMoney || x.Unit == "" {
				t.Fatalf("%q: %+v", text, v)
			}
		case value.Quantity:
			if v.Kind != value.KindQuantity || x.Unit == "" || x.Dimension == "" {
				t.Fatalf("%q: %+v", text, v)
			}
		default:
			t.Fatalf("%q: %+v", text, v)
		}
	}
}
