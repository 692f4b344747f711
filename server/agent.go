package server

import (
	"time"

	"github.com/gin-gonic/gin"

	"yingda/dialogue/routing"
)

// agentView is an agent.
type agentView struct {
	ID        string         `json:"id"`
	Name      string         `json:"name"`
	Status    string         `json:"status"` // available, away, offline
	Note      string         `json:"note,omitempty"`
	Since     *time.Time     `json:"since,omitempty"`
	Until     *time.Time     `json:"until,omitempty"` // end of the lease: a sign of life is due before
	Queues    []string       `json:"queues"`          // none = all whose skills the agent has
	Skills    map[string]int `json:"skills"`
	Languages []string       `json:"languages"` // none = all
	Capacity  int            `json:"capacity"`
	Used      int            `json:"used"`
	Limits    map[string]int `json:"limits,omitempty"`
	// Conversations are those that the agent speaks in.
	Conversations []agentConversation `json:"conversations"`
}

type agentConversation struct {
	Conversation string `json:"conversation"`
	Channel      string `json:"channel"`
	Token        uint64 `json:"token"` // for the next act; 0 = a claim is under way
}

const statusOffline = "offline"

func viewAgent(a *routing.Agent) agentView {
	v := agentView{ID: a.ID, Name: a.Name, Status: string(a.Status), Note: a.Note, Queues: texts(a.Queues), Skills: a.Skills, Languages: []string{},
		Capacity: a.Capacity, Used: a.Used(), Limits: a.Limits, Conversations: []agentConversation{}, Since: moment(a.Since), Until: moment(a.Until)}
	if a.Status == routing.Offline {
		v.Status, v.Until = statusOffline, nil
	}
	if v.Skills == nil {
		v.Skills = map[string]int{}
	}
	for _, l := range a.Languages {
		v.Languages = append(v.Languages, string(l))
	}
	for _, slot := range a.Slots {
		v.Conversations = append(v.Conversations, agentConversation{slot.Conversation, slot.Channel, slot.Token})
	}
	return v
}

// moment leaves a time out that is not known.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// routing returns the part that serves, or says that there is none.
func (s *Server) routing() (Routing, error) {
	if s.o.Routing == nil {
		return nil, notConfigured("queues and agents")
	}
	return s.o.Routing, nil
}

// actor returns the agent that the path names, if the caller may act for them.
func actor(c *gin.Context) (string, error) {
	id := c.Param("agent")
	if !agentID.MatchString(id) {
		return "", fieldFault(CodeBadValue, "agent", "is %s: send 1 to 64 of A–Z a–z 0–9 _ . -", quote(id))
	}
	if who := callerOf(c); who.Agent != "" && who.Agent != id {
		return "", newFault(CodeForbidden, "The key %s is agent %s's and may not act for %s.", quote(who.Key), quote(who.Agent), quote(id))
	}
	return id, nil
}

// getAgents answers GET /v1/agents.
func (s *Server) getAgents(c *gin.Context) error {
	r, err := s.routing()
	if err != nil {
		return err
	}
	list := []agentView{}
	for _, a := range r.Agents(callerOf(c).Tenant) {
		list = append(list, viewAgent(&a))
	}
	writeJSON(c, 200, "application/json", map[string]any{"agents": list})
	return nil
}

// getAgent answers GET /v1/agents/{agent}.
func (s *Server) getAgent(c *gin.Context) error {
	r, err := s.routing()
	if err != nil {
		return err
	}
	a, err := r.Agent(callerOf(c).Tenant, c.Param("agent"))
	return answer(c, err, func() any { return viewAgent(&a) })
}

// answer writes what view makes, unless there is an error.
func answer(c *gin.Context, err error, view func() any) error {
	if err != nil {
		return err
	}
	writeJSON(c, 200, "application/json", view())
	return nil
}

// memberRequest is the body of PUT /v1/agents/{agent}.
type memberRequest struct {
	Name      string         `json:"name"`
	Queues    []string       `json:"queues" most:"64"`
	Skills    map[string]int `json:"skills" most:"64"`
	Languages []string       `json:"languages" most:"32"`
	Capacity  int            `json:"capacity"`
	Limits    map[string]int `json:"limits" most:"64"`
}

// putAgent answers PUT /v1/agents/{agent}.
func (s *Server) putAgent(c *gin.Context) error {
	r, err := s.routing()
	if err != nil {
		return err
	}
	id, err := actor(c)
	if err != nil {
		return err
	}
	var q memberRequest
	if err := s.readInto(c, &q); err != nil {
		return err
	}
	ck := &checker{limits: &s.limits}
	m := routing.Member{ID: id, Name: q.Name, Queues: q.Queues, Skills: q.Skills, Capacity: q.Capacity, Limits: q.Limits}
	for _, tag := range q.Languages {
		m.Languages = append(m.Languages, ck.language("languages", tag))
	}
	if err := joinFaults(ck.faults); err != nil {
		return err
	}
	who := callerOf(c)
	a, err := r.PutAgent(c.Request.Context(), who.Tenant, m, who.By())
	return answer(c, err, func() any { return viewAgent(a) })
}

// deleteAgent answers DELETE /v1/agents/{agent}.
func (s *Server) deleteAgent(c *gin.Context) error {
	r, err := s.routing()
	if err != nil {
		return err
	}
	id := c.Param("agent")
	err = r.DeleteAgent(c.Request.Context(), callerOf(c).Tenant, id)
	return answer(c, err, func() any { return map[string]any{"id": id, "deleted": true} })
}

// presenceRequest is the body of PUT /v1/agents/{agent}/presence.
type presenceRequest struct {
	Status string `json:"status"`
	Note   string `json:"note" most:"1000"`
}

// putPresence answers PUT /v1/agents/{agent}/presence.
func (s *Server) putPresence(c *gin.Context) error {
	r, err := s.routing()
	if err != nil {
		return err
	}
	id, err := actor(c)
	if err != nil {
		return err
	}
	var q presenceRequest
	if err := s.readInto(c, &q); err != nil {
		return err
	}
	status := routing.Status(q.Status)
	switch q.Status {
	case "available", "away":
	case statusOffline:
		status = routing.Offline
	default:
		return fieldFault(CodeBadValue, "status", "is %s: send available, away or offline", quote(q.Status))
	}
	a, err := r.SetPresence(c.Request.Context(), callerOf(c).Tenant, id, status, q.Note)
	return answer(c, err, func() any { return viewAgent(a) })
}

// postHeartbeat answers POST /v1/agents/{agent}/heartbeat.
func (s *Server) postHeartbeat(c *gin.Context) error {
	r, err := s.routing()
	if err != nil {
		return err
	}
	id, err := actor(c)
	if err != nil {
		return err
	}
	a, err := r.Heartbeat(c.Request.Context(), callerOf(c).Tenant, id)
	return answer(c, err, func() any { return viewAgent(a) })
}
