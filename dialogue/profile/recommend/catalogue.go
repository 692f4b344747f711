package recommend

import (
	"cmp"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/width"

	"yingda/dialogue/internal/strict"
	"yingda/nlu"
)

// Product is something that can be proposed.
type Product struct {
	ID         string
	Kind       string              // "product" or "plan"
	Titles     map[nlu.Lang]string // both languages
	Names      []string            // other names, as customers say them; several products may share one
	Category   string
	Brand      string
	Price      float64 // of one, in the currency of the deployment
	Attributes []string
	Link       string
	Sold       bool // false = known, but not proposed
	// Series and Step order products that follow each other: stage 1, stage 2 … Lasts is how long a customer stays with this one.
	Series string
	Step   int
	Lasts  time.Duration
	// Restock is after how long a thing that is used up is bought again; 0 = it is not used up, and not proposed to who has it.
	Restock time.Duration
}

// Title returns the title in a language, Chinese where there is no other.
func (p *Product) Title(l nlu.Lang) string { return cmp.Or(p.Titles[l], p.Titles[nlu.Chinese]) }

// Catalogue is what is sold. It is not changed once it is made.
type Catalogue struct {
	products []Product
	byID     map[string]int
	byName   map[string][]int // folded
	series   map[string][]int // by step
	longest  int              // name, in runes
}

type catalogueFile struct {
	Version  int           `yaml:"version"`
	Products []productFile `yaml:"products"`
}

type productFile struct {
	ID         string          `yaml:"id"`
	Kind       string          `yaml:"kind"`
	ZH         string          `yaml:"zh"`
	EN         string          `yaml:"en"`
	Names      []string        `yaml:"names"`
	Category   string          `yaml:"category"`
	Brand      string          `yaml:"brand"`
	Price      float64         `yaml:"price"`
	Attributes []string        `yaml:"attributes"`
	Link       string          `yaml:"link"`
	Sold       *bool           `yaml:"sold"`
	Series     string          `yaml:"series"`
	Step       int             `yaml:"step"`
	Lasts      strict.Duration `yaml:"lasts"`
	Restock    strict.Duration `yaml:"restock"`
}

// LoadCatalogue reads and checks a file, YAML or JSON. The error joins a fault with file, line and field for everything that is wrong.
func LoadCatalogue(fsys fs.FS, name string) (*Catalogue, error) {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("load products: %w", err)
	}
	return ParseCatalogue(name, data)
}

