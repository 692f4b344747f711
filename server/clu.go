package server

import (
	"maps"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"yingda/nlu"
)

// cluNone is CLU's intent for "not understood".
const cluNone = "None"

// cluUnits are CLU's names of what offsets count. The documentation spells the first in both ways.
var cluUnits = map[string]unit{
	"": unitGrapheme, "TextElement_V8": unitGrapheme, "TextElements_V8": unitGrapheme,
	"UnicodeCodePoint": unitCodePoint, "Utf16CodeUnit": unitUTF16,
}

// cluRequest is what is read of a request; all else is accepted and has no meaning here.
type cluRequest struct {
	kind, text, language, deployment string
	unit                             unit
	given                            bool
	private                          bool // the caller wants it not to be logged
}

var (
	cluFields       = []string{"kind", "analysisInput", "parameters"}
	cluInputFields  = []string{"conversationItem"}
	cluItemFields   = []string{"id", "participantId", "text", "language", "modality"}
	cluParamsFields = []string{"projectName", "deploymentName", "stringIndexType", "verbose", "isLoggingEnabled"}
)

const cluTextField = "analysisInput.conversationItem.text"

// cluAnalyze answers POST /language/:analyze-conversations as Microsoft's conversational language understanding does.
func (s *Server) cluAnalyze(c *gin.Context) error {
	body, err := s.readBody(c, false)
	if err != nil {
		return err
	}
	req, us, err := decodeCLU(body.Bytes(), &s.limits)
	putBuffer(body)
	if err != nil {
		return err
	}
	as, err := s.analyse(c, s.cluBundle(req.deployment), us, func(int) string { return cluTextField })
	if err != nil {
		return err
	}
	w := newWriter()
	defer w.free()
	w.clu(as[0], req)
	if err := w.send(c); err != nil {
		return err
	}
	if !req.private {
		s.note(c, channelCLU, "", as)
	}
	return nil
}

// cluBundle lets a deployment choose a bundle by role or id. Any other name, such as "production", means the champion: it comes
// from a client's configuration for another service.
func (s *Server) cluBundle(deployment string) string {
	for _, l := range s.o.Bundles.Loaded() {
		if l.Manifest != nil && (string(l.Role) == deployment || string(l.Manifest.ID) == deployment) {
			return deployment
		}
	}
	return ""
}

func decodeCLU(body []byte, limits *Limits) (*cluRequest, []nlu.Utterance, error) {
	d := &parseDecoder{jsonReader: *newJSONReader(body, limits.JSONDepth, true), limits: limits}
	req := &cluRequest{}
	d.object(cluFields, func(name string) {
		switch name {
		case "kind":
			req.kind = d.text()
		case "analysisInput":
			d.object(cluInputFields, func(string) { d.object(cluItemFields, func(name string) { d.cluItem(req, name) }) })
		case "parameters":
			d.object(cluParamsFields, func(name string) { d.cluParameter(req, name) })
		}
	})
	if err := d.finish(); err != nil {
		return nil, nil, err
	}
	switch {
	case req.kind != "Conversation":
		return nil, nil, fieldFault(CodeUnsupportedOption, "kind", `is %s: send "Conversation"`, quote(req.kind))
	case !req.given:
		return nil, nil, fieldFault(CodeMissingText, cluTextField, "is missing: give it the text to analyse")
	}
	d.checkText(req.text, func() string { return cluTextField })
	u := nlu.Utterance{Text: req.text}
	// CLU takes a tag for any language as a hint; one that is not known here is detected instead.
	if primary, _, _ := strings.Cut(strings.ToLower(req.language), "-"); slices.Contains(languages, primary) {
		u.Lang = nlu.Lang(primary)
	}
	return req, []nlu.Utterance{u}, joinFaults(d.faults)
}

