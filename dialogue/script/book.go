package script

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"yingda/dialogue"
	"yingda/nlu"
)

// General is the key that is said when there is nothing else. A book must have it, in all its languages and without required slots.
const General = "general"

// Slots that every text may use. Where nobody fills them they come from the key that is asked for, so that {topic|name} in "resume" says
// what resume.order.cancel is about, and {what|name} in "ask" what ask.refund.request.order_id asks for.
const (
	Topic = "topic" // the key without its first word, e.g. "order.cancel"
	What  = "what"  // the key's last word, e.g. "order_id"
)

// Book is a checked set of scripts. It never changes and is safe for concurrent use. Load reads one.
type Book struct {
	settings Settings
	scripts  map[string]*Script
	alone    *view               // of the book without what tenants published
	offers   map[string][]string // slots by key, of the needs that Offering was told
}

// Settings hold for all scripts of a book. They stand in settings.yaml.
type Settings struct {
	Languages []nlu.Lang     // every script has words in all of them; the first is spoken where the wanted one is missing
	Voice     []string       // channels that are spoken
	Currency  string         // of amounts that name none, ISO 4217
	Private   []string       // slots that must be masked, e.g. id_number
	Hosts     []string       // that texts may link to
	Fields    []string       // slots that the operator's systems fill: texts that follow a call may use them
	Width     map[string]int // longest text by form, "text" and "voice"; a Chinese character counts 2, others 1
}

// DefaultSettings are those of a book without settings.yaml.
func DefaultSettings() Settings {
	return Settings{Languages: []nlu.Lang{nlu.Chinese, nlu.English}, Voice: []string{"voice"}, Currency: "CNY", Width: map[string]int{"text": 600, "voice": 200}}
}

// Script is what is said under a key. Once read it is not changed.
type Script struct {
	Key        string
	Note       string   // for those who edit
	Vars       []string // slots that are offered; empty = not declared
	Experiment string   // whose arms are the variants; empty = by weight
	Tone       bool     // a feeling is answered before it
	Version    int      // 0 = of the book
	Source     string   // YAML without the key

	texts   map[nlu.Lang][]block
	buttons map[nlu.Lang][]button
	line    int
	file    string
}

// When are the conditions of a block; all must hold. The zero value always does.
type When struct {
	Channel   []string
	Emotion   []string
	Valence   []string
	Tier      []string
	Intensity float64 // at least
}

type block struct {
	when     When
	always   bool
	variants []variant
	line     int
}

type variant struct {
	id     string
	weight int
	raw    string
	text   template
	line   int
}

type button struct {
	title, payload template
}

// holds tells whether a block is for the wording.
func (w *When) holds(q *dialogue.Wording) bool {
	in := func(want []string, is string) bool { return len(want) == 0 || slices.Contains(want, is) }
	return in(w.Channel, q.Channel) && in(w.Emotion, q.Emotion.Label) && in(w.Valence, q.Emotion.Valence) && in(w.Tier, q.Tier) &&
		q.Emotion.Intensity >= w.Intensity
}

// String writes the conditions as in a file, "" when there are none.
func (w When) String() string {
	var parts []string
	list := func(name string, v []string) {
		if len(v) > 0 {
			parts = append(parts, name+": "+strings.Join(v, ", "))
		}
	}
	list("channel", w.Channel)
	list("emotion", w.Emotion)
	list("valence", w.Valence)
	list("tier", w.Tier)
	if w.Intensity > 0 {
		parts = append(parts, "intensity: "+trimFloat(w.Intensity))
	}
	return strings.Join(parts, "; ")
}

// Settings returns those of the book. The slices are not to be changed.
func (b *Book) Settings() Settings { return b.settings }

// Keys lists the keys in order.
func (b *Book) Keys() []string { return slices.Sorted(maps.Keys(b.scripts)) }

// Script returns the script of exactly that key, nil if there is none.
func (b *Book) Script(key string) *Script { return b.scripts[key] }

// Offering returns a copy of the book that knows which slots are filled when a key is said, so that those who edit may use all of them: of
// a general key those that are filled whatever it stands for.
func (b *Book) Offering(needs []Need) *Book {
	n := *b
	n.offers = map[string][]string{}
	for _, need := range needs {
		c := candidates{key: need.Key}
		for k, ok := c.next(); ok; k, ok = c.next() {
			vars, known := n.offers[string(k)]
			if !known {
				vars = need.Vars
			}
			n.offers[string(k)] = slices.DeleteFunc(slices.Clone(vars), func(v string) bool { return !slices.Contains(need.Vars, v) })
		}
	}
	n.alone = &view{book: &n}
	return &n
}

// offered lists the slots that texts of a key may use besides [Settings].Fields: as Offering was told, else what the nearest script
// declares or uses.
func (b *Book) offered(key string) []string {
	vars, known := b.offers[key]
	if s := b.nearest(key, false); !known && s != nil {
		if vars = s.Vars; len(vars) == 0 {
			vars = s.Slots()
		}
	}
	return vars
}

// Render says w with the book's own scripts. It never fails.
func (b *Book) Render(w dialogue.Wording) dialogue.Reply {
	return b.alone.render(&w, nil)
}

var _ dialogue.Scripts = (*Book)(nil)

// Langs lists the languages that the script has words in.
func (s *Script) Langs() []nlu.Lang { return slices.Sorted(maps.Keys(s.texts)) }

// Slots lists all slots of all texts and buttons, in order.
func (s *Script) Slots() []string {
	set := map[string]bool{}
	add := func(t *template) {
		for _, name := range t.slots {
			set[name] = true
		}
	}
	for _, blocks := range s.texts {
		for i := range blocks {
			for j := range blocks[i].variants {
				add(&blocks[i].variants[j].text)
			}
		}
	}
	for _, bs := range s.buttons {
		for i := range bs {
			add(&bs[i].title)
			add(&bs[i].payload)
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// in returns the blocks for a language: the wanted one, or the first of the book's that the script has.
func in[T any](b *Book, by map[nlu.Lang]T, lang nlu.Lang) (T, nlu.Lang) {
	if v, ok := by[lang]; ok {
		return v, lang
	}
	for _, l := range b.settings.Languages {
		if v, ok := by[l]; ok {
			return v, l
		}
	}
	var none T
	return none, lang
}

func trimFloat(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }
