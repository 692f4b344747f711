package policy

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"strconv"
	"strings"

	"yingda/dialogue"
	"yingda/dialogue/task"
)

// call makes a call and flattens what comes back. The idempotency key is the message's and the call's place in the turn.
func (w *turn) call(ts *dialogue.TaskState, t *task.Task, c *task.Call) (dialogue.Result, map[string]string) {
	args := map[string]string{}
	for n, v := range ts.Slots {
		if v == "" {
			continue
		}
		args[n] = v
		s, ok := w.s.Slots[n]
		if !ok || s.Value != v {
			continue
		}
		if s.Norm != "" {
			args[n+"_value"] = s.Norm
		}
		if len(s.More) > 0 {
			args[n] = strings.Join(append([]string{v}, s.More...), ", ")
		}
	}
	known := maps.Clone(args)
	for n, v := range c.Args {
		args[n] = w.expand(v, known)
	}
	if w.in.Calls == nil {
		return dialogue.Result{Status: dialogue.CallFailed}, map[string]string{"result": string(dialogue.CallFailed)}
	}
	w.calls++
	m := w.in.Message
	key := m.Tenant + "/" + m.Conversation + "/" + m.ID + "/" + c.Name + "/" + strconv.Itoa(w.calls)
	res := w.in.Calls.Call(w.ctx, dialogue.Call{Name: c.Name, Args: args, Key: key})
	fields := flatten(res.Data)
	fields["result"] = string(res.Status)
	return res, fields
}

// maxText is how many bytes of a message go into an argument.
const maxText = 2000

// holders are the places for values in an argument.
var holders = regexp.MustCompile(`\{[a-z0-9_]+\}`)

// expand puts values into an argument.
func (w *turn) expand(v string, known map[string]string) string {
	if !strings.Contains(v, "{") {
		return v
	}
	return holders.ReplaceAllStringFunc(v, func(h string) string {
		if h != "{text}" {
			return known[h[1:len(h)-1]]
		}
		text := w.in.Message.Text
		for i := range text {
			if i > maxText {
				return text[:i]
			}
		}
		return text
	})
}

// flatten turns a result's object into fields. Lists and objects in it are left out.
func flatten(data json.RawMessage) map[string]string {
	out := map[string]string{}
	var m map[string]any
	if len(data) == 0 || json.Unmarshal(data, &m) != nil {
		return out
	}
	for k, v := range m {
		switch v := v.(type) {
		case string:
			out[k] = v
		case float64:
			out[k] = strconv.FormatFloat(v, 'f', -1, 64)
		case bool:
			out[k] = fmt.Sprint(v)
		}
	}
	return out
}

// vars are what words may hold: the slots of the task as they are read back, else those of the dialogue.
func (w *turn) vars(slots map[string]string) map[string]string {
	out := map[string]string{}
	for n, v := range w.s.Slots {
		out[n] = w.shown(n, v.Value)
	}
	for n, v := range slots {
		if v != "" {
			out[n] = w.shown(n, v)
		}
		if s, ok := w.s.Slots[n]; ok && s.Value == v && len(s.More) > 0 {
			out[n] = strings.Join(append([]string{out[n]}, s.More...), ", ")
		}
	}
	if w.in.Profile.Name != "" {
		out["name"] = w.in.Profile.Name
	}
	return out
}

func (w *turn) shown(slot, v string) string {
	if s := w.p.o.Tasks.Slot(slot); s != nil {
		return s.Shown(v)
	}
	return v
}

// missingFrom returns the fields that vars do not have: slots are read back as the customer said them.
func missingFrom(vars, fields map[string]string) map[string]string {
	out := map[string]string{}
	for k, v := range fields {
		if _, ok := vars[k]; !ok && k != "result" {
			out[k] = v
		}
	}
	return out
}
