package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/coder/websocket"
	"github.com/gin-gonic/gin"

	"yingda/dialogue"
)

// Times of live connections.
const (
	liveBeat  = 20 * time.Second // between signs of life; proxies cut connections that are silent for a minute
	liveWrite = 10 * time.Second // for one event to go out
)

// wsProtocol is the subprotocol that is spoken.
const wsProtocol = "yingda.v1"

// feed sends the events of a conversation with a sequence above after, in order and each once, until ctx is done, send or beat fails, or
// the hub drops the subscription. At each beat it also looks into the log, so that an event that the hub missed arrives late, not never.
func (s *Server) feed(ctx context.Context, sub *subscription, after uint64, beat func() error, send func(*dialogue.Event) error) error {
	catchUp := func() error {
		for {
			evs, err := s.o.Conversations.Events(ctx, sub.key, after, s.limits.Page)
			if err != nil || len(evs) == 0 {
				return err
			}
			for i := range evs {
				if err := send(&evs[i]); err != nil {
					return err
				}
				after = evs[i].Seq
			}
		}
	}
	if err := catchUp(); err != nil {
		return err
	}
	tick := time.NewTicker(liveBeat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-sub.end:
			return sub.why
		case ev := <-sub.events:
			if ev.Seq <= after {
				continue
			}
			if err := send(ev); err != nil {
				return err
			}
			after = ev.Seq
		case <-tick.C:
			if err := errors.Join(beat(), catchUp()); err != nil {
				return err
			}
		}
	}
}

// join prepares a live connection: its conversation, from where it hears, and its subscription, which the caller ends.
func (s *Server) join(c *gin.Context) (*subscription, uint64, error) {
	if s.o.Follow == nil || s.o.Conversations == nil {
		return nil, 0, notConfigured("live chat")
	}
	k, err := conversationKey(c)
	if err != nil {
		return nil, 0, err
	}
	t, err := s.o.Conversations.Load(c.Request.Context(), k) // a conversation may be listened to before it begins
	if err != nil {
		return nil, 0, err
	}
	after := t.Seq
	if v := c.Request.Header.Get("Last-Event-ID"); v != "" {
		if after, err = strconv.ParseUint(v, 10, 64); err != nil {
			return nil, 0, fieldFault(CodeBadQuery, "Last-Event-ID", "is %s: send the id of the last event that arrived", quote(v))
		}
	} else if after, err = queryNumber(c, "after", after, 1<<63-1); err != nil {
		return nil, 0, err
	}
	sub, err := s.hub.subscribe(k)
	return sub, after, err
}

// getEvents answers GET /v1/conversations/{conversation}/events: server-sent events.
func (s *Server) getEvents(c *gin.Context) error {
	sub, after, err := s.join(c)
	if err != nil {
		return err
	}
	defer s.hub.unsubscribe(sub)
	out := newEventStream(c)
	if err := out.comment("retry: 2000\n\n"); err != nil {
		return nil
	}
	err = s.feed(c.Request.Context(), sub, after, func() error { return out.comment(": beat\n\n") }, func(ev *dialogue.Event) error {
		return out.send(ev.Seq, string(ev.Kind), viewEvent(ev))
	})
	s.log.Debug("live connection ended", "request_id", requestID(c), "error", err)
	return nil // the answer has begun: its end tells the caller to come again
}

// eventStream writes server-sent events. Each write has a time limit of its own, as the answer as a whole has no end.
type eventStream struct {
	w  http.ResponseWriter
	rc *http.ResponseController
	b  []byte
}

func newEventStream(c *gin.Context) *eventStream {
	h := c.Writer.Header()
	h["Content-Type"] = []string{"text/event-stream; charset=utf-8"}
	h["X-Accel-Buffering"] = []string{"no"} // nginx would keep events back
	c.Writer.WriteHeader(http.StatusOK)
	unhurried(c)
	return &eventStream{w: c.Writer, rc: http.NewResponseController(c.Writer)}
}

func (e *eventStream) comment(line string) error {
	e.b = append(e.b[:0], line...)
	return e.flush()
}

// send writes an event; id 0 stands for none.
func (e *eventStream) send(id uint64, kind string, v any) error {
	data, err := json.Marshal(v) // one line: it escapes line ends
	if err != nil {
		return err
	}
	e.b = e.b[:0]
	if id > 0 {
		e.b = append(e.b, "id: "...)
		e.b = strconv.AppendUint(e.b, id, 10)
		e.b = append(e.b, '\n')
	}
	e.b = append(e.b, "event: "+kind+"\ndata: "...)
	e.b = append(e.b, data...)
	e.b = append(e.b, "\n\n"...)
	return e.flush()
}

