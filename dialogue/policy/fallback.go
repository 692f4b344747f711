package policy

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"yingda/dialogue"
)

// chat answers what the message does in the conversation when it wants nothing else.
func (w *turn) chat() bool {
	if w.groundless() {
		return false
	}
	w.d.Intents = slices.Clone(w.r.spoken)
	w.s.Misses = 0
	w.act(dialogue.Answer, dialogue.IntentKnown, "conversation")
	switch {
	case w.r.role(RoleRepeat):
		w.d.Reason = dialogue.Repeated
		w.s.Asked = w.asked
		if said := w.in.Tracker.State.Said; len(said) > 0 {
			w.d.Say = slices.Clone(said)
		} else {
			w.say("chat.repeat", w.vars(nil))
		}
		return true
	case w.r.role(RoleWait):
		w.d.Reason = dialogue.Waiting
		w.s.Asked = w.asked
		w.say(w.chatKey(), w.vars(nil))
		return true
	case w.r.role(RoleGoodbye):
		w.leave()
		w.say(w.chatKey(), w.vars(nil))
		return true
	}
	w.s.Asked = w.asked // a greeting or thanks leaves the question open
	w.say(w.chatKey(), w.vars(nil))
	return true
}

// groundless tells whether the message was taken for a yes or a no though nothing was asked, nothing is open and it holds no word for either:
// then it was not understood.
func (w *turn) groundless() bool {
	if w.asked != nil || len(w.tasks) > 0 || len(w.s.Topic) > 0 || w.cue(CueYes) || w.cue(CueNo) || len(w.r.wishes) > 0 {
		return false
	}
	return !slices.ContainsFunc(w.r.roles, func(r Role) bool { return r != RoleAffirm && r != RoleDeny })
}

// retried does the last wish again where a system had failed: "try again", 再试一下.
func (w *turn) retried() bool {
	failed := slices.ContainsFunc(w.in.Tracker.State.Said, func(s dialogue.Say) bool { return strings.HasPrefix(s.Key, "failed.") })
	if q := w.asked; failed && q != nil && q.Kind == dialogue.AskConfirm && (w.r.yes > 0 || w.cue(CueRetry)) { // they said yes before it failed
		w.r.yes = 1
		return false
	}
	if !failed || !w.r.role(RoleRepeat) && !w.cue(CueRetry) || len(w.s.Topic) == 0 || len(w.r.wishes) > 0 && w.p.o.Tasks.Task(w.r.wishes[0].intent) != w.p.o.Tasks.Task(w.s.Topic[0]) {
		return false
	}
	w.d.Intents = []string{w.s.Topic[0]}
	w.pursueAll([]wish{{w.s.Topic[0], 1}})
	return true
}

// chatKey is the script of what the message does in the conversation.
func (w *turn) chatKey() string {
	if len(w.r.spoken) == 0 {
		return "chat"
	}
	return chatKey(w.r.spoken[0])
}

// chatKey is the script of an intent that is only answered: its own below chat, a standing answer for others.
func chatKey(intent string) string {
	if strings.HasPrefix(intent, "chat.") {
		return intent
	}
	return "answer." + intent
}

// leave asks for a message about what is left unfinished.
func (w *turn) leave() {
	for _, ts := range w.tasks {
		if t := w.p.o.Tasks.Task(ts.Intent); t != nil && t.Follow != nil {
			w.followUp(t, ts)
		}
		ts.Paused = true
	}
}

// fromKnowledge answers from the knowledge base: with intents when the wish is known, by the words alone when it is not.
func (w *turn) fromKnowledge(least float64, intents []string) bool {
	if w.p.o.Knowledge == nil || w.in.Analysis == nil || w.err != nil {
		return false
	}
	a := w.in.Analysis
	q := dialogue.Asked{Tenant: w.in.Message.Tenant, Text: a.Text, Lang: w.lang, Embedding: a.Embedding, Bundle: a.Bundle, Intents: intents, Limit: 1}
	hits, err := w.heard.find(w.ctx, w.p.o.Knowledge, q)
	if err != nil {
		w.err = fmt.Errorf("knowledge: %w", err)
		return false
	}
	if len(hits) == 0 || hits[0].Score < least {
		return false
	}
	w.tell(hits[0])
	if h := hits[0]; len(w.d.Intents) == 0 && len(w.r.wishes) < 2 {
		if w.d.Intents = intents; len(intents) == 0 && len(h.Intents) > 0 {
			w.d.Intents = h.Intents[:1:1]
		}
	}
	return true
}

