package datetime

import (
	"strings"

	"yingda/nlu/recognizer/grammar"
)

// What stands around a phrase decides about short ones: "15" is a day only in "on 15", "may" is a month in "in may".

// leftWord is the word that ends before the phrase, "" at the begin of the text or after a mark.
func leftWord(c *grammar.Call) string { return wordBefore(c.Text, c.Kids[0].Start) }

func wordBefore(text string, at int) string {
	for at > 0 && text[at-1] == ' ' {
		at--
	}
	end := at
	for at > 0 && isWordByte(text[at-1]) {
		at--
	}
	return text[at:end]
}

// rightWord is the word that begins after the phrase, "" at the end of the text or before a mark.
func rightWord(c *grammar.Call) string { return wordAfter(c.Text, c.Kids[len(c.Kids)-1].End) }

func wordAfter(text string, at int) string {
	for at < len(text) && text[at] == ' ' {
		at++
	}
	from := at
	for at < len(text) && isWordByte(text[at]) {
		at++
	}
	return text[from:at]
}

func isWordByte(b byte) bool {
	return b >= 'a' && b <= 'z' || isDigit(b) || b >= 0x80 || b == '\''
}

// alone tells whether the phrase is all that the text says.
func alone(c *grammar.Call) bool { return leftWord(c) == "" && rightWord(c) == "" }

// charBefore and charAfter are the bytes beside the phrase, 0 at the ends of the text.
func charBefore(c *grammar.Call) byte {
	if at := c.Kids[0].Start; at > 0 {
		return c.Text[at-1]
	}
	return 0
}

func charAfter(c *grammar.Call) byte {
	if at := c.Kids[len(c.Kids)-1].End; at < len(c.Text) {
		return c.Text[at]
	}
	return 0
}

// figuresGoOn tells whether a figure at the end of the phrase is only a part of a longer one: "2.5", "1:30", "5%".
func figuresGoOn(c *grammar.Call, marks string) bool {
	at := c.Kids[len(c.Kids)-1].End
	if at >= len(c.Text) {
		return false
	}
	if c.Text[at] == '%' || isDigit(c.Text[at]) {
		return true
	}
	return strings.IndexByte(marks, c.Text[at]) >= 0 && at+1 < len(c.Text) && isDigit(c.Text[at+1])
}

// figuresLead tells whether a figure at the begin of the phrase is only a part of a longer one: "133-03-03-2020".
func figuresLead(c *grammar.Call, marks string) bool {
	at := c.Kids[0].Start
	if at == 0 {
		return false
	}
	b := c.Text[at-1]
	if isDigit(b) || b == '$' || strings.HasSuffix(c.Text[:at], "$ ") {
		return true
	}
	return strings.IndexByte(marks, b) >= 0 && at > 1 && isDigit(c.Text[at-2])
}
