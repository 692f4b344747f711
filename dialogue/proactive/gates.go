package proactive

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"yingda/dialogue"
	"yingda/nlu"
)

// verdict says that a message is not sent now. The zero value lets it pass; Pending puts it off, all others end it.
type verdict struct {
	status Status
	reason string
	until  time.Time
}

// gates tells whether the message may be sent now. One that stands in the conversation already is only looked at for the hour: what was
// said cannot be taken back.
func (c *claim) gates(ctx context.Context, t *dialogue.Tracker, written bool) (verdict, error) {
	now := c.s.o.Now()
	if now.After(c.f.Expires) {
		return verdict{Expired, "it was not sent in time", time.Time{}}, nil
	}
	p, consents, err := c.person(ctx)
	if err != nil {
		return verdict{}, err
	}
	c.profile = p
	if c.s.o.People != nil {
		if c.ids, err = c.s.o.People.Identities(ctx, c.f.Tenant, c.f.Customer); err != nil {
			return verdict{}, err
		}
	}
	if !written {
		if !consents(c.kind.Category, c.category.Default) {
			return verdict{Suppressed, "no consent for " + c.kind.Category, time.Time{}}, nil
		}
		if v := c.stopped(t); v.status != "" {
			return v, nil
		}
		if v, err := c.wroteElsewhere(ctx); v.status != "" || err != nil {
			return v, err
		}
	}
	if c.kind.Quiet {
		local := now.In(c.zone(t))
		if next := c.category.Quiet.Next(local); next.After(local) {
			return verdict{Pending, "quiet hours of the customer", next.UTC()}, nil
		}
	}
	return verdict{}, nil
}

// person returns the profile, and a function that tells whether a category of messages is wanted.
func (c *claim) person(ctx context.Context) (dialogue.Profile, func(category string, silence bool) bool, error) {
	if c.s.o.People == nil {
		return dialogue.Profile{}, func(_ string, silence bool) bool { return silence }, nil
	}
	p, err := c.s.o.People.Profile(ctx, c.f.Tenant, c.f.Customer)
	if err != nil {
		return p, nil, err
	}
	said, err := c.s.o.People.Consents(ctx, c.f.Tenant, c.f.Customer)
	if err != nil {
		return p, nil, err
	}
	wanted := func(category string, silence bool) bool {
		if own, ok := said[category]; ok {
			return own.Allowed
		}
		if given, ok := p.Consent[category]; ok {
			return given
		}
		return silence
	}
	return p, func(category string, silence bool) bool {
		return wanted("proactive", true) && wanted(category, silence)
	}, nil
}

// stopped tells whether the conversation itself makes the message pointless or unwelcome now.
func (c *claim) stopped(t *dialogue.Tracker) verdict {
	switch {
	case c.elses(t):
		return verdict{Pending, "somebody else speaks in the conversation", c.s.o.Now().Add(c.s.o.Busy)}
	case c.kind.stops(OnReply) && t.LastSaid.After(c.f.Armed):
		return verdict{Stopped, "the customer wrote", time.Time{}}
	case c.kind.stops(OnClose) && t.Closed:
		return verdict{Stopped, "the conversation was closed", time.Time{}}
	case t.Owner.Kind != dialogue.OwnerRobot && c.kind.stops(OnHandOff):
		return verdict{Stopped, "people took over", time.Time{}}
	case t.Owner.Kind == dialogue.OwnerAgent:
		return verdict{Pending, "a person speaks in the conversation", c.s.o.Now().Add(c.s.o.Busy)}
	case c.kind.Asks == dialogue.AskResume && len(t.State.Tasks) == 0:
		return verdict{Stopped, "there is no task to go on with", time.Time{}}
	}
	return verdict{}
}

// elses tells whether the conversation is somebody else's by now, who must not read what is meant for this customer. One who was anonymous when the
// follow-up was made may have logged in since.
func (c *claim) elses(t *dialogue.Tracker) bool {
	return t.Customer != "" && t.Customer != c.f.Customer && !strings.HasPrefix(c.f.Customer, "anonymous:") && !slices.Contains(c.ids, t.Customer)
}

