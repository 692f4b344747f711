package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"yingda/nlu"
	"yingda/nlu/standard"
	"yingda/server"
)

// parseBatch is how many lines are analysed together.
const parseBatch = 32

func runParse(ctx context.Context, args []string, std stdio) error {
	fs := newFlags(std, "parse", "TEXT…", "Analyses texts. Prints a table in a terminal and JSON lines elsewhere, in the shape of POST /v1/parse.")
	var f engineFlags
	f.register(fs)
	lines := fs.Bool("lines", false, "read one text a line from standard input, print one JSON a line")
	written := fs.Bool("itn", false, "print the written form of spoken text instead (一百二十三块五 → ￥123.5); needs no model")
	asJSON := fs.Bool("json", false, "print JSON also in a terminal")
	if err := parseFlags(fs, args); err != nil {
		return err
	}
	if *lines == (fs.NArg() > 0) {
		fs.Usage()
		return errUsage
	}
	if *written {
		return printWritten(fs.Args(), std.in, std.out)
	}
	e, err := f.open(ctx, io.Discard)
	if err != nil {
		return err
	}
	defer e.Close()
	if *lines {
		return parseLines(ctx, e, std)
	}
	us := make([]nlu.Utterance, fs.NArg())
	for i, text := range fs.Args() {
		if us[i], err = utterance(text); err != nil {
			return fmt.Errorf("parse: argument %d: %w", i+1, err)
		}
	}
	as, err := e.Analyse(ctx, us...)
	if err != nil {
		return err
	}
	for _, a := range as {
		if isTerminal(std.out) && !*asJSON {
			writeTable(std.out, a)
		} else if err := writeJSON(std.out, a); err != nil {
			return err
		}
	}
	return nil
}

func utterance(text string) (nlu.Utterance, error) {
	switch {
	case !utf8.ValidString(text):
		return nlu.Utterance{}, errors.New("the text is not UTF-8; convert it first, for instance with iconv")
	case strings.TrimSpace(text) == "":
		return nlu.Utterance{}, errors.New("the text is empty")
	}
	return nlu.Utterance{Text: text}, nil
}

// parseLines answers every line of the input with one line, in order. A line that cannot be analysed gets {"error": …} and the rest goes on.
func parseLines(ctx context.Context, e *standard.Engine, std stdio) error {
	in := bufio.NewScanner(std.in)
	in.Buffer(nil, 1<<20)
	out := bufio.NewWriter(std.out)
	defer out.Flush()
	var lines []string
	read := 0
	flush := func() error {
		err := answer(ctx, e, lines, out)
		lines = lines[:0]
		return err
	}
	for in.Scan() {
		lines = append(lines, in.Text())
		read++
		if len(lines) == parseBatch {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	if err := in.Err(); err != nil {
		return fmt.Errorf("parse: line %d: %w", read+1, err)
	}
	return nil
}

func answer(ctx context.Context, e *standard.Engine, lines []string, out io.Writer) error {
	faults := make([]error, len(lines))
	answers := make([]*nlu.Analysis, len(lines))
	var us []nlu.Utterance
	var at []int
	for i, line := range lines {
		u, err := utterance(line)
		if faults[i] = err; err == nil {
			us, at = append(us, u), append(at, i)
		}
	}
	for len(us) > 0 {
		as, err := e.Analyse(ctx, us...)
		var long *nlu.TooLongError
		if errors.As(err, &long) {
			faults[at[long.Index]] = fmt.Errorf("the text has %d tokens, the model reads %d", long.Tokens, long.Limit)
			us = append(us[:long.Index], us[long.Index+1:]...)
			at = append(at[:long.Index], at[long.Index+1:]...)
			continue
		}
		if err != nil {
			return err
		}
		for i, a := range as {
			answers[at[i]] = a
		}
		break
	}
	for i := range lines {
		if faults[i] != nil {
			if err := json.NewEncoder(out).Encode(map[string]string{"error": faults[i].Error()}); err != nil {
				return err
			}
		} else if err := writeJSON(out, answers[i]); err != nil {
			return err
		}
	}
	return nil
}

func writeJSON(w io.Writer, a *nlu.Analysis) error {
	b, err := server.AppendAnalysis(nil, a)
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

// writeTable prints an analysis for people.
func writeTable(w io.Writer, a *nlu.Analysis) {
	fmt.Fprintf(w, "%s\n", a.Text)
	if len(a.Intents) == 0 && len(a.Ranking) > 0 {
		fmt.Fprintf(w, "  not understood   out of scope %.2f, best guess %s %.2f\n", a.OOS, a.Ranking[0].Label, a.Ranking[0].Score)
	}
	for _, i := range a.Intents {
		clause := ""
		if len(a.Intents) > 1 {
			clause = strings.TrimSpace(a.Text[i.Span.Start:i.Span.End])
		}
		fmt.Fprintf(w, "  intent    %-28s %.2f  %s\n", i.Label, i.Score, clause)
	}
	if a.Emotion.Label != "" {
		fmt.Fprintf(w, "  emotion   %-28s %.2f  intensity %.2f\n", a.Emotion.Label, a.Emotion.Score, a.Emotion.Intensity)
	}
	for _, ent := range a.Entities {
		value := ""
		if s, ok := ent.Value.(string); ok && s != ent.Text {
			value = " = " + s
		}
		if ent.Role != "" {
			value += " (" + ent.Role + ")"
		}
		fmt.Fprintf(w, "  entity    %-28s %.2f  %s%s\n", ent.Type, ent.Score, ent.Text, value)
	}
	fmt.Fprintf(w, "  %s, %.1f ms\n", a.Bundle, float64(a.Timing.Total.Microseconds())/1000)
}
