package warehouse_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"yingda/analytics/warehouse"
	"yingda/dialogue"
)

// goSession is a session as this test understands the definition, computed event by event.
type goSession struct {
	started, ended                     time.Time
	turns, fallbacks, agents, thumbsUp int
	handed, closed, people             bool
	score                              int
}

// goSessions cuts the events of one conversation, in the log's order, into sessions.
func goSessions(events []dialogue.Event) (all []*goSession) {
	var s *goSession
	for _, ev := range events {
		at := ev.Time.UTC().Truncate(time.Microsecond)
		if ev.Kind == dialogue.TurnTaken {
			gap := 30 * time.Minute
			if ev.Turn.Owner != "robot" {
				gap = 24 * time.Hour
			}
			if s == nil || s.closed || at.Sub(s.ended0(events, ev.Seq)) > gap {
				s = &goSession{started: at, ended: at}
				all = append(all, s)
			}
		}
		if s != nil {
			s.add(&ev, at)
		}
	}
	return all
}

// ended0 is when something was last said before seq, by the log's order.
func (s *goSession) ended0(events []dialogue.Event, seq uint64) (last time.Time) {
	for _, ev := range events {
		if ev.Seq < seq && (ev.Kind == dialogue.TurnTaken || ev.Kind == dialogue.AgentSaid) {
			last = ev.Time.UTC().Truncate(time.Microsecond)
		}
	}
	return last
}

func (s *goSession) add(ev *dialogue.Event, at time.Time) {
	switch ev.Kind {
	case dialogue.TurnTaken:
		s.turns++
		if ev.Turn.Decision.Reason == dialogue.NotUnderstood {
			s.fallbacks++
		}
		s.people = ev.Turn.Owner != "robot" || ev.Turn.Decision.HandOff != nil
		s.handed = s.handed || s.people
	case dialogue.AgentSaid:
		s.agents++
		s.handed = true
	case dialogue.Rated:
		s.score = ev.Rating.Score
		return
	case dialogue.Closed, dialogue.Returned:
		s.closed, s.people = s.closed || ev.Kind == dialogue.Closed, false
		return
	case dialogue.Receipt, dialogue.SentOut, dialogue.Shadowed:
		return
	default:
		s.people, s.handed = true, true
		return
	}
	if at.After(s.ended) {
		s.ended = at
	}
}

// TestSessionsByHand compares the sessions with those that plain code finds.
func TestSessionsByHand(t *testing.T) {
	for seed := range uint64(2) {
		events := traffic(100+seed, 800)
		now := events[len(events)-1].Time.Add(3 * time.Hour)
		w := MustOpen(t, warehouse.Options{Now: func() time.Time { return now }})
		MustTake(t, w, events)
		MustRefresh(t, w)
		byConversation := map[string][]dialogue.Event{}
		for _, ev := range events {
			byConversation[ev.Conversation] = append(byConversation[ev.Conversation], ev)
		}
		var want []string
		for name, evs := range byConversation {
			sessions := goSessions(evs)
			for i, s := range sessions {
				silence := 30 * time.Minute
				if s.people {
					silence = 24 * time.Hour
				}
				over := s.closed || i+1 < len(sessions) || !s.ended.Add(silence).After(now)
				want = append(want, fmt.Sprint(name, i+1, s.started.UnixMicro(), s.ended.UnixMicro(), s.turns, s.fallbacks, s.agents, s.handed, over, s.score))
			}
		}
		slices.Sort(want)
		if got := sessionsOf(t, w); !slices.Equal(got, want) {
			t.Errorf("seed %d: %d sessions, want %d\nonly in the table: %s\nonly by hand: %s", seed, len(got), len(want), firstNotIn(got, want), firstNotIn(want, got))
		}
	}
}

func sessionsOf(t *testing.T, w *warehouse.Warehouse) (got []string) {
	t.Helper()
	rows, err := w.Query(t.Context(), "SELECT conversation, session, epoch_us(started), epoch_us(ended), turns, fallbacks, agent_messages, handed, over, coalesce(score, 0) FROM sessions")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var n, turns, fallbacks, agents, score int
		var started, ended int64
		var handed, over bool
		if err := rows.Scan(&name, &n, &started, &ended, &turns, &fallbacks, &agents, &handed, &over, &score); err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(name, n, started, ended, turns, fallbacks, agents, handed, over, score))
	}
	slices.Sort(got)
	return got
}
