package script

import (
	"iter"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"yingda/nlu"
)

// namePrefix begins the keys that say how values, intents and slots are called.
const namePrefix = "name."

// validKey is a dotted key; names may also hold what systems call things, e.g. "name.IN_TRANSIT".
var validKey = regexp.MustCompile(`^(name\.[A-Za-z0-9_.-]{1,100}|[a-z][a-z0-9_]*(\.[a-z0-9_]+){0,8})$`)

// validName is a language, a variant, an experiment, an emotion, a channel or a tier.
var validName = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// fields yields the entries of a mapping in order. Anything that is not a plain mapping is a fault.
func (f *faults) fields(n *yaml.Node, at string) iter.Seq2[string, *yaml.Node] {
	return func(yield func(string, *yaml.Node) bool) {
		if n.Kind != yaml.MappingNode {
			f.addf(n.Line, at, "want fields, one a line: \"name: value\"")
			return
		}
		seen := map[string]bool{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			k, v := n.Content[i], n.Content[i+1]
			switch {
			case k.Kind != yaml.ScalarNode || k.Tag == "!!merge":
				f.addf(k.Line, at, "a field's name must be a word")
			case v.Kind == yaml.AliasNode:
				f.addf(v.Line, k.Value, "aliases (*%s) are not supported: write it out", v.Value)
			case seen[k.Value]:
				f.addf(k.Line, k.Value, "is there twice; keep one")
			default:
				seen[k.Value] = true
				if !yield(k.Value, v) {
					return
				}
			}
		}
	}
}

// decode reads a value into v, or adds a fault.
func (f *faults) decode(n *yaml.Node, at string, v any) bool {
	if err := n.Decode(v); err != nil {
		want := map[bool]string{true: "a list", false: "a value"}[n.Kind != yaml.SequenceNode]
		switch v.(type) {
		case *int:
			want = "a whole number"
		case *float64:
			want = "a number"
		case *bool:
			want = "true or false"
		case *string:
			want = "a text"
		}
		f.addf(n.Line, at, "want %s", want)
		return false
	}
	return true
}

// script reads one script. What is wrong goes to f; the script is returned all the same unless its key is.
func (f *faults) script(key string, n *yaml.Node, tone bool) *Script {
	f.key = key
	defer func() { f.key = "" }()
	if len(key) > 160 || !validKey.MatchString(key) {
		f.addf(n.Line, "", "a key is lower-case words joined by dots, e.g. ask.order_id")
		return nil
	}
	s := &Script{Key: key, Tone: tone, texts: map[nlu.Lang][]block{}, buttons: map[nlu.Lang][]button{}, line: n.Line, file: f.file}
	arms := has(n, "experiment")
	for name, v := range f.fields(n, "") {
		switch name {
		case "note":
			f.decode(v, name, &s.Note)
		case "vars":
			f.decode(v, name, &s.Vars)
		case "experiment":
			f.decode(v, name, &s.Experiment)
		case "tone":
			f.decode(v, name, &s.Tone)
		case "buttons":
			for lang, list := range f.fields(v, name) {
				s.buttons[nlu.Lang(lang)] = f.buttons(list, name+"."+lang)
			}
		default:
			if len(name) != 2 {
				f.addf(v.Line, name, "unknown field; a script has note, vars, experiment, tone, buttons and one field a language (zh, en)")
				continue
			}
			s.texts[nlu.Lang(name)] = f.blocks(v, name, arms)
		}
	}
	for _, name := range s.Vars {
		if !validSlot(name) {
			f.addf(n.Line, "vars", "%q is no slot's name", name)
		}
	}
	if s.Experiment != "" && !validName.MatchString(s.Experiment) {
		f.addf(n.Line, "experiment", "%q is no experiment's name", s.Experiment)
	}
	if source := marshal(n); source != "" {
		s.Source = source
	}
	return s
}

// blocks reads a language's texts: a text, or a list of texts, variants and blocks with conditions.
func (f *faults) blocks(n *yaml.Node, at string, arms bool) []block {
	items := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		items = n.Content
	}
	var blocks []block
	last := block{always: true, line: n.Line}
	for i, item := range items {
		field := at
		if n.Kind == yaml.SequenceNode {
			field = indexed(at, i)
		}
		if item.Kind == yaml.MappingNode && has(item, "when") {
			blocks = append(blocks, f.block(item, field))
		} else if v, ok := f.variant(item, field); ok {
			last.variants = append(last.variants, v)
		}
	}
	if len(items) == 0 {
		f.addf(n.Line, at, "has no text")
	}
	if len(last.variants) > 0 {
		blocks = append(blocks, last)
	} else if len(blocks) > 0 {
		f.addf(n.Line, at, "every text has a condition: add one without, for all other cases")
	}
	f.nameVariants(blocks, at, arms)
	return blocks
}

// block reads {when: …, say: …}.
func (f *faults) block(n *yaml.Node, at string) block {
	b := block{line: n.Line}
	for name, v := range f.fields(n, at) {
		switch name {
		case "when":
			b.when = f.when(v, at+".when")
		case "say":
			items := []*yaml.Node{v}
			if v.Kind == yaml.SequenceNode {
				items = v.Content
			}
			for i, item := range items {
				if one, ok := f.variant(item, indexed(at+".say", i)); ok {
					b.variants = append(b.variants, one)
				}
			}
		default:
			f.addf(v.Line, at+"."+name, "unknown field; a block has when and say")
		}
	}
	if len(b.variants) == 0 {
		f.addf(n.Line, at, "has no text: put it under say")
	}
	return b
}

