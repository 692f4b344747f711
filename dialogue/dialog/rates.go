package dialog

import "math"

// Rate is how many of how many were right.
type Rate struct {
	Right int     `json:"right"`
	Of    int     `json:"of"`
	Share float64 `json:"share"` // 0–1, 0 of none
	Low   float64 `json:"low"`   // of the 95 % interval
	High  float64 `json:"high"`
}

// Measures are the rates of a run, over the steps that say what they expect of each.
type Measures struct {
	Dialogs Rate `json:"dialogs"` // that passed
	Steps   Rate `json:"steps"`   // of which everything was right that was expected
	Action  Rate `json:"action"`
	Queue   Rate `json:"queue"` // queue and reason; none where none was expected
	Slots   Rate `json:"slots"` // exactly the slots that were expected, each with its text
	Intents Rate `json:"intents"`
	// All are steps right in action, queue and slots, of those that expect all three: the figure that the robot is judged by.
	All Rate `json:"all"`
}

// Rates counts.
func Rates(rs []Result) Measures {
	var m Measures
	for i := range rs {
		r := &rs[i]
		m.Dialogs.add(r.Passed())
		for j := range r.Dialog.Steps {
			var got *StepResult // nil: the dialog ended before
			if j < len(r.Steps) {
				got = &r.Steps[j]
			}
			m.count(&r.Dialog.Steps[j].Expect, got)
		}
	}
	for _, x := range []*Rate{&m.Dialogs, &m.Steps, &m.Action, &m.Queue, &m.Slots, &m.Intents, &m.All} {
		x.finish()
	}
	return m
}

func (m *Measures) count(e *Expect, got *StepResult) {
	if !e.checks() {
		return
	}
	right := func(what string) bool {
		if got == nil {
			return false
		}
		for _, f := range got.Faults {
			if f.What == what {
				return false
			}
		}
		return true
	}
	m.Steps.add(got != nil && len(got.Faults) == 0)
	if e.Action != "" {
		m.Action.add(right("action"))
	}
	if e.Queue != nil {
		m.Queue.add(right("queue"))
	}
	if e.Slots != nil {
		m.Slots.add(right("slots"))
	}
	if e.Intents != nil {
		m.Intents.add(right("intents"))
	}
	if e.Action != "" && e.Queue != nil && e.Slots != nil {
		m.All.add(right("action") && right("queue") && right("slots"))
	}
}

func (r *Rate) add(right bool) {
	r.Of++
	if right {
		r.Right++
	}
}

// finish computes the share and Wilson's interval.
func (r *Rate) finish() {
	if r.Of == 0 {
		return
	}
	const z = 1.959964
	n, p := float64(r.Of), float64(r.Right)/float64(r.Of)
	mid, half := p+z*z/(2*n), z*math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	r.Share, r.Low, r.High = p, max(0, (mid-half)/(1+z*z/n)), min(1, (mid+half)/(1+z*z/n))
}
