package main

import (
	"bufio"
	"fmt"
	"io"

	"yingda/nlu"
	"yingda/nlu/recognizer/itn"
)

// printWritten prints the written form of spoken texts, one a line: those of the arguments, or the lines of in.
func printWritten(texts []string, in io.Reader, out io.Writer) error {
	writers := map[nlu.Lang]*itn.ITN{}
	for _, lang := range []nlu.Lang{nlu.Chinese, nlu.English} {
		w, err := itn.New(itn.Options{Lang: lang})
		if err != nil {
			return err
		}
		writers[lang] = w
	}
	w := bufio.NewWriter(out)
	line := func(text string) error {
		if _, err := utterance(text); err != nil && text != "" {
			return err
		}
		lang := nlu.Chinese
		if nlu.Detect(text) == nlu.English {
			lang = nlu.English
		}
		written := writers[lang].Write(text)
		_, err := fmt.Fprintln(w, written.Text)
		return err
	}
	for i, text := range texts {
		if err := line(text); err != nil {
			return fmt.Errorf("parse: argument %d: %w", i+1, err)
		}
	}
	if len(texts) == 0 {
		s := bufio.NewScanner(in)
		s.Buffer(nil, 1<<20)
		n := 0
		for s.Scan() {
			n++
			if err := line(s.Text()); err != nil {
				return fmt.Errorf("parse: line %d: %w", n, err)
			}
		}
		if err := s.Err(); err != nil {
			return fmt.Errorf("parse: line %d: %w", n+1, err)
		}
	}
	return w.Flush()
}
