package intake

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash/fnv"
	"time"
	"unicode"

	"yingda/dialogue"
	"yingda/models"
	"yingda/nlu"
)

// maker makes events of what formats hold: pseudonyms, redacted texts, places.
type maker struct {
	key    []byte
	tenant string
	redact func(text string, lang nlu.Lang, ents []nlu.Entity) string
	now    func() time.Time
	last   map[string]place // by conversation: the latest millisecond and how many events it has
}

type place struct {
	millis int64
	n      uint64
}

// pseudonym is a keyed hash: the same customer has the same one in all files imported with the key, and nobody without it can try names out.
func (m *maker) pseudonym(what, id string) string {
	h := hmac.New(sha256.New, m.key)
	h.Write([]byte(what + "\x00" + m.tenant + "\x00" + id))
	return hex.EncodeToString(h.Sum(nil)[:10])
}

// maxPlaces bounds what is remembered of conversations; beyond it, events of one millisecond may change their order.
const maxPlaces = 1 << 18

// stamp gives an event the place it would have in a log: by time, within a millisecond in the order of the file, and then by a hash of its id so
// that another export of the same conversation gives it the same one. 41 bits of milliseconds, 6 of order, 14 of hash.
func (m *maker) stamp(ev *dialogue.Event) {
	millis := ev.Time.UnixMilli()
	p := m.last[ev.Conversation]
	if p.millis != millis {
		p = place{millis: millis}
	}
	if len(m.last) >= maxPlaces {
		clear(m.last)
	}
	h := fnv.New32a()
	h.Write([]byte(ev.ID + "\x00" + string(ev.Kind)))
	ev.Seq = uint64(millis)<<20 | min(p.n, 63)<<14 | uint64(h.Sum32()&(1<<14-1))
	p.n++
	m.last[ev.Conversation] = p
}

// finish fills in what all events have, and refuses those that cannot be.
func (m *maker) finish(ev *dialogue.Event, line int) *Refusal {
	ev.Tenant = m.tenant
	if ev.Channel == "" {
		ev.Channel = "import"
	}
	if err := ev.Key.Validate(); err != nil {
		return &Refusal{Line: line, Field: "conversation", Reason: err.Error()}
	}
	if ev.ID == "" || len(ev.ID) > 128 {
		h := sha256.Sum256([]byte(ev.ID + "\x00" + ev.Conversation + "\x00" + string(ev.Kind) + ev.Time.Format(time.RFC3339Nano) + bodyText(ev)))
		ev.ID = "h" + hex.EncodeToString(h[:12])
	}
	m.stamp(ev)
	return nil
}

func bodyText(ev *dialogue.Event) string {
	switch {
	case ev.Turn != nil:
		return ev.Turn.Redacted
	case ev.Rating != nil:
		return ev.Rating.Redacted
	}
	return ""
}

// language guesses from the script; what has Chinese characters is Chinese.
func language(s string) nlu.Lang {
	for _, r := range s {
		if unicode.Is(unicode.Han, r) {
			return "zh"
		}
	}
	return "en"
}

// event makes the event of a rule; nil with a refusal.
func (m *maker) event(r *row, rule *Rule) (*dialogue.Event, *Refusal) {
	c := &cell{r: r, rule: rule}
	ev := &dialogue.Event{Kind: rule.Kind, ID: c.str("id"), Channel: c.str("channel"), Time: c.time("time", m.now())}
	conversation := c.str("conversation")
	if conversation == "" {
		c.refuse(c.column("conversation"), "there is no conversation")
	}
	ev.Conversation = conversation
	if !rule.Fields["conversation"].Plain {
		ev.Conversation = "import-" + m.pseudonym("conversation", conversation)
	}
	if who := c.str("customer"); who != "" {
		ev.Customer = m.pseudonym("customer", who)
	} else {
		ev.Customer = m.pseudonym("anonymous", conversation)
	}
	m.body(ev, c)
	if c.fault != nil {
		return nil, c.fault
	}
	if fault := m.finish(ev, r.line); fault != nil {
		return nil, fault
	}
	return ev, nil
}

