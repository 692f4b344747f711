package recognizer

import (
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"yingda/nlu"
	"yingda/nlu/norm"
)

// threshold is the least score that is reported. A rule wins over the model whatever its score, so doubtful finds are kept back.
const threshold = 0.5

// reach is the longest id in bytes, except for URLs and addresses.
const (
	reach     = 64
	reachLong = 2048
)

// Regex finds ids. It assigns candidates with SourceRegex; they do not overlap, each has the type that its form, its check digits
// and the words around it speak for most.
type Regex struct {
	rules *Rules
	cues  cueIndex
	han   bool // a rule may begin with Han
}

var _ nlu.Component = (*Regex)(nil)

// NewRegex returns a component that runs the rules.
func NewRegex(r *Rules) *Regex {
	han := slices.ContainsFunc(r.rules, func(c compiled) bool { return c.han })
	return &Regex{rules: r, cues: newCueIndex(r), han: han}
}

// Name returns regex@1.
func (r *Regex) Name() string { return "regex@1" }

// Requires the folded text.
func (r *Regex) Requires() []nlu.Field { return []nlu.Field{nlu.FieldNormal} }

// Assigns candidates.
func (r *Regex) Assigns() []nlu.Field { return []nlu.Field{nlu.FieldCandidates} }

// Annotate appends the ids of each text. It never fails.
func (r *Regex) Annotate(_ context.Context, as []*nlu.Analysis) error {
	for _, a := range as {
		a.Candidates = append(a.Candidates, r.find(a)...)
	}
	return nil
}

// match is a find before it is an entity.
type match struct {
	rule       *compiled
	start, end int // in the folded text
	score      float64
}

// find returns the ids of one text by position.
func (r *Regex) find(a *nlu.Analysis) []nlu.Entity {
	text := a.Normal.Text
	var anchorBuf [16]anchor
	anchors := findAnchors(anchorBuf[:0], text)
	if r.han {
		anchors = hanAnchors(anchors, text)
	}
	if len(anchors) == 0 {
		return nil
	}
	var cueBuf [16]cue
	cues, groups := r.cues.find(cueBuf[:0], text, r.rules.fillers)
	var matchBuf [16]match
	matches := matchBuf[:0]
	for i := range r.rules.rules {
		rule := &r.rules.rules[i]
		if rule.needs != 0 && rule.needs&groups == 0 || rule.Score == 0 && rule.support&groups == 0 ||
			rule.Has != "" && !strings.ContainsAny(text, rule.Has) {
			continue
		}
		last := 0
		for _, at := range anchors {
			if at.pos < last {
				continue
			}
			if m, ok := r.try(rule, a, at, cues); ok {
				matches, last = append(matches, m), m.end
			}
		}
	}
	return entities(a, best(matches))
}

// best keeps the matches that no better one overlaps: higher score, then longer, then the earlier rule.
func best(matches []match) []match {
	slices.SortStableFunc(matches, func(a, b match) int {
		if a.score != b.score {
			if a.score > b.score {
				return -1
			}
			return 1
		}
		return (b.end - b.start) - (a.end - a.start)
	})
	kept := matches[:0]
	for _, m := range matches {
		if !slices.ContainsFunc(kept, func(k match) bool { return m.start < k.end && k.start < m.end }) {
			kept = append(kept, m)
		}
	}
	slices.SortFunc(kept, func(a, b match) int { return a.start - b.start })
	return kept
}

// try runs one rule at one place.
func (r *Regex) try(rule *compiled, a *nlu.Analysis, at anchor, cues []cue) (match, bool) {
	text := a.Normal.Text
	c := text[at.pos]
	if c < utf8.RuneSelf && rule.starts[c/64]&(1<<(c%64)) == 0 || c >= utf8.RuneSelf && !rule.han || at.digits < rule.min {
		return match{}, false
	}
	limit := reach
	if rule.Has != "" {
		limit = reachLong
	}
	rest := text[at.pos:min(len(text), at.pos+limit)]
	loc := rule.re.FindStringIndex(rest)
	if loc == nil {
		return match{}, false
	}
	m := match{rule: rule, start: at.pos, end: at.pos + loc[1]}
	if n := countDigits(text[m.start:m.end]); n < rule.min || n > rule.max {
		return match{}, false
	}
	if !endsHere(text, m.end) || !rule.Firm && quantity(text, m.start, m.end, r.rules) {
		return match{}, false
	}
	if at.glued && !slices.ContainsFunc(cues, func(c cue) bool { return c.end == at.pos && c.groups&rule.support != 0 }) {
		return match{}, false
	}
	m.score = rule.score(r.weigh(rule, text, cues, m.start, m.end))
	if m.score < threshold {
		return match{}, false
	}
	if rule.check != nil {
		raw := surface(a, m.start, m.end)
		if !rule.check(finding{strings.ToLower(compact(raw)), raw, a.Text}) {
			return match{}, false
		}
	}
	return m, true
}

// entities turns matches into candidates.
func entities(a *nlu.Analysis, matches []match) []nlu.Entity {
	var out []nlu.Entity
	for _, m := range matches {
		ent := entity(a, m.start, m.end)
		ent.Type, ent.Score, ent.Source, ent.Rule = m.rule.Type, m.score, nlu.SourceRegex, m.rule.Name
		ent.Value = m.rule.Value.write(surface(a, m.start, m.end))
		out = append(out, ent)
	}
	return out
}

// surface returns the raw text of a find in half-width characters, with its case.
func surface(a *nlu.Analysis, start, end int) string {
	s, e := a.Normal.Raw(start, end)
	raw := a.Text[s:e]
	for i := range len(raw) {
		if raw[i] >= utf8.RuneSelf || raw[i] < ' ' {
			t := norm.Fold(raw, norm.Options{})
			return t.Text
		}
	}
	return raw
}

func (f Form) write(s string) string {
	switch f {
	case FormCompact:
		return compact(s)
	case FormUpper:
		return strings.ToUpper(compact(s))
	case FormDigits:
		return strings.Map(func(r rune) rune {
			if '0' <= r && r <= '9' || r == '+' {
				return r
			}
			return -1
		}, s)
	}
	return s
}

// compact removes what people put between groups of an id.
func compact(s string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '.' || r == '(' || r == ')' || unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}
