package server

import (
	"time"

	"github.com/gin-gonic/gin"
)

// Limits bound what a request may ask for. They are published at /v1/limits. Zero values mean the defaults.
type Limits struct {
	// BodyBytes is the largest body, also after unpacking gzip. Default 1 MiB: 64 texts of 2,000 Chinese characters fit twice.
	BodyBytes int
	// Texts is the most texts in a batch. Default 64; a larger one holds a worker long enough to delay others.
	Texts int
	// Characters is the most code points of a text. Default 2,000.
	Characters int
	// Tokens is the most tokens of a text as the model reads it; published here, enforced by the Parser. Default 512.
	Tokens int
	// Alternatives is the most other readings of an utterance. Default 10; each costs as much as a text.
	Alternatives int
	// JSONDepth is the deepest nesting of a body. Default 32.
	JSONDepth int
	// Top is the most entries of a ranking. Default 100.
	Top int
	// Concurrent is how many requests may be in the Parser at a time. Default 1,024; those beyond are refused at once.
	Concurrent int
	// Timeout is the longest time for an answer after the body was read. Default 2 s. Callers may ask for less, not for more.
	Timeout time.Duration
	// TurnTimeout is the longest time for an answer of the robot, calls of the operator's systems included. Default 15 s.
	TurnTimeout time.Duration
	// Attachments is the most attachments of a message. Default 10.
	Attachments int
	// MediaBytes is the largest attachment by what its channel says; media is referred to, never sent here. Default 20 MiB.
	MediaBytes int
	// Page is the most entries of a page of history or of a list. Default 200.
	Page int
	// Live is how many live connections may be open at a time. Default 4,096; each holds a goroutine and some ten KiB.
	Live int
	// LiveBacklog is how many events may wait for a slow live connection before it is closed; it resumes where it was. Default 256.
	LiveBacklog int
	// Pace is how many messages a second one conversation may bring in the long run; ten times as many may come at once. Default 5: people
	// are slower, so what is faster is two robots that answer each other.
	Pace int
	// HeaderTimeout and BodyTimeout bound how long a caller may take to send. Defaults 5 s and 10 s.
	HeaderTimeout, BodyTimeout time.Duration
}

func (l Limits) withDefaults() Limits {
	for _, f := range []struct {
		v   *int
		def int
	}{
		{&l.BodyBytes, 1 << 20}, {&l.Texts, 64}, {&l.Characters, 2000}, {&l.Tokens, 512}, {&l.Alternatives, 10},
		{&l.JSONDepth, 32}, {&l.Top, 100}, {&l.Concurrent, 1024}, {&l.Attachments, 10}, {&l.MediaBytes, 20 << 20}, {&l.Page, 200},
		{&l.Live, 4096}, {&l.LiveBacklog, 256}, {&l.Pace, 5},
	} {
		if *f.v <= 0 {
			*f.v = f.def
		}
	}
	for _, f := range []struct {
		v   *time.Duration
		def time.Duration
	}{{&l.Timeout, 2 * time.Second}, {&l.TurnTimeout, 15 * time.Second}, {&l.HeaderTimeout, 5 * time.Second}, {&l.BodyTimeout, 10 * time.Second}} {
		if *f.v <= 0 {
			*f.v = f.def
		}
	}
	return l
}

// limitsAnswer is the JSON of /v1/limits.
type limitsAnswer struct {
	BodyBytes    int      `json:"body_bytes"`
	Texts        int      `json:"texts"`
	Characters   int      `json:"characters"`
	Tokens       int      `json:"tokens"`
	Alternatives int      `json:"alternatives"`
	JSONDepth    int      `json:"json_depth"`
	TopDefault   int      `json:"top_default"`
	Top          int      `json:"top"`
	Concurrent   int      `json:"concurrent"`
	TimeoutMS    int64    `json:"timeout_ms"`
	HeaderMS     int64    `json:"header_timeout_ms"`
	BodyMS       int64    `json:"body_timeout_ms"`
	TurnMS       int64    `json:"turn_timeout_ms"`
	Attachments  int      `json:"attachments"`
	MediaBytes   int      `json:"media_bytes"`
	Page         int      `json:"page"`
	Live         int      `json:"live"`
	LiveBacklog  int      `json:"live_backlog"`
	Pace         int      `json:"pace"`
	SpanUnits    []string `json:"span_units"`
	Languages    []string `json:"languages"`
}

func (s *Server) getLimits(c *gin.Context) error {
	l := s.limits
	writeJSON(c, 200, "application/json", limitsAnswer{
		BodyBytes: l.BodyBytes, Texts: l.Texts, Characters: l.Characters, Tokens: l.Tokens, Alternatives: l.Alternatives,
		JSONDepth: l.JSONDepth, TopDefault: min(defaultTop, l.Top), Top: l.Top, Concurrent: l.Concurrent, TimeoutMS: l.Timeout.Milliseconds(),
		HeaderMS: l.HeaderTimeout.Milliseconds(), BodyMS: l.BodyTimeout.Milliseconds(),
		TurnMS: l.TurnTimeout.Milliseconds(), Attachments: l.Attachments, MediaBytes: l.MediaBytes, Page: l.Page, Live: l.Live,
		LiveBacklog: l.LiveBacklog, Pace: l.Pace, SpanUnits: nativeUnits, Languages: languages,
	})
	return nil
}
