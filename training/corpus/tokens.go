package corpus

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// tokenLine is a record of SNIPS, ATIS or CAIS in the shape of [ReadTokens].
type tokenLine struct {
	Tokens []string `json:"tokens"`
	Slots  []string `json:"slots"`
	Intent *string  `json:"intent"`
}

// ReadTokens reads JSON Lines of {"tokens": […], "slots": […], "intent": "a#b"}: a tag for each token, in a scheme of [ReadCoNLL],
// and intents joined by '#'.
//
// Tokens are joined to a text by one space, without one beside Han characters, kana and full-width punctuation. A file most of whose
// tokens are single characters, Han among them, is taken to have one character a token, and nothing is put between them, except
// between two words of Latin letters.
func ReadTokens(file string, data []byte, o ReadOptions) (*Corpus, error) {
	s := newSource(file)
	data, ok := s.clean(data)
	if !ok {
		return s.result()
	}
	var all []sentence
	s.jsonLines(data, func(l []byte, at int) {
		var t tokenLine
		if !s.decode(l, at, &t) {
			return
		}
		if len(t.Tokens) != len(t.Slots) {
			s.fault(at, "%d tokens and %d slots", len(t.Tokens), len(t.Slots))
			return
		}
		st := sentence{tokens: t.Tokens, tags: t.Slots, lines: []int{at}}
		for i, tag := range t.Slots {
			if !isTag(tag) {
				s.fault(at, "tag %q is not O, B-type, I-type, E-type, M-type or S-type", tag)
				return
			}
			if t.Tokens[i] == "" {
				s.fault(at, "token %d is empty", i+1)
				return
			}
		}
		if t.Intent != nil {
			var cause string
			if st.intents, cause = intents(strings.Split(*t.Intent, "#")); cause != "" {
				s.fault(at, "%s", cause)
				return
			}
			st.labelled = true
		}
		all = append(all, st)
	})
	s.sentences(all, o.Repair)
	return s.result()
}

// sentence is a row of tokens with a tag each.
type sentence struct {
	tokens, tags []string
	lines        []int // of each token; or one for all
	intents      []string
	labelled     bool
}

func (st *sentence) line(token int) int { return st.lines[min(token, len(st.lines)-1)] }

// sentences makes examples of rows of tokens.
func (s *source) sentences(all []sentence, repair bool) {
	kind := schemeOf(all)
	chars := oneCharacterEach(all)
	r := repairs{source: s, on: repair}
	for i := range all {
		st := &all[i]
		text, starts := join(st.tokens, chars)
		if strings.TrimSpace(text) == "" {
			s.fault(st.line(0), "an example without text")
			continue
		}
		eg := Example{Text: text, Intents: st.intents, HasIntents: st.labelled, HasEntities: true}
		for _, run := range kind.runs(st, &r) {
			start, end := starts[run.from], starts[run.to-1]+len(st.tokens[run.to-1])
			if surface := text[start:end]; strings.TrimSpace(surface) == "" {
				s.fault(st.line(run.from), "entity %s has no text", run.kind)
			} else {
				eg.Entities = append(eg.Entities, EntitySpan{Type: run.kind, Text: surface, Start: start, End: end})
			}
		}
		s.add(eg, st.line(0))
	}
	r.tell()
}

// oneCharacterEach tells whether the tokens of a file are characters rather than words.
func oneCharacterEach(all []sentence) bool {
	single, han, n := 0, 0, 0
	for _, st := range all {
		for _, tok := range st.tokens {
			r, size := utf8.DecodeRuneInString(tok)
			n++
			if size == len(tok) {
				single++
			}
			if unicode.Is(unicode.Han, r) {
				han++
			}
		}
	}
	return han > 0 && 10*single >= 8*n
}

// join makes a text of tokens and tells where each begins.
func join(tokens []string, chars bool) (text string, starts []int) {
	var b strings.Builder
	for i, tok := range tokens {
		if i > 0 && spaced(tokens[i-1], tok, chars) {
			b.WriteByte(' ')
		}
		starts = append(starts, b.Len())
		b.WriteString(tok)
	}
	return b.String(), starts
}

// spaced tells whether a space goes between two tokens.
func spaced(left, right string, chars bool) bool {
	l, _ := utf8.DecodeLastRuneInString(left)
	r, _ := utf8.DecodeRuneInString(right)
	if dense(l) || dense(r) || unicode.IsSpace(l) || unicode.IsSpace(r) {
		return false
	}
	return !chars || utf8.RuneCountInString(left) > 1 && utf8.RuneCountInString(right) > 1
}

// dense tells whether a character belongs to writing without spaces.
func dense(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) || r >= 0x3000 && r <= 0x303F || r >= 0xFF00 && r <= 0xFFEF ||
		strings.ContainsRune("“”‘’…—·", r)
}
