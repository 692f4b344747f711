package routing

import (
	"context"
	"fmt"

	"yingda/dialogue"
	"yingda/dialogue/routing/handover"
	"yingda/nlu"
)

// Suggestion is a reply that an agent may send as it is.
type Suggestion = handover.Suggestion

// ScriptSuggester proposes what the scripts would say next: a greeting, words for the feeling, the open question.
type ScriptSuggester struct {
	Scripts dialogue.Scripts
}

var _ Suggester = (*ScriptSuggester)(nil)

// Suggest implements Suggester.
func (g *ScriptSuggester) Suggest(_ context.Context, tr *dialogue.Tracker, limit int) []Suggestion {
	says := []dialogue.Say{{Key: keyHello}}
	if n := len(tr.Emotions); n > 0 && (tr.Emotions[n-1].Valence == "negative" || tr.Emotions[n-1].Valence == "anxious") {
		says = append(says, dialogue.Say{Key: "soothe." + tr.Emotions[n-1].Label})
	}
	if q := tr.State.Asked; q != nil && q.Slot != "" {
		says = append(says, dialogue.Say{Key: "ask." + q.Slot, Vars: slotValues(tr.State)})
	}
	var out []Suggestion
	for _, say := range says {
		w := wording(tr, say)
		if r := g.Scripts.Render(w); r.Script.Key != "" && !general(r.Script.Key) && len(out) < limit {
			out = append(out, Suggestion{ID: "script/" + r.Script.Key, Source: "script", Reply: r})
		}
	}
	return out
}

// general tells whether a script stands in for one that has no words: nothing to suggest.
func general(key string) bool {
	return key == "general" || key == "agent" || key == "ask" || key == "soothe" || key == "name"
}

func slotValues(st dialogue.State) map[string]string {
	out := map[string]string{}
	for name, s := range st.Slots {
		out[name] = s.Value
	}
	return out
}

// wording asks for words in a conversation.
func wording(tr *dialogue.Tracker, say dialogue.Say) dialogue.Wording {
	w := dialogue.Wording{Say: say, Tenant: tr.Tenant, Lang: tr.Lang, Channel: tr.Channel, Tier: tierOf(tr), Unit: tr.Alias}
	if n := len(tr.Emotions); n > 0 {
		w.Emotion = tr.Emotions[n-1]
	}
	return w
}

// packEvents is how many of the latest events a package is made of; each page of the log is read from its end.
const (
	packEvents      = 60
	packSuggestions = 5
)

// Package returns what an agent must know of a conversation, with names and summary in lang (empty = the conversation's). Errors:
// ErrUnknown, those of the log.
func (s *Service) Package(ctx context.Context, k dialogue.Key, lang nlu.Lang) (handover.Package, error) {
	tr, err := s.o.Conversations.Load(ctx, k)
	if err != nil {
		return handover.Package{}, err
	}
	if tr.Events == 0 {
		return handover.Package{}, fmt.Errorf("conversation %s: %w", k.Conversation, dialogue.ErrUnknown)
	}
	in := handover.Input{Tracker: tr, Lang: lang, Now: s.o.Now(), Name: func(name string, l nlu.Lang) string { return s.nameOf(tr, name, l) }}
	if in.Events, err = s.o.Conversations.Events(ctx, k, firstLine(tr), packEvents); err != nil {
		return handover.Package{}, err
	}
	in.Profile = s.profile(ctx, tr)
	in.Hits = s.hits(ctx, tr)
	if s.o.Suggester != nil {
		in.Suggestions = s.o.Suggester.Suggest(ctx, tr, packSuggestions)
	}
	return handover.New(in), nil
}

// firstLine returns the sequence before the transcript's first event: the events of a package are those of its transcript.
func firstLine(tr *dialogue.Tracker) uint64 {
	if len(tr.Lines) == 0 || tr.Lines[0].Seq == 0 {
		return 0
	}
	return tr.Lines[0].Seq - 1
}

// nameOf returns what the scripts call a thing, "" when they have no name for it.
func (s *Service) nameOf(tr *dialogue.Tracker, name string, lang nlu.Lang) string {
	w := wording(tr, dialogue.Say{Key: "name." + name})
	w.Lang, w.Emotion = lang, dialogue.Emotion{}
	if r := s.o.Scripts.Render(w); r.Script.Key == w.Key {
		return r.Text
	}
	return ""
}

// profile returns who the customer is: what the provider knows, else what came with the messages.
func (s *Service) profile(ctx context.Context, tr *dialogue.Tracker) dialogue.Profile {
	if tr.Profile != nil {
		return *tr.Profile
	}
	if s.o.Profiles == nil || tr.Customer == "" {
		return dialogue.Profile{}
	}
	p, err := s.o.Profiles.Profile(ctx, tr.Tenant, tr.Customer)
	if err != nil {
		s.o.Logger.Warn("profile missing in a handover", "tenant", tr.Tenant, "conversation", tr.Conversation, "err", err)
	}
	return p
}

// hits returns knowledge for what the customer said last.
func (s *Service) hits(ctx context.Context, tr *dialogue.Tracker) []dialogue.Hit {
	if s.o.Knowledge == nil {
		return nil
	}
	for i := len(tr.Lines) - 1; i >= 0; i-- {
		l := tr.Lines[i]
		if l.Who != "customer" || l.Text == "" {
			continue
		}
		hits, err := s.o.Knowledge.Find(ctx, dialogue.Asked{Tenant: tr.Tenant, Text: l.Text, Lang: tr.Lang, Intents: tr.State.Topic})
		if err != nil {
			s.o.Logger.Warn("knowledge missing in a handover", "tenant", tr.Tenant, "conversation", tr.Conversation, "err", err)
		}
		return hits
	}
	return nil
}
