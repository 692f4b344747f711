package quantity

import (
	"embed"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
)

//go:embed data
var dataFiles embed.FS

// currency is an entry of currencies.yaml.
type currency struct {
	Unit string   `yaml:"unit"`
	Code string   `yaml:"code"`
	Sub  []string `yaml:"sub"`
	En   []string `yaml:"en"`
	Zh   []string `yaml:"zh"`
	Sign []string `yaml:"sign"`
	Also []string `yaml:"also"`
	// Least is the smallest amount that is one.
	Least int64 `yaml:"least"`

	parts map[string]int64 // by unit of the subunit: how many make one
	tenth bool             // has a part of which ten make one: 三块五
}

// subunit is a part of currencies.
type subunit struct {
	Unit  string   `yaml:"unit"`
	Per   int64    `yaml:"per"`
	Of    string   `yaml:"of"`
	En    []string `yaml:"en"`
	Zh    []string `yaml:"zh"`
	Sign  []string `yaml:"sign"`
	Also  []string `yaml:"also"`
	After []string `yaml:"after"`
	Lead  []string `yaml:"lead"`

	of *currency
}

// unit is an entry of units.yaml.
type unit struct {
	Unit    string   `yaml:"unit"`
	En      []string `yaml:"en"`
	Plural  []string `yaml:"plural"`
	Zh      []string `yaml:"zh"`
	Symbol  []string `yaml:"symbol"`
	Powered []string `yaml:"powered"`
	Power   bool     `yaml:"power"`
	Rate    bool     `yaml:"rate"`
	Money   bool     `yaml:"money"`
	Cue     string   `yaml:"cue"`
	Part    *struct {
		Unit string `yaml:"unit"`
		Per  int64  `yaml:"per"`
	} `yaml:"part"`

	dimension string
	cue       cue
}

// habits are words that are found in special places only.
type habits struct{ Glued, Never, Figures, Together, Alone []string }

// lexicon is what the data files say.
type lexicon struct {
	currencies []currency
	yuan       *currency // what Chinese amounts without a currency are in
	subunits   []subunit
	units      []unit
	money      habits
	measures   habits
	cues       [][]string // by cue
	cueNames   []string
	cents      map[string]bool // words that may follow cents
	counted    string          // characters that a figure may count
	halved     string          // characters that 半 may belong to
	priced     string          // characters after which 一块 is an amount
}

// cue is an index into lexicon.cues, 0 = none.
type cue int

func readLexicon() (*lexicon, error) {
	var money struct {
		Currencies []currency `yaml:"currencies"`
		Subunits   []subunit  `yaml:"subunits"`
		Glued      []string   `yaml:"glued"`
		Never      []string   `yaml:"never"`
		Figures    []string   `yaml:"figures"`
		Together   []string   `yaml:"together"`
	}
	var measures struct {
		Units    map[string][]unit `yaml:"units"`
		Glued    []string          `yaml:"glued"`
		Figures  []string          `yaml:"figures"`
		Alone    []string          `yaml:"alone"`
		Together []string          `yaml:"together"`
	}
	var cues struct {
		Cues    map[string][]string `yaml:"cues"`
		Cents   []string            `yaml:"cents"`
		Counted string              `yaml:"counted"`
		Halved  string              `yaml:"halved"`
		Priced  string              `yaml:"priced"`
	}
	if err := errors.Join(decode("currencies.yaml", &money), decode("units.yaml", &measures), decode("cues.yaml", &cues)); err != nil {
		return nil, err
	}
	l := &lexicon{
		currencies: money.Currencies, subunits: money.Subunits, cents: map[string]bool{}, counted: cues.Counted, halved: cues.Halved, priced: cues.Priced,
		money:    habits{Glued: money.Glued, Never: money.Never, Figures: money.Figures, Together: money.Together},
		measures: habits{Glued: measures.Glued, Figures: measures.Figures, Together: measures.Together, Alone: measures.Alone},
	}
	for _, w := range cues.Cents {
		l.cents[w] = true
	}
	l.setCues(cues.Cues)
	return l, errors.Join(l.setParts(), l.setUnits(measures.Units))
}

