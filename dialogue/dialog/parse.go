package dialog

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"yingda/dialogue"
	"yingda/nlu"
)

// Fault is one thing that is wrong in a file of dialogs.
type Fault struct {
	File   string
	Line   int // 0 = the whole file
	Reason string
}

func (f *Fault) Error() string {
	if f.Line == 0 {
		return f.File + ": " + f.Reason
	}
	return fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.Reason)
}

// Extension is how names of files of dialogs end.
const Extension = ".dialog"

// Load reads all files of dialogs below fsys, in the order of their names. The error joins all that is wrong in any of them.
func Load(fsys fs.FS) ([]*Dialog, error) {
	var all []*Dialog
	var faults []error
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != Extension {
			return err
		}
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		ds, err := Parse(name, data)
		all = append(all, ds...)
		if err != nil {
			faults = append(faults, err)
		}
		return nil
	})
	if err = errors.Join(append(faults, err)...); err != nil {
		return nil, err
	}
	return all, nil
}

// Parse reads a file of one or more dialogs. The error joins everything that is wrong, each a *Fault.
func Parse(file string, data []byte) ([]*Dialog, error) {
	p := &parser{file: file}
	if !utf8.Valid(data) {
		return nil, &Fault{File: file, Reason: "is not UTF-8: save it as UTF-8"}
	}
	text := strings.TrimPrefix(string(data), "\ufeff")
	for i, line := range strings.Split(text, "\n") {
		p.line = i + 1
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			p.read(line)
		}
	}
	p.finish()
	if len(p.dialogs) == 0 && len(p.faults) == 0 {
		p.faults = append(p.faults, &Fault{File: file, Reason: "has no dialog: begin one with 'title: …' or '标题: …'"})
	}
	if len(p.faults) > 0 {
		return nil, errors.Join(p.faults...)
	}
	return p.dialogs, nil
}

// parser reads line by line.
type parser struct {
	file    string
	line    int
	dialogs []*Dialog
	d       *Dialog // being read, nil before the first title
	step    *Step   // the last
	faults  []error
}

func (p *parser) bad(format string, args ...any) {
	p.faults = append(p.faults, &Fault{p.file, p.line, fmt.Sprintf(format, args...)})
}

// read takes a line that is neither empty nor a comment.
func (p *parser) read(line string) {
	i := strings.IndexAny(line, ":：")
	if i < 0 {
		p.bad("has no colon: write e.g. '客户: 我的快递到哪了' or 'expect: answer'")
		return
	}
	name := fold(line[:i])
	kind, known := kinds[name]
	if !known {
		p.bad("%q is no known word: %s", line[:i], p.guess(name))
		return
	}
	_, n := utf8.DecodeRuneInString(line[i:])
	value := strings.TrimSpace(line[i+n:])
	switch {
	case kind == "title":
		p.begin(value)
	case p.d == nil:
		p.bad("stands before the first title: begin with 'title: …' or '标题: …'")
	case headers[kind] != nil:
		if slices.ContainsFunc(p.d.Steps, func(s Step) bool { return s.Kind != System }) {
			p.bad("%q belongs above the first step", line[:i])
			return
		}
		headers[kind](p, value)
	case modifiers[kind] != nil:
		if p.step == nil || !p.step.message() {
			p.bad("%q belongs below a message of the customer", line[:i])
			return
		}
		modifiers[kind](p, value)
	case expectations[kind] != nil:
		if p.step == nil || p.step.Kind == System {
			p.bad("%q belongs below a step, e.g. a message of the customer", line[:i])
			return
		}
		expectations[kind](p, value)
	default:
		p.add(StepKind(kind), value)
	}
}

// guess names the nearest known word.
func (p *parser) guess(name string) string {
	best := ""
	for _, w := range vocabulary {
		for _, k := range []string{w.en, w.zh} {
			if strings.HasPrefix(name, k) && len(k) > len(best) || best == "" && strings.HasPrefix(k, name) {
				best = k
			}
		}
	}
	if best != "" {
		return fmt.Sprintf("is %q meant? All words are in docs/conversation/dialogs.md", best)
	}
	return "write title, customer, robot, expect … or 标题, 客户, 机器人, 期望 …; all words are in docs/conversation/dialogs.md"
}

func (p *parser) begin(title string) {
	p.finish()
	if title == "" {
		p.bad("the title is empty")
	}
	p.d, p.step = &Dialog{File: p.file, Line: p.line, Title: title}, nil
}