func (e *eventStream) flush() error {
	if err := e.rc.SetWriteDeadline(time.Now().Add(liveWrite)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := e.w.Write(e.b); err != nil {
		return err
	}
	return e.rc.Flush()
}

// getLive answers GET /v1/conversations/{conversation}/live: a WebSocket that carries events out and messages in.
func (s *Server) getLive(c *gin.Context) error {
	if !isUpgrade(c.Request) {
		return newFault(CodeUpgradeRequired, "This path speaks WebSocket: open it as one, or use …/events for server-sent events.")
	}
	sub, after, err := s.join(c)
	if err != nil {
		return err
	}
	defer s.hub.unsubscribe(sub)
	conn, err := websocket.Accept(c.Writer, c.Request, &websocket.AcceptOptions{
		Subprotocols:       []string{wsProtocol},
		InsecureSkipVerify: true, // the origin was checked by admit, with the operator's list
		CompressionMode:    websocket.CompressionDisabled,
	})
	if err != nil {
		return nil // Accept has answered
	}
	s.live.Add(1)
	defer s.live.Done()
	conn.SetReadLimit(int64(s.limits.BodyBytes))
	l := &liveConn{s: s, conn: conn, key: sub.key, who: callerOf(c), id: requestID(c), path: c.Request.URL.Path}
	l.serve(c.Request.Context(), sub, after)
	return nil
}

func isUpgrade(r *http.Request) bool {
	return strings.EqualFold(r.Header.Get("Upgrade"), "websocket") && strings.Contains(strings.ToLower(r.Header.Get("Connection")), "upgrade")
}

// liveConn is one WebSocket. Two goroutines use it: one feeds events, one reads messages; the connection itself orders their writes.
type liveConn struct {
	s        *Server
	conn     *websocket.Conn
	key      dialogue.Key
	who      *Caller
	id, path string
}

func (l *liveConn) serve(ctx context.Context, sub *subscription, after uint64) {
	ctx, cancel := context.WithCancel(ctx)
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer cancel()
		l.read(ctx)
	}()
	err := l.write(ctx, map[string]any{"type": "ready", "conversation": l.key.Conversation, "after": after})
	if err == nil {
		err = l.s.feed(ctx, sub, after, func() error { return l.ping(ctx) }, func(ev *dialogue.Event) error {
			return l.write(ctx, map[string]any{"type": "event", "event": viewEvent(ev)})
		})
	}
	switch {
	case errors.Is(err, errClosing):
		_ = l.conn.Close(websocket.StatusGoingAway, err.Error())
	case errors.Is(err, errSlow), errors.Is(err, errLogGap):
		_ = l.conn.Close(websocket.StatusTryAgainLater, err.Error())
	}
	cancel()
	_ = l.conn.CloseNow() // ends the reader
	<-read
	l.s.log.Debug("live connection ended", "request_id", l.id, "error", err)
}

func (l *liveConn) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, liveWrite)
	defer cancel()
	return l.conn.Ping(ctx)
}

func (l *liveConn) write(ctx context.Context, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return l.writeBytes(ctx, data)
}

func (l *liveConn) writeBytes(ctx context.Context, data []byte) error {
	ctx, cancel := context.WithTimeout(ctx, liveWrite)
	defer cancel()
	return l.conn.Write(ctx, websocket.MessageText, data)
}

// liveFrame is what a client sends: a message, or a ping for those that cannot send WebSocket's own.
type liveFrame struct {
	Type string `json:"type"`
	messageRequest
}

// read takes messages one after the other: who sends faster than the robot answers waits.
func (l *liveConn) read(ctx context.Context) {
	for {
		kind, data, err := l.conn.Read(ctx)
		if err != nil {
			return
		}
		if kind != websocket.MessageText {
			_ = l.conn.Close(websocket.StatusUnsupportedData, "send text frames with JSON")
			return
		}
		if err := l.frame(ctx, data); err != nil {
			return
		}
	}
}

// frame answers one frame. An error means that the connection is of no use any more.
func (l *liveConn) frame(ctx context.Context, data []byte) error {
	start := l.s.now()
	var f liveFrame
	err := decodeInto(data, l.s.limits.JSONDepth, false, &f)
	switch {
	case err != nil:
	case f.Type == "ping":
		return l.write(ctx, map[string]any{"type": "pong"})
	case f.Type != "message":
		err = fieldFault(CodeBadValue, "type", "is %s: send message or ping", quote(f.Type))
	default:
		var body []byte
		if body, err = l.message(ctx, &f.messageRequest, start); err == nil {
			return l.writeBytes(ctx, body)
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	fl := asFault(err)
	if fl.code == CodeInternal {
		l.s.log.Error("live message failed", "request_id", l.id, "error", err)
	}
	return l.write(ctx, map[string]any{"type": "problem", "id": f.ID, "problem": problemOf(fl, l.path, l.id)})
}

func (l *liveConn) message(ctx context.Context, q *messageRequest, start time.Time) ([]byte, error) {
	switch {
	case l.s.o.Robot == nil:
		return nil, notConfigured("a robot")
	case l.who.access&(accessRuntime|accessAdmin) == 0:
		return nil, newFault(CodeForbidden, "This key may listen but not speak for customers: that needs the role %s.", accessRuntime)
	}
	if l.who.Key != "" {
		if wait := l.s.rates.take(l.who.Key, l.who.rate, l.who.burst, start); wait > 0 {
			return nil, tooFast(wait, "The key %s may make %g requests a second: try again later.", quote(l.who.Key), l.who.rate)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, l.s.limits.TurnTimeout)
	defer cancel()
	out, u, err := l.s.turn(ctx, l.key, q)
	if err != nil {
		return nil, err
	}
	w := newWriter()
	defer w.free()
	w.open('{')
	w.textField("type", "answer")
	w.key("answer")
	w.outcome(&out, u, l.s.now().Sub(start))
	w.close('}')
	return append([]byte(nil), w.b...), w.err
}
