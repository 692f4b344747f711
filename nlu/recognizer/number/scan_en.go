package number

// startsEnglish tells whether a number or rank may begin with the byte.
func startsEnglish(b byte) bool { return isDigit(b) || b == '-' || b == '.' || english().first[b] }

// scanEnglish emits the numerals, numbers and ranks that begin at a place: of each the short readings too, since a grammar knows what
// follows. Whether letters touch figures is left to the grammar: 200lbs, usd115.
func scanEnglish(text string, at int, emit func(category, end int, v any)) {
	b := text[at]
	if isLetter(b) && (endsWord(text, at) || !beginsNumber(text, at)) {
		return
	}
	var s candidates
	p := numeral{l: english()}
	s.read(text, at, &p)
	emitWords(text, at, &p, emit)
	for i := range s.n {
		if c := s.all[i]; c.link == noWord {
			emit(catNumber, c.end, c.number())
		}
	}
}

// beginsNumber tells whether a number or rank may begin with the word at a place. A "hundred" belongs to the number before it.
func beginsNumber(text string, at int) bool {
	w, _ := english().at(text, at)
	switch c := w.role; {
	case c == hundredWord, c == scaleWord:
		return !afterNumber(text, at)
	case c.isRank(), c == articleWord, c == minusWord, c == partWord:
		return true
	default:
		return zeroWord <= c && c <= tensWord && c != ohWord
	}
}

// emitWords emits numerals and ranks.
func emitWords(text string, at int, p *numeral, emit func(category, end int, v any)) {
	if !isLetter(text[at]) {
		if v, end := figureRank(text, at); end > 0 {
			emit(catOrdinal, end, v)
		}
		return
	}
	for i := range p.n {
		if c := p.all[i]; !c.alone {
			if v, ok := c.v.int(); ok {
				emit(catNumeral, c.end, int(v))
			}
		}
	}
	if p.rank.end > 0 && !p.rank.plural {
		if v, ok := p.rank.v.int(); ok {
			emit(catOrdinal, p.rank.end, int(v))
		}
	}
}

// figureRank reads "21st" and "1,000th".
func figureRank(text string, at int) (rank, end int) {
	if !isDigit(text[at]) {
		return 0, 0
	}
	f := figuresAt(text, at)
	if f.end == 0 || f.form != formWhole || at > 0 && (isDigit(text[at-1]) || endsWord(text, at)) {
		return 0, 0
	}
	w, end := english().at(text, f.end)
	v, ok := f.v.int()
	if w.role != suffixWord || !ok {
		return 0, 0
	}
	return int(v), end
}
