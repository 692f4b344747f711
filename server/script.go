package server

import (
	"bytes"
	"context"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"yingda/dialogue"
	"yingda/dialogue/script"
)

func (s *Server) scripts() (Scripts, error) {
	if s.o.Scripts == nil {
		return nil, notConfigured("scripts")
	}
	return s.o.Scripts, nil
}

// getScripts answers GET /v1/scripts.
func (s *Server) getScripts(c *gin.Context) error {
	scripts, err := s.scripts()
	if err != nil {
		return err
	}
	list, err := scripts.List(c.Request.Context(), callerOf(c).Tenant, c.Query("prefix"))
	return answer(c, err, func() any { return map[string]any{"scripts": listed(list)} })
}

// listed makes an empty list of none, so that callers always find one.
func listed[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// getScript answers GET /v1/scripts/{key}.
func (s *Server) getScript(c *gin.Context) error {
	scripts, err := s.scripts()
	if err != nil {
		return err
	}
	e, err := scripts.Get(c.Request.Context(), callerOf(c).Tenant, c.Param("key"))
	return answer(c, err, func() any { return e })
}

// getScriptHistory answers GET /v1/scripts/{key}/history.
func (s *Server) getScriptHistory(c *gin.Context) error {
	scripts, err := s.scripts()
	if err != nil {
		return err
	}
	_, limit, err := s.page(c)
	if err != nil {
		return err
	}
	list, err := scripts.History(c.Request.Context(), callerOf(c).Tenant, c.Param("key"), limit)
	return answer(c, err, func() any { return map[string]any{"changes": listed(list)} })
}

// editRequest is the body of the routes that change a script.
type editRequest struct {
	Revision uint64 `json:"revision"` // of what was read
	Note     string `json:"note" most:"4000"`
	Source   string `json:"source" most:"-"` // PUT: YAML of the script without its key
	Version  int    `json:"version"`         // rollback: 0 = the service pack's own
}

func (q *editRequest) edit(c *gin.Context) script.Edit {
	who := callerOf(c)
	return script.Edit{Tenant: who.Tenant, Key: c.Param("key"), Revision: q.Revision, By: who.By(), Note: q.Note}
}

// savedScript is the answer to a draft: it is kept with its faults.
type savedScript struct {
	Script script.Entry    `json:"script"`
	Faults []*script.Fault `json:"faults"`
}

// putScript answers PUT /v1/scripts/{key}: a draft is saved.
func (s *Server) putScript(c *gin.Context) error {
	scripts, err := s.scripts()
	if err != nil {
		return err
	}
	var q editRequest
	if err := s.readInto(c, &q); err != nil {
		return err
	}
	if strings.TrimSpace(q.Source) == "" {
		return fieldFault(CodeBadValue, "source", "is missing: send the script as YAML, without its key")
	}
	e, faults, err := scripts.Save(c.Request.Context(), q.edit(c), q.Source)
	return answer(c, err, func() any { return savedScript{e, listed(faults)} })
}

// editScript answers POST …/publish and …/discard.
func (s *Server) editScript(do func(Scripts, context.Context, script.Edit) (script.Entry, error)) func(*gin.Context) error {
	return func(c *gin.Context) error {
		scripts, err := s.scripts()
		if err != nil {
			return err
		}
		var q editRequest
		if err := s.readInto(c, &q); err != nil {
			return err
		}
		e, err := do(scripts, c.Request.Context(), q.edit(c))
		return answer(c, err, func() any { return e })
	}
}

// rollBackScript answers POST …/rollback.
func (s *Server) rollBackScript(c *gin.Context) error {
	scripts, err := s.scripts()
	if err != nil {
		return err
	}
	var q editRequest
	if err := s.readInto(c, &q); err != nil {
		return err
	}
	e, err := scripts.RollBack(c.Request.Context(), q.edit(c), q.Version)
	return answer(c, err, func() any { return e })
}

// previewRequest is the body of POST …/preview: to whom the script would be said.
type previewRequest struct {
	Source    string            `json:"source" most:"-"` // "" = the draft, else what is said
	Vars      map[string]string `json:"vars"`
	Buttons   []dialogue.Button `json:"buttons"`
	Language  string            `json:"language"`
	Channel   string            `json:"channel" most:"64"`
	Tier      string            `json:"tier" most:"64"`
	Emotion   string            `json:"emotion" most:"64"`
	Intensity float64           `json:"intensity"`
	Unit      string            `json:"unit" most:"256"`
	Variants  map[string]string `json:"variants" most:"128"`
}

// previewScript answers POST …/preview.
func (s *Server) previewScript(c *gin.Context) error {
	scripts, err := s.scripts()
	if err != nil {
		return err
	}
	var q previewRequest
	if err := s.readInto(c, &q); err != nil {
		return err
	}
	ck := &checker{limits: &s.limits}
	lang := ck.language("language", q.Language)
	ck.confidence("intensity", q.Intensity)
	if err := joinFaults(ck.faults); err != nil {
		return err
	}
	key := c.Param("key")
	p, err := scripts.Preview(c.Request.Context(), key, q.Source, dialogue.Wording{Say: dialogue.Say{Key: key, Vars: q.Vars, Buttons: q.Buttons},
		Tenant: callerOf(c).Tenant, Lang: lang, Channel: q.Channel, Tier: q.Tier, Unit: q.Unit, Variants: q.Variants,
		Emotion: dialogue.Emotion{Label: q.Emotion, Intensity: q.Intensity}})
	return answer(c, err, func() any {
		return map[string]any{"reply": viewReplies([]dialogue.Reply{p.Reply})[0], "samples": listed(p.Samples), "faults": listed(p.Faults)}
	})
}

// importRequest is the body of POST /v1/scripts/import.
type importRequest struct {
	Source  string `json:"source" most:"-"` // YAML: scripts by key, as in a file
	Note    string `json:"note" most:"4000"`
	Publish bool   `json:"publish"`
	DryRun  bool   `json:"dry_run"`
}

// importScripts answers POST /v1/scripts/import.
func (s *Server) importScripts(c *gin.Context) error {
	scripts, err := s.scripts()
	if err != nil {
		return err
	}
	var q importRequest
	if err := s.readInto(c, &q); err != nil {
		return err
	}
	who := callerOf(c)
	list, err := scripts.Import(c.Request.Context(), strings.NewReader(q.Source),
		script.ImportAsk{Tenant: who.Tenant, By: who.By(), Note: q.Note, Publish: q.Publish, DryRun: q.DryRun})
	return answer(c, err, func() any { return map[string]any{"imported": listed(list)} })
}

// exportScripts answers GET /v1/scripts/export: YAML, as import takes it. all=true adds those that were never edited.
func (s *Server) exportScripts(c *gin.Context) error {
	scripts, err := s.scripts()
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := scripts.Export(c.Request.Context(), &b, callerOf(c).Tenant, c.Query("all") == "true"); err != nil {
		return err
	}
	writeBytes(c, http.StatusOK, "application/yaml", b.Bytes())
	return nil
}

// getScriptReports answers GET /v1/scripts/reports: what could not be said as it was meant.
func (s *Server) getScriptReports(c *gin.Context) error {
	scripts, err := s.scripts()
	if err != nil {
		return err
	}
	own := []script.Report{}
	for _, r := range scripts.Reports() {
		if r.Tenant == callerOf(c).Tenant {
			own = append(own, r)
		}
	}
	writeJSON(c, http.StatusOK, "application/json", map[string]any{"reports": own})
	return nil
}