// when reads conditions.
func (f *faults) when(n *yaml.Node, at string) (w When) {
	for name, v := range f.fields(n, at) {
		at := at + "." + name
		switch name {
		case "channel":
			w.Channel = f.oneOrMore(v, at)
		case "emotion":
			w.Emotion = f.oneOrMore(v, at)
		case "valence":
			w.Valence = f.oneOrMore(v, at)
		case "tier":
			w.Tier = f.oneOrMore(v, at)
		case "intensity":
			if f.decode(v, at, &w.Intensity) && !(w.Intensity > 0 && w.Intensity <= 1) {
				f.addf(v.Line, at, "is %g; the least intensity is greater than 0 and at most 1", w.Intensity)
			}
		default:
			f.addf(v.Line, at, "unknown condition; they are channel, emotion, valence, intensity, tier")
		}
	}
	if w.String() == "" {
		f.addf(n.Line, at, "has no condition; a text without one stands in the list itself")
	}
	return w
}

func (f *faults) oneOrMore(n *yaml.Node, at string) (out []string) {
	if n.Kind == yaml.ScalarNode {
		out = []string{n.Value}
	} else if !f.decode(n, at, &out) {
		return nil
	}
	for _, s := range out {
		if !validName.MatchString(s) {
			f.addf(n.Line, at, "%q is not a name", s)
		}
	}
	return out
}

// variant reads a text or {id, weight, text}.
func (f *faults) variant(n *yaml.Node, at string) (variant, bool) {
	v := variant{weight: 1, line: n.Line}
	switch n.Kind {
	case yaml.ScalarNode:
		v.raw = strings.TrimSpace(n.Value)
	case yaml.MappingNode:
		for name, value := range f.fields(n, at) {
			switch at := at + "." + name; name {
			case "id":
				if f.decode(value, at, &v.id) && !validName.MatchString(v.id) {
					f.addf(value.Line, at, "%q is no name", v.id)
				}
			case "weight":
				if f.decode(value, at, &v.weight) && (v.weight < 0 || v.weight > 1000) {
					f.addf(value.Line, at, "is %d; want 0 to 1000", v.weight)
				}
			case "text":
				f.decode(value, at, &v.raw)
				v.raw = strings.TrimSpace(v.raw)
			default:
				f.addf(value.Line, at, "unknown field; a variant has id, weight and text, a block when and say")
			}
		}
	default:
		f.addf(n.Line, at, "want a text")
		return v, false
	}
	if v.raw == "" || n.Tag == "!!null" {
		f.addf(n.Line, at, "is empty: write the text or take the line out")
		return v, false
	}
	t, err := parseTemplate(v.raw)
	if err != nil {
		f.addf(n.Line, at, "%v", err)
		return v, false
	}
	v.text = t
	return v, true
}

// nameVariants gives ids to variants without: letters over the whole language, first those without condition, so that adding a block
// does not rename them. A text that is the only one needs none.
func (f *faults) nameVariants(blocks []block, at string, arms bool) {
	order := slices.Clone(blocks)
	slices.SortStableFunc(order, func(a, b block) int {
		switch {
		case a.always == b.always:
			return 0
		case a.always:
			return -1
		}
		return 1
	})
	total, next := 0, 0
	for _, b := range order {
		total += len(b.variants)
	}
	for _, b := range order {
		seen, weights := map[string]bool{}, 0
		for i := range b.variants {
			v := &b.variants[i]
			if v.id == "" && arms && len(b.variants) > 1 {
				f.addf(v.line, at, "the script has an experiment: give each variant the id of its arm")
			}
			if v.id == "" && total > 1 {
				v.id = letters(next)
			}
			if seen[v.id] {
				f.addf(v.line, at, "two variants have the id %q", v.id)
			}
			seen[v.id], next, weights = true, next+1, weights+v.weight
		}
		if weights == 0 && len(b.variants) > 0 {
			f.addf(b.line, at, "all weights are 0: nothing would be said")
		}
	}
}

// buttons reads [{title, payload}, …].
func (f *faults) buttons(n *yaml.Node, at string) []button {
	if n.Kind != yaml.SequenceNode {
		f.addf(n.Line, at, "want a list of {title: …, payload: …}")
		return nil
	}
	var out []button
	for i, item := range n.Content {
		at := indexed(at, i)
		var b button
		for name, v := range f.fields(item, at) {
			if name != "title" && name != "payload" {
				f.addf(v.Line, at+"."+name, "unknown field; a button has title and payload")
				continue
			}
			t, err := parseTemplate(v.Value)
			if err != nil {
				f.addf(v.Line, at+"."+name, "%v", err)
			}
			if name == "title" {
				b.title = t
			} else {
				b.payload = t
			}
		}
		if len(b.title.nodes) == 0 || len(b.payload.nodes) == 0 {
			f.addf(item.Line, at, "a button needs title and payload")
		}
		out = append(out, b)
	}
	return out
}

func has(n *yaml.Node, field string) bool {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == field {
			return true
		}
	}
	return false
}
