package script

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"yingda/nlu"
)

// maxTitle is the width of the longest button title; a Chinese character counts 2.
const maxTitle = 40

// Need is a key that some part of the robot says, with the slots it offers.
type Need struct {
	Key  string
	Vars []string
	// Exact asks for words of the key itself or the key without its middle; without it a more general key will do, but never "general".
	Exact bool
}

// Check tells which needs have no words, and which texts use slots that are not offered. The error joins a *[Fault] for each.
func (b *Book) Check(needs []Need) error {
	f := &faults{}
	offered := map[*Script][]string{} // slots that every need of a script offers
	for _, n := range needs {
		s := b.nearest(n.Key, n.Exact)
		if s == nil {
			f.all = append(f.all, &Fault{Key: n.Key, Reason: "has no words: add the script, or a more general one"})
			continue
		}
		if old, ok := offered[s]; ok {
			offered[s] = slices.DeleteFunc(slices.Clone(old), func(v string) bool { return !slices.Contains(n.Vars, v) })
		} else {
			offered[s] = n.Vars
		}
	}
	for _, key := range b.Keys() {
		s := b.scripts[key]
		vars, asked := offered[s]
		if !asked {
			continue
		}
		f.file, f.key = s.file, key
		b.settings.checkOffered(f, s, vars)
	}
	return f.err()
}

// nearest returns the script that a key is said with, nil where that would be General.
func (b *Book) nearest(key string, exact bool) (found *Script) {
	for c := (candidates{key: key}); found == nil; {
		k, ok := c.next()
		if !ok {
			break
		}
		if s := b.scripts[string(k)]; s != nil && (s.Key != General || key == General) {
			found = s
		}
	}
	if found != nil && exact && found.Key != key && !strings.HasSuffix(key, found.Key[strings.IndexByte(found.Key, '.')+1:]) {
		return nil
	}
	return found
}

// checkOffered finds texts that can never be said because a slot they need is not offered, and slots that nobody fills.
func (st *Settings) checkOffered(f *faults, s *Script, vars []string) {
	for _, name := range s.Slots() {
		if name != Topic && name != What && !slices.Contains(vars, name) && !slices.Contains(st.Fields, name) {
			f.addf(s.line, "", "slot {%s} is not offered here; offered are: %s, and the fields of the operator's systems in %s", name, orNone(vars), SettingsFile)
		}
	}
}

// check looks at the whole book.
func (b *Book) check(all *faults) {
	for _, key := range b.Keys() {
		s := b.scripts[key]
		f := &faults{file: s.file, key: key}
		b.settings.check(f, s)
		all.all = append(all.all, f.all...)
	}
	g := b.scripts[General]
	if g == nil && len(all.all) > 0 {
		return // it may stand where a file could not be read
	}
	if g == nil {
		all.addf(0, "", "there is no script %q: add it, it is said where nothing else fits", General)
		return
	}
	f := &faults{file: g.file, key: General}
	b.checkGeneral(f, g)
	all.all = append(all.all, f.all...)
}

// checkGeneral makes sure that General can always be said.
func (b *Book) checkGeneral(f *faults, g *Script) {
	for lang, blocks := range g.texts {
		if len(blocks) == 0 {
			continue
		}
		for _, v := range blocks[len(blocks)-1].variants {
			if len(v.text.need) > 0 {
				f.addf(v.line, string(lang), "must not need slots, since it is said when nothing else can be")
			}
		}
	}
}

// check looks at one script.
func (st *Settings) check(f *faults, s *Script) {
	for _, lang := range st.Languages {
		if _, ok := s.texts[lang]; !ok {
			f.addf(s.line, string(lang), "has no words in %s: every script needs words in %s", lang, join(st.Languages))
		}
		if _, ok := s.buttons[lang]; !ok && len(s.buttons) > 0 {
			f.addf(s.line, "buttons."+string(lang), "has no buttons in %s", lang)
		}
	}
	for _, lang := range s.Langs() {
		if !slices.Contains(st.Languages, lang) {
			f.addf(s.line, string(lang), "unknown field; languages are %s", join(st.Languages))
		}
		st.checkBlocks(f, s, lang)
	}
	for lang, buttons := range s.buttons {
		for i, b := range buttons {
			at := indexed("buttons."+string(lang), i)
			if w := width(b.title.literal()); w > maxTitle {
				f.addf(s.line, at, "title is %d wide, at most %d", w, maxTitle)
			}
			if p := b.payload.literal(); !strings.HasPrefix(p, "/") {
				f.addf(s.line, at, "payload %q must begin with /, e.g. /affirm, /intent order.cancel, /slot NAME=VALUE", p)
			}
			st.checkText(f, s, at, s.line, &b.title)
		}
	}
	if len(s.Vars) > 0 {
		st.checkOffered(f, s, s.Vars)
	}
	if slots := s.Slots(); len(slots) > 0 && (strings.HasPrefix(s.Key, namePrefix) || strings.HasPrefix(s.Key, tonePrefix)) {
		f.addf(s.line, "", "names and tones have no slots; take out {%s}", strings.Join(slots, "}, {"))
	}
}

