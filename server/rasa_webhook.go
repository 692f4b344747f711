package server

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"

	"github.com/gin-gonic/gin"

	"yingda/dialogue"
)

// rasaMessage is a message as clients of Rasa's REST channel send it.
type rasaMessage struct {
	Sender   string          `json:"sender"`
	Message  *string         `json:"message"`
	ID       string          `json:"message_id"`
	Channel  string          `json:"input_channel"`
	Metadata json.RawMessage `json:"metadata"`
}

// rasaReply is a bubble as the REST channel answers it: text and picture are bubbles of their own, in Rasa's way.
type rasaReply struct {
	Recipient string       `json:"recipient_id"`
	Text      string       `json:"text,omitempty"`
	Image     string       `json:"image,omitempty"`
	Buttons   []rasaButton `json:"buttons,omitempty"`
	Custom    *rasaCustom  `json:"custom,omitempty"`
}

type rasaButton struct {
	Title   string `json:"title"`
	Payload string `json:"payload"`
}

// rasaCustom holds what Rasa has no field for.
type rasaCustom struct {
	Links []string        `json:"links,omitempty"`
	Cards []dialogue.Card `json:"cards,omitempty"`
}

// rasaPayload is a button's payload, which clients of Rasa send back as the message.
var rasaPayload = regexp.MustCompile(`^/(intent|affirm|deny|slot|agent|option)( .*)?$`)

// rasaWebhook answers POST /webhooks/rest/webhook as Rasa's REST channel does, except that a failure is one: never 200 with nothing in it.
func (s *Server) rasaWebhook(c *gin.Context) error {
	if s.o.Robot == nil {
		return notConfigured("a robot")
	}
	if err := checkLoop(c.Request); err != nil {
		return err
	}
	stream, err := rasaStream(c.Query("stream"))
	if err != nil {
		return err
	}
	body, err := s.readBody(c, true)
	if err != nil {
		return err
	}
	m, err := decodeRasaMessage(body.Bytes(), callerOf(c).Tenant, &s.limits)
	putBuffer(body)
	if err != nil {
		return err
	}
	unhurried(c)
	ctx, cancel, err := s.deadline(c, s.limits.TurnTimeout)
	if err != nil {
		return err
	}
	defer cancel()
	out, err := s.handle(ctx, m)
	if err != nil {
		return err
	}
	replies := rasaReplies(m.Conversation, out.Replies)
	if !stream {
		writeJSON(c, http.StatusOK, "application/json", replies)
		return nil
	}
	var lines []byte
	for _, r := range replies {
		line, err := json.Marshal(r)
		if err != nil {
			return err
		}
		lines = append(append(lines, line...), '\n')
	}
	writeBytes(c, http.StatusOK, "text/event-stream", lines) // JSON lines under this type is what Rasa sends
	return nil
}

func rasaStream(v string) (bool, error) {
	switch strings.ToLower(v) {
	case "", "false", "0":
		return false, nil
	case "true", "1":
		return true, nil
	}
	return false, fieldFault(CodeUnsupportedOption, "stream", "is %s: send true or false", quote(v))
}

// decodeRasaMessage reads a message. Unknown fields are ignored, as Rasa does. The sender is the conversation and the customer.
func decodeRasaMessage(body []byte, tenant string, limits *Limits) (dialogue.Message, error) {
	var q rasaMessage
	if err := decodeInto(body, limits.JSONDepth, true, &q); err != nil {
		return dialogue.Message{}, err
	}
	if q.Message == nil {
		return dialogue.Message{}, fieldFault(CodeMissingText, "message", `is missing: send {"sender": "…", "message": "…"}`)
	}
	if q.Sender == "" {
		q.Sender = "default" // as Rasa does
	}
	k := dialogue.Key{Tenant: tenant, Conversation: q.Sender}
	if err := k.Validate(); err != nil {
		return dialogue.Message{}, fieldFault(CodeBadValue, "sender", "is not usable: %v", err)
	}
	req := messageRequest{ID: q.ID, Customer: q.Sender, Text: *q.Message}
	if channelName.MatchString(q.Channel) {
		req.Channel = q.Channel
	}
	if rasaPayload.MatchString(req.Text) {
		req.Text, req.Payload = "", req.Text
	}
	m, _, err := req.message(k, limits)
	return m, err
}

func rasaReplies(recipient string, replies []dialogue.Reply) []rasaReply {
	list := []rasaReply{}
	for _, r := range replies {
		out := rasaReply{Recipient: recipient, Text: r.Text}
		for _, b := range r.Buttons {
			out.Buttons = append(out.Buttons, rasaButton(b))
		}
		if len(r.Links)+len(r.Cards) > 0 {
			out.Custom = &rasaCustom{r.Links, r.Cards}
		}
		if out.Text != "" || out.Buttons != nil || out.Custom != nil {
			list = append(list, out)
		}
		if r.Image != "" {
			list = append(list, rasaReply{Recipient: recipient, Image: r.Image})
		}
	}
	return list
}

// rasaChannel answers GET /webhooks/rest/.
func (s *Server) rasaChannel(c *gin.Context) error {
	if s.o.Robot == nil {
		return notConfigured("a robot")
	}
	writeBytes(c, http.StatusOK, "application/json", []byte("{\"status\":\"ok\"}\n"))
	return nil
}
