package recommend

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"yingda/dialogue"
)

// wish is what the conversation asks for.
type wish struct {
	kind  string
	named []*Product
	asked bool // a product is named, whether it is in the catalogue or not
	brand string
	text  string
	most  float64 // price; 0 = any
}

// wish reads the slots.
func (r *Recommender) wish(goods *Catalogue, s dialogue.State) wish {
	w := wish{kind: "product"}
	if slices.ContainsFunc(s.Topic, func(in string) bool { return matches(r.rules.Load().Plans, in) }) {
		w.kind = "plan"
	}
	first := func(names []string) dialogue.Slot {
		for _, n := range names {
			if sl, ok := s.Slots[n]; ok && sl.Value != "" {
				return sl
			}
		}
		return dialogue.Slot{}
	}
	w.brand, w.text = fold(first(r.rules.Load().Brands).Value), fold(first(r.rules.Load().Details).Value)
	w.most = amount(first(r.rules.Load().Budgets))
	if sl := first(r.rules.Load().Products); sl.Value != "" && w.kind == "product" {
		w.asked, w.named = true, r.find(goods, sl.Value, w.text)
	}
	return w
}

// fits tells whether a product is what was asked for.
func (w *wish) fits(p *Product) bool {
	if !p.Sold || p.Kind != w.kind || w.most > 0 && p.Price > w.most {
		return false
	}
	if w.brand != "" && fold(p.Brand) != w.brand {
		return false
	}
	return !w.asked || slices.ContainsFunc(w.named, func(n *Product) bool { return n.ID == p.ID })
}

// detail counts what of the wish a product has beyond what it must have.
func (w *wish) detail(p *Product) int {
	if w.text != "" && p.has(w.text) > 0 {
		return 1
	}
	return 0
}

// amount reads a sum of money: the amount of the normalised form, or the first number.
func amount(sl dialogue.Slot) float64 {
	var v struct {
		Amount json.Number `json:"amount"`
	}
	if json.Unmarshal([]byte(sl.Norm), &v) == nil && v.Amount != "" {
		if f, err := v.Amount.Float64(); err == nil && f > 0 {
			return f
		}
	}
	text := cmp.Or(sl.Norm, sl.Value)
	from := strings.IndexFunc(text, func(c rune) bool { return c >= '0' && c <= '9' })
	if from < 0 {
		return 0
	}
	text = strings.ReplaceAll(text[from:], ",", "")
	if to := strings.IndexFunc(text, func(c rune) bool { return c != '.' && (c < '0' || c > '9') }); to >= 0 {
		text = text[:to]
	}
	f, err := strconv.ParseFloat(strings.TrimRight(text, "."), 64)
	if err != nil || f < 0 {
		return 0
	}
	return f
}
