package choice

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"yingda/nlu"
	"yingda/nlu/recognizer/value"
)

// Finder finds answers. It is safe for concurrent use.
type Finder struct{ words *words }

var _ value.Finder = (*Finder)(nil)

// New makes a finder of answers in Chinese and English.
func New() (*Finder, error) {
	w, err := shipped()
	if err != nil {
		return nil, err
	}
	return &Finder{w}, nil
}

// FindValues appends the answer that the text gives, if it gives one. Of the context only the language matters, for counting words.
func (f *Finder) FindValues(dst []value.Find, text string, c value.Context) []value.Find {
	s := scan{text: text, words: f.words, figures: c.Lang == nlu.English}
	for i := 0; i < len(text); {
		i = s.token(i)
	}
	if !s.best.class.answer() {
		return dst
	}
	score := 1.0
	if s.best.size < s.total {
		score = 0.4 + 0.6*float64(s.best.size)/float64(s.total)
	}
	b := value.Boolean{Yes: s.best.class.yes(), Score: score}
	return append(dst, value.Find{Start: s.best.start, End: s.best.end, Kind: value.KindBoolean, Value: b, Rule: s.best.rule, Score: score})
}

// scan is the work on one text.
type scan struct {
	text    string
	words   *words
	figures bool // numbers count as words
	total   int  // words so far
	best    answer
}

// answer is a candidate.
type answer struct {
	start, end int
	size       int // in words
	class      class
	rule       string
}

// offer keeps the better of the best answer and a. What is asked is none.
func (s *scan) offer(a answer) {
	if s.asked(a.end) || s.numbered(a.end) || !s.alone(a) {
		return
	}
	if s.best.class.strong() && !a.class.strong() {
		return
	}
	if s.best.size == 0 || a.class.strong() && !s.best.class.strong() || a.size > s.best.size {
		s.best = a
	}
}

// askedBytes is how far behind an answer the sign of a question may stand.
const askedBytes = 24

// asked tells whether what follows byte i makes a question of it.
func (s *scan) asked(i int) bool {
	for low := i; i < len(s.text) && i-low < askedBytes; {
		r, size := utf8.DecodeRuneInString(s.text[i:])
		for _, q := range s.words.ask {
			if strings.HasPrefix(s.text[i:], q) {
				return true
			}
		}
		if r != ' ' && !s.words.around[s.text[i:i+size]] {
			return false
		}
		i += size
	}
	return false
}

// numbered tells whether a dot and a figure follow byte i: "no.5".
func (s *scan) numbered(i int) bool {
	return i+1 < len(s.text) && s.text[i] == '.' && s.text[i+1] >= '0' && s.text[i+1] <= '9'
}

// alone tells whether a single letter, as in "y", is the whole message.
func (s *scan) alone(a answer) bool {
	if a.end-a.start > 1 {
		return true
	}
	return strings.Trim(s.text, " .!,~") == s.text[a.start:a.end]
}

// token reads what stands at i and returns where to go on.
func (s *scan) token(i int) int {
	r, size := utf8.DecodeRuneInString(s.text[i:])
	switch {
	case isHan(r):
		return s.clause(i)
	case isWord(r):
		return s.phrase(i)
	case isPicture(r):
		return s.picture(i, i+size, s.words.emoji[r])
	}
	return i + size
}

// picture counts an emoji that ends at end.
func (s *scan) picture(start, end int, c class) int {
	s.total++
	if !c.answer() {
		return end
	}
	n := 1
	if r, size := utf8.DecodeRuneInString(s.text[end:]); isTone(r) {
		n, end, s.total = 2, end+size, s.total+1
	}
	if strings.HasPrefix(s.text[end:], "\ufe0f") {
		end += len("\ufe0f")
	}
	s.offer(answer{start, end, n, c, "choice:emoji"})
	return end
}

