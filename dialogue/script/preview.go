package script

import (
	"context"
	"fmt"
	"maps"

	"yingda/dialogue"
	"yingda/nlu"
)

// Sample is one text of a script as it would go out.
type Sample struct {
	Lang    nlu.Lang `json:"lang"`
	When    string   `json:"when,omitempty"`
	Variant string   `json:"variant,omitempty"`
	Weight  int      `json:"weight"`
	Text    string   `json:"text"`
	Voice   string   `json:"voice,omitempty"` // as it is heard, where it can be
}

// Preview is a script tried out.
type Preview struct {
	Reply   dialogue.Reply `json:"reply"`   // to the wording
	Samples []Sample       `json:"samples"` // every text; a slot that the wording does not fill is shown as 〈name〉
	Faults  []*Fault       `json:"faults,omitempty"`
}

// Preview shows what a script would say to w, and all it can say. source is YAML; empty = the draft, else what is said. Nothing is
// changed. Faults are in the result where something can be shown all the same.
func (l *Library) Preview(ctx context.Context, key, source string, w dialogue.Wording) (Preview, error) {
	if err := place(w.Tenant, key); err != nil {
		return Preview{}, fmt.Errorf("preview script: %w", err)
	}
	if source == "" {
		e, err := l.Get(ctx, w.Tenant, key)
		if err != nil {
			return Preview{}, err
		}
		if source = e.Draft; source == "" {
			source = e.Live()
		}
	}
	s, err := l.checkDraft(key, source)
	if s == nil || len(s.texts) == 0 {
		return Preview{}, fmt.Errorf("preview script %s: %w", key, err)
	}
	now := l.view.Load()
	own := map[string]*Script{key: s}
	for k, other := range now.tenants[w.Tenant] {
		if k != key {
			own[k] = other
		}
	}
	v := &view{book: l.book, tenants: map[string]map[string]*Script{w.Tenant: own}}
	w.Key = key
	return Preview{Reply: v.render(&w, nil), Samples: v.samples(s, w.Vars), Faults: FaultsOf(err)}, nil
}

// Samples returns all that the book's script of exactly that key can say, nil if there is none. A slot that vars do not have is shown as
// 〈name〉; to see a text without it, give it the empty value.
func (b *Book) Samples(key string, vars map[string]string) []Sample {
	s := b.scripts[key]
	if s == nil {
		return nil
	}
	return b.alone.samples(s, vars)
}

// samples fills every text of a script.
func (v *view) samples(s *Script, vars map[string]string) []Sample {
	w := dialogue.Wording{Say: dialogue.Say{Key: s.Key, Vars: map[string]string{}}}
	for _, slot := range s.Slots() {
		if slot != Topic && slot != What {
			w.Vars[slot] = "〈" + slot + "〉"
		}
	}
	maps.Copy(w.Vars, vars)
	out := []Sample{}
	for _, lang := range s.Langs() {
		for _, b := range s.texts[lang] {
			for _, one := range b.variants {
				sample := Sample{Lang: lang, When: b.when.String(), Variant: one.id, Weight: one.weight}
				p := speaker{view: v, w: w, lang: lang}
				sample.Text = p.sample(one.text.nodes)
				if len(b.when.Channel) == 0 || v.book.settings.voice(b.when.Channel[0]) {
					p.voice = true
					sample.Voice = string(speech([]byte(p.sample(one.text.nodes)), lang))
				}
				out = append(out, sample)
			}
		}
	}
	return out
}

// sample fills a text, "" when a slot that it needs is empty.
func (p *speaker) sample(nodes []node) string {
	text, ok := p.fill(nil, nodes)
	if !ok {
		return ""
	}
	return string(text)
}