// ParseCatalogue is [LoadCatalogue] for a file that was read already.
func ParseCatalogue(name string, data []byte) (*Catalogue, error) {
	var raw catalogueFile
	f := strict.Decode(name, data, &raw)
	if raw.Version != 1 {
		f.Addf(strict.Path("version"), "is %d; this program reads version: 1", raw.Version)
	}
	seen, steps := map[string]int{}, map[string]int{}
	var ps []Product
	for i, r := range raw.Products {
		p := r.read(f, i)
		if j, twice := seen[p.ID]; twice {
			f.Addf(strict.Path("products", i, "id"), "%q is that of product %d too", p.ID, j+1)
		}
		seen[p.ID] = i
		if p.Series != "" {
			at := fmt.Sprint(p.Series, " ", p.Step)
			if j, twice := steps[at]; twice {
				f.Addf(strict.Path("products", i, "step"), "%d of series %s is product %d already", p.Step, p.Series, j+1)
			}
			steps[at] = i
		}
		ps = append(ps, p)
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	return newCatalogue(ps), nil
}

var idForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

func (r *productFile) read(f *strict.File, i int) Product {
	at := func(field string) []any { return strict.Path("products", i, field) }
	fault := func(bad bool, field, format string, args ...any) {
		if bad {
			f.Addf(at(field), format, args...)
		}
	}
	fault(!idForm.MatchString(r.ID), "id", "%q: want 1 to 64 of letters, digits, '.', '_' and '-'", r.ID)
	fault(r.Kind != "" && r.Kind != "product" && r.Kind != "plan", "kind", "%q is not known; there are product and plan", r.Kind)
	fault(r.ZH == "", "zh", "is missing")
	fault(r.EN == "", "en", "is missing")
	fault(!(r.Price >= 0), "price", "is %g; want 0 or more", r.Price)
	fault((r.Series == "") != (r.Step == 0), "step", "series and step belong together, e.g. series: infant_milk, step: 1")
	fault(r.Step < 0, "step", "is %d; steps count from 1", r.Step)
	for j, n := range r.Names {
		if fold(n) == "" {
			f.Addf(strict.Path("products", i, "names", j), "is empty")
		}
	}
	return Product{
		ID: r.ID, Kind: cmp.Or(r.Kind, "product"), Titles: map[nlu.Lang]string{nlu.Chinese: r.ZH, nlu.English: r.EN}, Names: r.Names, Category: r.Category, Brand: r.Brand,
		Price: r.Price, Attributes: r.Attributes, Link: r.Link, Sold: r.Sold == nil || *r.Sold, Series: r.Series, Step: r.Step, Lasts: r.Lasts.Std(), Restock: r.Restock.Std(),
	}
}

func newCatalogue(ps []Product) *Catalogue {
	c := &Catalogue{products: ps, byID: map[string]int{}, byName: map[string][]int{}, series: map[string][]int{}}
	for i := range ps {
		p := &ps[i]
		c.byID[p.ID] = i
		for _, n := range append([]string{p.Titles[nlu.Chinese], p.Titles[nlu.English], p.ID}, p.Names...) {
			folded := fold(n)
			if !slices.Contains(c.byName[folded], i) {
				c.byName[folded] = append(c.byName[folded], i)
			}
			c.longest = max(c.longest, utf8.RuneCountInString(folded))
		}
		if p.Series != "" {
			c.series[p.Series] = append(c.series[p.Series], i)
		}
	}
	for _, s := range c.series {
		slices.SortFunc(s, func(a, b int) int { return cmp.Compare(ps[a].Step, ps[b].Step) })
	}
	return c
}

// Products returns all products. The slice is the catalogue's own.
func (c *Catalogue) Products() []Product { return c.products }

// Product returns the product of an id.
func (c *Catalogue) Product(id string) (*Product, bool) {
	i, ok := c.byID[id]
	if !ok {
		return nil, false
	}
	return &c.products[i], true
}

// Find returns the products that a text names, by the longest name in it: all that share the name, those whose attribute is named first.
func (c *Catalogue) Find(text, attribute string) []*Product {
	rs := []rune(fold(text))
	if len(rs) > maxText {
		rs = rs[:maxText]
	}
	var best []int
	for n := min(c.longest, len(rs)); n > 0 && best == nil; n-- {
		for i := 0; i+n <= len(rs) && best == nil; i++ {
			if whole(rs, i, i+n) {
				best = c.byName[string(rs[i:i+n])]
			}
		}
	}
	out := make([]*Product, len(best))
	for i, b := range best {
		out[i] = &c.products[b]
	}
	said := fold(text + " " + attribute)
	slices.SortStableFunc(out, func(a, b *Product) int { return cmp.Compare(b.has(said), a.has(said)) })
	return out
}

// Same tells whether two texts name one product, in whatever language.
func (c *Catalogue) Same(a, b string) bool {
	as := c.Find(a, "")
	if len(as) == 0 {
		return false
	}
	for _, p := range c.Find(b, "") {
		if slices.Contains(as, p) {
			return true
		}
	}
	return false
}

// maxText bounds the texts in which names are looked for, in runes.
const maxText = 60

// whole tells whether a part of a text is not cut out of a longer Latin word.
func whole(rs []rune, from, to int) bool {
	latin := func(r rune) bool { return r < utf8.RuneSelf && r != ' ' }
	return !(from > 0 && latin(rs[from-1]) && latin(rs[from])) && !(to < len(rs) && latin(rs[to]) && latin(rs[to-1]))
}

// has returns the length of the longest attribute of p that a folded text names.
func (p *Product) has(said string) int {
	best := 0
	for _, a := range p.Attributes {
		if f := fold(a); len(f) > best && strings.Contains(said, f) {
			best = len(f)
		}
	}
	return best
}

// next returns the product that follows p, nil if none does.
func (c *Catalogue) next(p *Product) *Product {
	s := c.series[p.Series]
	for k, i := range s {
		if c.products[i].ID == p.ID && k+1 < len(s) {
			return &c.products[s[k+1]]
		}
	}
	return nil
}

// fold makes names comparable: half-width, lower case, single spaces.
func fold(s string) string {
	return strings.Join(strings.Fields(strings.ToLower(width.Fold.String(s))), " ")
}