// body fills in what is the kind's own.
func (m *maker) body(ev *dialogue.Event, c *cell) {
	switch ev.Kind {
	case dialogue.TurnTaken:
		ev.Turn = m.turn(c)
	case dialogue.AgentSaid:
		n, ok := c.number("length", 0, 1e6)
		if !ok {
			n = float64(len([]rune(c.bounded("text", maxText))))
		}
		ev.Agent = &dialogue.AgentBody{Agent: c.str("agent"), Length: int(n)}
	case dialogue.Rated:
		m.rating(ev, c)
	case dialogue.SentOut, dialogue.Receipt:
		ev.Out = &dialogue.OutBody{FollowUp: c.str("follow_up"), Kind: c.str("type"), Script: dialogue.ScriptRef{Key: c.str("script")}, Status: c.str("status")}
	default:
		urgent, _ := c.yes("urgent")
		ev.Hand = &dialogue.HandBody{Queue: c.str("queue"), Agent: c.str("agent"), By: c.str("by"), Why: dialogue.Reason(c.str("why")), Urgent: urgent}
	}
}

func (m *maker) rating(ev *dialogue.Event, c *cell) {
	b := &dialogue.RatingBody{About: c.str("about")}
	score, rated := c.number("score", 1, 5)
	thumb, pointed := c.number("thumb", -1, 1)
	likely, recommends := c.number("nps", 0, dialogue.MostNPS)
	b.Score, b.Thumb = int(score), int(thumb)
	if !rated && (!pointed || thumb == 0) && !recommends {
		c.refuse(c.column("score"), "there is neither a score of 1 to 5, nor a thumb of -1 or 1, nor an nps of 0 to 10")
	}
	if nps := int(likely); recommends {
		b.NPS = &nps
		if likely != float64(nps) {
			c.refuse(c.column("nps"), "it is not a whole number")
		}
	}
	if rated && score != float64(b.Score) {
		c.refuse(c.column("score"), "it is not a whole number")
	}
	if is, said := c.yes("resolved"); said {
		b.Resolved = &is
	}
	if text := c.bounded("text", maxText); text != "" {
		b.Redacted = m.redact(text, language(text), nil)
	}
	ev.Rating = b
}

func (m *maker) turn(c *cell) *dialogue.TurnBody {
	raw := c.bounded("text", maxText)
	b := &dialogue.TurnBody{
		Lang: nlu.Lang(c.str("lang")), Intents: []nlu.Prediction{}, Ranking: []nlu.Prediction{}, Entities: c.list("entities"), Scripts: []dialogue.ScriptRef{},
		Bundle: models.BundleID(c.str("bundle")), Tier: c.str("tier"), Owner: dialogue.OwnerKind(c.str("owner")),
		Decision: dialogue.Decision{Action: dialogue.Action(c.str("action")), Reason: dialogue.Reason(c.str("reason")), Task: c.str("task")},
	}
	if b.Lang == "" {
		b.Lang = language(raw)
	}
	if raw != "" {
		b.Redacted = m.redact(raw, b.Lang, nil)
	}
	if b.Owner == "robot" {
		b.Owner = dialogue.OwnerRobot
	}
	b.OOS, _ = c.number("oos", 0, 1)
	b.Emotion.Label = c.str("emotion")
	b.Emotion.Intensity, _ = c.number("intensity", 0, 1)
	if s := c.str("script"); s != "" {
		b.Scripts = append(b.Scripts, dialogue.ScriptRef{Key: s})
	}
	if ms, ok := c.number("ms_total", 0, 1e9); ok {
		b.Millis = map[string]float64{"total": ms}
	}
	m.meaning(b, c)
	return b
}

// meaning fills in what was understood and what came of it.
func (m *maker) meaning(b *dialogue.TurnBody, c *cell) {
	intent := c.str("intent")
	p, scored := c.number("confidence", 0, 1)
	fell, _ := c.yes("fallback")
	if intent != "" {
		first := nlu.Prediction{Label: intent, Score: p}
		if scored {
			b.Ranking = append(b.Ranking, first)
		}
		if !fell {
			b.Intents = append(b.Intents, first)
			b.Decision.Intents = []string{intent}
		}
	}
	if second := c.str("second"); second != "" && scored {
		q, _ := c.number("second_confidence", 0, 1)
		b.Ranking = append(b.Ranking, nlu.Prediction{Label: second, Score: q})
	}
	if fell {
		b.Decision.Reason = dialogue.NotUnderstood
	}
	if why := c.str("handoff"); why != "" {
		b.Decision.Action = dialogue.HandOff
		b.Decision.HandOff = &dialogue.HandOffAsk{Queue: c.str("queue"), Why: dialogue.Reason(why)}
	}
}
