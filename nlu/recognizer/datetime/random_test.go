package datetime_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"yingda/nlu"
	"yingda/nlu/norm"
	"yingda/nlu/recognizer/datetime"
	"yingda/nlu/recognizer/value"
)

// Words of the grammars in random order make phrases that nobody would write but a finder must survive; the fuzzer hardly comes upon them.
func TestRandomPhrases(t *testing.T) {
	rounds := 4000
	if testing.Short() {
		rounds = 500
	}
	for _, lang := range []nlu.Lang{nlu.English, nlu.Chinese} {
		words, glue := grammarWords(t, lang), " "
		if lang == nlu.Chinese {
			glue = ""
		}
		figures := strings.Fields("1 2 3 12 15 29 30 31 59 99 1999 2018 2100 7:30 3.5 5/3 2018-02-29 99999 16-20")
		var finders []*datetime.Finder
		for _, modes := range []datetime.Mode{0, datetime.Calendar | datetime.Extended | datetime.Zones, datetime.Tasks, datetime.Experimental} {
			f, err := datetime.New(datetime.Options{Lang: lang, Modes: modes})
			if err != nil {
				t.Fatal(err)
			}
			finders = append(finders, f)
		}
		r := rand.New(rand.NewPCG(1, 2))
		for i := range rounds {
			var parts []string
			for range 2 + r.IntN(10) {
				if r.IntN(4) == 0 {
					parts = append(parts, figures[r.IntN(len(figures))])
				} else {
					parts = append(parts, words[r.IntN(len(words))])
				}
			}
			text := norm.Fold(strings.Join(parts, glue), norm.Matching).Text
			c := value.Context{Lang: lang, Reference: wednesday.Add(time.Duration(r.IntN(1e5)) * time.Hour), DayFirst: i%2 == 0}
			checkFinds(t, fmt.Sprintf("%s, finder %d", lang, i%len(finders)), text, finders[i%len(finders)].FindValues(nil, text, c))
		}
	}
}

// grammarWords are the words of all lexica of a language and those in quotes.
func grammarWords(t *testing.T, lang nlu.Lang) []string {
	t.Helper()
	files, err := filepath.Glob(string(lang) + "*.grammar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no grammars of %s: %v", lang, err)
	}
	var words []string
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(data)) {
			if strings.HasPrefix(line, "  ") && !strings.HasPrefix(strings.TrimSpace(line), "|") {
				_, list, _ := strings.Cut(line, "=")
				for w := range strings.SplitSeq(list, "|") {
					words = append(words, strings.Trim(w, " \n\""))
				}
				continue
			}
			for i, w := range strings.Split(line, `"`) {
				if i%2 == 1 {
					words = append(words, w)
				}
			}
		}
	}
	return words
}
