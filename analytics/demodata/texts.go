package demodata

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"sync"

	"gopkg.in/yaml.v3"

	"yingda/nlu"
)

// ordinary.jsonl is a part of the project's own corpus, redacted; TestOrdinary writes it again with -update.
//
//go:embed ordinary.jsonl planted/*.yaml words.yaml
var files embed.FS

// Wording is something a customer says.
type Wording struct {
	Text     string   `json:"text"` // redacted
	Lang     nlu.Lang `json:"lang"`
	Intent   string   `json:"intent,omitempty"` // empty = out of scope
	Emotion  string   `json:"emotion,omitempty"`
	Entities []string `json:"entities,omitempty"` // types
}

// Planted is something new that customers ask for after the launch.
type Planted struct {
	Intent string   `yaml:"intent"` // e.g. "tradein.request"
	ZH     string   `yaml:"zh"`     // what it is
	EN     string   `yaml:"en"`
	Known  bool     `yaml:"known"` // the intent exists already: what is missing are examples
	Near   []string `yaml:"near"`  // known intents that it is most easily taken for
	Share  float64  `yaml:"share"` // of all that is new, relative
	// The wordings that customers use until the measuring time, and from then on.
	Mine    Both `yaml:"mine"`
	Measure Both `yaml:"measure"`
}

// Both holds lines in both languages.
type Both struct {
	ZH Lines `yaml:"zh"`
	EN Lines `yaml:"en"`
}

// In returns the lines in a language.
func (b Both) In(l nlu.Lang) []string {
	if l == "zh" {
		return b.ZH
	}
	return b.EN
}

// Lines is a block of text, one wording a line.
type Lines []string

// UnmarshalYAML splits a block scalar.
func (l *Lines) UnmarshalYAML(n *yaml.Node) error {
	var block string
	if err := n.Decode(&block); err != nil {
		return err
	}
	for line := range strings.Lines(block) {
		if line = strings.TrimSpace(line); line != "" {
			*l = append(*l, line)
		}
	}
	return nil
}

// words are the small change of conversations.
type words struct {
	Noise  Both            `yaml:"noise"`  // out of scope: chat, nonsense, other companies' business
	Slots  map[string]Both `yaml:"slots"`  // answers to a question for a value, redacted; "" for types without own ones
	Yes    Both            `yaml:"yes"`    // to a check-back
	No     Both            `yaml:"no"`     //
	Tried  Both            `yaml:"tried"`  // a step that did not help
	Person Both            `yaml:"person"` // wants one, after all
	Talk   Both            `yaml:"talk"`   // to an agent
	Wait   Both            `yaml:"wait"`   // while waiting for one
	Again  Both            `yaml:"again"`  // back with an old question
	Lead   Both            `yaml:"lead"`   // put before a message now and then
	Tail   Both            `yaml:"tail"`   // put after it
	Score  Both            `yaml:"score"`  // written with a good rating
	Grudge Both            `yaml:"grudge"` // written with a bad one
}

// pools are all texts, read once.
type pools struct {
	words
	planted []Planted
	byTopic map[string][]Wording // by intent, language and emotion joined, and by the first two
}

// loadPools reads the embedded files.
var loadPools = sync.OnceValues(func() (*pools, error) {
	p := &pools{byTopic: map[string][]Wording{}}
	if err := read("words.yaml", &p.words); err != nil {
		return nil, err
	}
	names, err := files.ReadDir("planted")
	if err != nil {
		return nil, err
	}
	for _, f := range names {
		var pl Planted
		if err := read(path.Join("planted", f.Name()), &pl); err != nil {
			return nil, err
		}
		p.planted = append(p.planted, pl)
	}
	raw, err := files.ReadFile("ordinary.jsonl")
	if err != nil {
		return nil, err
	}
	for line := range bytes.Lines(raw) {
		var w Wording
		if err := json.Unmarshal(line, &w); err != nil {
			return nil, fmt.Errorf("ordinary.jsonl: %w", err)
		}
		key := w.Intent + " " + string(w.Lang)
		p.byTopic[key] = append(p.byTopic[key], w)
		p.byTopic[key+" "+w.Emotion] = append(p.byTopic[key+" "+w.Emotion], w)
	}
	return p, nil
})

func read(name string, v any) error {
	raw, err := files.ReadFile(name)
	if err != nil {
		return err
	}
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	dec.KnownFields(true)
	if err := dec.Decode(v); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// PlantedIntents returns what is planted, by file name. It is not to be changed.
func PlantedIntents() ([]Planted, error) {
	p, err := loadPools()
	if err != nil {
		return nil, err
	}
	return p.planted, nil
}

// ordinary draws a wording of a known intent: in the mood, where there is one.
func (p *pools) ordinary(rng *rand.Rand, intent string, lang nlu.Lang, mood string) Wording {
	key := intent + " " + string(lang)
	if of := p.byTopic[key+" "+mood]; len(of) > 0 && rng.Float64() < 0.8 {
		return of[rng.IntN(len(of))]
	}
	of := p.byTopic[key]
	if len(of) == 0 {
		return Wording{Text: pick(rng, p.Noise.In(lang)), Lang: lang, Emotion: "neutral"}
	}
	return of[rng.IntN(len(of))]
}

// vary writes a text as another person would have: a word before or after it, without the full stop, a slip of the finger.
func (p *pools) vary(rng *rand.Rand, text string, lang nlu.Lang) string {
	switch u := rng.Float64(); {
	case u < 0.12:
		lead := pick(rng, p.Lead.In(lang))
		if lang == "en" {
			return lead + " " + text
		}
		return lead + text
	case u < 0.28:
		bare := strings.TrimRight(text, "。.！!？? ")
		switch {
		case bare == "":
			return text
		case u < 0.20:
			return bare + pick(rng, p.Tail.In(lang))
		}
		return bare
	case u < 0.33 && lang == "en":
		return slip(rng, text)
	case u < 0.40 && lang == "en":
		return strings.ToLower(text)
	}
	return text
}

// slip exchanges two neighbouring letters inside a word.
func slip(rng *rand.Rand, text string) string {
	b := []byte(text)
	var at []int
	tag := false
	for i := 1; i+2 < len(b); i++ {
		switch b[i] {
		case '<':
			tag = true
		case '>':
			tag = false
		}
		if !tag && letter(b[i-1]) && letter(b[i]) && letter(b[i+1]) && letter(b[i+2]) {
			at = append(at, i)
		}
	}
	if len(at) == 0 {
		return text
	}
	i := at[rng.IntN(len(at))]
	b[i], b[i+1] = b[i+1], b[i]
	return string(b)
}

func letter(c byte) bool { return 'a' <= c && c <= 'z' }

func pick[T any](rng *rand.Rand, of []T) T {
	if len(of) == 0 {
		var none T
		return none
	}
	return of[rng.IntN(len(of))]
}

// tags are the entity types that a redacted text shows.
func tags(text string) []string {
	var out []string
	for rest := text; ; {
		_, after, ok := strings.Cut(rest, "<")
		name, tail, closed := strings.Cut(after, ">")
		if !ok || !closed {
			return out
		}
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
		rest = tail
	}
}
