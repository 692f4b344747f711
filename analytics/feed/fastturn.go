package feed

import (
	"yingda/dialogue"
	"yingda/nlu"
)

// event reads an event with no other body than a turn's.
func (r *fastReader) event() *dialogue.Event {
	ev := new(dialogue.Event)
	r.need("{")
	text(r, `"id":`, &ev.ID)
	text(r, `"kind":`, &ev.Kind)
	text(r, `"tenant":`, &ev.Tenant)
	text(r, `"conversation":`, &ev.Conversation)
	text(r, `"customer":`, &ev.Customer)
	text(r, `"channel":`, &ev.Channel)
	r.time(`"time":`, &ev.Time)
	if r.field(`"turn":`) {
		ev.Turn = r.turn()
	}
	text(r, `"prev":`, &ev.Prev)
	r.need("}")
	return ev
}

func (r *fastReader) turn() *dialogue.TurnBody {
	b := new(dialogue.TurnBody)
	r.need("{")
	text(r, `"text":`, &b.Redacted)
	text(r, `"lang":`, &b.Lang)
	list(r, `"intents":`, &b.Intents, (*fastReader).prediction)
	list(r, `"ranking":`, &b.Ranking, (*fastReader).prediction)
	r.number(`"oos":`, &b.OOS)
	if r.field(`"emotion":`) {
		r.emotion(&b.Emotion)
	}
	list(r, `"entities":`, &b.Entities, oneText[string])
	list(r, `"attachments":`, &b.Attachments, oneText[dialogue.AttachmentType])
	text(r, `"bundle":`, &b.Bundle)
	if r.field(`"decision":`) {
		r.decision(&b.Decision)
	}
	list(r, `"scripts":`, &b.Scripts, (*fastReader).script)
	text(r, `"tier":`, &b.Tier)
	text(r, `"owner":`, &b.Owner)
	object(r, `"arms":`, &b.Arms, oneText[string])
	object(r, `"exposures":`, &b.Exposures, oneText[string])
	list(r, `"calls":`, &b.Calls, (*fastReader).call)
	object(r, `"ms":`, &b.Millis, oneNumber)
	r.need("}")
	return b
}

func (r *fastReader) prediction(p *nlu.Prediction) {
	r.need("{")
	text(r, `"Label":`, &p.Label)
	r.number(`"Score":`, &p.Score)
	r.need("}")
}

func (r *fastReader) emotion(e *dialogue.Emotion) {
	r.need("{")
	text(r, `"label":`, &e.Label)
	text(r, `"valence":`, &e.Valence)
	r.number(`"intensity":`, &e.Intensity)
	r.time(`"time":`, &e.Time)
	r.need("}")
}

// decision reads one without what is to be remembered.
func (r *fastReader) decision(d *dialogue.Decision) {
	r.need("{")
	text(r, `"action":`, &d.Action)
	text(r, `"reason":`, &d.Reason)
	text(r, `"why":`, &d.Why)
	text(r, `"task":`, &d.Task)
	list(r, `"intents":`, &d.Intents, oneText[string])
	list(r, `"say":`, &d.Say, (*fastReader).say)
	if r.field(`"handoff":`) {
		d.HandOff = new(dialogue.HandOffAsk)
		r.handOff(d.HandOff)
	}
	r.need("}")
}

// say reads a wording without its words, as the log has them.
func (r *fastReader) say(s *dialogue.Say) {
	r.need("{")
	text(r, `"key":`, &s.Key)
	r.need("}")
}

func (r *fastReader) handOff(h *dialogue.HandOffAsk) {
	r.need("{")
	text(r, `"queue":`, &h.Queue)
	text(r, `"why":`, &h.Why)
	list(r, `"skills":`, &h.Skills, oneText[string])
	r.flag(`"urgent":`, &h.Urgent)
	r.need("}")
}

func (r *fastReader) flag(key string, to *bool) {
	if r.field(key) {
		if *to = r.lit("true"); !*to {
			r.need("false")
		}
	}
}

func (r *fastReader) script(s *dialogue.ScriptRef) {
	r.need("{")
	text(r, `"key":`, &s.Key)
	text(r, `"variant":`, &s.Variant)
	if r.field(`"version":`) {
		s.Version = int(r.whole(9))
	}
	r.need("}")
}

func (r *fastReader) call(c *dialogue.CallNote) {
	r.need("{")
	text(r, `"name":`, &c.Name)
	text(r, `"status":`, &c.Status)
	r.number(`"ms":`, &c.Millis)
	r.need("}")
}
