package intake

import (
	"encoding/json"
	"time"

	"yingda/dialogue"
)

// native takes events as they are: of this project's own files. Pseudonyms in them stay.
func (m *maker) native(r *row) ([]dialogue.Event, *Refusal) {
	var l struct {
		Seq   uint64          `json:"seq"`
		Event *dialogue.Event `json:"event"`
	}
	if err := json.Unmarshal(r.raw, &l); err != nil || l.Event == nil {
		return nil, &Refusal{Line: r.line, Reason: `it is no line {"seq": …, "event": {…}}`}
	}
	ev := l.Event
	bad := func(field, reason string) ([]dialogue.Event, *Refusal) {
		return nil, &Refusal{Line: r.line, Field: field, Reason: reason}
	}
	if err := ev.Key.Validate(); err != nil {
		return bad("conversation", err.Error())
	}
	if l.Seq == 0 || l.Seq > 1<<62 || ev.ID == "" {
		return bad("seq", "seq and id must be there")
	}
	if reason := implausible(ev.Time, m.now()); reason != "" {
		return bad("time", reason)
	}
	if !hasBody(ev) {
		return bad("kind", "the event has no body of its kind")
	}
	ev.Seq, ev.Private, ev.Time = l.Seq, nil, ev.Time.UTC().Truncate(time.Microsecond)
	return []dialogue.Event{*ev}, nil
}

func hasBody(ev *dialogue.Event) bool {
	switch ev.Kind {
	case dialogue.TurnTaken:
		return ev.Turn != nil
	case dialogue.AgentSaid:
		return ev.Agent != nil
	case dialogue.SentOut, dialogue.Receipt:
		return ev.Out != nil
	case dialogue.Rated:
		return ev.Rating != nil
	}
	_, known := fields[ev.Kind]
	return known
}
