package knowledge

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"yingda/dialogue"
	"yingda/nlu"
	"yingda/nlu/norm"
)

// Draft is an entry as it stands in a file.
type Draft struct {
	dialogue.Entry
	File string `json:"file"`
	Line int    `json:"line"` // where it begins, 1-based
}

// ReadOptions help to read files that others made.
type ReadOptions struct {
	// Columns names the fields of CSV columns whose headers are not known by themselves: header → id, question, aliases, answer, lang,
	// intents, tags, links, image, next; "-" leaves a column out.
	Columns map[string]string
	// Lang is the language of entries that do not say. Empty = it is detected from the first question.
	Lang nlu.Lang
}

// MaxFile bounds a file of entries, in bytes.
const MaxFile = 64 << 20

// formats are the readers by the ending of the file's name.
var formats = map[string]func(f *faults, data []byte, o ReadOptions) []Draft{
	".md": readMarkdown, ".markdown": readMarkdown, ".csv": readCSV, ".tsv": readCSV, ".jsonl": readJSONL, ".ndjson": readJSONL,
}

// Read reads a file by the ending of its name: .md, .csv, .tsv, .jsonl. Text may be UTF-8 with or without a byte order mark, UTF-16 with
// one, or GB18030 (GBK). Entries without an id get one made of their first question, so that the same file read again changes the same
// entries. The error joins a *[Fault] for everything that is wrong; the drafts that are sound are returned with it.
func Read(name string, data []byte, o ReadOptions) ([]Draft, error) {
	f := &faults{file: name}
	read := formats[strings.ToLower(path.Ext(name))]
	if read == nil {
		f.add(0, "", "", "files end in .md, .csv, .tsv or .jsonl")
		return nil, f.err()
	}
	if len(data) > MaxFile {
		f.add(0, "", "", "has %d bytes, at most %d are read; split it", len(data), MaxFile)
		return nil, f.err()
	}
	text, ok := decodeText(data)
	if !ok {
		f.add(0, "", "", "is neither UTF-8 nor GB18030 nor UTF-16; save it as UTF-8")
		return nil, f.err()
	}
	drafts := merge(f, read(f, text, o), o)
	sound := drafts[:0]
	for i := range drafts {
		before := len(f.all)
		if f.entry(&drafts[i]); len(f.all) == before {
			sound = append(sound, drafts[i])
		}
	}
	return sound, f.err()
}

