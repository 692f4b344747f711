package dialog

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"yingda/dialogue"
	"yingda/nlu"
)

// add begins a step.
func (p *parser) add(kind StepKind, v string) {
	s := Step{Line: p.line, Kind: kind, Text: v}
	switch kind {
	case Customer, Say:
		s.Text = unescape(v)
	case Press, Claim, Transfer:
		if v == "" {
			p.bad("says nothing: write which button, who takes over, or which queue")
		}
	case Wait:
		s.Text = ""
		if s.Wait = span(v); s.Wait <= 0 {
			p.bad("%q is no span of time: write e.g. 5 minutes, 2 hours, 3 days or 5分钟, 2小时, 3天", v)
		}
	case System:
		s.Text, s.System = "", p.system(v)
	case Event:
		name, order, _ := strings.Cut(v, " ")
		s.Name, s.Text = name, strings.TrimSpace(order)
		if name == "" {
			p.bad("names no event: write e.g. 'delay 8801238832'")
		}
	}
	p.d.Steps = append(p.d.Steps, s)
	p.step = &p.d.Steps[len(p.d.Steps)-1]
}

// units are how long a unit is, by the words for it.
var units = map[string]time.Duration{
	"s": time.Second, "sec": time.Second, "second": time.Second, "秒": time.Second, "秒钟": time.Second,
	"m": time.Minute, "min": time.Minute, "minute": time.Minute, "分": time.Minute, "分钟": time.Minute,
	"h": time.Hour, "hour": time.Hour, "小时": time.Hour, "个小时": time.Hour,
	"d": 24 * time.Hour, "day": 24 * time.Hour, "天": 24 * time.Hour,
}

var spanForm = regexp.MustCompile(`^(\d{1,4})\s*(\pL+)$`)

// span reads a span of time; 0 when it is none.
func span(v string) time.Duration {
	m := spanForm.FindStringSubmatch(strings.ToLower(strings.TrimSpace(v)))
	if m == nil {
		return 0
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return 0
	}
	unit, ok := units[m[2]]
	if !ok {
		unit = units[strings.TrimSuffix(m[2], "s")]
	}
	return time.Duration(n) * unit
}

// system reads "order.get failed", "refund.create refused 已经退过了", `order.get ok {"status": "运输中"}` or "order.get shop".
func (p *parser) system(v string) *Answers {
	call, rest, _ := strings.Cut(v, " ")
	status, detail, _ := strings.Cut(strings.TrimSpace(rest), " ")
	detail = strings.TrimSpace(detail)
	if call == "" || status == "" {
		p.bad("write which call answers what, e.g. 'order.get failed' or '* 故障'")
		return &Answers{}
	}
	if status == "shop" || status == "恢复" {
		return &Answers{Call: call}
	}
	st, ok := meaning(statusNames, status)
	if !ok {
		p.bad("%q is no way to answer: write %s, or shop to let the demo shop answer again", status, strings.Join(list(statusNames), ", "))
	}
	r := &dialogue.Result{Status: st, Message: detail}
	if strings.HasPrefix(detail, "{") {
		r.Message = ""
		if !json.Valid([]byte(detail)) {
			p.bad("what %s answers is no JSON object", call)
		} else {
			r.Data = json.RawMessage(detail)
		}
	}
	return &Answers{call, r}
}

