package dialog

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"yingda/dialogue"
	"yingda/nlu"
)

// Format writes dialogs as [Parse] reads them, with Chinese or English words.
func Format(lang nlu.Lang, dialogs ...*Dialog) string {
	w := &writer{zh: lang != nlu.English}
	for i, d := range dialogs {
		if i > 0 {
			w.b.WriteByte('\n')
		}
		w.header(d)
		for j := range d.Steps {
			w.step(&d.Steps[j])
		}
	}
	return w.b.String()
}

type writer struct {
	b  strings.Builder
	zh bool
}

func (w *writer) line(kind, value string) { w.b.WriteString(key(kind, w.zh) + ": " + value + "\n") }

// opt writes a line if there is something to write.
func (w *writer) opt(indent, kind, value string) {
	if value != "" {
		w.b.WriteString(indent)
		w.line(kind, value)
	}
}

func (w *writer) header(d *Dialog) {
	w.line("title", d.Title)
	w.opt("", "as", d.Customer)
	if p := d.Profile; p != nil {
		w.opt("", "name", p.Name)
		w.opt("", "tier", p.Tier)
		w.opt("", "lang", string(p.Lang))
		for _, k := range slices.Sorted(maps.Keys(p.Preferences)) {
			w.line("prefers", k+"="+quote(p.Preferences[k]))
		}
		for i := range p.History {
			w.line("history", w.item(&p.History[i]))
		}
	}
	w.opt("", "channel", d.Channel)
	w.opt("", "start", stamp(d.Start))
	w.opt("", "known", d.Known)
}

func (w *writer) item(it *dialogue.HistoryItem) string {
	parts := []string{said(itemNames, it.Kind, w.zh)}
	for _, f := range itemFields(it) {
		if *f.value != "" {
			parts = append(parts, said(fieldNames, f.name, w.zh)+"="+quote(*f.value))
		}
	}
	if !it.Time.IsZero() {
		parts = append(parts, said(fieldNames, "time", w.zh)+"="+stamp(it.Time))
	}
	return strings.Join(parts, "; ")
}

// stamp writes a point in time, nothing for the zero one.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	if _, offset := t.Zone(); offset == 8*3600 && t.Second() == 0 {
		return t.Format("2006-01-02 15:04")
	}
	return t.Format(time.RFC3339)
}

func (w *writer) step(s *Step) {
	if s.Kind != System || len(w.b.String()) == 0 {
		w.b.WriteByte('\n')
	}
	w.line(string(s.Kind), w.what(s))
	w.opt("  ", "id", s.ID)
	w.opt("  ", "at", stamp(s.At))
	if s.Confidence > 0 {
		w.opt("  ", "confidence", number(s.Confidence))
	}
	for _, h := range s.Heard {
		w.opt("  ", "heard", h.Text+" "+number(h.Confidence))
	}
	for _, a := range s.Attachments {
		if a.Type == dialogue.Location {
			w.opt("  ", "location", number(a.Lat)+" "+number(a.Lon))
			continue
		}
		w.opt("  ", string(a.Type), strings.TrimSpace(a.URL+" "+a.Caption))
	}
	w.expect(&s.Expect)
}

// what is the text behind a step's word.
func (w *writer) what(s *Step) string {
	switch s.Kind {
	case Wait:
		unit := " seconds"
		if w.zh {
			unit = "秒"
		}
		n := s.Wait / time.Second
		if n%60 == 0 {
			if n, unit = n/60, " minutes"; w.zh {
				unit = "分钟"
			}
		}
		return fmt.Sprint(int64(n)) + unit
	case System:
		return w.system(s.System)
	case Event:
		return strings.TrimSpace(s.Name + " " + s.Text)
	}
	return escape(s.Text)
}

func (w *writer) system(a *Answers) string {
	if a.Result == nil {
		return a.Call + " shop"
	}
	detail := a.Result.Message
	if a.Result.Data != nil {
		detail = string(a.Result.Data)
	}
	return strings.TrimSpace(a.Call + " " + said(statusNames, a.Result.Status, w.zh) + " " + detail)
}

func number(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

func (w *writer) nothing() string {
	if w.zh {
		return "无"
	}
	return "none"
}

func (w *writer) expect(e *Expect) {
	w.opt("  ", "expect action", said(actionNames, e.Action, w.zh))
	w.opt("  ", "expect reason", said(reasonNames, e.Reason, w.zh))
	if e.Queue != nil {
		v := w.nothing()
		if *e.Queue != (Queue{}) {
			v = strings.TrimSpace(e.Queue.Name + " " + said(reasonNames, e.Queue.Why, w.zh))
		}
		w.opt("  ", "expect queue", v)
	}
	if e.Intents != nil {
		w.opt("  ", "expect intents", w.orNothing(strings.Join(*e.Intents, ", ")))
	}
	if e.Slots != nil {
		w.opt("  ", "expect slots", w.orNothing(values(*e.Slots)))
	}
	w.opt("  ", "expect has", values(e.Has))
	if e.Task != nil {
		w.opt("  ", "expect task", w.orNothing(*e.Task))
	}
	if e.Speaker != nil {
		name := speakers[*e.Speaker]
		if w.zh {
			name = speakerNames[*e.Speaker]
		}
		w.opt("  ", "expect speaker", name)
	}
	w.opt("  ", "expect script", strings.Join(e.Scripts, ", "))
	w.opt("  ", "expect call", strings.Join(e.Calls, ", "))
	w.opt("  ", "expect button", strings.Join(e.Buttons, " | "))
	w.opt("  ", "expect agent", strings.Join(e.Agent, " | "))
	if e.Twice {
		w.opt("  ", "expect twice", "yes")
	}
	for _, any := range e.Says {
		w.opt("  ", "robot", strings.Join(any, " | "))
	}
	if e.Silent {
		w.opt("  ", "robot", w.nothing())
	}
	w.opt("  ", "never", strings.Join(e.Lacks, " | "))
}

func (w *writer) orNothing(s string) string {
	if s == "" {
		return w.nothing()
	}
	return s
}

// values writes slots in the order of their names.
func values(vs Values) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(vs)) {
		var texts []string
		for _, v := range vs[name] {
			texts = append(texts, quote(v))
		}
		parts = append(parts, name+"="+strings.Join(texts, " + "))
	}
	return strings.Join(parts, "; ")
}
