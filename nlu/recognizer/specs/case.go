package specs

import (
	"fmt"
	"time"

	"yingda/nlu"
)

// Name says where a case belongs: "DateTime", "English", "DateParser".
type Name struct {
	Suite    string `json:"suite"`    // the domain: DateTime, Number, NumberWithUnit, Sequence, Choice …
	Language string `json:"language"` // the folder: Chinese, English, EnglishOthers …
	Model    string `json:"model"`    // the file without its extension
}

// String is "DateTime/English/DateParser".
func (n Name) String() string { return n.Suite + "/" + n.Language + "/" + n.Model }

// Lang is the language that the folder stands for; empty for one that this module does not speak.
func (n Name) Lang() nlu.Lang {
	switch n.Language {
	case "Chinese":
		return nlu.Chinese
	case "English", "EnglishOthers":
		return nlu.English
	}
	return ""
}

// dayFirst tells whether 10/12 is the tenth of December in the specifications of this folder.
func (n Name) dayFirst() bool { return n.Language == "EnglishOthers" }

// Case is one test of a specification.
type Case struct {
	Name
	Index     int // place in the file, from 0
	Input     string
	Reference time.Time // "now"; [DefaultReference] where the specification gives none
	Results   []Result
}

// DefaultReference is "now" for cases that do not say: they do not depend on it.
var DefaultReference = time.Date(2016, time.November, 7, 0, 0, 0, 0, time.UTC)

// Key names the case for people: file, place, input.
func (c *Case) Key() string { return fmt.Sprintf("%s #%d %q", c.Name, c.Index, c.Input) }

// Result is a value in a text, expected or found.
type Result struct {
	Text string // the surface; expected ones may be lower case and half width
	Type string // "datetimeV2.date", "number"; empty = the specification does not say
	// Start and End are half-open, in UTF-16 units of the raw input, as .NET counts. Expected ones count only if Spanned.
	Start, End int
	Spanned    bool
	// Value is what JSON makes of the resolution; nil = the specification gives none, and none is compared.
	Value map[string]any
}

// Query is what a [Model] is asked.
type Query struct {
	Text      string // raw
	Reference time.Time
	Lang      nlu.Lang
	DayFirst  bool
}

// Model finds the values of one kind in a text. Spans of its results always count.
type Model func(Query) []Result