// finish checks the dialog that ends here.
func (p *parser) finish() {
	if p.d == nil {
		return
	}
	p.line = p.d.Line
	if !slices.ContainsFunc(p.d.Steps, func(s Step) bool { return s.message() || s.Kind == Event }) {
		p.bad("%q has no step: write e.g. 'customer: …' or '客户: …'", p.d.Title)
	}
	for i := range p.d.Steps {
		s := &p.d.Steps[i]
		p.line = s.Line
		if s.Kind == Customer && s.Text == "" && len(s.Attachments) == 0 {
			p.bad("the customer says nothing: write the words, or an attachment below")
		}
	}
	p.dialogs = append(p.dialogs, p.d)
	p.d = nil
}

// profile returns the dialog's profile, made when it is first spoken of.
func (p *parser) profile() *dialogue.Profile {
	if p.d.Profile == nil {
		p.d.Profile = &dialogue.Profile{}
	}
	return p.d.Profile
}

// headers are the lines above the steps.
var headers = map[string]func(p *parser, v string){
	"as":      func(p *parser, v string) { p.d.Customer = v },
	"channel": func(p *parser, v string) { p.d.Channel = v },
	"known":   func(p *parser, v string) { p.d.Known = v },
	"name":    func(p *parser, v string) { p.profile().Name = v },
	"tier":    func(p *parser, v string) { p.profile().Tier = v },
	"lang": func(p *parser, v string) {
		if v != string(nlu.Chinese) && v != string(nlu.English) {
			p.bad("language %q: write zh or en", v)
		}
		p.profile().Lang = nlu.Lang(v)
	},
	"start": func(p *parser, v string) { p.d.Start = p.time(v) },
	"prefers": func(p *parser, v string) {
		for _, f := range p.fields(v) {
			if p.profile().Preferences == nil {
				p.d.Profile.Preferences = map[string]string{}
			}
			p.d.Profile.Preferences[f.name] = f.value
		}
	},
	"history": func(p *parser, v string) { p.history(v) },
}

// history reads "order; order_id=88; product=耳机; status=运输中".
func (p *parser) history(v string) {
	var it dialogue.HistoryItem
	for i, part := range split(v) {
		if i == 0 {
			kind, ok := meaning(itemNames, part)
			if it.Kind = string(kind); !ok {
				it.Kind = strings.TrimSpace(part)
			}
			if strings.Contains(part, "=") || it.Kind == "" {
				p.bad("begins with %q: write what it is first, e.g. '订单; 订单号=8832' or 'order; order_id=8832'", part)
			}
			continue
		}
		f, ok := p.field(part)
		if !ok {
			continue
		}
		name, known := meaning(fieldNames, f.name)
		if !known {
			p.bad("%q is no field of a history: write one of %s", f.name, strings.Join(list(fieldNames), ", "))
			continue
		}
		p.setItem(&it, string(name), f.value)
	}
	p.profile().History = append(p.d.Profile.History, it)
}

func (p *parser) setItem(it *dialogue.HistoryItem, name, value string) {
	if name == "time" {
		it.Time = p.time(value)
		return
	}
	if name == "date" {
		if _, err := time.Parse(time.DateOnly, value); err != nil {
			p.bad("date %q: write e.g. 2025-11-03", value)
		}
	}
	for _, f := range itemFields(it) {
		if f.name == name {
			*f.value = value
		}
	}
}

type itemField struct {
	name  string
	value *string
}

// itemFields are the texts of an item in the order they are written.
func itemFields(it *dialogue.HistoryItem) []itemField {
	return []itemField{{"order_id", &it.OrderID}, {"ticket_id", &it.TicketID}, {"product", &it.Product}, {"attribute", &it.Attribute}, {"plan", &it.Plan}, {"topic", &it.Topic},
		{"status", &it.Status}, {"date", &it.Date}, {"text", &it.Text}}
}

// time reads a point in time; without a zone it is Beijing's.
func (p *parser) time(v string) time.Time {
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02 15:04:05", time.RFC3339} {
		if t, err := time.ParseInLocation(layout, v, zone); err == nil && t.Year() >= 1970 && t.Year() < 2200 {
			return t
		}
	}
	p.bad("time %q: write e.g. 2025-11-03 10:30, or with a zone 2025-11-03T10:30:00+08:00", v)
	return time.Time{}
}
