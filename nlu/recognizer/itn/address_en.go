package itn

import "strings"

// maxAtoms bounds a spelled address.
const maxAtoms = 80

// addressReader reads a spelled e-mail or web address from left to right.
type addressReader struct {
	s    *spelling
	text string
	at   int
	v    spelled
}

// address reads a mail address, or else a web address, that begins at a place; nil if there is none.
func (s *spelling) address(text string, at int) spelled {
	mail := addressReader{s: s, text: text, at: at}
	if mail.local() && mail.host(true) {
		return mail.v
	}
	web := addressReader{s: s, text: text, at: at}
	scheme := web.scheme()
	if !web.host(scheme) {
		return nil
	}
	web.path()
	return web.v
}

// mayBegin tells at little cost whether an address may begin at a place: a word, letters or digits and then "dot" or "at".
func (s *spelling) mayBegin(text string, at int) bool {
	r := addressReader{s: s, text: text, at: at}
	for n := 0; n < maxAtoms; n++ {
		a, ok := r.peek()
		if !ok {
			return false
		}
		switch a.class {
		case "scheme", "www":
			return n == 0
		case "dot", "at", "sign":
			return n > 0
		case "letter", "digit", "two-digits", "tens", "repeat":
		case "word", "name", "domain":
			if n > 1 { // a letter may stand before: "e bay"
				return false
			}
		default:
			return false
		}
		r.at = a.end
	}
	return false
}

// peek returns the word at the reader's place, or the name of several words there.
func (r *addressReader) peek() (atom, bool) {
	at := r.at
	if at < len(r.text) && r.text[at] == ' ' {
		at++
	}
	if at >= len(r.text) || len(r.v) > maxAtoms {
		return atom{}, false
	}
	for _, p := range r.s.phrases {
		if end := at + len(p.words); strings.HasPrefix(r.text[at:], p.words) && (end == len(r.text) || !isLetter(r.text[end])) {
			return atom{start: at, end: end, class: p.class, written: p.written}, true
		}
	}
	a, ok := r.s.atom(r.text, at)
	if a.end == a.start+1 && ok && isLetter(r.text[a.start]) {
		a.class = "letter" // an o is no zero here
	}
	return a, ok
}

func (r *addressReader) take(a atom) { r.v, r.at = append(r.v, a), a.end }

// accept takes the next word if it is of a class.
func (r *addressReader) accept(class string) bool {
	a, ok := r.peek()
	if ok = ok && a.class == class; ok {
		r.take(a)
	}
	return ok
}

// number takes digits: "one", "twenty three".
func (r *addressReader) number(a atom) bool {
	d, last, ok := r.s.digits(r.text, a, true)
	if ok {
		r.take(atom{start: a.start, end: last.end, class: "digit", written: d})
	}
	return ok
}

// local reads the part of a mail address before "at", and that word.
func (r *addressReader) local() bool {
	for n := 0; ; n++ {
		a, ok := r.peek()
		if !ok {
			return false
		}
		begins := n == 0 || r.v[len(r.v)-1].class == "dot" || r.v[len(r.v)-1].class == "sign"
		switch {
		case begins && (a.class == "word" || a.class == "name" || a.class == "domain"):
			r.take(a)
		case a.class == "letter" && (begins || r.v[len(r.v)-1].class != "word"):
			r.take(a)
		case r.number(a):
		case !begins && (a.class == "dot" || a.class == "sign"):
			r.take(a)
		case !begins && a.class == "at":
			r.take(a)
			return true
		default:
			return false
		}
	}
}

// scheme reads "http colon slash slash".
func (r *addressReader) scheme() bool {
	if !r.accept("scheme") {
		return false
	}
	if r.accept("colon") && r.accept("slash") && r.accept("slash") {
		return true
	}
	r.v, r.at = nil, -1
	return false
}

// host reads names with dots between, the last of them that of a domain. What stands before must have told that an address comes, or
// else the first name has to be a word or several letters.
func (r *addressReader) host(announced bool) bool {
	if r.at < 0 {
		return false
	}
	var good addressReader
	for n := 0; ; n++ {
		if n == 0 && r.accept("www") {
			announced = true
		} else if kind := r.label(announced); kind == noLabel || n == 0 && kind == letterLabel && !announced {
			break
		} else if n > 0 && (kind == domainLabel || kind == lettersLabel || kind == digitsLabel && good.at > 0) {
			good = *r
		}
		if !r.accept("dot") && !(len(r.v) > 0 && r.v[len(r.v)-1].class == "www" && r.accept("point")) {
			break
		}
	}
	if good.at == 0 {
		return false
	}
	*r = addressReader{good.s, good.text, good.at, good.v[:len(good.v):len(good.v)]}
	return true
}

// labelKind is how a part of a host's name was told.
type labelKind uint8

const (
	noLabel      labelKind = iota
	wordLabel              // a word
	domainLabel            // a word that names a domain
	letterLabel            // one letter
	lettersLabel           // several letters
	digitsLabel            // digits
)

// label reads a part of a host's name: a word, letters, digits. Only where an address was announced, letters may stand before a word and
// hyphens between.
func (r *addressReader) label(announced bool) labelKind {
	letters, kind := 0, noLabel
	for {
		a, ok := r.peek()
		if !ok {
			return kind
		}
		switch {
		case a.class == "letter" && kind != wordLabel && kind != domainLabel:
			r.take(a)
			if letters++; letters == 1 {
				kind = letterLabel
			} else {
				kind = lettersLabel
			}
		case kind == noLabel && a.class == "domain":
			r.take(a)
			kind = domainLabel
		case (a.class == "word" || a.class == "name") && (kind == noLabel || kind == letterLabel && announced):
			r.take(a)
			kind = wordLabel
		case kind != domainLabel && r.number(a):
			kind = max(kind, digitsLabel)
		case a.class == "sign" && kind != noLabel && announced:
			r.take(a)
			letters, kind = 0, noLabel
		default:
			return kind
		}
	}
}

// path reads "slash" and what follows.
func (r *addressReader) path() {
	for {
		before := *r
		if !r.accept("slash") {
			return
		}
		if r.label(true) == noLabel {
			*r = before
			return
		}
	}
}