// decodeText returns UTF-8 with simple line ends.
func decodeText(data []byte) ([]byte, bool) {
	switch {
	case bytes.HasPrefix(data, []byte{0xfe, 0xff}), bytes.HasPrefix(data, []byte{0xff, 0xfe}):
		out, err := unicode.UTF16(unicode.BigEndian, unicode.ExpectBOM).NewDecoder().Bytes(data)
		if err != nil {
			return nil, false
		}
		data = out
	case !utf8.Valid(data):
		out, err := simplifiedchinese.GB18030.NewDecoder().Bytes(data)
		if err != nil || bytes.ContainsRune(out, utf8.RuneError) {
			return nil, false
		}
		data = out
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	return bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")), true
}

// merge tidies drafts: white space, languages, ids. Drafts of one id with one answer become one entry.
func merge(f *faults, drafts []Draft, o ReadOptions) []Draft {
	at := map[string]int{}
	var out []Draft
	for i := range drafts {
		d := &drafts[i]
		tidy(&d.Entry, o.Lang)
		d.File = f.file
		if d.ID == "" && len(d.Questions) > 0 {
			d.ID = idOf(&d.Entry)
		}
		k, seen := at[d.ID]
		switch {
		case !seen || d.ID == "":
			at[d.ID] = len(out)
			out = append(out, *d)
		case out[k].Answer == d.Answer && out[k].Lang == d.Lang:
			for _, q := range d.Questions {
				if !slices.Contains(out[k].Questions, q) {
					out[k].Questions = append(out[k].Questions, q)
				}
			}
		default:
			f.add(d.Line, d.ID, "id", "stands in line %d with another answer; give one of the two another id", out[k].Line)
		}
	}
	return out
}

func tidy(e *dialogue.Entry, lang nlu.Lang) {
	trim := func(list []string) []string {
		var out []string
		for _, s := range list {
			if s = strings.TrimSpace(s); s != "" && !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
		return out
	}
	e.ID, e.Answer, e.Image = strings.TrimSpace(e.ID), strings.TrimSpace(e.Answer), strings.TrimSpace(e.Image)
	e.Questions, e.Links, e.Intents, e.Tags = trim(e.Questions), trim(e.Links), trim(e.Intents), trim(e.Tags)
	e.Next = trim(e.Next)
	if e.Lang == "" {
		e.Lang = lang
	}
	if e.Lang == "" && len(e.Questions) > 0 {
		e.Lang = nlu.Detect(e.Questions[0])
	}
}

// idOf makes an id of the language and the first question.
func idOf(e *dialogue.Entry) string {
	sum := sha256.Sum256([]byte(string(e.Lang) + "\n" + norm.Fold(e.Questions[0], norm.Matching).Text))
	return "q-" + hex.EncodeToString(sum[:6])
}

// readJSONL reads one entry a line, in the form of the API. "question" may stand for the first of "questions", "aliases" for the rest.
func readJSONL(f *faults, data []byte, _ ReadOptions) []Draft {
	var out []Draft
	for i, line := range bytes.Split(data, []byte("\n")) {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		var row struct {
			dialogue.Entry
			Question string   `json:"question"`
			Aliases  []string `json:"aliases"`
		}
		dec := json.NewDecoder(bytes.NewReader(line))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&row); err != nil {
			f.add(i+1, "", "", "%s", jsonReason(err))
			continue
		}
		if dec.More() {
			f.add(i+1, "", "", "has text after the object; put one entry on a line")
			continue
		}
		if row.Question != "" {
			row.Questions = append([]string{row.Question}, row.Questions...)
		}
		row.Questions = append(row.Questions, row.Aliases...)
		out = append(out, Draft{Entry: row.Entry, Line: i + 1})
	}
	return out
}

func jsonReason(err error) string {
	var typ *json.UnmarshalTypeError
	switch {
	case errors.As(err, &typ):
		return fmt.Sprintf("field %s is a %s; want %s", typ.Field, typ.Value, typ.Type)
	case strings.Contains(err.Error(), "unknown field"):
		return strings.TrimPrefix(err.Error(), "json: ") + "; known are id, lang, questions (or question and aliases), answer, links, image, intents, tags, next"
	}
	return "is not a JSON object on one line: " + err.Error()
}

// Files lists the files of entries under the root of fsys, in order. Files with other endings and README.md are passed over.
func Files(fsys fs.FS) ([]string, error) {
	var out []string
	err := fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && formats[strings.ToLower(path.Ext(p))] != nil && !strings.EqualFold(path.Base(p), "README.md") {
			out = append(out, p)
		}
		return err
	})
	return out, err
}

// Load reads all files of entries in fsys as one set, in the order of their paths; the service pack's folder knowledge is read this way. Ids and, within a language, questions must not repeat; what follows an entry must be one. The error joins a *[Fault] for everything
// that is wrong, over all files.
func Load(fsys fs.FS) ([]dialogue.Entry, error) {
	var all []Draft
	var errs []error
	files, err := Files(fsys)
	if err != nil {
		return nil, fmt.Errorf("load knowledge: %w", err)
	}
	for _, p := range files {
		data, err := fs.ReadFile(fsys, p)
		if err != nil {
			return nil, fmt.Errorf("load knowledge: %w", err)
		}
		drafts, err := Read(p, data, ReadOptions{})
		all, errs = append(all, drafts...), append(errs, err)
	}
	for _, r := range Repeats(all) {
		errs = append(errs, r.fault())
	}
	errs = append(errs, loose(all)...)
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	entries := make([]dialogue.Entry, len(all))
	for i := range all {
		entries[i] = all[i].Entry
	}
	return entries, nil
}
