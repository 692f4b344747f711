package server

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"yingda/dialogue"
	"yingda/dialogue/knowledge"
	"yingda/nlu"
)

func (s *Server) knowledge() (Knowledge, error) {
	if s.o.Knowledge == nil {
		return nil, notConfigured("knowledge")
	}
	return s.o.Knowledge, nil
}

// knowledgePage is the JSON of GET /v1/knowledge.
type knowledgePage struct {
	Entries []knowledge.Version `json:"entries"`
	Total   int                 `json:"total"`
	Next    string              `json:"next"` // give it as after for the next part; "" = this is the last
}

// getKnowledge answers GET /v1/knowledge.
func (s *Server) getKnowledge(c *gin.Context) error {
	base, err := s.knowledge()
	if err != nil {
		return err
	}
	limit, err := queryNumber(c, "limit", uint64(min(50, s.limits.Page)), uint64(s.limits.Page))
	if err != nil {
		return err
	}
	all := base.List(callerOf(c).Tenant)
	page := knowledgePage{Total: len(all), Entries: []knowledge.Version{}}
	if after := c.Query("after"); after != "" {
		i := slices.IndexFunc(all, func(v knowledge.Version) bool { return v.ID == after })
		if i < 0 {
			return fieldFault(CodeBadQuery, "after", "is %s: send what next said", quote(after))
		}
		all = all[i+1:]
	}
	page.Entries = append(page.Entries, all[:min(len(all), max(int(limit), 1))]...)
	if n := len(page.Entries); n > 0 && n < len(all) {
		page.Next = page.Entries[n-1].ID
	}
	writeJSON(c, 200, "application/json", page)
	return nil
}

// getEntry answers GET /v1/knowledge/{entry}.
func (s *Server) getEntry(c *gin.Context) error {
	base, err := s.knowledge()
	if err != nil {
		return err
	}
	v, err := base.Get(callerOf(c).Tenant, c.Param("entry"))
	return answer(c, err, func() any { return v })
}

// entryRequest is the body of PUT /v1/knowledge/{entry}.
type entryRequest struct {
	Revision  uint64   `json:"revision"` // of what was read; 0 = it is new
	Language  string   `json:"lang"`
	Questions []string `json:"questions"`
	Answer    string   `json:"answer" most:"-"`
	Links     []string `json:"links"`
	Image     string   `json:"image"`
	Intents   []string `json:"intents"`
	Tags      []string `json:"tags"`
	Next      []string `json:"next"` // ids of entries that are offered after it
}

// putEntry answers PUT /v1/knowledge/{entry}.
func (s *Server) putEntry(c *gin.Context) error {
	base, err := s.knowledge()
	if err != nil {
		return err
	}
	var q entryRequest
	if err := s.readInto(c, &q); err != nil {
		return err
	}
	who := callerOf(c)
	v, err := base.Put(c.Request.Context(), who.Tenant, dialogue.Entry{ID: c.Param("entry"), Lang: nlu.Lang(q.Language), Questions: q.Questions,
		Answer: q.Answer, Links: q.Links, Image: q.Image, Intents: q.Intents, Tags: q.Tags, Next: q.Next}, q.Revision, who.By())
	return answer(c, err, func() any { return v })
}

// deleteEntry answers DELETE /v1/knowledge/{entry}?revision=.
func (s *Server) deleteEntry(c *gin.Context) error {
	base, err := s.knowledge()
	if err != nil {
		return err
	}
	revision, err := queryNumber(c, "revision", 0, 1<<63-1)
	if err != nil {
		return err
	}
	who := callerOf(c)
	err = base.Delete(c.Request.Context(), who.Tenant, c.Param("entry"), revision, who.By())
	return answer(c, err, func() any { return map[string]any{"id": c.Param("entry"), "deleted": true} })
}

// revisionRequest is a body with nothing but the revision that a change is based on.
type revisionRequest struct {
	Revision uint64 `json:"revision"`
}

// resetEntry answers POST /v1/knowledge/{entry}/reset: the service pack's own entry is back.
func (s *Server) resetEntry(c *gin.Context) error {
	base, err := s.knowledge()
	if err != nil {
		return err
	}
	var q revisionRequest
	if err := s.readInto(c, &q); err != nil {
		return err
	}
	who := callerOf(c)
	v, err := base.Reset(c.Request.Context(), who.Tenant, c.Param("entry"), q.Revision, who.By())
	return answer(c, err, func() any { return v })
}

// getEntryHistory answers GET /v1/knowledge/{entry}/history.
func (s *Server) getEntryHistory(c *gin.Context) error {
	base, err := s.knowledge()
	if err != nil {
		return err
	}
	_, limit, err := s.page(c)
	if err != nil {
		return err
	}
	list, err := base.History(c.Request.Context(), callerOf(c).Tenant, c.Param("entry"), limit)
	return answer(c, err, func() any { return map[string]any{"versions": listed(list)} })
}

// searchRequest is the body of POST /v1/knowledge/search.
type searchRequest struct {
	Text     string   `json:"text" most:"-"`
	Language string   `json:"language"`
	Intents  []string `json:"intents" most:"128"`
	Limit    int      `json:"limit"`
}

// searchKnowledge answers POST /v1/knowledge/search. The text is parsed first, so that it is compared by meaning as a customer's is.
func (s *Server) searchKnowledge(c *gin.Context) error {
	base, err := s.knowledge()
	if err != nil {
		return err
	}
	var q searchRequest
	if err := s.readInto(c, &q); err != nil {
		return err
	}
	ck := &checker{limits: &s.limits}
	lang := ck.language("language", q.Language)
	switch n := utf8.RuneCountInString(q.Text); {
	case blank(q.Text):
		ck.fault(CodeEmptyText, "text", "is empty or only white space: send at least one visible character")
	case n > s.limits.Characters:
		ck.fault(CodeTextTooLong, "text", "has %d characters, at most %d are allowed: shorten it", n, s.limits.Characters)
	}
	if q.Limit < 0 || q.Limit > s.limits.Page {
		ck.fault(CodeBadValue, "limit", "is %d: send 1 to %d", q.Limit, s.limits.Page)
	}
	if err := joinFaults(ck.faults); err != nil {
		return err
	}
	asked := dialogue.Asked{Tenant: callerOf(c).Tenant, Text: q.Text, Lang: lang, Intents: q.Intents, Limit: q.Limit}
	as, err := s.analyse(c, "", []nlu.Utterance{{Text: q.Text, Lang: lang}}, func(int) string { return "text" })
	if err != nil {
		return fmt.Errorf("search: %w", err)
	}
	asked.Embedding, asked.Bundle = as[0].Embedding, as[0].Bundle
	if asked.Lang == "" {
		asked.Lang = as[0].Language
	}
	writeJSON(c, 200, "application/json", map[string]any{"hits": listed(base.Search(asked))})
	return nil
}

// getKnowledgeStatus answers GET /v1/knowledge/status.
func (s *Server) getKnowledgeStatus(c *gin.Context) error {
	base, err := s.knowledge()
	if err != nil {
		return err
	}
	writeJSON(c, 200, "application/json", base.Status(callerOf(c).Tenant))
	return nil
}
