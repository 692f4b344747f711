package server

import (
	"errors"
	"fmt"
	"strings"

	"yingda/dialogue/experiment"
	"yingda/dialogue/knowledge"
	"yingda/dialogue/profile"
	"yingda/dialogue/routing"
	"yingda/dialogue/script"
)

// serviceFault words the errors of the parts of the conversation that are the caller's; nil for all others.
func serviceFault(err error) *fault {
	switch {
	case errors.Is(err, routing.ErrBusy):
		return newFault(CodeAgentBusy, "The agent has no capacity left for this conversation: end or pass on another one first.")
	case errors.Is(err, routing.ErrNotThere):
		return newFault(CodeAgentNotThere, "The agent is offline or gave no sign of life for too long: set the presence first.")
	case errors.Is(err, routing.ErrNothingWaits):
		return newFault(CodeNothingWaits, "Nobody waits whom this agent may serve now.")
	case errors.Is(err, routing.ErrInput):
		return newFault(CodeBadValue, "The request cannot be taken: %s.", own(err, routing.ErrInput))
	case errors.Is(err, script.ErrNoDraft):
		return newFault(CodeConflict, "The script has no draft: save one first.")
	case errors.Is(err, script.ErrNoVersion):
		return newFault(CodeUnknownItem, "The script has no such version to go back to: its history tells which there are.")
	case errors.Is(err, experiment.ErrState), errors.Is(err, experiment.ErrClash):
		return newFault(CodeConflict, "%s.", own(err, nil))
	case errors.Is(err, experiment.ErrInput):
		return newFault(CodeBadValue, "The request cannot be taken: %s.", own(err, experiment.ErrInput))
	case errors.Is(err, profile.ErrLinked):
		return newFault(CodeConflict, "The customer is linked to another one already: unlink it first.")
	case errors.Is(err, knowledge.ErrReadOnly):
		return notConfigured("a store for knowledge")
	}
	return sourceFault(err)
}

// own makes a sentence of the errors that err joins, without the sentinel's words if one is given.
func own(err, sentinel error) string {
	text := err.Error()
	if sentinel != nil {
		text = strings.ReplaceAll(text, ": "+sentinel.Error(), "")
	}
	return clipRunes(strings.ReplaceAll(text, "\n", "; "), 400)
}

func clipRunes(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// placed is a fault in a file of the service pack.
type placed interface {
	error
	Place() (file string, line int, field, reason string)
}

// sourceFault words the faults of something that was written: scripts, tasks, knowledge entries. Each has its place.
func sourceFault(err error) *fault {
	var fields []fieldError
	code := CodeBadSource
	for _, one := range leaves(err) {
		var s *script.Fault
		var p placed
		var k *knowledge.FieldError
		var kf *knowledge.Fault
		switch {
		case errors.As(one, &s):
			fields = append(fields, fieldError{place(s.File, s.Line, strings.TrimSpace(s.Key+" "+s.Field)), s.Reason})
		case errors.As(one, &p):
			file, line, field, reason := p.Place()
			fields = append(fields, fieldError{place(file, line, field), reason})
		case errors.As(one, &kf):
			fields = append(fields, fieldError{place(kf.File, kf.Line, strings.TrimSpace(kf.ID+" "+kf.Field)), kf.Reason})
		case errors.As(one, &k):
			fields, code = append(fields, fieldError{k.Field, k.Reason}), CodeBadValue
		default:
			return nil // not the caller's alone
		}
	}
	if len(fields) == 0 {
		return nil
	}
	f := newFault(code, "%s: %s.", fields[0].Field, clipRunes(strings.TrimSuffix(fields[0].Reason, "."), 300))
	if n := len(fields); n > 1 {
		f.detail += fmt.Sprintf(" %d more faults, see errors.", n-1)
	}
	if len(fields) > maxSourceFaults {
		fields = fields[:maxSourceFaults]
	}
	f.fields = fields
	return f
}

// maxSourceFaults bounds the list of faults of a file.
const maxSourceFaults = 100

// leaves lists the errors that err joins.
func leaves(err error) []error {
	var many interface{ Unwrap() []error }
	if !errors.As(err, &many) {
		return []error{err}
	}
	var list []error
	for _, e := range many.Unwrap() {
		list = append(list, leaves(e)...)
	}
	return list
}

func place(file string, line int, field string) string {
	at := file
	if line > 0 {
		at += fmt.Sprintf(":%d", line)
		if file == "" {
			at = fmt.Sprintf("line %d", line)
		}
	}
	return strings.TrimSpace(at + " " + field)
}
