package server

import (
	"strings"

	"github.com/gin-gonic/gin"

	"yingda/models"
	"yingda/nlu"
)

// What a client that asks for Rasa's version is told: the API that is spoken here, of Rasa Open Source 3.6.
const (
	rasaAPIVersion = "3.6.20"
	rasaMinVersion = "3.5.0"
	rasaFallback   = "nlu_fallback" // the intent that Rasa's FallbackClassifier gives
	rasaTop        = 10             // its default ranking_length
)

var rasaFields = []string{"text", "message_id"}

// rasaParse answers POST /model/parse as Rasa's server does.
func (s *Server) rasaParse(c *gin.Context) error {
	if mode := c.Query("emulation_mode"); mode != "" {
		return fieldFault(CodeUnsupportedOption, "emulation_mode", "is %s: leave it out, only Rasa's own shape is spoken here", quote(mode))
	}
	body, err := s.readBody(c, true)
	if err != nil {
		return err
	}
	text, err := decodeRasa(body.Bytes(), &s.limits)
	putBuffer(body)
	if err != nil {
		return err
	}
	as, err := s.analyse(c, "", []nlu.Utterance{{Text: text}}, func(int) string { return "text" })
	if err != nil {
		return err
	}
	w := newWriter()
	defer w.free()
	w.rasa(as[0])
	if err := w.send(c); err != nil {
		return err
	}
	s.note(c, channelRasa, "", as)
	return nil
}

func decodeRasa(body []byte, limits *Limits) (text string, err error) {
	d := &parseDecoder{jsonReader: *newJSONReader(body, limits.JSONDepth, true), limits: limits}
	given := false
	d.object(rasaFields, func(name string) {
		v := d.text()
		if name == "text" {
			text, given = v, true
		}
	})
	if err := d.finish(); err != nil {
		return "", err
	}
	if !given {
		return "", fieldFault(CodeMissingText, "text", `is missing: send {"text": "…"}`)
	}
	d.checkText(text, func() string { return "text" })
	return text, joinFaults(d.faults)
}

func (w *jsonWriter) rasa(a *nlu.Analysis) {
	w.spans.reset(a.Text, unitCodePoint)
	ranking := dialectRanking(a, rasaFallback, rasaTop)
	w.open('{')
	w.textField("text", a.Text)
	w.key("intent")
	w.rasaIntent(ranking)
	w.key("entities")
	w.open('[')
	for i := range a.Entities {
		w.rasaEntity(&a.Entities[i])
	}
	w.close(']')
	w.key("text_tokens")
	w.open('[')
	for _, tok := range a.Encoding.Tokens {
		if !tok.Special && tok.Len() > 0 {
			start, end := w.spans.convert(tok.Span)
			w.pair(start, end)
		}
	}
	w.close(']')
	w.key("intent_ranking")
	w.open('[')
	for i := range ranking {
		w.rasaIntent(ranking[i : i+1])
	}
	w.close(']')
	w.close('}')
}

// rasaIntent writes the first of a ranking; Rasa writes a null name when there is none.
func (w *jsonWriter) rasaIntent(ranking []nlu.Prediction) {
	w.open('{')
	if len(ranking) == 0 {
		w.key("name")
		w.b = append(w.b, "null"...)
		w.scoreField("confidence", 0)
	} else {
		w.textField("name", ranking[0].Label)
		w.scoreField("confidence", ranking[0].Score)
	}
	w.close('}')
}

func (w *jsonWriter) rasaEntity(ent *nlu.Entity) {
	start, end := w.spans.convert(ent.Span)
	w.open('{')
	w.textField("entity", ent.Type)
	w.intField("start", start)
	w.intField("end", end)
	w.scoreField("confidence_entity", ent.Score)
	w.anyField("value", entityValue(ent, w.spans.slice(ent.Span)))
	if ent.Role != "" {
		w.textField("role", ent.Role)
	}
	w.textField("extractor", "yingda."+string(ent.Source))
	w.close('}')
}

// dialectRanking is the ranking for dialects in which "not understood" is an intent of its own: fallback comes first when nothing
// was understood, with the probability that the best intent would be wrong. When several wishes were
// found the surest one comes first.
func dialectRanking(a *nlu.Analysis, fallback string, most int) []nlu.Prediction {
	if len(a.Ranking) == 0 && len(a.Intents) == 0 {
		return nil // the bundle has no intents
	}
	var first nlu.Prediction
	if len(a.Intents) == 0 {
		first = nlu.Prediction{Label: fallback, Score: max(0, 1-a.Ranking[0].Score)}
	}
	for _, in := range a.Intents {
		if in.Score > first.Score || first.Label == "" {
			first = in.Prediction
		}
	}
	list := []nlu.Prediction{first}
	for _, p := range a.Ranking {
		if p.Label != first.Label && len(list) < most {
			list = append(list, p)
		}
	}
	return list
}

// rasaVersion answers GET /version.
func (s *Server) rasaVersion(c *gin.Context) error {
	writeJSON(c, 200, "application/json", struct {
		Version string `json:"version"`
		Minimum string `json:"minimum_compatible_version"`
		Yingda  string `json:"yingda_version"`
	}{rasaAPIVersion, rasaMinVersion, s.o.Version})
	return nil
}

// rasaStatusAnswer is the JSON of GET /status: fingerprint as in Rasa 2, model_id as in Rasa 3.
type rasaStatusAnswer struct {
	ModelFile   string            `json:"model_file"`
	ModelID     models.BundleID   `json:"model_id"`
	Fingerprint map[string]string `json:"fingerprint"`
	Jobs        int               `json:"num_active_training_jobs"`
}

func (s *Server) rasaStatus(c *gin.Context) error {
	m := s.champion()
	if m == nil {
		return models.ErrNoBundle
	}
	writeJSON(c, 200, "application/json", rasaStatusAnswer{string(m.ID), m.ID, map[string]string{"version": m.Version, "trained_at": m.Created}, 0})
	return nil
}

// rasaFailure is how Rasa's server words errors.
type rasaFailure struct {
	Version string         `json:"version"`
	Status  string         `json:"status"`
	Reason  string         `json:"reason"`
	Message string         `json:"message"`
	Details map[string]any `json:"details"`
	Help    string         `json:"help"`
	Code    int            `json:"code"`
}

func (s *Server) rasaError(f *fault, k *errorKind) rasaFailure {
	details := map[string]any{"code": f.code}
	if len(f.fields) > 0 {
		parameter, _, _ := strings.Cut(f.fields[0].Field, "[")
		details["parameter"], details["in"] = parameter, "body"
		if f.code == CodeUnsupportedOption {
			details["in"] = "query"
		}
	}
	return rasaFailure{rasaAPIVersion, "failure", k.Rasa, f.detail, details, "/docs#" + string(f.code), rasaStatus(k)}
}

// rasaStatus is the status that Rasa's server would give: 409 without a model, 400 for anything wrong in the body.
func rasaStatus(k *errorKind) int {
	switch {
	case k.Code == CodeNotReady:
		return 409
	case k.Status == 422:
		return 400
	}
	return k.Status
}
