package feed

import (
	"time"

	"yingda/analytics"
	"yingda/dialogue"
)

// event reads an event with no other body than a turn's, and adds its rows as [analytics.Rows.Add] does.
func (r *fastReader) event(seq int64, rows *analytics.Rows) {
	rows.Turns = append(rows.Turns, analytics.Turn{})
	t := &rows.Turns[len(rows.Turns)-1]
	var kind string
	var at time.Time
	r.need("{")
	r.text(`"id":`, &t.ID)
	r.text(`"kind":`, &kind)
	r.text(`"tenant":`, &t.Tenant)
	r.text(`"conversation":`, &t.Conversation)
	r.text(`"customer":`, &t.Customer)
	r.text(`"channel":`, &t.Channel)
	r.time(`"time":`, &at)
	t.Seq, t.Time = seq, at.UTC().Truncate(time.Microsecond)
	if kind != string(dialogue.TurnTaken) || !r.field(`"turn":`) {
		r.giveUp()
		return
	}
	r.turn(t, rows)
	r.pass(`"prev":`)
	r.need("}")
}

func (r *fastReader) turn(t *analytics.Turn, rows *analytics.Rows) {
	var oos, intensity float64
	r.need("{")
	r.text(`"text":`, &t.Text)
	r.text(`"lang":`, &t.Lang)
	r.predictions(t)
	r.number(`"oos":`, &oos)
	if r.field(`"emotion":`) {
		r.emotion(&t.Emotion, &intensity)
	}
	r.list(`"entities":`, &t.Entities, r.str)
	if r.list(`"attachments":`, &t.Attachments, r.str); len(t.Attachments) == 0 {
		t.Attachments = nil
	}
	r.text(`"bundle":`, &t.Bundle)
	if t.Bundle != "" { // without one there was nothing to understand
		t.OOS, t.Intensity = r.keep(oos), r.keep(intensity)
	}
	if r.field(`"decision":`) {
		r.decision(t)
	}
	if t.Intents == nil {
		t.Intents = t.Recognised
	}
	if len(t.Intents) > 0 {
		t.Intent = t.Intents[0]
	}
	if r.list(`"scripts":`, &t.Scripts, r.script); len(t.Scripts) == 0 {
		t.Scripts = nil
	}
	r.text(`"tier":`, &t.Tier)
	if r.text(`"owner":`, &t.Owner); t.Owner == "" {
		t.Owner = "robot"
	}
	r.pairs(`"arms":`, func(string) { r.str() })
	r.exposures(t, rows)
	r.calls(t)
	r.flag(`"another":`, new(bool))
	r.millis(t)
	r.need("}")
}

// predictions reads what was recognised, and the ranking.
func (r *fastReader) predictions(t *analytics.Turn) {
	if r.list(`"intents":`, &t.Recognised, func() string { label, _ := r.prediction(); return label }); len(t.Recognised) == 0 {
		t.Recognised = nil
	}
	n := 0
	r.each(`"ranking":`, func() {
		switch label, p := r.prediction(); n {
		case 0:
			t.Top1, t.P1 = label, r.keep(p)
		case 1:
			t.Top2, t.P2 = label, r.keep(p)
		}
		n++
	})
}

func (r *fastReader) prediction() (label string, p float64) {
	r.need("{")
	r.text(`"Label":`, &label)
	r.number(`"Score":`, &p)
	r.need("}")
	return label, p
}

func (r *fastReader) emotion(label *string, intensity *float64) {
	r.need("{")
	r.text(`"label":`, label)
	r.pass(`"valence":`)
	r.number(`"intensity":`, intensity)
	r.time(`"time":`, new(time.Time))
	r.need("}")
}

// decision reads one without what is to be remembered. Of the wordings it has their keys only, as the log has them.
func (r *fastReader) decision(t *analytics.Turn) {
	r.need("{")
	r.text(`"action":`, &t.Action)
	r.text(`"reason":`, &t.Reason)
	r.pass(`"why":`)
	r.text(`"task":`, &t.Task)
	r.list(`"intents":`, &t.Intents, r.str)
	r.each(`"say":`, func() {
		r.need("{")
		r.pass(`"key":`)
		r.need("}")
	})
	t.Fallback = t.Reason == string(dialogue.NotUnderstood)
	if r.field(`"handoff":`) {
		r.handOff(t)
	}
	r.need("}")
}

func (r *fastReader) handOff(t *analytics.Turn) {
	r.need("{")
	r.text(`"queue":`, &t.Queue)
	r.text(`"why":`, &t.Handoff)
	r.each(`"skills":`, func() { r.str() })
	r.flag(`"urgent":`, new(bool))
	r.need("}")
	t.Fallback = t.Fallback || t.Handoff == string(dialogue.ByUnrecognised) || t.Handoff == string(dialogue.ByConfidence)
}

func (r *fastReader) flag(key string, to *bool) {
	if r.field(key) {
		if *to = r.lit("true"); !*to {
			r.need("false")
		}
	}
}

// script reads a wording's name. There are not many, and each is made once.
func (r *fastReader) script() string {
	var s dialogue.ScriptRef
	r.need("{")
	r.text(`"key":`, &s.Key)
	r.text(`"variant":`, &s.Variant)
	if r.field(`"version":`) {
		s.Version = int(r.whole(9))
	}
	r.need("}")
	name, ok := r.names[s]
	if !ok {
		if r.names == nil || len(r.names) >= slab {
			r.names = map[dialogue.ScriptRef]string{}
		}
		name = analytics.ScriptName(s)
		r.names[s] = name
	}
	return name
}

func (r *fastReader) calls(t *analytics.Turn) {
	read := func() (name string) {
		var status string
		var ms float64
		r.need("{")
		r.text(`"name":`, &name)
		r.text(`"status":`, &status)
		r.number(`"ms":`, &ms)
		r.need("}")
		if status == string(dialogue.CallFailed) {
			t.CallsFailed++
		}
		return name
	}
	if r.list(`"calls":`, &t.Calls, read); len(t.Calls) == 0 {
		t.Calls = nil
	}
}

// exposures reads them in the order in which a map is written; in another one, it is not the log that wrote them.
func (r *fastReader) exposures(t *analytics.Turn, rows *analytics.Rows) {
	from := len(rows.Exposures)
	r.pairs(`"exposures":`, func(name string) {
		if n := len(rows.Exposures); n > from && rows.Exposures[n-1].Experiment >= name {
			r.giveUp()
		}
		rows.Exposures = append(rows.Exposures, analytics.Exposure{Fact: t.Fact, Experiment: name, Variant: r.str(), Bundle: t.Bundle})
	})
}

func (r *fastReader) millis(t *analytics.Turn) {
	r.pairs(`"ms":`, func(name string) {
		v := r.float()
		switch name {
		case "total":
			t.Total = r.keep(v)
		case "parse":
			t.Parse = r.keep(v)
		case "calls":
			t.CallsTime = r.keep(v)
		}
	})
}
