package main

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"time"

	"yingda/bench"
)

const (
	// dialogueTurns is how many messages a conversation gets before the next one begins: more than most customers send.
	dialogueTurns = 8
	// arrivalClients bounds how many messages are under way; a server that needs more is not keeping up.
	arrivalClients = 256
	// arrivalTalks is how many conversations are under way at a time while messages arrive.
	arrivalTalks = 400
)

// turnServer makes subjects of a running server.
type turnServer struct {
	process *bench.Process
	texts   []string
	clients []*bench.Client
	talks   atomic.Int64 // conversations so far, so that no two have the same name
}

// subjects are the parse and the whole turn of the same texts, in this order.
func (s *turnServer) subjects(clients int) []*bench.Subject {
	return []*bench.Subject{s.subject("parse", clients, s.parse), s.subject("turn", clients, s.turns(clients))}
}

func (s *turnServer) subject(name string, clients int, request func(client, i int) []byte) *bench.Subject {
	c := bench.NewRequests(s.process.Addr, clients, request)
	s.clients = append(s.clients, c)
	return &bench.Subject{Name: withCount(name, clients), Clients: clients, Do: c.Do, CPU: s.process.CPU}
}

func (s *turnServer) close() {
	for _, c := range s.clients {
		c.Close()
	}
}

func (s *turnServer) parse(_, i int) []byte {
	body, _ := json.Marshal(map[string]string{"text": s.texts[i]}) // strings always encode
	return bench.Post(s.process.Addr, "/v1/parse", body)
}

// turns has each client go through one conversation after the other.
func (s *turnServer) turns(clients int) func(client, i int) []byte {
	type talk struct {
		number int64
		turns  int
	}
	talks := make([]talk, clients)
	return func(client, i int) []byte {
		t := &talks[client]
		if t.turns%dialogueTurns == 0 {
			t.number = s.talks.Add(1)
		}
		t.turns++
		return s.message(t.number, t.turns, s.texts[i])
	}
}

// message renders a customer's message. Every conversation is another customer's.
func (s *turnServer) message(talk int64, turn int, text string) []byte {
	body, _ := json.Marshal(map[string]string{"id": fmt.Sprint("m", turn), "customer": fmt.Sprint("u", talk), "text": text})
	return bench.Post(s.process.Addr, fmt.Sprintf("/v1/conversations/b%d/messages", talk), body)
}

// arrivals sends message i of a round: conversations take turns, so that a customer waits for the answer before the next message.
func (s *turnServer) arrivals(round int) func(ctx context.Context, client, i int) error {
	const first = 1 << 32 // beyond those of turns
	perRound := int64(1 << 24)
	c := bench.NewRequests(s.process.Addr, arrivalClients, func(_, i int) []byte {
		slot, n := i%arrivalTalks, i/arrivalTalks
		talk := first + int64(round)*perRound + int64(n/dialogueTurns)*arrivalTalks + int64(slot)
		return s.message(talk, n%dialogueTurns+1, s.texts[(i*7+n)%len(s.texts)])
	})
	s.clients = append(s.clients, c)
	return func(ctx context.Context, client, i int) error {
		_, err := c.Do(ctx, client, i)
		return err
	}
}

// since is a duration in a unit.
func since(start time.Time, unit time.Duration) float64 {
	return float64(time.Since(start)) / float64(unit)
}
