package dialog

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"yingda/dialogue"
	"yingda/nlu"
)

// labelled is a line of labelled conversations.
type labelled struct {
	ID      string `json:"id"`
	Title   string `json:"title"`
	Profile *struct {
		Tier    string                 `json:"tier"`
		History []dialogue.HistoryItem `json:"history"`
	} `json:"profile"`
	Turns []labelledTurn `json:"turns"`
}

type labelledTurn struct {
	User        string                `json:"user"`
	Time        time.Time             `json:"time"`
	ASR         []reading             `json:"asr"`
	Attachments []dialogue.Attachment `json:"attachments"`
	Expect      struct {
		Intents  []string                   `json:"intents"`
		Entities []string                   `json:"entities"` // of the analysis, which 'yingda eval' measures
		Slots    map[string]json.RawMessage `json:"slots"`
		Action   string                     `json:"action"`
		Handoff  *struct {
			Queue string `json:"queue"`
			Why   string `json:"why"`
		} `json:"handoff"`
		Note string `json:"note"`
	} `json:"expect"`
}

type reading struct {
	Text       string  `json:"text"`
	Confidence float64 `json:"confidence"`
}

// Convert reads labelled conversations, one a line of JSON, and makes dialogs of them: of each turn the action, the queue and its reason, the
// intents and exactly the slots are expected. The error joins all that is wrong.
func Convert(file string, r io.Reader) ([]*Dialog, error) {
	var out []*Dialog
	var faults []error
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, 4<<20)
	for n := 1; sc.Scan(); n++ {
		if len(bytes.TrimSpace(sc.Bytes())) == 0 {
			continue
		}
		var l labelled
		dec := json.NewDecoder(bytes.NewReader(sc.Bytes()))
		dec.DisallowUnknownFields()
		err := dec.Decode(&l)
		var d *Dialog
		if err == nil {
			d, err = l.dialog(file, n)
		}
		if err != nil {
			faults = append(faults, &Fault{file, n, err.Error()})
			continue
		}
		out = append(out, d)
	}
	if err := sc.Err(); err != nil {
		faults = append(faults, &Fault{File: file, Reason: err.Error()})
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return out, nil
}

func (l *labelled) dialog(file string, line int) (*Dialog, error) {
	d := &Dialog{File: file, Line: line, Title: l.ID + " " + l.Title}
	if l.Profile != nil {
		d.Profile = &dialogue.Profile{Tier: l.Profile.Tier, History: l.Profile.History}
	}
	for i := range l.Turns {
		s, err := l.Turns[i].step()
		if err != nil {
			return nil, fmt.Errorf("turn %d: %w", i+1, err)
		}
		s.Line = line
		d.Steps = append(d.Steps, s)
	}
	if len(d.Steps) == 0 {
		return nil, errors.New("there are no turns")
	}
	return d, nil
}

func (t *labelledTurn) step() (Step, error) {
	s := Step{Kind: Customer, Text: t.User, At: t.Time, Attachments: t.Attachments}
	if t.User == "" && len(t.Attachments) == 0 {
		return s, errors.New("the customer says nothing")
	}
	if len(t.ASR) > 0 {
		s.Confidence = t.ASR[0].Confidence
		for _, r := range t.ASR[1:] {
			s.Heard = append(s.Heard, nlu.Alternative{Text: r.Text, Confidence: r.Confidence})
		}
	}
	action, ok := meaning(actionNames, t.Expect.Action)
	if !ok {
		return s, fmt.Errorf("action %q is not known", t.Expect.Action)
	}
	intents := slices.Clone(t.Expect.Intents)
	if intents == nil {
		intents = []string{}
	}
	slots, err := slotTexts(t.Expect.Slots)
	if err != nil {
		return s, err
	}
	s.Expect = Expect{Action: action, Intents: &intents, Slots: &slots, Queue: &Queue{}}
	if h := t.Expect.Handoff; h != nil {
		why, ok := meaning(reasonNames, h.Why)
		if !ok {
			return s, fmt.Errorf("reason %q is not known", h.Why)
		}
		s.Expect.Queue = &Queue{h.Queue, why}
	}
	return s, nil
}

// slotTexts reads slots of one text or several.
func slotTexts(raw map[string]json.RawMessage) (Values, error) {
	vs := Values{}
	for name, data := range raw {
		var one string
		if json.Unmarshal(data, &one) == nil {
			vs[name] = []string{one}
			continue
		}
		var many []string
		if err := json.Unmarshal(data, &many); err != nil {
			return nil, fmt.Errorf("slot %s: want a text or a list of texts", name)
		}
		vs[name] = many
	}
	return vs, nil
}
