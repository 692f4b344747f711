package dialog

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"yingda/dialogue"
	"yingda/nlu"
)

// Write reports results as text: what failed, step by step; with verbose everything that happened and what the messages were understood as.
func Write(w io.Writer, rs []Result, verbose bool) error {
	b := &strings.Builder{}
	failed, known := 0, 0
	for i := range rs {
		r := &rs[i]
		switch {
		case !r.OK():
			failed++
		case r.Dialog.Known != "":
			known++
		}
		if verbose || !r.OK() {
			r.write(b, verbose)
		}
	}
	fmt.Fprintf(b, "%d dialogs, %d passed, %d failed", len(rs), len(rs)-failed-known, failed)
	if known > 0 {
		fmt.Fprintf(b, ", %d known to fail", known)
	}
	b.WriteByte('\n')
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Result) write(b *strings.Builder, verbose bool) {
	word := "ok  "
	switch {
	case r.OK() && r.Dialog.Known != "":
		word = "known"
	case !r.OK():
		word = "FAIL"
	}
	fmt.Fprintf(b, "%s %s:%d: %s\n", word, r.Dialog.File, r.Dialog.Line, r.Dialog.Title)
	if r.Dialog.Known != "" {
		fmt.Fprintf(b, "     known to fail: %s\n", r.Dialog.Known)
		if r.Passed() {
			b.WriteString("     it passes: remove the line that says it fails\n")
		}
	}
	for i := range r.Steps {
		if verbose || len(r.Steps[i].Faults) > 0 {
			r.Steps[i].write(b, verbose)
		}
	}
	if r.Err != nil {
		fmt.Fprintf(b, "     ended early: %v\n", r.Err)
	}
}

func (r *StepResult) write(b *strings.Builder, verbose bool) {
	s := r.Step
	text := s.Text
	if s.Kind == Wait {
		text = s.Wait.String()
	}
	fmt.Fprintf(b, "  %4d %s: %s\n", s.Line, s.Kind, strings.TrimSpace(s.Name+" "+escape(text)))
	if r.Outcome != nil {
		d := &r.Outcome.Decision
		fmt.Fprintf(b, "       did: %s (%s) %v; %s\n", d.Action, d.Reason, d.Intents, d.Why)
		if verbose {
			fmt.Fprintf(b, "       slots: %s\n", values(slotsOf(d)))
			writeAnalysis(b, r.Outcome.Analysis)
		}
	}
	if verbose && len(r.Calls) > 0 {
		fmt.Fprintf(b, "       called: %s\n", callNames(r.Calls))
	}
	for _, reply := range r.Replies {
		fmt.Fprintf(b, "       robot [%s]: %s\n", reply.Script.Key, strings.ReplaceAll(reply.Text, "\n", "\n              "))
		if len(reply.Buttons) > 0 && verbose {
			fmt.Fprintf(b, "              %s\n", buttonText(reply.Buttons))
		}
	}
	for _, f := range r.Faults {
		fmt.Fprintf(b, "     ✗ %s: expected %s, got %s\n", f.What, f.Want, strings.ReplaceAll(f.Got, "\n", " / "))
	}
}

func buttonText(buttons []dialogue.Button) string {
	var parts []string
	for _, x := range buttons {
		parts = append(parts, "["+x.Title+"]")
	}
	return strings.Join(parts, " ")
}

// writeAnalysis tells what the words were understood as.
func writeAnalysis(b *strings.Builder, a *nlu.Analysis) {
	if a == nil {
		return
	}
	fmt.Fprintf(b, "       understood:")
	for i, p := range a.Ranking {
		if i == 4 {
			break
		}
		fmt.Fprintf(b, " %s %.2f", p.Label, p.Score)
	}
	fmt.Fprintf(b, "; none of them %.2f; %s %.2f", a.OOS, a.Emotion.Label, a.Emotion.Intensity)
	for _, e := range a.Entities {
		fmt.Fprintf(b, "; %s %q", e.Type, e.Text)
	}
	b.WriteByte('\n')
}

// jsonResult is a result for programs.
type jsonResult struct {
	File   string     `json:"file"`
	Line   int        `json:"line"`
	Title  string     `json:"title"`
	OK     bool       `json:"ok"`
	Passed bool       `json:"passed"`
	Known  string     `json:"known,omitempty"`
	Error  string     `json:"error,omitempty"`
	Millis int64      `json:"ms"`
	Steps  []jsonStep `json:"steps"`
}

