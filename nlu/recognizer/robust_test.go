package recognizer_test

import (
	"bufio"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"yingda/nlu"
	"yingda/nlu/norm"
	"yingda/nlu/recognizer"
	"yingda/nlu/recognizer/itn"
)

// datasets holds public texts of all kinds; see the README.
const datasets = "../../../shared/datasets"

// longest is how many characters a message may have.
const longest = 2000

// mostPerChar is what a character may cost on an idle core, and mostAtOnce what any text may: short ones pay for the start.
const (
	mostPerChar = 40 * time.Microsecond
	mostAtOnce  = 2 * time.Millisecond
)

// TestValuesOnPublicTexts runs every line of every public data set through the finders of values and through the writers of spoken text: no
// panic, spans that fit, and a bound on the time. All lines with YINGDA_STRESS=1 and without the race detector, else every fiftieth.
func TestValuesOnPublicTexts(t *testing.T) {
	if _, err := os.Stat(datasets); err != nil {
		t.Skip("SKIPPED: no public data sets: ", err)
	}
	step := 50
	if os.Getenv("YINGDA_STRESS") != "" && slower == 1 {
		step = 1
	}
	v, err := recognizer.DefaultValues()
	if err != nil {
		t.Fatal(err)
	}
	writers := map[nlu.Lang]*itn.ITN{}
	for _, lang := range []nlu.Lang{nlu.Chinese, nlu.English} {
		if writers[lang], err = itn.New(itn.Options{Lang: lang}); err != nil {
			t.Fatal(err)
		}
	}
	texts, chars, slow := 0, 0, 0
	var spent time.Duration
	lines(t, step, func(text string) {
		a := &nlu.Analysis{Utterance: nlu.Utterance{Text: text, Reference: reference}, Normal: norm.Fold(text, norm.Matching), Language: nlu.Detect(text)}
		n := utf8.RuneCountInString(text)
		start := time.Now()
		for _, ent := range v.FindValues(nil, a) {
			if ent.Start < 0 || ent.End > len(text) || ent.Start >= ent.End || ent.Text != text[ent.Start:ent.End] {
				t.Fatalf("%q: span %v of %q", text, ent.Span, ent.Text)
			}
		}
		took := time.Since(start)
		w := writers[nlu.Chinese]
		if a.Language == nlu.English {
			w = writers[nlu.English]
		}
		if written := w.Write(text); written.Changed() {
			if from, to := written.Spoken(0, len(written.Text)); from != 0 || to != len(text) {
				t.Fatalf("%q: the written text stands for [%d, %d)", text, from, to)
			}
		}
		texts, chars, spent = texts+1, chars+n, spent+took
		if took > slower*max(mostAtOnce, time.Duration(n)*mostPerChar) {
			// Another process may have had the core: only what is slow every time is slow.
			again := []time.Duration{took}
			for range 5 {
				start := time.Now()
				v.FindValues(nil, a)
				again = append(again, time.Since(start))
			}
			if best := slices.Min(again); best > slower*max(mostAtOnce, time.Duration(n)*mostPerChar) {
				slow++
				t.Errorf("%d characters take %v: %.80q", n, best, text)
			}
		}
	})
	t.Logf("%d texts, %d characters, %.2f µs a character, %d slow", texts, chars, spent.Seconds()*1e6/float64(max(chars, 1)), slow)
}

// lines calls yield for every step-th line of all files that hold text, as far as a message may reach.
func lines(t *testing.T, step int, yield func(string)) {
	t.Helper()
	n := 0
	err := filepath.WalkDir(datasets, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name := strings.TrimSuffix(path, ".gz")
		if !slices.Contains([]string{".json", ".jsonl", ".csv", ".tsv", ".txt", ".yml"}, filepath.Ext(name)) {
			return nil
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		var r io.Reader = f
		if name != path {
			if r, err = gzip.NewReader(f); err != nil {
				return err
			}
		}
		s := bufio.NewScanner(r)
		s.Buffer(nil, 64<<20)
		for s.Scan() {
			if n++; n%step != 0 || !utf8.ValidString(s.Text()) {
				continue
			}
			text := s.Text()
			if runes := []rune(text); len(runes) > longest {
				text = string(runes[:longest])
			}
			if strings.TrimSpace(text) != "" {
				yield(text)
			}
		}
		return s.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
}
