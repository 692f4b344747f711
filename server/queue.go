package server

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"yingda/dialogue"
	"yingda/dialogue/routing"
)

// getQueues answers GET /v1/queues: how the queues stand now and did in the last hour.
func (s *Server) getQueues(c *gin.Context) error {
	r, err := s.routing()
	if err != nil {
		return err
	}
	writeJSON(c, 200, "application/json", r.Stats(callerOf(c).Tenant))
	return nil
}

// ticketView is a conversation that waits for a person or is with one.
type ticketView struct {
	Conversation string             `json:"conversation"`
	Queue        string             `json:"queue"`
	State        string             `json:"state"`           // waiting, speaking
	Agent        string             `json:"agent,omitempty"` // who speaks, or whom it is meant for
	Offered      string             `json:"offered,omitempty"`
	OfferUntil   *time.Time         `json:"offer_until,omitempty"`
	Token        uint64             `json:"token"`
	Asked        time.Time          `json:"asked"`
	Since        time.Time          `json:"since"`
	Why          string             `json:"why,omitempty"`
	Skills       []string           `json:"skills"`
	Urgent       bool               `json:"urgent"`
	Channel      string             `json:"channel"`
	Language     string             `json:"language,omitempty"`
	Tier         string             `json:"tier,omitempty"`
	Emotions     []dialogue.Emotion `json:"emotions"`
	LastSaid     *time.Time         `json:"last_said,omitempty"` // by the customer
	HeadStart    float64            `json:"head_start_s"`
	Place        *placeView         `json:"place,omitempty"`
}

type placeView struct {
	Position int        `json:"position"`           // 1 = next
	Expect   *float64   `json:"expect_s"`           // null when nobody who may serve is there
	Waited   float64    `json:"waited_s"`           // so far
	Open     bool       `json:"open"`               // people work in the queue now
	Opens    *time.Time `json:"opens_at,omitempty"` // when they next do
}

func viewPlace(p routing.Place) placeView {
	v := placeView{Position: p.Position, Waited: p.Waited.Seconds(), Open: p.Open, Opens: moment(p.Opens)}
	if p.Known {
		expect := p.Expect.Seconds()
		v.Expect = &expect
	}
	return v
}

func viewTicket(t *routing.Ticket) ticketView {
	v := ticketView{Conversation: t.Conversation, Queue: t.Queue, State: "waiting", Agent: t.Agent, Token: t.Token, Asked: t.Asked, Since: t.Since,
		Why: string(t.Why), Skills: texts(t.Skills), Urgent: t.Urgent, Channel: t.Channel, Language: string(t.Lang), Tier: t.Tier, Emotions: t.Emotions,
		LastSaid: moment(t.LastSaid)}
	if t.Speaking {
		v.State = "speaking"
	}
	if v.Emotions == nil {
		v.Emotions = []dialogue.Emotion{}
	}
	if t.Offer != nil {
		v.Offered, v.OfferUntil = t.Offer.Agent, moment(t.Offer.Until)
	}
	return v
}

// getTickets answers GET /v1/tickets.
func (s *Server) getTickets(c *gin.Context) error {
	r, err := s.routing()
	if err != nil {
		return err
	}
	limit, err := queryNumber(c, "limit", uint64(s.limits.Page), uint64(s.limits.Page))
	if err != nil {
		return err
	}
	state := c.Query("state")
	if !slices.Contains([]string{"", "waiting", "speaking"}, state) {
		return fieldFault(CodeBadQuery, "state", "is %s: send waiting or speaking, or leave it out", quote(state))
	}
	rows := r.List(callerOf(c).Tenant, routing.Filter{Queue: c.Query("queue"), Agent: c.Query("agent"), Tier: c.Query("tier"),
		Channel: c.Query("channel"), Waiting: state == "waiting", Speaking: state == "speaking", Limit: max(int(limit), 1)})
	list := make([]ticketView, len(rows))
	for i := range rows {
		list[i] = viewTicket(&rows[i].Ticket)
		list[i].HeadStart = rows[i].Head
		if p := rows[i].Place; p != nil {
			place := viewPlace(*p)
			list[i].Place = &place
		}
	}
	writeJSON(c, 200, "application/json", map[string]any{"tickets": list})
	return nil
}

// getPlace answers GET /v1/conversations/{conversation}/place: where a waiting customer stands.
func (s *Server) getPlace(c *gin.Context) error {
	r, err := s.routing()
	if err != nil {
		return err
	}
	k, err := conversationKey(c)
	if err != nil {
		return err
	}
	p, err := r.Place(k)
	return answer(c, err, func() any { return viewPlace(p) })
}

// getAgentEvents answers GET /v1/agents/{agent}/events: server-sent events with the latest state of every ticket and agent, first all of
// them, then what changes. They have no ids: who comes back gets the state as it is then.
func (s *Server) getAgentEvents(c *gin.Context) error {
	r, err := s.routing()
	if err != nil {
		return err
	}
	if _, err := actor(c); err != nil {
		return err
	}
	sub, err := s.hub.subscribe(dialogue.Key{}) // no events, but it counts as a connection and ends with the server
	if err != nil {
		return err
	}
	defer s.hub.unsubscribe(sub)
	ctx, cancel := context.WithCancel(c.Request.Context())
	updates, ended := make(chan routing.Update), make(chan error, 1)
	var watch sync.WaitGroup
	watch.Go(func() {
		ended <- r.Watch(ctx, callerOf(c).Tenant, func(u routing.Update) error {
			select {
			case updates <- u:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	})
	err = sendUpdates(newEventStream(c), sub, updates, ended)
	cancel()
	watch.Wait()
	s.log.Debug("live connection ended", "request_id", requestID(c), "error", err)
	return nil
}

// sendUpdates writes updates until one side ends.
func sendUpdates(out *eventStream, sub *subscription, updates <-chan routing.Update, ended <-chan error) error {
	if err := out.comment("retry: 2000\n\n"); err != nil {
		return err
	}
	tick := time.NewTicker(liveBeat)
	defer tick.Stop()
	for {
		var err error
		select {
		case <-sub.end:
			return sub.why
		case err := <-ended:
			return err
		case <-tick.C:
			err = out.comment(": beat\n\n")
		case u := <-updates:
			err = out.send(0, updateKind(u), viewUpdate(u))
		}
		if err != nil {
			return err
		}
	}
}

func updateKind(u routing.Update) string {
	if u.AgentID != "" {
		return "agent"
	}
	return "ticket"
}

// updateView is one update: of a ticket or of an agent. null says that it is gone.
type updateView struct {
	Conversation string      `json:"conversation,omitempty"`
	Ticket       *ticketView `json:"ticket,omitempty"`
	AgentID      string      `json:"agent_id,omitempty"`
	Agent        *agentView  `json:"agent,omitempty"`
}

func viewUpdate(u routing.Update) updateView {
	v := updateView{Conversation: u.Conversation, AgentID: u.AgentID}
	if u.Ticket != nil {
		t := viewTicket(u.Ticket)
		v.Ticket = &t
	}
	if u.Agent != nil {
		a := viewAgent(u.Agent)
		v.Agent = &a
	}
	return v
}
