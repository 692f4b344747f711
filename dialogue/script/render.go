package script

import (
	"bytes"
	"slices"
	"strings"
	"sync"

	"yingda/dialogue"
	"yingda/nlu"
)

// Prefixes of the keys that serve other scripts, see the package's documentation.
const (
	tonePrefix   = "tone."
	voiceOptions = "voice.options"
	voiceCards   = "voice.cards"
)

// view is an unchanging picture of all scripts: the book with what each tenant has published.
type view struct {
	book    *Book
	tenants map[string]map[string]*Script
}

// script returns the script of exactly that key.
func (v *view) script(tenant string, key []byte) *Script {
	if own := v.tenants[tenant]; own != nil {
		if s := own[string(key)]; s != nil {
			return s
		}
	}
	return v.book.scripts[string(key)]
}

// candidates yields the keys that a key may be said with, the most special first, General last.
type candidates struct {
	key   string
	stage int
	end   int // of the shortened key that was yielded last
	buf   [192]byte
}

// next returns the next key, false when there is none. The bytes are valid until the next call.
func (c *candidates) next() ([]byte, bool) {
	for {
		c.stage++
		switch c.stage {
		case 1: // as it is
			c.end = len(c.key)
			if c.end > 0 {
				return append(c.buf[:0], c.key...), true
			}
		case 2: // the first word with the last
			first, last := strings.IndexByte(c.key, '.'), strings.LastIndexByte(c.key, '.')
			if first > 0 && last > first {
				return append(append(c.buf[:0], c.key[:first]...), c.key[last:]...), true
			}
		case 3: // shorter and shorter
			if c.end = strings.LastIndexByte(c.key[:c.end], '.'); c.end > 0 {
				c.stage--
				return append(c.buf[:0], c.key[:c.end]...), true
			}
		case 4:
			if c.key != General {
				return append(c.buf[:0], General...), true
			}
		default:
			return nil, false
		}
	}
}

// speaker renders one wording. Its buffers are used again.
type speaker struct {
	view  *view
	w     dialogue.Wording
	lang  nlu.Lang // that is spoken, once a script is found
	voice bool
	out   []byte
	pre   []byte
}

var speakers = sync.Pool{New: func() any { return &speaker{out: make([]byte, 0, 1024), pre: make([]byte, 0, 256)} }}

// maxPooled bounds what a buffer may keep, in bytes.
const maxPooled = 16 << 10

// speaker returns one for w. Its owner gives it back with done.
func (v *view) speaker(w *dialogue.Wording) *speaker {
	p := speakers.Get().(*speaker)
	p.view, p.w, p.lang, p.voice = v, *w, w.Lang, v.book.settings.voice(w.Channel)
	return p
}

func (p *speaker) done(out []byte) {
	p.view, p.w = nil, dialogue.Wording{}
	if p.out = out[:0]; cap(p.out) <= maxPooled {
		speakers.Put(p)
	}
}

// render puts words to w. rep may be nil.
func (v *view) render(w *dialogue.Wording, rep *reports) dialogue.Reply {
	p := v.speaker(w)
	r := dialogue.Reply{Image: w.Image, Links: w.Links, Cards: w.Cards}
	buf := p.out[:0]
	if w.Key != "" || w.Text != "" {
		var s *Script
		buf, s = p.words(buf, &r.Script, rep)
		r.Buttons = p.buttons(s)
	} else {
		_, p.lang = in(v.book, v.book.scripts[General].texts, w.Lang)
		r.Buttons = p.buttons(nil)
	}
	if p.voice {
		buf = p.spokenChoices(buf, &r)
		r.Image, r.Links, r.Cards, r.Buttons = "", nil, nil, nil
		buf = speech(buf, p.lang)
	}
	r.Text = string(buf)
	p.done(buf)
	return r
}

// words appends what is said under the wording's key, or its fixed text, and tells which script it is.
func (p *speaker) words(buf []byte, ref *dialogue.ScriptRef, rep *reports) (out []byte, used *Script) {
	fixed := p.w.Text != ""
	short := false // a script was there, but not the slots it needs
	felt := false
	for c := (candidates{key: p.w.Key}); used == nil; {
		key, ok := c.next()
		if !ok {
			break
		}
		s := p.view.script(p.w.Tenant, key)
		if s == nil {
			continue
		}
		var blocks []block
		blocks, p.lang = in(p.view.book, s.texts, p.w.Lang)
		if fixed {
			buf, used = append(buf, p.w.Text...), s
			if *ref = (dialogue.ScriptRef{Key: p.w.Key}); s.Key != General {
				ref.Version = s.Version
			}
			continue
		}
		text, b, v := p.choose(buf, s, blocks)
		if v == nil {
			short = true
			continue
		}
		buf, used, felt = text, s, len(b.when.Emotion)+len(b.when.Valence) > 0
		*ref = dialogue.ScriptRef{Key: s.Key, Variant: v.id, Version: s.Version}
	}
	if used == nil { // cannot be: General needs nothing
		return buf, nil
	}
	if rep != nil && !fixed && (short || used.Key == General && p.w.Key != General) {
		rep.note(p.w.Tenant, p.w.Key, short)
	}
	if used.Tone && !felt && p.w.Nth == 0 {
		p.pre = p.tone(p.pre[:0])
		buf = slices.Insert(buf, 0, p.pre...)
	}
	return buf, used
}