// phrase looks for the longest phrase that starts with the word at i.
func (s *scan) phrase(i int) int {
	end := wordEnd(s.text, i)
	first := end
	n := s.words.phrases
	var found answer
	for size, start := 1, i; ; size++ {
		if n = n.next[s.text[start:end]]; n == nil {
			break
		}
		if n.class != classNone {
			found = answer{i, end, size, n.class, "choice:words"}
		}
		r := after(s.text, end)
		if r != ' ' && r != '\'' && r != '-' && r != '’' {
			break
		}
		start = end + utf8.RuneLen(r)
		if end = wordEnd(s.text, start); end == start {
			break
		}
	}
	if found.size == 0 || found.class.remark() && !s.wholeClause(found) {
		if s.figures || strings.Trim(s.text[i:first], "0123456789") != "" {
			s.total++
		}
		return first
	}
	s.total += found.size
	if found.class.answer() {
		s.offer(found)
	}
	return found.end
}

// wholeClause tells whether a remark stands by itself: "fine, thanks" has one, "the fine print" has none.
func (s *scan) wholeClause(a answer) bool {
	left := before(s.text, len(strings.TrimRight(s.text[:a.start], " ")))
	right := after(s.text, len(s.text)-len(strings.TrimLeft(s.text[a.end:], " ")))
	return !continues(left) && !continues(right)
}

// continues tells whether a clause goes on beyond r.
func continues(r rune) bool { return isWord(r) || strings.ContainsRune("'’-/&", r) }

// before returns the rune that ends at i, and after the one that starts there; RuneError where the text ends.
func before(text string, i int) rune {
	r, _ := utf8.DecodeLastRuneInString(text[:i])
	return r
}

func after(text string, i int) rune {
	r, _ := utf8.DecodeRuneInString(text[i:])
	return r
}

// clause reads the run of Chinese characters at i. It is an answer if all of its parts are answers that agree, or go along with one.
func (s *scan) clause(i int) int {
	end := i
	for end < len(s.text) {
		r, size := utf8.DecodeRuneInString(s.text[end:])
		if !isHan(r) {
			break
		}
		end += size
	}
	a := answer{size: 1, rule: "choice:clause"}
	if s.best.end == i && i > 0 && s.trails(i, end) {
		return end // ok啊
	}
	s.total++
	parts := i
	if isWord(before(s.text, i)) || isWord(after(s.text, end)) {
		return end // 是2008年
	}
	for parts < end {
		size, c, ok := s.part(parts, end, a.class == classNone)
		if !ok || c == classNeither || c != classNone && a.class != classNone && c.yes() != a.class.yes() {
			break
		}
		if c != classNone && a.class == classNone {
			a.start, a.end, a.class = parts, parts+size, c
		}
		parts += size
	}
	if parts == end && a.class != classNone {
		s.offer(a)
	}
	return end
}

// trails tells whether the clause [i, end) has nothing but what may follow an answer.
func (s *scan) trails(i, end int) bool {
	for i < end {
		size, c, ok := s.part(i, end, false)
		if !ok || c != classNone {
			return false
		}
		i += size
	}
	return true
}

// part returns the length of the longest word of an answer's clause at i and what it says; opening tells whether the answer is still to come.
func (s *scan) part(i, end int, opening bool) (size int, c class, ok bool) {
	for size = min(end-i, s.words.longest); size > 0; size-- {
		if i+size < len(s.text) && !utf8.RuneStart(s.text[i+size]) {
			continue
		}
		word := s.text[i : i+size]
		if c, ok = s.words.han[word]; ok {
			return size, c, true
		}
		if opening && s.words.openers[word] || !opening && s.words.around[word] {
			return size, classNone, true
		}
	}
	return 0, classNone, false
}

// wordEnd returns the end of the letters and figures at i.
func wordEnd(text string, i int) int {
	for i < len(text) {
		r, size := utf8.DecodeRuneInString(text[i:])
		if !isWord(r) {
			break
		}
		i += size
	}
	return i
}

func isHan(r rune) bool {
	return r >= 0x3400 && (r <= 0x9fff || r >= 0x20000 && r <= 0x3ffff || r >= 0xf900 && r <= 0xfaff)
}

// isWord tells whether r is of a word that spaces part from others.
func isWord(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r == '_'
	}
	return !isHan(r) && r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) && r != '\ufe0f')
}

func isPicture(r rune) bool {
	return r >= 0x1f000 && r <= 0x1faff || r >= 0x2190 && r <= 0x2bff || isTone(r)
}

// isTone tells whether r is a tone of skin.
func isTone(r rune) bool { return r >= 0x1f3fb && r <= 0x1f3ff }
