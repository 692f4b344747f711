package specs

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"yingda/nlu"
)

// ITNCase is a line of a suite of inverse text normalisation: what was said and how it is written.
type ITNCase struct {
	File    string   `json:"file"` // "itn_zh/test_cases_date.txt"
	Line    int      `json:"line"` // from 1
	Lang    nlu.Lang `json:"lang"`
	Spoken  string   `json:"spoken"`
	Written string   `json:"written"`
}

// Rewriter puts a text into its written form.
type Rewriter func(text string, lang nlu.Lang) string

// ITNOutcome is what became of a case.
type ITNOutcome struct {
	*ITNCase
	Got string `json:"got"`
}

// Passed tells whether the written form is the expected one; space around it does not count.
func (o *ITNOutcome) Passed() bool {
	return strings.TrimSpace(o.Got) == strings.TrimSpace(o.Written)
}

// ITNLine counts the cases of a file, or of a language if File is empty.
type ITNLine struct {
	Lang nlu.Lang `json:"lang"`
	File string   `json:"file,omitempty"`
	Counts
	Rate float64 `json:"rate"` // percent
}

// itnFolders are the folders of a suite that hold spoken → written cases; tn_* folders hold the other direction and are passed over.
var itnFolders = []struct {
	folder string
	lang   nlu.Lang
}{{"itn_zh", nlu.Chinese}, {"itn_en", nlu.English}}

// ReadITN reads the .txt files in the folders itn_zh and itn_en of dir. A line is "spoken => written" (WeTextProcessing) or "spoken~written"
// (NeMo); the first line of a file tells which.
func ReadITN(dir string) ([]ITNCase, error) {
	if _, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("specs: %w", err)
	}
	var cases []ITNCase
	for _, f := range itnFolders {
		files, err := filepath.Glob(filepath.Join(dir, f.folder, "*.txt"))
		if err != nil {
			return nil, fmt.Errorf("specs: %w", err)
		}
		for _, file := range files {
			cs, err := readITN(file, f.lang)
			if err != nil {
				return nil, fmt.Errorf("specs: %w", err)
			}
			cases = append(cases, cs...)
		}
	}
	if len(cases) == 0 {
		return nil, fmt.Errorf("specs: %s: no case in itn_zh/*.txt or itn_en/*.txt", dir)
	}
	return cases, nil
}

func readITN(file string, lang nlu.Lang) ([]ITNCase, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	name := filepath.Base(filepath.Dir(file)) + "/" + filepath.Base(file)
	var cases []ITNCase
	separator := ""
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSuffix(strings.TrimPrefix(lines.Text(), "\ufeff"), "\r")
		if line == "" {
			continue
		}
		if separator == "" {
			if separator = "~"; strings.Contains(line, "=>") {
				separator = "=>"
			}
		}
		spoken, written, ok := strings.Cut(line, separator)
		if !ok {
			return nil, fmt.Errorf("%s:%d: no %q in %q", file, n, separator, line)
		}
		cases = append(cases, ITNCase{name, n, lang, strings.TrimSpace(spoken), strings.TrimSpace(written)})
	}
	return cases, errors.Join(lines.Err())
}

// RunITN rewrites the spoken forms. Lines are the files of a language in the order of the cases, then their sum.
func RunITN(cases []ITNCase, rewrite Rewriter) ([]ITNOutcome, []ITNLine) {
	outcomes := make([]ITNOutcome, len(cases))
	var rows []ITNLine
	sum := ITNLine{}
	flush := func() {
		if sum.Lang != "" {
			sum.Rate = sum.Counts.Rate()
			rows = append(rows, sum)
		}
		sum = ITNLine{}
	}
	for i := range cases {
		c := &cases[i]
		outcomes[i] = ITNOutcome{c, rewritten(rewrite, c)}
		if c.Lang != sum.Lang {
			flush()
			sum.Lang = c.Lang
		}
		if n := len(rows); n == 0 || rows[n-1].File != c.File {
			rows = append(rows, ITNLine{Lang: c.Lang, File: c.File})
		}
		row := &rows[len(rows)-1]
		for _, n := range []*Counts{&row.Counts, &sum.Counts} {
			if outcomes[i].Passed() {
				n.Passed++
			} else {
				n.Failed++
			}
		}
		row.Rate = row.Counts.Rate()
	}
	flush()
	return outcomes, rows
}

// rewritten runs one case; a rewriter that panics fails the case and not the run.
func rewritten(rewrite Rewriter, c *ITNCase) (got string) {
	defer func() {
		if p := recover(); p != nil {
			got = fmt.Sprint("panic: ", p)
		}
	}()
	return rewrite(c.Spoken, c.Lang)
}
