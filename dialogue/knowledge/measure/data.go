package measure

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"yingda/dialogue"
	"yingda/nlu"
)

// Pair is two questions and whether they ask the same.
type Pair struct {
	A, B string
	Same bool
}

// Part is the development or the test part of a data set of either kind.
type Part struct {
	Pairs   []Pair           // of a set of pairs
	Entries []dialogue.Entry // of a set of questions with answers
	Asked   []Labelled       // questions to these entries
}

// Labelled is a question with the id of the entry that answers it, "" when none does.
type Labelled struct {
	Text, Entry string
}

// Set is a data set.
type Set struct {
	Name      string
	Lang      nlu.Lang
	Dev, Test Part
	// Fits says that the licence allows what ships to be fitted on the development part (CC BY 4.0). The others are for measuring.
	Fits bool
}

// wordingsAnEntry is how many wordings an entry made of a labelled set has: about what people write.
const wordingsAnEntry = 5

// Read reads the data sets that are in the folder; it fails when there is none, or when one is damaged.
func Read(fsys fs.FS) ([]Set, error) {
	var sets []Set
	for _, r := range []struct {
		name, folder string
		lang         nlu.Lang
		fits         bool
		read         func(fs.FS) (dev, test Part, err error)
	}{
		{"bq_corpus", "bq_corpus", nlu.Chinese, false, readBQ},
		{"lcqmc", "lcqmc", nlu.Chinese, false, readLCQMC},
		{"bustm", "bustm", nlu.Chinese, false, readBUSTM},
		{"massive-zh", "massive", nlu.Chinese, true, readMASSIVE("zh-CN", nlu.Chinese)},
		{"massive-en", "massive", nlu.English, true, readMASSIVE("en-US", nlu.English)},
		{"banking77", "banking77", nlu.English, true, readBanking},
		{"hint3", "hint3", nlu.English, false, readHINT3},
	} {
		if _, err := fs.Stat(fsys, r.folder); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		dev, test, err := r.read(fsys)
		if err != nil {
			return nil, fmt.Errorf("data set %s: %w", r.name, err)
		}
		sets = append(sets, Set{r.name, r.lang, dev, test, r.fits})
	}
	if len(sets) == 0 {
		return nil, errors.New("none of bq_corpus, lcqmc, bustm, massive, banking77 and hint3 is in the folder")
	}
	return sets, nil
}

// open reads a file that may be packed; the mark that some files begin with is taken off.
func open(fsys fs.FS, name string) ([]byte, error) {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, err
	}
	if strings.HasSuffix(name, ".gz") {
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if data, err = io.ReadAll(z); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return bytes.TrimPrefix(data, []byte("\ufeff")), nil
}

// both reads two parts in the same way.
func both(read func(string) (Part, error), dev, test string) (Part, Part, error) {
	d, err := read(dev)
	if err != nil {
		return Part{}, Part{}, err
	}
	t, err := read(test)
	return d, t, err
}

func readBQ(fsys fs.FS) (Part, Part, error) {
	return both(func(name string) (p Part, err error) {
		rows, err := table(fsys, name, ',')
		if err != nil {
			return p, err
		}
		for _, r := range rows[1:] {
			p.Pairs = append(p.Pairs, Pair{r[0], r[1], r[2] == "1"})
		}
		return p, nil
	}, "bq_corpus/dev.csv.gz", "bq_corpus/test.csv.gz")
}

func readLCQMC(fsys fs.FS) (Part, Part, error) {
	return both(func(name string) (p Part, err error) {
		rows, err := table(fsys, name, '\t')
		for _, r := range rows {
			p.Pairs = append(p.Pairs, Pair{r[0], r[1], r[2] == "1"})
		}
		return p, err
	}, "lcqmc/dev.tsv.gz", "lcqmc/test.tsv.gz")
}

// table reads rows of at least two cells. Quotes mean something only between commas.
func table(fsys fs.FS, name string, comma rune) ([][]string, error) {
	data, err := open(fsys, name)
	if err != nil {
		return nil, err
	}
	var rows [][]string
	if comma == ',' {
		r := csv.NewReader(bytes.NewReader(data))
		r.LazyQuotes, r.FieldsPerRecord = true, -1
		if rows, err = r.ReadAll(); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	} else {
		for line := range strings.Lines(string(data)) {
			rows = append(rows, strings.Split(strings.TrimRight(line, "\r\n"), string(comma)))
		}
	}
	if len(rows) < 2 || slices.ContainsFunc(rows, func(r []string) bool { return len(r) < 2 || len(r) != len(rows[0]) }) {
		return nil, fmt.Errorf("%s: is empty or has rows of different lengths", name)
	}
	return rows, nil
}

func readBUSTM(fsys fs.FS) (dev, test Part, err error) {
	for _, f := range []struct {
		name string
		to   *Part
	}{{"train_few_all", &dev}, {"dev_few_all", &dev}, {"test_public", &test}} {
		data, err := open(fsys, "bustm/"+f.name+".jsonl")
		if err != nil {
			return dev, test, err
		}
		in := bufio.NewScanner(bytes.NewReader(data))
		for in.Scan() {
			var row struct{ Sentence1, Sentence2, Label string }
			if err := json.Unmarshal(in.Bytes(), &row); err != nil {
				return dev, test, fmt.Errorf("%s: %w", f.name, err)
			}
			f.to.Pairs = append(f.to.Pairs, Pair{row.Sentence1, row.Sentence2, row.Label == "1"})
		}
	}
	return dev, test, nil
}