// wroteElsewhere tells whether the customer has written since on another channel.
func (c *claim) wroteElsewhere(ctx context.Context) (verdict, error) {
	if c.s.o.People == nil || !c.kind.stops(OnReply) {
		return verdict{}, nil
	}
	cs, err := c.s.o.People.Conversations(ctx, c.f.Tenant, c.f.Customer)
	if err != nil {
		return verdict{}, err
	}
	for _, o := range cs {
		if o.ID != c.f.Conversation && o.Updated.After(c.f.Armed) {
			return verdict{Stopped, "the customer wrote in another conversation", time.Time{}}, nil
		}
	}
	return verdict{}, nil
}

// zone returns the customer's time zone: as asked for with the message, as their profile says, the offset of their latest message, or the
// deployment's.
func (c *claim) zone(t *dialogue.Tracker) *time.Location {
	for _, name := range []string{c.f.Zone, c.profile.Preferences["zone"]} {
		if name == "" {
			continue
		}
		if loc, err := time.LoadLocation(name); err == nil {
			return loc
		}
	}
	if !t.LastSaid.IsZero() && t.LastSaid.Location() != time.UTC { // UTC is what a channel that knows no zone sends
		return t.LastSaid.Location()
	}
	return c.s.config().Zone
}

// event makes the message. What it says and what the robot knows afterwards depend on the conversation as it is now.
func (c *claim) event(t *dialogue.Tracker) *dialogue.Event {
	f, k := c.f, c.kind
	lang := cmp.Or(t.Lang, f.Lang, c.profile.Lang, nlu.Chinese)
	say := dialogue.Say{Key: f.Script, Vars: c.vars(t)}
	for _, b := range k.Buttons {
		say.Buttons = append(say.Buttons, dialogue.Button{Title: b.Titles[lang], Payload: b.Payload})
	}
	channel := cmp.Or(t.Channel, c.channels("")[0])
	now := c.s.o.Now()
	reply := c.s.o.Scripts.Render(dialogue.Wording{
		Say: say, Tenant: f.Tenant, Lang: lang, Channel: channel, Tier: cmp.Or(t.Tier, c.profile.Tier), Unit: f.Customer, Time: now.In(c.zone(t)),
	})
	return &dialogue.Event{
		ID: f.eventID(), Kind: dialogue.SentOut, Key: f.Key, Channel: channel, Time: now,
		Out: &dialogue.OutBody{FollowUp: f.ID, Kind: f.Kind, Script: reply.Script, Status: string(Sent), Context: true},
		Private: &dialogue.Private{
			Customer: f.Customer, Replies: []dialogue.Reply{reply}, Say: []dialogue.Say{say}, State: c.state(t, say),
		},
	}
}

// vars returns the variables of the words: those of the follow-up over the slots of the conversation over the name.
func (c *claim) vars(t *dialogue.Tracker) map[string]string {
	out := map[string]string{}
	if c.profile.Name != "" {
		out["name"] = c.profile.Name
	}
	for n, sl := range t.State.Slots {
		out[n] = sl.Value
	}
	if n := len(t.State.Tasks); n > 0 {
		out["task"] = t.State.Tasks[n-1].Intent
		maps.Copy(out, t.State.Tasks[n-1].Slots)
	}
	maps.Copy(out, c.f.Vars)
	return out
}

// state is what the robot knows once the message is sent.
func (c *claim) state(t *dialogue.Tracker, say dialogue.Say) dialogue.State {
	st, k := t.State.Clone(), c.kind
	st.Said, st.Misses = []dialogue.Say{say}, 0
	if len(k.Topic) > 0 {
		st.Topic = k.Topic
	}
	for slot, from := range k.Slots {
		if v := c.f.Vars[from]; v != "" {
			if st.Slots == nil {
				st.Slots = map[string]dialogue.Slot{}
			}
			st.Slots[slot] = dialogue.Slot{Value: v, Type: slot, From: "system", Turn: t.Turns}
		}
	}
	for typ, from := range k.Focus {
		if v := c.f.Vars[from]; v != "" {
			if st.Focus == nil {
				st.Focus = map[string]string{}
			}
			st.Focus[typ] = v
		}
	}
	if k.Asks != "" {
		q := &dialogue.Question{Kind: k.Asks, Options: say.Buttons, Turn: t.Turns}
		if n := len(st.Tasks); n > 0 && k.Asks == dialogue.AskResume {
			q.Task = st.Tasks[n-1].Task
		}
		st.Asked = q
	}
	return st
}
