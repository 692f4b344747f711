package server

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"yingda/nlu"
)

// defaultTop is how many entries of the ranking are sent when the caller does not say.
const defaultTop = 5

// languages are those a caller may name; regional tags such as zh-TW are accepted too.
var languages = []string{string(nlu.Chinese), string(nlu.English)}

var (
	parseFields       = []string{"text", "texts", "utterances", "language", "reference_time", "bundle", "span_unit", "top", "debug", "customer"}
	utteranceFields   = []string{"text", "alternatives", "language", "reference_time"}
	alternativeFields = []string{"text", "confidence"}
)

// parseRequest is a checked request of /v1/parse.
type parseRequest struct {
	us     []nlu.Utterance
	shape  string // the field that held the texts: "text", "texts" or "utterances"
	bundle string
	unit   unit
	top    int
	debug  bool

	customer string // whom the texts are of, as the caller names them; for the log of parses
}

// field names the field of text i, for messages.
func (q *parseRequest) field(i int) string {
	switch q.shape {
	case "texts":
		return fmt.Sprintf("texts[%d]", i)
	case "utterances":
		return fmt.Sprintf("utterances[%d].text", i)
	}
	return q.shape
}

// parseDecoder fills a parseRequest from JSON.
type parseDecoder struct {
	jsonReader
	limits *Limits
	req    parseRequest

	given     []string // of text, texts, utterances
	texts     int      // how many there were, also those beyond the limit
	language  nlu.Lang
	reference time.Time
	faults    []*fault // of values; syntax ends the reading, values are all reported
}

// decodeParse reads and checks a body of /v1/parse. All faulty values are reported at once.
func decodeParse(body []byte, limits *Limits) (*parseRequest, error) {
	d := &parseDecoder{jsonReader: *newJSONReader(body, limits.JSONDepth, false), limits: limits}
	d.req.top = min(defaultTop, limits.Top)
	d.object(parseFields, d.option)
	if err := d.finish(); err != nil {
		return nil, err
	}
	if err := d.check(); err != nil {
		return nil, err
	}
	return &d.req, nil
}

func (d *parseDecoder) option(name string) {
	switch name {
	case "text":
		d.given = append(d.given, name)
		d.add(nlu.Utterance{Text: d.text()})
	case "texts":
		d.given = append(d.given, name)
		d.array(func(int) { d.add(nlu.Utterance{Text: d.text()}) })
	case "utterances":
		d.given = append(d.given, name)
		d.array(func(int) { d.utterance() })
	case "language":
		d.language = d.lang()
	case "reference_time":
		d.reference = d.time()
	case "bundle":
		d.req.bundle = d.text()
	case "span_unit":
		d.req.unit = d.spanUnit()
	case "top":
		d.top()
	case "debug":
		d.req.debug = d.boolean()
	case "customer":
		if d.req.customer = d.text(); len(d.req.customer) > maxCustomerBytes {
			d.invalid(CodeBadValue, "has %d bytes: send at most %d", len(d.req.customer), maxCustomerBytes)
		}
	}
}

func (d *parseDecoder) utterance() {
	var u nlu.Utterance
	given := false
	d.object(utteranceFields, func(name string) {
		switch name {
		case "text":
			given = true
			u.Text = d.text()
		case "alternatives":
			d.array(func(i int) {
				if alt := d.alternative(); i < d.limits.Alternatives {
					u.Alternatives = append(u.Alternatives, alt)
				} else if i == d.limits.Alternatives {
					d.path = d.path[:len(d.path)-1] // the list is at fault, not the element
					d.invalid(CodeTooManyAlternatives, "has more than %d alternatives: send the best ones only", d.limits.Alternatives)
					d.path = append(d.path, step{index: i})
				}
			})
		case "language":
			u.Lang = d.lang()
		case "reference_time":
			u.Reference = d.time()
		}
	})
	if !given {
		d.invalid(CodeMissingText, "has no text: give it a text")
	}
	d.add(u)
}

func (d *parseDecoder) alternative() (alt nlu.Alternative) {
	given := false
	d.object(alternativeFields, func(name string) {
		switch name {
		case "text":
			given = true
			alt.Text = d.text()
			d.checkText(alt.Text, d.field)
		case "confidence":
			alt.Confidence = d.number()
			if alt.Confidence < 0 || alt.Confidence > 1 {
				d.invalid(CodeBadConfidence, "is %v: send a number from 0 to 1", alt.Confidence)
			}
		}
	})
	if !given {
		d.invalid(CodeMissingText, "has no text: give it a text")
	}
	return alt
}