func (d *parseDecoder) cluItem(req *cluRequest, name string) {
	switch v := d.text(); name {
	case "text":
		req.text, req.given = v, true
	case "language":
		req.language = v
	case "modality":
		if v != "text" && d.fault == nil {
			d.invalid(CodeUnsupportedOption, `is %s: send "text" or leave it out`, quote(v))
		}
	}
}

func (d *parseDecoder) cluParameter(req *cluRequest, name string) {
	switch name {
	case "verbose": // everything is told
		d.boolean()
	case "isLoggingEnabled":
		req.private = !d.boolean()
	case "projectName":
		d.text()
	case "deploymentName":
		req.deployment = d.text()
	case "stringIndexType":
		v := d.text()
		u, ok := cluUnits[v]
		if !ok && d.fault == nil {
			known := slices.DeleteFunc(slices.Sorted(maps.Keys(cluUnits)), func(k string) bool { return k == "" })
			d.invalid(CodeBadSpanUnit, "is %s: send one of %s", quote(v), strings.Join(known, ", "))
		}
		req.unit = u
	}
}

func (w *jsonWriter) clu(a *nlu.Analysis, req *cluRequest) {
	w.spans.reset(a.Text, req.unit)
	ranking := dialectRanking(a, cluNone, len(a.Ranking)+1)
	top := cluNone
	if len(ranking) > 0 {
		top = ranking[0].Label
	}
	w.open('{')
	w.textField("kind", "ConversationResult")
	w.key("result")
	w.open('{')
	w.textField("query", a.Text)
	if a.Language != "" {
		w.textField("detectedLanguage", string(a.Language))
	}
	w.key("prediction")
	w.open('{')
	w.textField("topIntent", top)
	w.textField("projectKind", "Conversation")
	w.key("intents")
	w.open('[')
	for _, p := range ranking {
		w.open('{')
		w.textField("category", p.Label)
		w.scoreField("confidenceScore", p.Score)
		w.close('}')
	}
	w.close(']')
	w.key("entities")
	w.open('[')
	for i := range a.Entities {
		w.cluEntity(&a.Entities[i])
	}
	w.close(']')
	w.close('}')
	w.close('}')
	w.close('}')
}

func (w *jsonWriter) cluEntity(ent *nlu.Entity) {
	start, end := w.spans.convert(ent.Span)
	w.open('{')
	w.textField("category", ent.Type)
	w.textField("text", w.spans.slice(ent.Span))
	w.intField("offset", start)
	w.intField("length", end-start)
	w.scoreField("confidenceScore", ent.Score)
	kind, key := "", ent.Rule
	switch v, _ := ent.Value.(string); ent.Source {
	case nlu.SourceLookup, nlu.SourceFuzzy:
		if kind = "ListKey"; v != "" {
			key = v // CLU's key of a list is the canonical name
		}
	case nlu.SourceRegex:
		kind = "RegexKey"
	}
	if kind != "" && key != "" {
		w.key("extraInformation")
		w.open('[')
		w.open('{')
		w.textField("extraInformationKind", kind)
		w.textField("key", key)
		w.close('}')
		w.close(']')
	}
	w.close('}')
}

// cluFailure is how CLU words errors; innererror carries this server's own code.
type cluFailure struct {
	Error cluErrorBody `json:"error"`
}

type cluErrorBody struct {
	Code    string         `json:"code"`
	Message string         `json:"message"`
	Target  string         `json:"target,omitempty"`
	Inner   *cluInnerError `json:"innererror,omitempty"`
}

type cluInnerError struct {
	Code Code `json:"code"`
}

func cluError(f *fault, k *errorKind) cluFailure {
	e := cluErrorBody{Code: k.CLU, Message: f.detail, Inner: &cluInnerError{f.code}}
	if len(f.fields) > 0 {
		e.Target = f.fields[0].Field
	}
	return cluFailure{e}
}

// cluStatus is 400 where CLU knows no 422.
func cluStatus(k *errorKind) int {
	if k.Status == 422 {
		return 400
	}
	return k.Status
}
