package corpus

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// ReadCoNLL reads a token a line, with its tag in the last column and any others between left out, and a blank line after each
// text. Columns are separated by tabs, where a line has one, or else by spaces. Lines that begin with -DOCSTART- or "# " (and end in
// no tag) are left out.
//
// Tags are O and B-type, I-type, …: BIO (IOB2), IOB1, BIOES, BMES and BILOU are told apart by the file as a whole. A sequence that is
// against its scheme is a fault, or with o.Repair a note. How tokens become text is told at [ReadTokens]. There are no intents.
func ReadCoNLL(file string, data []byte, o ReadOptions) (*Corpus, error) {
	s := newSource(file)
	data, ok := s.clean(data)
	if !ok {
		return s.result()
	}
	all := []sentence{{}}
	at, width := 0, 0
	for l := range strings.Lines(string(data)) {
		at++
		l = strings.TrimRight(l, "\r\n")
		cur := &all[len(all)-1]
		if strings.Trim(l, " \t") == "" {
			if len(cur.tokens) > 0 {
				all = append(all, sentence{})
			}
			continue
		}
		cols := conllColumns(l, o.Repair)
		tag := cols[len(cols)-1]
		if strings.HasPrefix(l, "-DOCSTART-") || strings.HasPrefix(l, "# ") && !isTag(tag) {
			continue
		}
		if width == 0 {
			width = len(cols)
		}
		switch {
		case len(cols) < 2:
			s.fault(at, "one column where a token and its tag are expected")
		case len(cols) != width:
			s.fault(at, "%d columns where the first line has %d", len(cols), width)
		case !isTag(tag):
			s.fault(at, "tag %q is not O, B-type, I-type, E-type, M-type or S-type; the last column holds the tags", tag)
		default:
			cur.tokens, cur.tags, cur.lines = append(cur.tokens, cols[0]), append(cur.tags, tag), append(cur.lines, at)
		}
	}
	if len(all[len(all)-1].tokens) == 0 {
		all = all[:len(all)-1]
	}
	s.indexed(all)
	s.sentences(all, o.Repair)
	return s.result()
}

// conllColumns takes a line apart. A line that begins with a separator has white space as its token; so has, when repairing, a line with
// nothing but a tag, since some sets have lost theirs.
func conllColumns(l string, repair bool) []string {
	var cols []string
	if strings.Contains(l, "\t") {
		for i, c := range strings.Split(l, "\t") {
			if c = strings.Trim(c, " "); c != "" || i == 0 {
				cols = append(cols, c)
			}
		}
	} else {
		cols = strings.FieldsFunc(l, func(r rune) bool { return r == ' ' })
		if l[0] == ' ' {
			cols = slices.Insert(cols, 0, "")
		}
	}
	if len(cols) == 1 && repair && isTag(cols[0]) {
		cols = slices.Insert(cols, 0, "")
	}
	if cols[0] == "" {
		cols[0] = " "
	}
	return cols
}

// indexed takes the place in the word off the tokens of Weibo NER, "科0 技1 全0 方1 位2", when every token of the file has one. The set
// itself miscounts once, so one in a hundred may be out of order.
func (s *source) indexed(all []sentence) {
	n, odd := 0, 0
	for _, st := range all {
		last := -1
		for _, tok := range st.tokens {
			_, place := splitPlace(tok)
			if place < 0 {
				return
			}
			if n++; place != 0 && place != last+1 {
				odd++
			}
			last = place
		}
	}
	if n == 0 || 100*odd > n {
		return
	}
	first := all[0].tokens
	s.note(0, "every token carries its place in the word (%s): it is taken off", strings.Join(first[:min(3, len(first))], " "))
	for _, st := range all {
		for i, tok := range st.tokens {
			st.tokens[i], _ = splitPlace(tok)
		}
	}
}

// placed is a character, or what is left of one that was broken on the way, and its place in the word.
var placed = regexp.MustCompile(`^(\x{FFFD}+|.)(\d{1,4})$`)

// splitPlace takes "科0" apart; at is −1 when the token does not look so.
func splitPlace(tok string) (char string, at int) {
	m := placed.FindStringSubmatch(tok)
	if m == nil {
		return tok, -1
	}
	at, _ = strconv.Atoi(m[2])
	return m[1], at
}
