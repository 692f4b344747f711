package server

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"yingda/dialogue"
	"yingda/models"
	"yingda/nlu"
)

// Bounds of a message besides those of [Limits].
const (
	maxIDBytes       = 128
	maxCustomerBytes = 256
	maxPayloadBytes  = 1 << 10
	maxURLBytes      = 2 << 10
	maxNoteRunes     = 1000 // of captions and titles
	maxMetadata      = 32
	maxMetadataBytes = 512
)

var (
	channelName = regexp.MustCompile(`^[a-z0-9_.-]{1,32}$`)

	attachmentTypes = []dialogue.AttachmentType{dialogue.Image, dialogue.Link, dialogue.Location, dialogue.Audio, dialogue.Video, dialogue.File, dialogue.Sticker}
)

// messageRequest is the body of POST …/messages, and a message of a live connection.
type messageRequest struct {
	ID           string                `json:"id"`
	Customer     string                `json:"customer"`
	Channel      string                `json:"channel"`
	Time         time.Time             `json:"time"`
	Language     string                `json:"language"`
	Text         string                `json:"text" most:"-"`
	Confidence   float64               `json:"confidence"`
	Alternatives []messageAlternative  `json:"alternatives" most:"-"`
	Attachments  []dialogue.Attachment `json:"attachments" most:"-"`
	Payload      string                `json:"payload"`
	Profile      *dialogue.Profile     `json:"profile"`
	Metadata     map[string]string     `json:"metadata" most:"-"`
	SpanUnit     string                `json:"span_unit"`
}

type messageAlternative struct {
	Text       string  `json:"text" most:"-"`
	Confidence float64 `json:"confidence"`
}

// postMessage answers POST /v1/conversations/{conversation}/messages.
func (s *Server) postMessage(c *gin.Context) error {
	if s.o.Robot == nil {
		return notConfigured("a robot")
	}
	start := s.now()
	if err := checkLoop(c.Request); err != nil {
		return err
	}
	k, err := conversationKey(c)
	if err != nil {
		return err
	}
	var req messageRequest
	if err := s.readInto(c, &req); err != nil {
		return err
	}
	unhurried(c)
	ctx, cancel, err := s.deadline(c, s.limits.TurnTimeout)
	if err != nil {
		return err
	}
	defer cancel()
	out, unit, err := s.turn(ctx, k, &req)
	if err != nil {
		return err
	}
	w := newWriter()
	defer w.free()
	w.outcome(&out, unit, s.now().Sub(start))
	return w.send(c)
}

// turn checks a message and has the robot answer it.
func (s *Server) turn(ctx context.Context, k dialogue.Key, req *messageRequest) (dialogue.Outcome, unit, error) {
	m, u, err := req.message(k, &s.limits)
	if err != nil {
		return dialogue.Outcome{}, u, err
	}
	out, err := s.handle(ctx, m)
	return out, u, err
}

// handle has the robot answer a checked message, if the conversation is not too fast and the server not too full.
func (s *Server) handle(ctx context.Context, m dialogue.Message) (dialogue.Outcome, error) {
	pace := float64(s.limits.Pace)
	if wait := s.paces.take(m.Tenant+" "+m.Conversation, pace, 10*s.limits.Pace, s.now()); wait > 0 {
		f := newFault(CodeTooFast, "This conversation brings more than %d messages a second: look whether two robots answer each other, or try again after Retry-After.", s.limits.Pace)
		f.after = wait
		return dialogue.Outcome{}, f
	}
	if s.turning.Add(1) > int64(s.limits.Concurrent) {
		s.turning.Add(-1)
		return dialogue.Outcome{}, fmt.Errorf("%w: %d turns under way", models.ErrOverloaded, s.limits.Concurrent)
	}
	defer s.turning.Add(-1)
	out, err := s.o.Robot.Handle(ctx, m)
	if err != nil {
		return out, messageFault(ctx, err)
	}
	return out, nil
}

// messageFault words what can go wrong in a turn for the message's fields.
func messageFault(ctx context.Context, err error) error {
	if f := longText(err); f != nil {
		return f
	}
	if ctx.Err() != nil {
		return ctx.Err() // whatever the robot made of it
	}
	return err
}