func (st *Settings) checkBlocks(f *faults, s *Script, lang nlu.Lang) {
	spoken := false // an earlier block takes all that is spoken
	seen := map[string]int{}
	for _, b := range s.texts[lang] {
		if line, twice := seen[b.when.String()]; twice {
			f.addf(b.line, string(lang), "has the same condition as line %d and is never said", line)
		}
		seen[b.when.String()] = b.line
		voice := !spoken && (len(b.when.Channel) == 0 || slices.ContainsFunc(b.when.Channel, st.voice))
		form := map[bool]string{true: "voice", false: "text"}[voice]
		texts := map[string]bool{}
		for i := range b.variants {
			v := &b.variants[i]
			if texts[v.raw] {
				f.addf(v.line, string(lang), "two variants say the same")
			}
			texts[v.raw] = true
			if w := width(v.text.literal()); w > st.Width[form] {
				f.addf(v.line, string(lang), "is %d wide, at most %d for %s (a Chinese character counts 2)%s", w, st.Width[form], form,
					map[bool]string{true: "; shorten it or add a block with when: {channel: voice}"}[voice && w <= st.Width["text"]])
			}
			st.checkText(f, s, string(lang), v.line, &v.text)
		}
		only := When{Channel: b.when.Channel}
		spoken = spoken || b.when.String() == only.String() && allVoice(st, b.when.Channel)
	}
}

// allVoice tells whether the channels include all spoken ones.
func allVoice(st *Settings, channels []string) bool {
	for _, c := range st.Voice {
		if !slices.Contains(channels, c) {
			return false
		}
	}
	return len(st.Voice) > 0
}

func (st *Settings) voice(channel string) bool { return slices.Contains(st.Voice, channel) }

// checkText looks at one text: links, private slots, invisible characters.
func (st *Settings) checkText(f *faults, s *Script, at string, line int, t *template) {
	lit := t.literal()
	if !utf8.ValidString(lit) || strings.ContainsFunc(lit, func(r rune) bool { return r != '\n' && unwanted(r) }) {
		f.addf(line, at, "holds characters that cannot be seen (controls or direction marks): type the text again")
	}
	for _, link := range links(lit) {
		if host := hostOf(link); !slices.Contains(st.Hosts, host) {
			f.addf(line, at, "links to %q: only the hosts in %s are allowed (%s)", host, SettingsFile, orNone(st.Hosts))
		}
	}
	each(t.nodes, func(n *node) {
		if n.slot != "" && slices.Contains(st.Private, n.slot) && n.format != formatMask && n.format != formatTail4 {
			f.addf(line, at, "slot {%s} is private: write {%s|mask} or {%s|tail4}", n.slot, n.slot, n.slot)
		}
	})
}

// hostOf returns the host that a link leads to, in lower case.
func hostOf(link string) string {
	if !strings.Contains(link, "://") {
		link = "https://" + link
	}
	u, err := url.Parse(link)
	if err != nil {
		return link
	}
	return strings.ToLower(u.Hostname())
}

// literal is the text with all its alternatives and without slots.
func (t *template) literal() string {
	var b strings.Builder
	each(t.nodes, func(n *node) { b.WriteString(n.lit) })
	return b.String()
}

// width counts columns: 2 for characters of Chinese and the like, 1 for others.
func width(s string) (n int) {
	for _, r := range s {
		n++
		if r >= 0x1100 && (r <= 0x115f || r >= 0x2e80 && r <= 0xffdc || r >= 0x1f000) {
			n++
		}
	}
	return n
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}

func join[T ~string](list []T) string {
	parts := make([]string, len(list))
	for i, v := range list {
		parts[i] = string(v)
	}
	return strings.Join(parts, " and ")
}

func indexed(at string, i int) string { return fmt.Sprintf("%s[%d]", at, i) }

func letters(i int) string {
	s := string(rune('a' + i%26))
	if i >= 26 {
		s += fmt.Sprint(i / 26)
	}
	return s
}