// modifiers are the lines below a message that say more of it.
var modifiers = map[string]func(p *parser, v string){
	"id":         func(p *parser, v string) { p.step.ID = v },
	"at":         func(p *parser, v string) { p.step.At = p.time(v) },
	"confidence": func(p *parser, v string) { p.step.Confidence = p.share(v) },
	"heard": func(p *parser, v string) {
		a := nlu.Alternative{Text: v}
		if i := strings.LastIndexAny(v, " \t"); i >= 0 {
			if c, err := strconv.ParseFloat(v[i+1:], 64); err == nil && c >= 0 && c <= 1 {
				a = nlu.Alternative{Text: strings.TrimSpace(v[:i]), Confidence: c}
			}
		}
		if a.Text == "" {
			p.bad("write what else was heard, and how sure the recogniser was, e.g. '退宽 0.3'")
		}
		p.step.Heard = append(p.step.Heard, a)
	},
	"image": attach(dialogue.Image), "link": attach(dialogue.Link), "audio": attach(dialogue.Audio), "video": attach(dialogue.Video),
	"file": attach(dialogue.File), "sticker": attach(dialogue.Sticker),
	"location": func(p *parser, v string) {
		var lat, lon float64
		if _, err := fmt.Sscan(v, &lat, &lon); err != nil || !(lat >= -90 && lat <= 90 && lon >= -180 && lon <= 180) {
			p.bad("%q is no place: write latitude and longitude, e.g. 31.2 121.4", v)
		}
		p.step.Attachments = append(p.step.Attachments, dialogue.Attachment{Type: dialogue.Location, Lat: lat, Lon: lon})
	},
}

// attach reads an address and, behind it, a caption.
func attach(t dialogue.AttachmentType) func(p *parser, v string) {
	return func(p *parser, v string) {
		url, caption, _ := strings.Cut(v, " ")
		if url == "" {
			p.bad("write the address, e.g. https://img.example/1.jpg")
		}
		p.step.Attachments = append(p.step.Attachments, dialogue.Attachment{Type: t, URL: url, Caption: strings.TrimSpace(caption)})
	}
}

func (p *parser) share(v string) float64 {
	f, err := strconv.ParseFloat(v, 64)
	if err != nil || !(f >= 0 && f <= 1) {
		p.bad("%q: write a number from 0 to 1", v)
		return 0
	}
	return f
}

// expectations are the lines below a step that say what must come of it.
var expectations = map[string]func(p *parser, v string){
	"robot": func(p *parser, v string) {
		if none(v) {
			p.step.Expect.Silent = true
			return
		}
		p.step.Expect.Says = append(p.step.Expect.Says, p.texts(v, "|"))
	},
	"never":         func(p *parser, v string) { p.step.Expect.Lacks = append(p.step.Expect.Lacks, p.texts(v, "|")...) },
	"expect action": func(p *parser, v string) { p.step.Expect.Action = choose(p, actionNames, v) },
	"expect reason": func(p *parser, v string) { p.step.Expect.Reason = choose(p, reasonNames, v) },
	"expect intents": func(p *parser, v string) {
		names := []string{}
		if !none(v) {
			names = p.texts(v, ",")
		}
		p.step.Expect.Intents = &names
	},
	"expect slots":  func(p *parser, v string) { vs := p.values(v); p.step.Expect.Slots = &vs },
	"expect has":    func(p *parser, v string) { p.step.Expect.Has = p.merge(p.step.Expect.Has, p.values(v)) },
	"expect queue":  func(p *parser, v string) { p.step.Expect.Queue = p.queue(v) },
	"expect script": func(p *parser, v string) { p.step.Expect.Scripts = append(p.step.Expect.Scripts, p.texts(v, ",")...) },
	"expect task": func(p *parser, v string) {
		if none(v) {
			v = ""
		}
		p.step.Expect.Task = &v
	},
	"expect speaker": func(p *parser, v string) {
		for kind, en := range speakers {
			if v == en || v == speakerNames[kind] {
				p.step.Expect.Speaker = &kind
				return
			}
		}
		p.bad("%q does not speak: write robot, queue or agent, or 机器人, 排队, 客服", v)
	},
	"expect call":   func(p *parser, v string) { p.step.Expect.Calls = append(p.step.Expect.Calls, p.texts(v, ",")...) },
	"expect button": func(p *parser, v string) { p.step.Expect.Buttons = append(p.step.Expect.Buttons, p.texts(v, "|")...) },
	"expect agent":  func(p *parser, v string) { p.step.Expect.Agent = append(p.step.Expect.Agent, p.texts(v, "|")...) },
	"expect twice":  func(p *parser, _ string) { p.step.Expect.Twice = true },
}