// heldOut is the share of the labels of a set that get no entry, one in so many: their questions are near to the others and have no answer.
const heldOut = 3

// devAsked is how many training questions of each label are asked in the development part.
const devAsked = 20

// split makes entries of the first training questions of two labels in three. The development part asks further training questions, the
// test part the test's; those of the other labels have no answer.
func split(train, asked []Labelled, lang nlu.Lang) (dev, test Part) {
	entries := entriesOf(train, lang)
	slices.SortFunc(entries, func(a, b dialogue.Entry) int { return strings.Compare(a.ID, b.ID) })
	known := map[string]bool{}
	for i := range entries {
		if i%heldOut != 0 {
			dev.Entries = append(dev.Entries, entries[i])
			known[entries[i].ID] = true
		}
	}
	test.Entries = dev.Entries
	count := map[string]int{}
	for _, q := range train {
		if count[q.Entry]++; count[q.Entry] > wordingsAnEntry && count[q.Entry] <= wordingsAnEntry+devAsked {
			dev.Asked = append(dev.Asked, q)
		}
	}
	test.Asked = slices.Clone(asked)
	for _, p := range []*Part{&dev, &test} {
		for i, q := range p.Asked {
			if !known[q.Entry] {
				p.Asked[i].Entry = ""
			}
		}
	}
	return dev, test
}

// readBanking adds to the test part questions far from banking, which have no answer either. (The files of banking77_oos that hold out labels in
// the same way carry wrong labels on about one question in twenty, so only their far questions are used; their licence is not stated, so
// nothing is fitted on them.)
func readBanking(fsys fs.FS) (dev, test Part, err error) {
	train, err := labelled(fsys, "banking77/train.csv.gz", ',', "")
	if err != nil {
		return dev, test, err
	}
	asked, err := labelled(fsys, "banking77/test.csv.gz", ',', "")
	if err != nil {
		return dev, test, err
	}
	dev, test = split(train, asked, nlu.English)
	far, err := labelled(fsys, "banking77_oos/ood_oos_test.tsv", '\t', "oos")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return dev, test, err
	}
	test.Asked = append(test.Asked, far...)
	return dev, test, nil
}

// readMASSIVE reads one language of the parallel set of commands to an assistant.
func readMASSIVE(locale string, lang nlu.Lang) func(fs.FS) (Part, Part, error) {
	return func(fsys fs.FS) (dev, test Part, err error) {
		var parts [2][]Labelled
		for i, part := range []string{"train", "dev"} {
			data, err := open(fsys, "massive/"+locale+"."+part+".jsonl.gz")
			if err != nil {
				return dev, test, err
			}
			in := bufio.NewScanner(bytes.NewReader(data))
			for in.Scan() {
				var row struct{ Utt, Intent string }
				if err := json.Unmarshal(in.Bytes(), &row); err != nil {
					return dev, test, fmt.Errorf("%s %s: %w", locale, part, err)
				}
				parts[i] = append(parts[i], Labelled{row.Utt, row.Intent})
			}
			if err := in.Err(); err != nil {
				return dev, test, fmt.Errorf("%s %s: %w", locale, part, err)
			}
		}
		dev, test = split(parts[0], parts[1], lang)
		return dev, test, nil
	}
}

// readHINT3 has a test part only: nothing is fitted on it.
func readHINT3(fsys fs.FS) (dev, test Part, err error) {
	train, err := labelled(fsys, "hint3/v2/sofmattress_train.csv", ',', "")
	if err != nil {
		return dev, test, err
	}
	test.Entries = entriesOf(train, nlu.English)
	test.Asked, err = labelled(fsys, "hint3/v2/sofmattress_test.csv", ',', "NO_NODES_DETECTED")
	return dev, test, err
}

// labelled reads questions with labels; the label none means that there is no answer.
func labelled(fsys fs.FS, name string, comma rune, none string) ([]Labelled, error) {
	rows, err := table(fsys, name, comma)
	if err != nil {
		return nil, err
	}
	var out []Labelled
	for _, r := range rows[1:] {
		l := Labelled{Text: r[0], Entry: r[1]}
		if l.Entry == none {
			l.Entry = ""
		}
		out = append(out, l)
	}
	return out, nil
}

func entriesOf(rows []Labelled, lang nlu.Lang) []dialogue.Entry {
	at := map[string]int{}
	var out []dialogue.Entry
	for _, r := range rows {
		i, ok := at[r.Entry]
		if !ok {
			i = len(out)
			at[r.Entry] = i
			out = append(out, dialogue.Entry{ID: r.Entry, Lang: lang, Answer: r.Entry})
		}
		if len(out[i].Questions) < wordingsAnEntry {
			out[i].Questions = append(out[i].Questions, r.Text)
		}
	}
	return out
}
