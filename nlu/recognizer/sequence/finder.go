package sequence

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"yingda/nlu"
	"yingda/nlu/norm"
	"yingda/nlu/recognizer/value"
)

// Kinds are the kinds of values that this package finds, in the order in which they win over each other.
var Kinds = []value.Kind{value.KindEmail, value.KindURL, value.KindIP, value.KindGUID, value.KindPhone, value.KindHashtag, value.KindMention, value.KindQuoted}

// Finder finds values by their form. It is safe for concurrent use.
type Finder struct {
	wanted map[value.Kind]bool
	words  *words
}

var _ value.Finder = (*Finder)(nil)

// New makes a finder of the given kinds; none means all but quoted text. It fails for a kind that is not among [Kinds].
func New(kinds ...value.Kind) (*Finder, error) {
	w, err := shipped()
	if err != nil {
		return nil, err
	}
	if len(kinds) == 0 {
		kinds = slices.DeleteFunc(slices.Clone(Kinds), func(k value.Kind) bool { return k == value.KindQuoted })
	}
	f := &Finder{wanted: map[value.Kind]bool{}, words: w}
	for _, k := range kinds {
		if !slices.Contains(Kinds, k) {
			return nil, fmt.Errorf("sequence: no scanner for %q", k)
		}
		f.wanted[k] = true
	}
	return f, nil
}

// FindValues appends the finds in the text. Of the context only the language matters, for the names of rules.
func (f *Finder) FindValues(dst []value.Find, text string, c value.Context) []value.Find {
	s := scan{text: text, words: f.words, english: c.Lang == nlu.English}
	signs := signsOf(text)
	if signs.at {
		s.emails()
		s.settle()
	}
	if signs.dot || signs.colon {
		s.urls()
		s.settle()
		s.ips(signs.colon)
		s.settle()
	}
	if signs.hex >= guidPlain-mostCut {
		s.guids()
		s.settle()
	}
	if f.wanted[value.KindPhone] && len(text) >= fewestFigures {
		s.spoken()
		s.settle()
		if signs.figures >= fewestFigures {
			s.phones()
			s.settle()
		}
	}
	if signs.hash && f.wanted[value.KindHashtag] {
		s.hashtags()
		s.settle()
	}
	if signs.at && f.wanted[value.KindMention] {
		s.mentions()
	}
	if f.wanted[value.KindQuoted] {
		s.quotes()
	}
	for i := range s.hits {
		if f.wanted[s.hits[i].kind] {
			dst = append(dst, s.hits[i].find(text))
		}
	}
	return dst
}

// Exact returns the find with the value as the customer wrote it. surface is the raw text that the find stands for; see [norm.Text.Raw].
// Telephone numbers stay as they are: figures are never folded away.
func Exact(f value.Find, surface string) value.Find {
	switch f.Kind {
	case value.KindEmail, value.KindURL, value.KindGUID, value.KindHashtag, value.KindMention, value.KindQuoted:
		f.Value = norm.Fold(surface, norm.Options{}).Text
	case value.KindIP:
		f.Value = ipOf(norm.Fold(surface, norm.Options{Lower: true}).Text)
	}
	return f
}

// scan is the work on one text.
type scan struct {
	text    string
	words   *words
	english bool  // 07xx numbers of eleven figures are British
	hits    []hit // of the scanners before this one, sorted; then those of this one
	settled int   // how many are of the scanners before
	cursor  int   // the first settled hit that may still matter
}

// hit is a find before its value is made.
type hit struct {
	start, end int
	kind       value.Kind
	rule       string
	score      float64
	figures    string // of a spoken number
}

// settle ends a scanner: what it found is out of bounds for the next ones.
func (s *scan) settle() {
	if len(s.hits) > s.settled {
		slices.SortFunc(s.hits, func(a, b hit) int { return cmp.Compare(a.start, b.start) })
	}
	s.settled, s.cursor = len(s.hits), 0
}

// taken returns the end of the settled find that holds byte i, 0 if none does. Scanners ask from left to right.
func (s *scan) taken(i int) int {
	for s.cursor < s.settled && s.hits[s.cursor].end <= i {
		s.cursor++
	}
	if s.cursor < s.settled && s.hits[s.cursor].start <= i {
		return s.hits[s.cursor].end
	}
	return 0
}

// reaches tells whether a settled find begins or goes on within [start, end). It leaves the cursor where it is.
func (s *scan) reaches(start, end int) bool {
	for i := s.cursor; i < s.settled && s.hits[i].start < end; i++ {
		if s.hits[i].end > start {
			return true
		}
	}
	return false
}

// add keeps a hit. There is no room for hits before the first one, so that a text without values costs no allocation.
func (s *scan) add(h hit) {
	if s.hits == nil {
		s.hits = make([]hit, 0, 4)
	}
	s.hits = append(s.hits, h)
}

// find makes the value.
func (h *hit) find(text string) value.Find {
	f := value.Find{Start: h.start, End: h.end, Kind: h.kind, Rule: h.rule, Score: h.score}
	surface := text[h.start:h.end]
	switch {
	case h.figures != "":
		f.Value = h.figures
	case h.kind == value.KindPhone:
		f.Value = dialled(surface)
	case h.kind == value.KindIP:
		f.Value = ipOf(surface)
	case h.kind == value.KindURL:
		f.Value = mendWWW(surface)
	default:
		f.Value = strings.Clone(surface)
	}
	return f
}

// signs tell which scanners have anything to look for.
type signs struct {
	at, dot, colon, hash bool
	figures              int // decimal digits in the text
	hex                  int // the longest run of hexadecimal figures and hyphens
}

func signsOf(text string) signs {
	var n signs
	run := 0
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case isDigit(c):
			n.figures++
		case c == '@':
			n.at = true
		case c == '.':
			n.dot = true
		case c == ':':
			n.colon = true
		case c == '#':
			n.hash = true
		}
		if isHex(c) || c == '-' {
			run++
			n.hex = max(n.hex, run)
		} else {
			run = 0
		}
	}
	return n
}
