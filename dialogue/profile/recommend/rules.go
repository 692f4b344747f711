package recommend

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"yingda/dialogue/internal/strict"
	"yingda/nlu"
)

// Rules say how the rest of the program calls what the recommender goes by.
type Rules struct {
	Products []string // slots that name a product
	Details  []string // slots that name an attribute
	Brands   []string // slots that name a brand
	Budgets  []string // slots that name the most that it may cost
	Plans    []string // intents after which plans are proposed, products otherwise

	Seen    []string          // entity types that name a product somebody asks about
	Ordered map[string]string // calls that buy something → the argument that names it
	Bought  []string          // kinds of history items that mean the customer has it
	Looked  []string          // kinds that mean they looked at it
	Undone  []string          // parts of a status that mean they do not have it after all
	Why     map[Cause]Words   // what is said of a proposal; {last} and {title} are filled in
	Ask     map[string]Words  // next questions by intent; an intent without words is not proposed
	Half    time.Duration     // after which counts weigh half; default 60 days
}

// Words are one text in both languages.
type Words map[nlu.Lang]string

// Cause is why something is proposed.
type Cause string

// The causes, the strongest first.
const (
	NextStep Cause = "next"    // the next of a series
	Restock  Cause = "restock" // it is used up by now
	Upgrade  Cause = "upgrade" // the next plan up
	Together Cause = "together"
	Popular  Cause = "popular"
)

type rulesFile struct {
	Version  int                          `yaml:"version"`
	Slots    map[string][]string          `yaml:"slots"`
	Plans    []string                     `yaml:"plans_after"`
	Seen     []string                     `yaml:"seen"`
	Ordered  map[string]string            `yaml:"ordered"`
	Bought   []string                     `yaml:"bought"`
	Looked   []string                     `yaml:"looked"`
	Undone   []string                     `yaml:"undone"`
	HalfLife strict.Duration              `yaml:"half_life"`
	Why      map[string]map[string]string `yaml:"why"`
	Ask      map[string]map[string]string `yaml:"questions"`
}

// LoadRules reads and checks a file. The error joins a fault with file, line and field for everything that is wrong.
func LoadRules(fsys fs.FS, name string) (*Rules, error) {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("load rules of recommendation: %w", err)
	}
	return ParseRules(name, data)
}

// ParseRules is [LoadRules] for a file that was read already.
func ParseRules(name string, data []byte) (*Rules, error) {
	raw := rulesFile{HalfLife: strict.Duration(60 * 24 * time.Hour)}
	f := strict.Decode(name, data, &raw)
	if raw.Version != 1 {
		f.Addf(strict.Path("version"), "is %d; this program reads version: 1", raw.Version)
	}
	r := &Rules{
		Plans: raw.Plans, Seen: raw.Seen, Ordered: raw.Ordered, Bought: raw.Bought, Looked: raw.Looked, Half: raw.HalfLife.Std(),
		Why: map[Cause]Words{}, Ask: map[string]Words{},
	}
	for _, u := range raw.Undone {
		r.Undone = append(r.Undone, fold(u))
	}
	if r.Half < time.Hour {
		f.Addf(strict.Path("half_life"), "is %v; want an hour or more, e.g. 60d", r.Half)
	}
	into := map[string]*[]string{"product": &r.Products, "attribute": &r.Details, "brand": &r.Brands, "budget": &r.Budgets}
	for _, n := range slices.Sorted(maps.Keys(raw.Slots)) {
		if into[n] == nil {
			f.Addf(strict.Path("slots", n), "is not known; there are %s", strings.Join(slices.Sorted(maps.Keys(into)), ", "))
			continue
		}
		*into[n] = raw.Slots[n]
	}
	for _, n := range slices.Sorted(maps.Keys(raw.Why)) {
		if !slices.Contains([]Cause{NextStep, Restock, Upgrade, Together, Popular}, Cause(n)) {
			f.Addf(strict.Path("why", n), "is not known; there are next, restock, upgrade, together and popular")
		}
		r.Why[Cause(n)] = words(f, strict.Path("why", n), raw.Why[n])
	}
	for _, n := range slices.Sorted(maps.Keys(raw.Ask)) {
		r.Ask[n] = words(f, strict.Path("questions", n), raw.Ask[n])
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	return r, nil
}

func words(f *strict.File, at []any, raw map[string]string) Words {
	w := Words{}
	for _, l := range slices.Sorted(maps.Keys(raw)) {
		if l != string(nlu.Chinese) && l != string(nlu.English) {
			f.Addf(append(at, l), "is not known; there are zh and en")
		}
		w[nlu.Lang(l)] = raw[l]
	}
	for _, l := range []nlu.Lang{nlu.Chinese, nlu.English} {
		if w[l] == "" {
			f.Addf(append(slices.Clone(at), string(l)), "is missing")
		}
	}
	return w
}

// in returns the words in a language, Chinese where there are none, with {name} replaced.
func (w Words) in(l nlu.Lang, pairs ...string) string {
	s, ok := w[l]
	if !ok {
		s = w[nlu.Chinese]
	}
	return strings.NewReplacer(pairs...).Replace(s)
}

// matches tells whether one of the patterns is the name, or ends in * and begins it.
func matches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		before, star := strings.CutSuffix(p, "*")
		return p == name || star && strings.HasPrefix(name, before)
	})
}
