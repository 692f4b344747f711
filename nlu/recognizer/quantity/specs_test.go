package quantity_test

import (
	"os"
	"strings"
	"testing"

	"yingda/nlu/recognizer/quantity"
	"yingda/nlu/recognizer/specs"
	"yingda/nlu/recognizer/value"
)

const specDir = "../../../../shared/datasets/recognizers_text"

// floors are the shares of the public specifications that pass; a little lower than what is reached, so that a wrong turn shows.
var floors = map[string]float64{"Chinese": 0.97, "English": 0.97}

// TestSpecifications reads the cases of Recognizers-Text where they are at hand.
func TestSpecifications(t *testing.T) {
	if _, err := os.Stat(specDir); err != nil {
		t.Skipf("NO SPECIFICATIONS at %s: nothing is measured", specDir)
	}
	cases, err := specs.Read(specDir)
	if err != nil {
		t.Fatal(err)
	}
	passed, all, models := map[string]int{}, map[string]int{}, map[specs.Name]specs.Model{}
	for i := range cases {
		c := &cases[i]
		if c.Suite != "NumberWithUnit" || floors[c.Language] == 0 {
			continue
		}
		all[c.Language]++
		if models[c.Name] == nil {
			models[c.Name] = modelOf(t, c.Name)
		}
		faults := specs.Compare(c, models[c.Name](specs.Query{Text: c.Input, Lang: c.Lang()}))
		if len(faults) == 0 {
			passed[c.Language]++
		}
		for _, f := range faults {
			t.Logf("%s: %v", c.Key(), f)
		}
	}
	for lang, floor := range floors {
		got := float64(passed[lang]) / float64(all[lang]) // NaN without cases
		t.Logf("%s: %d of %d pass, %.1f %%", lang, passed[lang], all[lang], 100*got)
		if !(got >= floor) {
			t.Errorf("%s: %.1f %% pass, want at least %.1f %%", lang, 100*got, 100*floor)
		}
	}
}

// modelOf returns the model that a file of the specifications tests.
func modelOf(t *testing.T, n specs.Name) specs.Model {
	o := quantity.Options{Lang: n.Lang(), Kinds: []value.Kind{value.KindQuantity}, Bare: true, Subunits: true}
	name := strings.ToLower(strings.TrimSuffix(n.Model, "Model"))
	switch name {
	case "currency":
		o.Kinds = []value.Kind{value.KindMoney}
		return specs.Currencies(mustNew(t, o))
	case "dimension":
		o.Dimensions = quantity.Measures
	default:
		o.Dimensions = []string{name}
	}
	return specs.Quantities(mustNew(t, o), name)
}

func mustNew(t testing.TB, o quantity.Options) *quantity.Finder {
	t.Helper()
	f, err := quantity.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}