// choose reads one of the known words.
func choose[K ~string](p *parser, names map[K]string, v string) K {
	k, ok := meaning(names, v)
	if !ok {
		p.bad("%q: write one of %s", v, strings.Join(list(names), ", "))
	}
	return k
}

// list writes known words with their Chinese names.
func list[K ~string](names map[K]string) []string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(names)) {
		out = append(out, string(k)+" ("+names[k]+")")
	}
	return out
}

// queue reads "vip emotion", "complaint" or "none".
func (p *parser) queue(v string) *Queue {
	if none(v) {
		return &Queue{}
	}
	name, why, _ := strings.Cut(v, " ")
	q := &Queue{Name: name}
	if why = strings.TrimSpace(why); why != "" {
		q.Why = choose(p, reasonNames, why)
	}
	if name == "" {
		p.bad("write the queue and why, e.g. 'vip emotion', or none")
	}
	return q
}

// texts splits at sep and leaves out what is empty.
func (p *parser) texts(v, sep string) []string {
	var out []string
	for _, t := range strings.Split(strings.ReplaceAll(v, "，", ","), sep) {
		if t = strings.TrimSpace(t); t != "" {
			out = append(out, t)
		}
	}
	if len(out) == 0 {
		p.bad("nothing is expected: write the words")
	}
	return out
}

func (p *parser) merge(to, from Values) Values {
	if to == nil {
		return from
	}
	maps.Copy(to, from)
	return to
}

// values reads "order_id=8832; product=耳机 + 杯子", or "none".
func (p *parser) values(v string) Values {
	vs := Values{}
	if none(v) {
		return vs
	}
	for _, f := range p.fields(v) {
		vs[f.name] = several(f.raw)
	}
	return vs
}

type field struct{ name, value, raw string }

func (p *parser) fields(v string) []field {
	var out []field
	for _, part := range split(v) {
		if f, ok := p.field(part); ok {
			out = append(out, f)
		}
	}
	return out
}

func (p *parser) field(part string) (field, bool) {
	name, value, ok := strings.Cut(part, "=")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	if !ok || name == "" {
		p.bad("%q: write name=value, with a semicolon between two", strings.TrimSpace(part))
		return field{}, false
	}
	return field{name, unquote(value), value}, true
}

// cut splits s at any of seps outside quotation marks, and leaves out what is empty.
func cut(s, seps string) []string {
	var out []string
	quoted, escaped, from := false, false, 0
	add := func(part string) {
		if strings.TrimSpace(part) != "" {
			out = append(out, strings.TrimSpace(part))
		}
	}
	for i, r := range s {
		switch {
		case escaped:
			escaped = false
		case quoted && r == '\\':
			escaped = true
		case r == '"':
			quoted = !quoted
		case !quoted && strings.ContainsRune(seps, r):
			add(s[from:i])
			from = i + len(string(r))
		}
	}
	add(s[from:])
	return out
}

func split(s string) []string { return cut(s, ";；") }

// several reads the values of one slot.
func several(s string) []string {
	parts := cut(s, "+")
	if len(parts) == 0 {
		return []string{""}
	}
	for i := range parts {
		parts[i] = unquote(parts[i])
	}
	return parts
}

// unquote takes quotation marks off.
func unquote(s string) string {
	if strings.HasPrefix(s, `"`) {
		if v, err := strconv.Unquote(s); err == nil {
			return v
		}
	}
	return s
}

// quote puts a value in quotation marks where it would be read otherwise.
func quote(s string) string {
	if s == "" || strings.ContainsAny(s, `;；+="`) || strings.TrimSpace(s) != s || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' }) || none(s) {
		return strconv.Quote(s)
	}
	return s
}

// unescape and escape write the ends of lines within a message.
func unescape(s string) string { return strings.ReplaceAll(s, `\n`, "\n") }
func escape(s string) string   { return strings.ReplaceAll(s, "\n", `\n`) }
