package server

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gin-gonic/gin"

	"yingda/models"
	"yingda/nlu"
)

// parse answers POST /v1/parse.
func (s *Server) parse(c *gin.Context) error {
	body, err := s.readBody(c, false)
	if err != nil {
		return err
	}
	req, err := decodeParse(body.Bytes(), &s.limits)
	putBuffer(body)
	if err != nil {
		return err
	}
	as, err := s.analyse(c, req.bundle, req.us, req.field)
	if err != nil {
		return err
	}
	w := newWriter()
	defer w.free()
	if req.shape == "text" {
		w.analysis(as[0], &req.us[0], req)
	} else {
		w.open('{')
		w.key("results")
		w.open('[')
		for i, a := range as {
			w.analysis(a, &req.us[i], req)
		}
		w.close(']')
		w.close('}')
	}
	if err := w.send(c); err != nil {
		return err
	}
	s.note(c, channelParse, req.customer, as)
	return nil
}

// send writes what was encoded, unless it could not be.
func (w *jsonWriter) send(c *gin.Context) error {
	if w.err != nil {
		return w.err
	}
	w.b = append(w.b, '\n')
	writeBytes(c, 200, "application/json", w.b)
	return nil
}

// analyse runs the Parser within the deadline and the limit on concurrency, and words its errors. field names text i.
func (s *Server) analyse(c *gin.Context, bundle string, us []nlu.Utterance, field func(i int) string) ([]*nlu.Analysis, error) {
	ctx, cancel, err := s.deadline(c, s.limits.Timeout)
	if err != nil {
		return nil, err
	}
	defer cancel()
	if s.parsing.Add(1) > int64(s.limits.Concurrent) {
		s.parsing.Add(-1)
		return nil, fmt.Errorf("%w: %d requests under way", models.ErrOverloaded, s.limits.Concurrent)
	}
	defer s.parsing.Add(-1)
	as, err := s.parser.Parse(ctx, bundle, us)
	if err == nil && (len(as) != len(us) || slices.Contains(as, nil)) {
		err = fmt.Errorf("parser gave %d analyses for %d utterances", len(as), len(us))
	}
	if err != nil {
		return nil, s.parseFault(ctx, c, bundle, err, field)
	}
	s.metrics.parsed(as)
	c.Writer.Header()["X-Bundle"] = []string{string(as[0].Bundle)}
	return as, nil
}

func (s *Server) parseFault(ctx context.Context, c *gin.Context, bundle string, err error, field func(i int) string) error {
	var long *nlu.TooLongError
	switch {
	case errors.As(err, &long):
		return tooLong(long, field(long.Index))
	case errors.Is(err, models.ErrNoBundle) && bundle != "":
		return fieldFault(CodeUnknownBundle, "bundle", "%s is not loaded: choose one of %s, or leave bundle out", quote(bundle), s.loadedNames())
	case c.Request.Context().Err() != nil:
		return context.Canceled // whatever the Parser made of it, nobody waits any more
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return context.DeadlineExceeded
	}
	return err
}

// analysis writes one answer of /v1/parse. u is what was asked; a.Text may be one of its alternatives.
func (w *jsonWriter) analysis(a *nlu.Analysis, u *nlu.Utterance, req *parseRequest) {
	w.spans.reset(a.Text, req.unit)
	w.open('{')
	w.textField("bundle", string(a.Bundle))
	w.textField("language", string(a.Language))
	w.textField("text", a.Text)
	if len(u.Alternatives) > 0 {
		w.intField("reading", reading(a, u))
	}
	w.textField("span_unit", req.unit.String())
	w.boolField("understood", len(a.Intents) > 0)
	w.key("intents")
	w.open('[')
	for i := range a.Intents {
		in := &a.Intents[i]
		w.open('{')
		w.textField("name", in.Label)
		w.scoreField("score", in.Score)
		w.span(in.Span)
		w.close('}')
	}
	w.close(']')
	w.scoreField("out_of_scope", a.OOS)
	w.ranking("ranking", "name", a.Ranking[:min(len(a.Ranking), req.top)])
	w.emotion(&a.Emotion)
	w.entities("entities", a.Entities)
	w.timing(&a.Timing)
	if req.debug {
		w.debug(a)
	}
	w.close('}')
}