// message turns a request into what the robot takes. All faulty values are reported at once.
func (q *messageRequest) message(k dialogue.Key, limits *Limits) (dialogue.Message, unit, error) {
	ck := &checker{limits: limits}
	m := dialogue.Message{Key: k, ID: q.ID, Customer: q.Customer, Channel: q.Channel, Time: q.Time, Text: q.Text, Confidence: q.Confidence,
		Attachments: q.Attachments, Payload: q.Payload, Profile: q.Profile, Metadata: q.Metadata, Lang: ck.language("language", q.Language)}
	if m.ID == "" {
		m.ID = newID()
	}
	ck.bytes("id", q.ID, maxIDBytes)
	ck.bytes("customer", q.Customer, maxCustomerBytes)
	ck.bytes("payload", q.Payload, maxPayloadBytes)
	if q.Channel != "" && !channelName.MatchString(q.Channel) {
		ck.fault(CodeBadValue, "channel", "is %s: send 1 to 32 of a–z, 0–9, _ . and -", quote(q.Channel))
	}
	ck.confidence("confidence", q.Confidence)
	if n := utf8.RuneCountInString(q.Text); n > limits.Characters {
		ck.fault(CodeTextTooLong, "text", "has %d characters, at most %d are allowed: shorten or split it", n, limits.Characters)
	}
	if blank(q.Text) && len(q.Attachments) == 0 && q.Payload == "" {
		ck.fault(CodeEmptyText, "text", "is empty, and there is neither an attachment nor a payload: send one of them")
	}
	m.Alternatives = ck.alternatives(q)
	if n := len(q.Attachments); n > limits.Attachments {
		ck.fault(CodeBadValue, "attachments", "has %d attachments, at most %d are allowed: send several messages", n, limits.Attachments)
	} else {
		for i := range q.Attachments {
			ck.attachment(fmt.Sprintf("attachments[%d]", i), &q.Attachments[i])
		}
	}
	ck.metadata(q.Metadata)
	ck.profile(q.Profile)
	u := ck.spanUnit(q.SpanUnit)
	return m, u, joinFaults(ck.faults)
}

func (ck *checker) alternatives(q *messageRequest) []nlu.Alternative {
	if n := len(q.Alternatives); n > ck.limits.Alternatives {
		ck.fault(CodeTooManyAlternatives, "alternatives", "has more than %d alternatives: send the best ones only", ck.limits.Alternatives)
		return nil
	}
	var list []nlu.Alternative
	for i, alt := range q.Alternatives {
		field := fmt.Sprintf("alternatives[%d]", i)
		n := utf8.RuneCountInString(alt.Text)
		switch {
		case n > ck.limits.Characters:
			ck.fault(CodeTextTooLong, field+".text", "has %d characters, at most %d are allowed: shorten it", n, ck.limits.Characters)
		case blank(alt.Text):
			ck.fault(CodeEmptyText, field+".text", "is empty or only white space: send at least one visible character")
		}
		ck.confidence(field+".confidence", alt.Confidence)
		list = append(list, nlu.Alternative{Text: alt.Text, Confidence: alt.Confidence})
	}
	if len(list) > 0 && blank(q.Text) {
		ck.fault(CodeEmptyText, "text", "is empty although there are alternatives: send the best reading as text")
	}
	return list
}

func (ck *checker) attachment(field string, a *dialogue.Attachment) {
	if !slices.Contains(attachmentTypes, a.Type) {
		ck.fault(CodeBadValue, field+".type", "is %s: send one of %s", quote(string(a.Type)), strings.Trim(fmt.Sprint(attachmentTypes), "[]"))
		return
	}
	switch {
	case a.Type == dialogue.Location:
		if !(a.Lat >= -90 && a.Lat <= 90) || !(a.Lon >= -180 && a.Lon <= 180) || a.Lat == 0 && a.Lon == 0 {
			ck.fault(CodeBadValue, field, "has no place: send lat from -90 to 90 and lon from -180 to 180")
		}
	case a.URL == "" && a.Caption == "":
		ck.fault(CodeBadValue, field+".url", "is missing: send where the channel keeps it, or a caption")
	}
	if a.URL != "" {
		ck.url(field+".url", a.URL)
	}
	switch {
	case a.Size < 0:
		ck.fault(CodeBadValue, field+".size", "is %d: send the number of bytes, or leave it out", a.Size)
	case a.Size > int64(ck.limits.MediaBytes):
		ck.fault(CodeMediaTooLarge, field+".size", "is %d bytes, at most %d are allowed: send a smaller one", a.Size, ck.limits.MediaBytes)
	}
	ck.runes(field+".caption", a.Caption, maxNoteRunes)
	ck.runes(field+".title", a.Title, maxNoteRunes)
	ck.bytes(field+".mime", a.MIME, maxIDBytes)
}

func (ck *checker) metadata(m map[string]string) {
	if len(m) > maxMetadata {
		ck.fault(CodeBadValue, "metadata", "has %d entries, at most %d are allowed", len(m), maxMetadata)
		return
	}
	for name, v := range m {
		if len(name) > maxIDBytes || len(v) > maxMetadataBytes {
			ck.fault(CodeBadValue, "metadata."+clip(name), "is too long: names may have %d bytes, values %d", maxIDBytes, maxMetadataBytes)
		}
	}
}

// profile bounds what a caller says of a customer: it goes into the event of the turn.
func (ck *checker) profile(p *dialogue.Profile) {
	if p == nil {
		return
	}
	ck.bytes("profile.name", p.Name, maxCustomerBytes)
	ck.bytes("profile.tier", p.Tier, 64)
	ck.language("profile.lang", string(p.Lang))
	if n := len(p.Preferences) + len(p.Consent); n > 2*maxMetadata {
		ck.fault(CodeBadValue, "profile", "has %d preferences and consents, at most %d are allowed", n, 2*maxMetadata)
	}
}

// url accepts addresses on the web only: nothing is sent inside a message, and nothing but http is ever fetched.
func (ck *checker) url(field, v string) {
	ck.bytes(field, v, maxURLBytes)
	u, err := url.Parse(v)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		ck.fault(CodeBadValue, field, "is %s: send an http or https address", quote(v))
	}
}