// tell answers with an entry of the knowledge base, and offers what customers often want after it.
func (w *turn) tell(h dialogue.Hit) {
	w.s.Misses = 0
	w.s.Tried = append(w.s.Tried, "knowledge."+h.ID)
	w.act(dialogue.Answer, dialogue.FromKnowledge, fmt.Sprintf("entry %s answers with %.2f", h.ID, h.Score))
	w.d.Say = append(w.d.Say, dialogue.Say{Key: "knowledge", Text: h.Answer, Links: h.Links, Image: h.Image, Buttons: w.following(h.Entry)})
}

// following are buttons for the entries that go on from one. While a task is open or something else was asked they would lead away from it.
func (w *turn) following(e dialogue.Entry) []dialogue.Button {
	open := slices.ContainsFunc(w.tasks, func(ts *dialogue.TaskState) bool { return ts != w.done })
	if open || len(w.s.Later) > 0 || w.s.Asked != nil || len(w.r.wishes) > 1 {
		return nil
	}
	var out []dialogue.Button
	var list []dialogue.Listed
	for _, id := range e.Next {
		if len(out) == w.set.Limits.Next {
			break
		}
		if next, ok := w.entry(id); ok && !slices.Contains(w.s.Tried, "knowledge."+id) {
			payload := entryPayload + " " + id
			out = append(out, dialogue.Button{Title: next.Questions[0], Payload: payload})
			list = append(list, dialogue.Listed{Value: payload, Title: next.Questions[0]})
		}
	}
	if len(list) > 0 { // so that the customer may say 第二个
		w.s.Lists = list
	}
	return out
}

// entryPayload begins the payload of a button for an entry of the knowledge base.
const entryPayload = "/entry"

// entry returns an entry by its id; false when there is none, or none any more.
func (w *turn) entry(id string) (dialogue.Hit, bool) {
	if w.p.o.Knowledge == nil || w.err != nil {
		return dialogue.Hit{}, false
	}
	hits, err := w.heard.find(w.ctx, w.p.o.Knowledge, dialogue.Asked{Tenant: w.in.Message.Tenant, ID: id})
	if err != nil {
		w.err = fmt.Errorf("knowledge: %w", err)
	}
	if len(hits) == 0 || hits[0].ID != id || len(hits[0].Questions) == 0 {
		return dialogue.Hit{}, false
	}
	return hits[0], true
}

// pressEntry answers with the entry whose button was pressed. It reports whether there is one.
func (w *turn) pressEntry(id string) bool {
	h, ok := w.entry(id)
	if !ok {
		return false
	}
	w.r.wishes, w.r.spoken = nil, nil // the words that pointed at it mean nothing else
	w.tell(h)
	w.d.Reason = dialogue.Choice
	if len(h.Intents) > 0 {
		w.d.Intents = h.Intents[:1:1]
	}
	w.goOn()
	return true
}

// choice asks which of several wishes is meant.
func (w *turn) choice(list []wish) {
	var buttons []dialogue.Button
	for _, x := range list {
		buttons = append(buttons, dialogue.Button{Payload: "/intent " + x.intent})
	}
	w.d.Intents = nil
	for _, x := range list {
		w.d.Intents = append(w.d.Intents, x.intent)
	}
	w.act(dialogue.Clarify, dialogue.Ambiguous, "several wishes are possible")
	w.ask(dialogue.Question{Kind: dialogue.AskChoice, Options: slices.Clone(buttons)})
	w.say("clarify.choice", w.vars(nil), append(buttons, dialogue.Button{Payload: "/agent"})...)
}

// heardWell tells whether the message was typed, or recognised well enough to be acted upon.
func (w *turn) heardWell() bool {
	c := w.in.Message.Confidence
	return c <= 0 || c >= w.set.Understanding.Heard
}

// misheard tells whether speech was recognised too badly to be acted upon.
func (w *turn) misheard() bool {
	if w.heardWell() {
		return false
	}
	return len(w.r.wishes) == 0 || w.r.wishes[0].score < clear || w.in.Message.Confidence < w.set.Understanding.Heard/2
}

// miss counts a message that was not understood; too many in a row hand over.
func (w *turn) miss(key, why string) {
	w.s.Misses++
	w.d.Intents = nil
	w.r.wishes, w.r.spoken = nil, nil
	if w.s.Misses >= w.set.tier(w.in.Profile.Tier).Miss {
		w.handOff(dialogue.ByUnrecognised, fmt.Sprintf("%d messages in a row were not understood", w.s.Misses))
		return
	}
	w.s.Asked = w.asked
	w.act(dialogue.Clarify, dialogue.NotUnderstood, why)
	w.say(key, w.vars(nil), w.menu()...)
}

