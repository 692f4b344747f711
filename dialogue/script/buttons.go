package script

import (
	"strconv"
	"strings"

	"yingda/dialogue"
)

// maxSpoken bounds how many choices are read out.
const maxSpoken = 5

// buttons returns the wording's own buttons, or those of the most special script that has some, with a title each.
func (p *speaker) buttons(used *Script) []dialogue.Button {
	if len(p.w.Buttons) > 0 {
		return p.titled(p.w.Buttons)
	}
	if used == nil {
		return nil
	}
	var all []button
	for c := (candidates{key: used.Key}); all == nil; {
		key, ok := c.next()
		if !ok {
			break
		}
		if s := p.view.script(p.w.Tenant, key); s != nil && len(s.buttons) > 0 && (s.Key != General || used.Key == General) {
			all, _ = in(p.view.book, s.buttons, p.lang)
		}
	}
	if all == nil {
		return nil
	}
	out := make([]dialogue.Button, 0, len(all))
	for i := range all {
		title, ok := p.fill(p.pre[:0], all[i].title.nodes)
		if !ok {
			continue // what it names is not known
		}
		b := dialogue.Button{Title: string(title)}
		payload, ok := p.fill(p.pre[:0], all[i].payload.nodes)
		if b.Payload = string(payload); ok {
			out = append(out, b)
		}
	}
	return out
}

// titled gives titles to the buttons without; the list is copied only if there is one.
func (p *speaker) titled(list []dialogue.Button) []dialogue.Button {
	out := list
	for i := range list {
		if list[i].Title != "" {
			continue
		}
		if &out[0] == &list[0] {
			out = append([]dialogue.Button(nil), list...)
		}
		out[i].Title = p.title(list[i].Payload)
	}
	return out
}

// title is how the thing is called that a payload names: name.NAME for "/intent NAME", the value for "/slot N=VALUE" (name.N where there is
// none), and for "/X" name.KIND.X, KIND being the first word of the key, else name.X. It is never empty.
func (p *speaker) title(payload string) string {
	verb, rest, _ := strings.Cut(strings.TrimPrefix(payload, "/"), " ")
	rest = strings.TrimSpace(rest)
	isValue := false
	if verb == "slot" {
		slot, value, _ := strings.Cut(rest, "=")
		if rest, isValue = value, value != ""; !isValue {
			rest = slot
		}
	}
	var key [192]byte
	title, ok := p.pre[:0], false
	if rest == "" {
		rest = verb
		kind, _, _ := strings.Cut(p.w.Key, ".")
		own := append(append(append(append(key[:0], namePrefix...), kind...), '.'), verb...)
		if s := p.view.script(p.w.Tenant, own); s != nil {
			title, ok = p.called(title, s)
		}
	}
	if !ok {
		title, ok = p.name(p.pre[:0], rest)
	}
	if ok && len(title) > 0 {
		if title[0] >= 'a' && title[0] <= 'z' && !isValue {
			title[0] -= 'a' - 'A'
		}
		return string(title)
	}
	if rest = strings.ReplaceAll(rest[strings.LastIndexByte(rest, '.')+1:], "_", " "); rest == "" {
		return "…"
	}
	return rest
}

// spokenChoices appends the sentences that read out cards, or else buttons. Yes and no need no reading.
func (p *speaker) spokenChoices(buf []byte, r *dialogue.Reply) []byte {
	var items []string
	key := voiceOptions
	if len(r.Cards) > 0 {
		key = voiceCards
		for _, c := range r.Cards {
			item := c.Title
			if c.Subtitle != "" {
				item += " " + c.Subtitle
			}
			items = append(items, item)
		}
	} else if !plainYesNo(r.Buttons) {
		for _, b := range r.Buttons {
			items = append(items, b.Title)
		}
	}
	if len(items) == 0 {
		return buf
	}
	s := p.view.script(p.w.Tenant, []byte(key))
	if s == nil {
		return buf
	}
	vars := p.w.Vars
	p.w.Vars = map[string]string{"options": strings.Join(items[:min(len(items), maxSpoken)], "\n"), "count": strconv.Itoa(len(items))}
	blocks, lang := in(p.view.book, s.texts, p.w.Lang)
	if len(buf) > 0 && lang != "zh" {
		buf = append(buf, ' ')
	}
	buf, _, _ = p.choose(buf, s, blocks)
	p.w.Vars = vars
	return buf
}

// plainYesNo tells whether the buttons are nothing but yes and no.
func plainYesNo(list []dialogue.Button) bool {
	for _, b := range list {
		if b.Payload != "/affirm" && b.Payload != "/deny" {
			return false
		}
	}
	return true
}