// tone appends the answer to the customer's feeling, unless it was given of late.
func (p *speaker) tone(buf []byte) []byte {
	e := p.w.Emotion.Label
	if e == "" || len(e) > 64 {
		return buf
	}
	var stack [96]byte
	t := p.view.script(p.w.Tenant, append(append(stack[:0], tonePrefix...), e...))
	if t == nil {
		return buf
	}
	blocks, lang := in(p.view.book, t.texts, p.w.Lang)
	for i := range blocks { // any of its words said of late is enough
		for j := range blocks[i].variants {
			for _, line := range p.w.Said {
				if strings.Contains(line, blocks[i].variants[j].raw) {
					return buf
				}
			}
		}
	}
	out, _, v := p.choose(buf, t, blocks)
	if v != nil && lang != nlu.Chinese {
		out = append(out, ' ')
	}
	return out
}

// choose appends the words of the first block that holds and has a variant whose slots are filled; v is nil if there is none.
func (p *speaker) choose(buf []byte, s *Script, blocks []block) (out []byte, b *block, v *variant) {
	for i := range blocks {
		if b = &blocks[i]; b.always || b.when.holds(&p.w) {
			if out, v = p.variant(buf, s, b); v != nil {
				return out, b, v
			}
		}
	}
	return buf, nil, nil
}

// variant appends the words of one of the block's variants: the arm's, else by weight and not those said of late; nil when none can be said.
func (p *speaker) variant(buf []byte, s *Script, b *block) ([]byte, *variant) {
	if s.Experiment != "" {
		if arm := p.w.Variants[s.Experiment]; arm != "" {
			for i := range b.variants {
				if v := &b.variants[i]; v.id == arm {
					if out, ok := p.fill(buf, v.text.nodes); ok {
						return out, v
					}
				}
			}
		}
	}
	var again *variant
	start := b.pick(p.w.Unit, s.Key)
	for i := range b.variants {
		v := &b.variants[(start+i)%len(b.variants)]
		if v.weight == 0 {
			continue
		}
		out, ok := p.fill(buf, v.text.nodes)
		switch {
		case !ok:
		case len(b.variants) == 1 || !p.said(out[len(buf):]):
			return out, v
		case again == nil:
			again = v
		}
	}
	if again == nil {
		return buf, nil
	}
	out, _ := p.fill(buf, again.text.nodes)
	return out, again
}

// pick chooses a variant by weight; the same unit and key give the same one.
func (b *block) pick(unit, key string) int {
	if len(b.variants) == 1 {
		return 0
	}
	total := 0
	for i := range b.variants {
		total += b.variants[i].weight
	}
	at := int(hash(unit, key) % uint64(total))
	for i := range b.variants {
		if at -= b.variants[i].weight; at < 0 {
			return i
		}
	}
	return 0
}

// hash is FNV-1a over both, mixed so that the low bits are good.
func hash(unit, key string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(unit) {
		h = (h ^ uint64(unit[i])) * 1099511628211
	}
	h *= 1099511628211 // as if a zero byte stood between them
	for i := range len(key) {
		h = (h ^ uint64(key[i])) * 1099511628211
	}
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	return h ^ h>>33
}

// said tells whether the words were said of late.
func (p *speaker) said(words []byte) bool {
	if len(p.w.Said) == 0 {
		return false
	}
	if p.voice {
		words = speech(bytes.Clone(words), p.lang)
	}
	for _, line := range p.w.Said {
		for rest := line; len(rest) >= len(words); rest = rest[1:] {
			i := strings.IndexByte(rest, words[0])
			if i < 0 || len(rest)-i < len(words) {
				break
			}
			if rest = rest[i:]; rest[:len(words)] == string(words) {
				return true
			}
		}
	}
	return false
}

// fill appends nodes with their slots; false when a slot outside an optional part is empty.
func (p *speaker) fill(buf []byte, nodes []node) ([]byte, bool) {
	for i := range nodes {
		n := &nodes[i]
		switch {
		case n.slot != "":
			v, ok := p.w.Vars[n.slot], false
			if v == "" {
				v = p.fromKey(n.slot)
			}
			if buf, ok = p.value(buf, n.format, v); !ok {
				return buf, false
			}
		case n.part != nil:
			mark := len(buf)
			for _, alt := range n.part {
				out, ok := p.fill(buf, alt)
				if ok {
					buf = out
					break
				}
				buf = out[:mark]
			}
		default:
			buf = append(buf, n.lit...)
		}
	}
	return buf, true
}

// fromKey is the value of a slot that comes from the key, "" for others.
func (p *speaker) fromKey(slot string) string {
	_, topic, _ := strings.Cut(p.w.Key, ".")
	switch slot {
	case Topic:
		return topic
	case What:
		return topic[strings.LastIndexByte(topic, '.')+1:]
	}
	return ""
}