// notUnderstood handles a message that nothing else could use. Who is upset is soothed and asked, not told that they were not understood.
func (w *turn) notUnderstood() {
	if w.r.image && w.s.Asked == nil && w.asked == nil {
		w.clarifyMedia("clarify.image")
		return
	}
	if w.answersNotice() {
		return
	}
	if w.emojiAlone() {
		w.s.Asked = w.asked
		w.act(dialogue.Answer, dialogue.NoText, "emoji alone")
		w.say("chat.sticker", nil)
		return
	}
	key := "clarify.rephrase"
	if w.s.Misses > 0 {
		key = "clarify.again"
	}
	w.miss(key, "no intent, no task and no entry fits")
}

// emojiAlone tells whether the message is made of pictures: it says how the customer feels, and nothing that could be misunderstood.
func (w *turn) emojiAlone() bool {
	emoji := false
	for _, r := range w.in.Analysis.Text {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsPunct(r):
			return false
		case unicode.Is(unicode.So, r):
			emoji = true
		}
	}
	return emoji
}

// answersNotice takes a message that means nothing by itself as the answer to the notice that the customer was sent just before.
func (w *turn) answersNotice() bool {
	n, _ := w.notice()
	if n == nil || len(w.s.Topic) > 0 || w.in.Analysis.OOS >= w.set.Understanding.Strange {
		return false
	}
	intent := n.Intents[0]
	if n.Urgent != "" && (w.mood.uneasy || w.mood.angry) {
		intent = n.Urgent
	}
	w.d.Intents = []string{intent}
	w.pursueAll([]wish{{intent, 1}})
	return true
}

// menu offers what the customer probably wants, from what was talked about.
func (w *turn) menu() []dialogue.Button {
	var out []dialogue.Button
	for _, in := range w.s.Topic {
		if len(out) < w.set.Limits.Options-1 {
			out = append(out, dialogue.Button{Payload: "/intent " + in})
		}
	}
	return append(out, dialogue.Button{Payload: "/agent"})
}

// wordless answers a message without text: a picture, a link, a place, a sticker. It is no miss.
func (w *turn) wordless() {
	w.s.Asked = w.asked
	key := "clarify.image"
	for _, a := range w.in.Message.Attachments {
		switch a.Type {
		case dialogue.Link:
			key = "clarify.link"
		case dialogue.Location:
			key = "clarify.location"
		case dialogue.Sticker:
			w.act(dialogue.Answer, dialogue.NoText, "a sticker alone")
			w.say("chat.sticker", nil)
			return
		case dialogue.Audio, dialogue.Video, dialogue.File:
			key = "clarify.file"
		}
	}
	if len(w.in.Message.Attachments) == 0 {
		key = "clarify.rephrase"
	}
	if w.in.Tracker.Owner.Kind == dialogue.OwnerQueue {
		w.act(dialogue.Answer, dialogue.NoText, "the customer waits; what was sent goes along")
		w.say("waiting.noted", nil)
		return
	}
	if ts := w.top(); ts != nil && w.asked != nil && w.asked.Task == ts.Task && w.asked.Slot != "" {
		if t := w.p.o.Tasks.Task(ts.Intent); t != nil && w.asked.Kind == dialogue.AskStep { // a picture is an answer to a step that asks
			w.r.image = true
			w.d.Intents = []string{ts.Intent}
			w.s.Asked = nil
			w.touch(t)
			w.run(ts, t)
			return
		}
		w.d.Intents = []string{ts.Intent}
		w.act(dialogue.Ask, dialogue.NoText, "a picture came; what was asked for is still missing")
		w.say("ask."+ts.Intent+"."+w.asked.Slot, w.vars(ts.Slots))
		return
	}
	w.clarifyMedia(key)
}

// clarifyMedia asks what a picture or a link is about.
func (w *turn) clarifyMedia(key string) {
	w.act(dialogue.Clarify, dialogue.NoText, "something was sent without a wish")
	w.say(key, w.vars(nil))
}

// cut splits a payload into its name and the rest.
func cut(payload string) (name, arg string) {
	name, arg, _ = strings.Cut(strings.TrimSpace(payload), " ")
	return name, strings.TrimSpace(arg)
}