type jsonStep struct {
	Line    int             `json:"line"`
	Kind    StepKind        `json:"kind"`
	Text    string          `json:"text,omitempty"`
	Action  dialogue.Action `json:"action,omitempty"`
	Reason  dialogue.Reason `json:"reason,omitempty"`
	Why     string          `json:"why,omitempty"`
	Intents []string        `json:"intents,omitempty"`
	Slots   Values          `json:"slots,omitempty"`
	Replies []string        `json:"replies,omitempty"`
	Faults  []Mismatch      `json:"faults,omitempty"`
}

// WriteJSON reports results and their rates as one JSON object.
func WriteJSON(w io.Writer, rs []Result) error {
	out := struct {
		Rates   Measures     `json:"rates"`
		Dialogs []jsonResult `json:"dialogs"`
	}{Rates(rs), []jsonResult{}}
	for i := range rs {
		out.Dialogs = append(out.Dialogs, rs[i].json())
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	enc.SetEscapeHTML(false)
	return enc.Encode(out)
}

func (r *Result) json() jsonResult {
	j := jsonResult{File: r.Dialog.File, Line: r.Dialog.Line, Title: r.Dialog.Title, OK: r.OK(), Passed: r.Passed(), Known: r.Dialog.Known, Millis: r.Took.Milliseconds(), Steps: []jsonStep{}}
	if r.Err != nil {
		j.Error = r.Err.Error()
	}
	for i := range r.Steps {
		got := &r.Steps[i]
		s := jsonStep{Line: got.Step.Line, Kind: got.Step.Kind, Text: got.Step.Text, Faults: got.Faults}
		if got.Outcome != nil {
			d := &got.Outcome.Decision
			s.Action, s.Reason, s.Why, s.Intents, s.Slots = d.Action, d.Reason, d.Why, d.Intents, slotsOf(d)
		}
		for _, reply := range got.Replies {
			s.Replies = append(s.Replies, reply.Text)
		}
		j.Steps = append(j.Steps, s)
	}
	return j
}

// WriteJUnit reports results as JUnit XML, a test case a dialog, for build servers.
func WriteJUnit(w io.Writer, rs []Result) error {
	type problem struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
	type testCase struct {
		Class   string   `xml:"classname,attr"`
		Name    string   `xml:"name,attr"`
		Seconds float64  `xml:"time,attr"`
		Failure *problem `xml:"failure,omitempty"`
		Skipped *problem `xml:"skipped,omitempty"`
	}
	suite := struct {
		XMLName  xml.Name   `xml:"testsuite"`
		Name     string     `xml:"name,attr"`
		Tests    int        `xml:"tests,attr"`
		Failures int        `xml:"failures,attr"`
		Skipped  int        `xml:"skipped,attr"`
		Cases    []testCase `xml:"testcase"`
	}{Name: "dialogs", Tests: len(rs)}
	for i := range rs {
		r := &rs[i]
		c := testCase{Class: r.Dialog.File, Name: clean(r.Dialog.Title), Seconds: r.Took.Seconds()}
		b := &strings.Builder{}
		r.write(b, false)
		switch {
		case !r.OK():
			suite.Failures++
			c.Failure = &problem{"not as expected", clean(b.String())}
		case r.Dialog.Known != "":
			suite.Skipped++
			c.Skipped = &problem{Message: clean(r.Dialog.Known)}
		}
		suite.Cases = append(suite.Cases, c)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", " ")
	return enc.Encode(suite)
}

// clean takes out what XML cannot hold.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s)
}

// WriteRates writes the rates as a table.
func WriteRates(w io.Writer, m Measures) error {
	var b strings.Builder
	for _, x := range []struct {
		name string
		r    Rate
	}{{"dialogs as expected", m.Dialogs}, {"action", m.Action}, {"queue and reason", m.Queue}, {"slots, exactly", m.Slots}, {"intents", m.Intents}, {"action, queue and slots", m.All}} {
		if x.r.Of > 0 {
			fmt.Fprintf(&b, "%-24s %5.1f %%  %4d of %4d  95 %% interval %.1f–%.1f\n", x.name, 100*x.r.Share, x.r.Right, x.r.Of, 100*x.r.Low, 100*x.r.High)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