// add keeps an utterance while there is room; those beyond are counted for the message.
func (d *parseDecoder) add(u nlu.Utterance) {
	if d.texts++; d.texts <= d.limits.Texts {
		d.req.us = append(d.req.us, u)
	}
}

func (d *parseDecoder) lang() nlu.Lang {
	tag := d.text()
	primary, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(tag, "_", "-")), "-")
	if d.fault == nil && tag != "" && !slices.Contains(languages, primary) {
		d.invalid(CodeBadLanguage, "is %s: send one of %s, or leave it out to have it detected", quote(tag), strings.Join(languages, ", "))
	}
	return nlu.Lang(primary)
}

func (d *parseDecoder) time() time.Time {
	v := d.text()
	t, err := time.Parse(time.RFC3339, v)
	if d.fault == nil && err != nil {
		d.invalid(CodeBadReferenceTime, "is %s: send RFC 3339 with a zone, e.g. 2026-11-22T09:30:00+08:00", quote(v))
	}
	return t
}

func (d *parseDecoder) spanUnit() unit {
	v := d.text()
	i := slices.Index(nativeUnits, v)
	if d.fault == nil && i < 0 {
		d.invalid(CodeBadSpanUnit, "is %s: send one of %s", quote(v), strings.Join(nativeUnits, ", "))
	}
	return unit(max(i, 0))
}

func (d *parseDecoder) top() {
	d.req.top = d.integer()
	if d.req.top < 0 || d.req.top > d.limits.Top {
		d.invalid(CodeTopOutOfRange, "is out of range: send a whole number from 0 to %d", d.limits.Top)
	}
}

// maxFaults bounds how many faulty values are reported; the rest would say nothing new.
const maxFaults = 16

// invalid notes a faulty value at the current path and lets the reading go on.
func (d *parseDecoder) invalid(code Code, format string, args ...any) {
	d.note(fieldFault(code, d.field(), format, args...))
}

func (d *parseDecoder) note(f *fault) {
	if d.fault == nil && len(d.faults) < maxFaults {
		d.faults = append(d.faults, f)
	}
}

// check is what can be said only when all was read.
func (d *parseDecoder) check() error {
	switch {
	case len(d.given) == 0:
		return newFault(CodeMissingText, "The body has no text: give text (one), texts (several) or utterances (with alternatives).")
	case len(d.given) > 1:
		return newFault(CodeConflictingFields, "The body has %s: give only one of text, texts and utterances.", strings.Join(d.given, " and "))
	case d.texts == 0:
		return fieldFault(CodeMissingText, d.given[0], "is empty: give at least one text")
	case d.texts > d.limits.Texts:
		return fieldFault(CodeTooManyTexts, d.given[0], "has %d texts, at most %d are allowed: send several requests", d.texts, d.limits.Texts)
	}
	d.req.shape = d.given[0]
	for i := range d.req.us {
		u := &d.req.us[i]
		d.checkText(u.Text, func() string { return d.req.field(i) })
		if u.Lang == "" {
			u.Lang = d.language
		}
		if u.Reference.IsZero() {
			u.Reference = d.reference
		}
	}
	return joinFaults(d.faults)
}

// checkText notes what is wrong with a text. field is asked for its name only then.
func (d *parseDecoder) checkText(text string, field func() string) {
	switch n := utf8.RuneCountInString(text); {
	case d.fault != nil:
	case n > d.limits.Characters:
		d.note(fieldFault(CodeTextTooLong, field(), "has %d characters, at most %d are allowed: shorten or split it", n, d.limits.Characters))
	case blank(text):
		d.note(fieldFault(CodeEmptyText, field(), "is empty or only white space: send at least one visible character"))
	}
}

// joinFaults makes one fault of several: the first one's code, all fields.
func joinFaults(faults []*fault) error {
	if len(faults) == 0 {
		return nil
	}
	all := *faults[0]
	for _, f := range faults[1:] {
		all.fields = append(all.fields, f.fields...)
	}
	if n := len(faults); n > 1 {
		all.detail += fmt.Sprintf(" %d more values are wrong, see errors.", n-1)
	}
	return &all
}

// blank tells whether a text shows nothing: white space, control and format characters only.
func blank(text string) bool {
	for _, c := range text {
		if !unicode.IsSpace(c) && !unicode.In(c, unicode.Cc, unicode.Cf, unicode.Z) {
			return false
		}
	}
	return true
}
