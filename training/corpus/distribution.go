package corpus

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// Distribution counts labels by language ("" = not known) and name. An example with two intents counts for both.
type Distribution struct {
	Examples map[string]int            `json:"examples"`
	Outside  map[string]int            `json:"out_of_scope"`
	Several  map[string]int            `json:"several_intents"`
	Intents  map[string]map[string]int `json:"intents"`
	Emotions map[string]map[string]int `json:"emotions"`
	Entities map[string]map[string]int `json:"entities"`
}

func distribution(c *Corpus) Distribution {
	d := Distribution{Examples: map[string]int{}, Outside: map[string]int{}, Several: map[string]int{},
		Intents: map[string]map[string]int{}, Emotions: map[string]map[string]int{}, Entities: map[string]map[string]int{}}
	add := func(to map[string]map[string]int, lang, name string) {
		if to[lang] == nil {
			to[lang] = map[string]int{}
		}
		to[lang][name]++
	}
	for i := range c.Examples {
		eg := &c.Examples[i]
		d.Examples[eg.Lang]++
		if eg.OutOfScope() {
			d.Outside[eg.Lang]++
		}
		if len(eg.Intents) > 1 {
			d.Several[eg.Lang]++
		}
		for _, name := range eg.Intents {
			add(d.Intents, eg.Lang, name)
		}
		if eg.Emotion != "" {
			add(d.Emotions, eg.Lang, eg.Emotion)
		}
		for _, ent := range eg.Entities {
			add(d.Entities, eg.Lang, ent.Type)
		}
	}
	return d
}

// thin lists the labels with fewer than least examples in a language.
func (d *Distribution) thin(least int) []Finding {
	var out []Finding
	find := func(what, name, lang string, n int) {
		message := fmt.Sprintf("%s %s has %d of %d examples", what, name, n, least)
		if lang != "" {
			message += " in " + lang
		}
		out = append(out, Finding{Kind: ThinClass, Message: message})
	}
	for _, kind := range []struct {
		what   string
		counts map[string]map[string]int
	}{{"intent", d.Intents}, {"emotion", d.Emotions}} {
		known := map[string]bool{}
		for _, counts := range kind.counts {
			for name := range counts {
				known[name] = true
			}
		}
		for _, lang := range slices.Sorted(maps.Keys(kind.counts)) {
			for _, name := range slices.Sorted(maps.Keys(known)) {
				if n := kind.counts[lang][name]; n < least {
					find(kind.what, name, lang, n)
				}
			}
		}
	}
	for _, lang := range slices.Sorted(maps.Keys(d.Entities)) {
		for _, name := range slices.Sorted(maps.Keys(d.Entities[lang])) {
			if n := d.Entities[lang][name]; n < least {
				find("entity", name, lang, n)
			}
		}
	}
	return out
}

// text writes the distribution, a table with a row a language and one with the labels.
func (d *Distribution) text(w *bytes.Buffer) {
	tw := tabwriter.NewWriter(w, 2, 4, 2, ' ', 0)
	fmt.Fprintln(tw, "LANGUAGE\tEXAMPLES\tOUT OF SCOPE\tSEVERAL INTENTS\tINTENTS\tEMOTIONS\tENTITY TYPES")
	langs := slices.Sorted(maps.Keys(d.Examples))
	for _, lang := range langs {
		fmt.Fprintf(tw, "%s\t%d\t%d\t%d\t%d\t%d\t%d\n", cmp.Or(lang, "–"), d.Examples[lang], d.Outside[lang], d.Several[lang],
			len(d.Intents[lang]), len(d.Emotions[lang]), len(d.Entities[lang]))
	}
	tw.Flush()
	for _, lang := range langs {
		for _, kind := range []struct {
			what   string
			counts map[string]int
		}{{"intents", d.Intents[lang]}, {"emotions", d.Emotions[lang]}, {"entities", d.Entities[lang]}} {
			if len(kind.counts) > 0 {
				fmt.Fprintf(w, "%s %s: %s\n", cmp.Or(lang, "–"), kind.what, ranked(kind.counts))
			}
		}
	}
}

// ranked lists counts, the largest first; the middle of a long list is left out.
func ranked(counts map[string]int) string {
	keys := slices.SortedFunc(maps.Keys(counts), func(a, b string) int { return cmp.Or(-cmp.Compare(counts[a], counts[b]), cmp.Compare(a, b)) })
	const ends = 5
	var out []string
	for i, key := range keys {
		if len(keys) > 3*ends && i >= ends && i < len(keys)-ends {
			if i == ends {
				out = append(out, fmt.Sprintf("… %d others …", len(keys)-2*ends))
			}
			continue
		}
		out = append(out, fmt.Sprintf("%s %d", key, counts[key]))
	}
	return strings.Join(out, ", ")
}
