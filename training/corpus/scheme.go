package corpus

import (
	"fmt"
	"strings"
)

// scheme is how tags mark where entities begin and end.
type scheme int

const (
	iob2 scheme = iota // B begins, I goes on
	iob1               // I begins and goes on; B begins right behind an entity of the same type
	ends               // BIOES, BMES, BILOU: the last token is marked too, and entities of one token
)

// tagRun is an entity over the tokens [from, to).
type tagRun struct {
	kind     string
	from, to int
}

// splitTag takes "B-type" apart. mark is O, B, I, E or S, whatever the letter was; 0 = not a tag.
func splitTag(tag string) (mark byte, kind string) {
	if tag == "O" {
		return 'O', ""
	}
	if len(tag) < 3 || tag[1] != '-' && tag[1] != '_' {
		return 0, ""
	}
	switch tag[0] {
	case 'B':
		mark = 'B'
	case 'I', 'M':
		mark = 'I'
	case 'E', 'L':
		mark = 'E'
	case 'S', 'U', 'W':
		mark = 'S'
	}
	return mark, tag[2:]
}

func isTag(tag string) bool {
	mark, kind := splitTag(tag)
	return mark == 'O' || mark != 0 && strings.TrimSpace(kind) != ""
}

// schemeOf tells the scheme of a file's tags.
func schemeOf(all []sentence) scheme {
	plainB, loneI := false, false // a B that IOB1 would not write; an I that BIO would not write
	for _, st := range all {
		var last string
		for _, tag := range st.tags {
			mark, kind := splitTag(tag)
			switch {
			case mark == 'E' || mark == 'S' || tag[0] == 'M':
				return ends
			case mark == 'B' && kind != last:
				plainB = true
			case mark == 'I' && kind != last:
				loneI = true
			}
			last = kind
		}
	}
	if loneI && !plainB {
		return iob1
	}
	return iob2
}

// runs finds the entities of a row of tags. What is against the scheme is told to r.
func (k scheme) runs(st *sentence, r *repairs) []tagRun {
	var out []tagRun
	open := false // whether the last run may go on
	for i, tag := range st.tags {
		mark, kind := splitTag(tag)
		goesOn := open && out[len(out)-1].kind == kind
		if k == ends && open && (mark == 'O' || mark == 'B' || mark == 'S' || !goesOn) {
			r.broken(st.line(i), "entity %s ends before %s without an end tag", out[len(out)-1].kind, tag)
		}
		switch {
		case mark == 'O':
			open = false
			continue
		case (mark == 'I' || mark == 'E') && goesOn:
			out[len(out)-1].to = i + 1
		case mark == 'I' && k != iob1, mark == 'E':
			r.broken(st.line(i), "tag %s goes on with no entity", tag)
			fallthrough
		default:
			out = append(out, tagRun{kind, i, i + 1})
		}
		open = mark != 'E' && mark != 'S'
	}
	if k == ends && open {
		r.broken(st.line(len(st.tags)-1), "entity %s ends with the text, without an end tag", out[len(out)-1].kind)
	}
	return out
}

// repairs makes faults of broken sequences or, when on, reads on and tells them in one note.
type repairs struct {
	*source
	on    bool
	first string
	n     int
}

func (r *repairs) broken(line int, format string, args ...any) {
	if !r.on {
		r.fault(line, format, args...)
		return
	}
	if r.n++; r.n == 1 {
		r.first = fmt.Sprintf("line %d: ", line) + fmt.Sprintf(format, args...)
	}
}

func (r *repairs) tell() {
	if r.n > 0 {
		r.note(0, "%d tags against their scheme were repaired; the first: %s", r.n, r.first)
	}
}
