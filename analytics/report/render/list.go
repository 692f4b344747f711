package render

import (
	_ "embed"
	"html/template"
	"io"
	"strings"
)

//go:embed list.html
var listHTML string

var listTemplate = template.Must(template.New("").Parse(listHTML))

// ListPolicy is the Content-Security-Policy for [List]: as [Policy], and its form may be sent to where the page comes from.
var ListPolicy = strings.Replace(Policy, "form-action 'none'", "form-action 'self'", 1)

// Field is a field of the form of a list.
type Field struct {
	Name, Title, Value string
	Type               string // of an HTML input: text, date, number
	Example            string
}

// Item is a report of a list.
type Item struct {
	Name, Title, About string
	URL                string // of the page
	Left               string // what was asked for that the report cannot be restricted by
	Formats            []Link
}

// Listing is what a list shows.
type Listing struct {
	Action  string // where the form goes
	Fault   string // what is wrong with the fields; empty = nothing
	Fields  []Field
	Links   []Link // to other pages
	Reports []Item
}

// List writes a page of HTML that lists reports, with a form for what they are asked with. It loads nothing and runs no script.
func List(w io.Writer, l *Listing, o Options) error {
	return listTemplate.ExecuteTemplate(w, "list", struct {
		*Listing
		ZH    bool
		Style template.CSS
	}{l, o.Lang == "zh", template.CSS(style)})
}
