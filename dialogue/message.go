package dialogue

import (
	"time"

	"yingda/nlu"
)

// Key names a conversation. Tenant is "default" where an installation serves one operator.
type Key struct {
	Tenant       string `json:"tenant"`       // e.g. "default"
	Conversation string `json:"conversation"` // chosen by the channel, e.g. "web-7f3a"; 1–128 bytes, see [Key.Validate]
}

// Message is what a customer sent, or what a channel says happened.
type Message struct {
	Key
	// ID comes from the channel and makes the message idempotent: the same id again gives the same answer and changes nothing.
	ID       string    `json:"id"`
	Customer string    `json:"customer,omitempty"` // as the channel knows them; empty = anonymous, known by the conversation only
	Channel  string    `json:"channel,omitempty"`  // web, app, voice, wechat …; empty = "web"
	Time     time.Time `json:"time"`               // with the customer's zone; the engine sets it when zero
	Lang     nlu.Lang  `json:"lang,omitempty"`     // hint; empty = detect

	Text         string            `json:"text,omitempty"`
	Alternatives []nlu.Alternative `json:"alternatives,omitempty"` // what else a speech recogniser heard
	Confidence   float64           `json:"confidence,omitempty"`   // of the recogniser in Text, 0 = typed or unknown
	Attachments  []Attachment      `json:"attachments,omitempty"`
	Payload      string            `json:"payload,omitempty"` // of the button that was pressed; see [Button]
	Profile      *Profile          `json:"profile,omitempty"` // given by the caller; replaces the profile provider's answer
	Metadata     map[string]string `json:"metadata,omitempty"`
}

// AttachmentType says what an attachment is.
type AttachmentType string

// The attachment types.
const (
	Image    AttachmentType = "image"
	Link     AttachmentType = "link"
	Location AttachmentType = "location"
	Audio    AttachmentType = "audio"
	Video    AttachmentType = "video"
	File     AttachmentType = "file"
	Sticker  AttachmentType = "sticker" // a picture that is meant as an emoji
)

// Attachment is something besides text. It is referred to, never stored: URL stays where the channel put it.
type Attachment struct {
	Type    AttachmentType `json:"type"`
	URL     string         `json:"url,omitempty"`
	MIME    string         `json:"mime,omitempty"`
	Size    int64          `json:"size,omitempty"`    // bytes, as the channel says
	Caption string         `json:"caption,omitempty"` // by the channel, or by the hook of package media
	Title   string         `json:"title,omitempty"`   // of a link, unfurled
	Lat     float64        `json:"lat,omitempty"`
	Lon     float64        `json:"lon,omitempty"`
}

// Reply is one bubble that goes out.
type Reply struct {
	Text    string   `json:"text,omitempty"`
	Image   string   `json:"image,omitempty"` // URL
	Links   []string `json:"links,omitempty"`
	Buttons []Button `json:"buttons,omitempty"`
	Cards   []Card   `json:"cards,omitempty"` // products, orders: a list to look at
	// Script tells which words these are; zero for an agent's own.
	Script ScriptRef `json:"script"`
}

// Button is a choice. Pressing it sends Payload back in [Message].Payload; a customer who types Title means the same.
type Button struct {
	Title   string `json:"title"`
	Payload string `json:"payload"` // e.g. "/intent order.cancel", "/affirm", "/deny", "/slot order_id=8832", "/agent"
}

// Card shows one thing of a list.
type Card struct {
	ID       string `json:"id,omitempty"`
	Title    string `json:"title"`
	Subtitle string `json:"subtitle,omitempty"`
	Image    string `json:"image,omitempty"`
	Link     string `json:"link,omitempty"`
}

// ScriptRef names a wording exactly.
type ScriptRef struct {
	Key     string `json:"key,omitempty"`     // e.g. "confirm.order.cancel"
	Variant string `json:"variant,omitempty"` // e.g. "b"; empty = the only one
	Version int    `json:"version,omitempty"` // of the published script
}

// Profile is what is known of a customer before they speak.
type Profile struct {
	Name        string            `json:"name,omitempty"`
	Tier        string            `json:"tier,omitempty"` // "vip", "standard" or a tier of the operator; empty = standard
	Lang        nlu.Lang          `json:"lang,omitempty"`
	History     []HistoryItem     `json:"history,omitempty"`     // newest last
	Preferences map[string]string `json:"preferences,omitempty"` // e.g. "carrier": "顺丰"
	Consent     map[string]bool   `json:"consent,omitempty"`     // e.g. "proactive", "marketing"; a missing key is no consent for marketing, consent for service
}

// HistoryItem is one thing that happened to the customer: an order, a notice sent to them, a ticket, a plan, something looked at.
type HistoryItem struct {
	Kind      string    `json:"kind"` // order, notice, ticket, plan, membership, browse, preference, invoice …
	Time      time.Time `json:"time,omitzero"`
	Date      string    `json:"date,omitempty"` // where only a day is known
	OrderID   string    `json:"order_id,omitempty"`
	TicketID  string    `json:"ticket_id,omitempty"`
	Product   string    `json:"product,omitempty"`
	Attribute string    `json:"attribute,omitempty"`
	Plan      string    `json:"plan,omitempty"`
	Topic     string    `json:"topic,omitempty"`
	Status    string    `json:"status,omitempty"`
	Text      string    `json:"text,omitempty"`
}