// AppendAnalysis appends an analysis to dst as JSON, as /v1/parse answers one text with default options.
func AppendAnalysis(dst []byte, a *nlu.Analysis) ([]byte, error) {
	w := newWriter()
	defer w.free()
	w.analysis(a, &a.Utterance, &parseRequest{top: defaultTop})
	return append(dst, w.b...), w.err
}

// reading tells which reading was understood best: 0 is the text itself, n the n-th alternative.
func reading(a *nlu.Analysis, u *nlu.Utterance) int {
	if a.Text == u.Text {
		return 0
	}
	return 1 + slices.IndexFunc(u.Alternatives, func(alt nlu.Alternative) bool { return alt.Text == a.Text })
}

func (w *jsonWriter) span(sp nlu.Span) {
	start, end := w.spans.convert(sp)
	w.intField("start", start)
	w.intField("end", end)
	w.textField("text", w.spans.slice(sp))
}

func (w *jsonWriter) ranking(key, label string, ps []nlu.Prediction) {
	w.key(key)
	w.open('[')
	for _, p := range ps {
		w.open('{')
		w.textField(label, p.Label)
		w.scoreField("score", p.Score)
		w.close('}')
	}
	w.close(']')
}

// emotion writes null when the bundle has no emotion head.
func (w *jsonWriter) emotion(e *nlu.Emotion) {
	w.key("emotion")
	if e.Label == "" {
		w.b = append(w.b, "null"...)
		return
	}
	w.open('{')
	w.textField("label", e.Label)
	w.scoreField("score", e.Score)
	if e.Valence != "" {
		w.textField("valence", e.Valence)
	}
	w.scoreField("intensity", e.Intensity)
	w.ranking("ranking", "label", e.Ranking)
	w.close('}')
}

func (w *jsonWriter) entities(key string, ents []nlu.Entity) {
	w.key(key)
	w.open('[')
	for i := range ents {
		ent := &ents[i]
		w.open('{')
		w.textField("type", ent.Type)
		w.span(ent.Span)
		w.anyField("value", entityValue(ent, w.spans.slice(ent.Span)))
		if ent.Role != "" {
			w.textField("role", ent.Role)
		}
		w.scoreField("score", ent.Score)
		w.textField("source", string(ent.Source))
		if ent.Rule != "" {
			w.textField("rule", ent.Rule)
		}
		w.close('}')
	}
	w.close(']')
}

// entityValue is the normalised value, or the surface where there is none.
func entityValue(ent *nlu.Entity, surface string) any {
	if ent.Value == nil {
		return surface
	}
	return ent.Value
}

func (w *jsonWriter) timing(t *nlu.Timing) {
	w.key("timings_ms")
	w.open('{')
	w.msField("tokenise", t.Tokenise)
	w.msField("queue", t.Queue)
	w.msField("inference", t.Inference)
	w.msField("recognise", t.Recognise)
	w.msField("total", t.Total)
	w.close('}')
	w.intField("batch_rows", t.BatchRows)
}

// debug adds what the model read and what was found before merging.
func (w *jsonWriter) debug(a *nlu.Analysis) {
	w.key("debug")
	w.open('{')
	w.textField("normal", a.Normal.Text)
	w.key("tokens")
	w.open('[')
	for _, tok := range a.Encoding.Tokens {
		if !tok.Special {
			w.open('{')
			w.span(tok.Span)
			w.close('}')
		}
	}
	w.close(']')
	w.entities("candidates", a.Candidates)
	w.close('}')
}