func decode(name string, into any) error {
	data, err := dataFiles.ReadFile("data/" + name)
	if err == nil {
		err = yaml.UnmarshalWithOptions(data, into, yaml.Strict())
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func (l *lexicon) setCues(groups map[string][]string) {
	l.cues, l.cueNames = [][]string{nil}, []string{""}
	for name, words := range groups {
		l.cueNames = append(l.cueNames, name)
		l.cues = append(l.cues, words)
	}
}

// cue returns the index of a group of cues, -1 if there is none of that name.
func (l *lexicon) cue(name string) cue { return cue(slices.Index(l.cueNames, name)) }

// setParts resolves the names of parts: "Fils:100".
func (l *lexicon) setParts() error {
	var faults []error
	per, byCode := map[string]int64{}, map[string]*currency{}
	for i := range l.subunits {
		per[l.subunits[i].Unit] = l.subunits[i].Per
	}
	for i := range l.currencies {
		c := &l.currencies[i]
		c.parts = map[string]int64{}
		if c.Code != "" {
			byCode[c.Code] = c
		}
		for _, s := range c.Sub {
			name, n, own := strings.Cut(s, ":")
			many := per[name]
			if own {
				many, _ = strconv.ParseInt(n, 10, 64)
			}
			if many <= 1 {
				faults = append(faults, fmt.Errorf("currencies.yaml: %s: no part %q", c.Unit, s))
			}
			c.parts[name] = many
			c.tenth = c.tenth || many == 10
		}
	}
	if l.yuan = byCode["CNY"]; l.yuan == nil {
		faults = append(faults, errors.New("currencies.yaml: no CNY"))
	}
	for i := range l.subunits {
		s := &l.subunits[i]
		if s.of = byCode[s.Of]; s.Of != "" && s.of == nil {
			faults = append(faults, fmt.Errorf("currencies.yaml: %s: no currency %q", s.Unit, s.Of))
		}
	}
	return errors.Join(faults...)
}

// setUnits puts the units in the order of [Measures], those with a cue first: they claim their words before others do.
func (l *lexicon) setUnits(groups map[string][]unit) error {
	var faults []error
	var plain []unit
	for _, d := range append(slices.Clone(Measures), Temperature) {
		for _, u := range groups[d] {
			u.dimension, u.cue = d, l.cue(u.Cue)
			switch {
			case u.cue < 0:
				faults = append(faults, fmt.Errorf("units.yaml: %s: no cue %q", u.Unit, u.Cue))
			case u.cue > 0 || u.Money:
				l.units = append(l.units, u)
			default:
				plain = append(plain, u)
			}
			plain = append(plain, powers(u)...)
		}
		delete(groups, d)
	}
	for d := range groups {
		faults = append(faults, fmt.Errorf("units.yaml: no dimension %q", d))
	}
	l.units = append(l.units, plain...)
	return errors.Join(faults...)
}

// powers returns the areas and volumes that a length makes.
func powers(u unit) []unit {
	if !u.Power {
		return nil
	}
	square := unit{Unit: "Square " + strings.ToLower(u.Unit), dimension: "area"}
	cubic := unit{Unit: "Cubic " + strings.ToLower(u.Unit), dimension: "volume"}
	for _, w := range append(english(u.En), u.Plural...) {
		square.Plural = append(square.Plural, "square "+w, "sq "+w, "sq. "+w)
		cubic.Plural = append(cubic.Plural, "cubic "+w, "cu "+w, "cu. "+w)
	}
	for _, w := range append(slices.Clone(u.Symbol), u.Powered...) {
		square.Symbol = append(square.Symbol, "square "+w, "sq "+w, "sq. "+w, "sq."+w, w+"2", w+"^2")
		cubic.Symbol = append(cubic.Symbol, "cubic "+w, "cu "+w, "cu. "+w, "cu."+w, w+"3", w+"^3")
	}
	for _, w := range u.Zh {
		square.Zh = append(square.Zh, "平方"+w)
		cubic.Zh = append(cubic.Zh, "立方"+w)
	}
	return []unit{square, cubic}
}
