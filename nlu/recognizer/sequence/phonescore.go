package sequence

// What a form says for and against a telephone number, in hundredths.
const (
	scoreBase      = 30
	scoreCountry   = 40 // a country code
	scoreArea      = 30 // brackets, if there is no country code
	scoreSign      = 20 // each sign between groups
	mostSigns      = 3
	scoreFigure    = 10 // each figure above eight; each one that is missing counts against
	mostAbove      = 3
	scoreNorth     = 15 // NXX-XXXX, the local number of North America
	againstLong    = 10 // each figure above eleven, where there is no sign at all
	plainLength    = 11
	againstSigns   = 20 // signs in a row: "0176 -123"
	againstBracket = 20 // a bracket without the other
	againstTail    = 10 // each figure above two that repeats the last one: 18911111111
	againstRuns    = 10 // each group of five and more figures but the first
	againstCode    = 40 // groups as in codes: "(123).456.7890", "011-82-10-1234-5678"
)

// scorePhone tells how much the form of a number speaks for a telephone number, from 0 to 1.
func scorePhone(text string) float64 {
	f := featuresOf(text)
	score := scoreBase
	if f.country {
		score += scoreCountry
	} else if f.opens > 0 {
		score += scoreArea
	}
	score += scoreSign * min(f.signs, mostSigns)
	if f.doubled {
		score -= againstSigns
	}
	if f.opens != f.shuts {
		score -= againstBracket
	}
	score += scoreFigure * min(f.figures-8, mostAbove)
	if f.figures == len(text) {
		score -= againstLong * max(0, f.figures-plainLength)
	}
	if f.north {
		score += scoreNorth
	}
	score -= againstTail * max(0, f.tail-2)
	score -= againstRuns * max(0, f.runs-1)
	if f.dotted || f.hyphens >= 4 && f.hyphens == f.signs && !f.country {
		score -= againstCode
	}
	return float64(max(0, min(score, 100))) / 100
}

// features are what the score depends on.
type features struct {
	country            bool
	opens, shuts       int
	signs, hyphens     int  // runs of signs; those that are one hyphen
	doubled            bool // some run has more than one sign
	dotted             bool // a dot after a bracket
	figures, tail      int  // all; those at the end that are equal
	runs               int  // groups of five figures and more
	north              bool
	group, run, letter int // of the work in progress
}

func featuresOf(text string) features {
	f := features{country: hasCountry(text)}
	for i := range len(text) {
		f.take(text, i)
	}
	f.north = len(text) == 8 && text[3] == '-' && f.figures == 7 && text[0] >= '2'
	return f
}

// take reads byte i.
func (f *features) take(text string, i int) {
	c := text[i]
	if isDigit(c) {
		if f.figures++; i > 0 && text[i-1] == c {
			f.tail++
		} else {
			f.tail = 1
		}
		if f.group++; f.group == 5 {
			f.runs++
		}
		f.run = 0
		return
	}
	f.group, f.tail = 0, 0
	switch c {
	case ' ', '-', '/', '.':
		if f.run++; f.run == 1 {
			f.signs++
			if c == '-' {
				f.hyphens++
			}
		} else {
			f.doubled = true
		}
		f.dotted = f.dotted || c == '.' && i > 0 && text[i-1] == ')'
		return
	case '(':
		f.opens++
	case ')':
		f.shuts++
	}
	f.run = 0
}

// hasCountry tells whether a number begins with + or 00, in brackets or not.
func hasCountry(text string) bool {
	i := 0
	for i < len(text) && (text[i] == '(' || text[i] == ' ') {
		i++
	}
	if at(text, i) == '+' {
		return true
	}
	return at(text, i) == '0' && at(text, i+1) == '0' && digitAt(text, i+2)
}
