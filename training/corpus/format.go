package corpus

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// Format names a notation of labelled utterances.
type Format string

// The formats that are read. docs/data.md shows a line of each.
const (
	Rasa    Format = "rasa"     // Rasa NLU YAML; see [ReadRasa]
	JSONL   Format = "jsonl"    // this project's JSON Lines; see [ReadJSONL]
	CSV     Format = "csv"      // text,label; see [ReadCSV]
	TSV     Format = "tsv"      // text, tab, label; see [ReadTSV]
	MASSIVE Format = "massive"  // MASSIVE's JSON Lines; see [ReadMASSIVE]
	CoNLL   Format = "conll"    // a token and its tag a line; see [ReadCoNLL]
	Tokens  Format = "tokens"   // JSON Lines of tokens, slots and intent; see [ReadTokens]
	CLU     Format = "clu"      // Azure CLU export; see [ReadCLU]
	CLINC   Format = "clinc150" // CLINC150's JSON; see [ReadCLINC]
	CLUENER Format = "cluener"  // CLUENER's JSON Lines; see [ReadCLUENER]
	EWECT   Format = "ewect"    // JSON Lines of content and emotion; see [ReadEWECT]
)

// reader is a row of the table of formats.
type reader struct {
	name  Format
	parts bool // whether the notation says to which partition an example belongs
	read  func(file string, data []byte, o ReadOptions) (*Corpus, error)
}

// plain makes a reader without options fit the table.
func plain(read func(file string, data []byte) (*Corpus, error)) func(string, []byte, ReadOptions) (*Corpus, error) {
	return func(file string, data []byte, _ ReadOptions) (*Corpus, error) { return read(file, data) }
}

func readers() []reader {
	return []reader{
		{Rasa, false, plain(ReadRasa)},
		{JSONL, false, plain(ReadJSONL)},
		{CSV, false, plain(ReadCSV)},
		{TSV, false, plain(ReadTSV)},
		{MASSIVE, true, ReadMASSIVE},
		{CoNLL, false, ReadCoNLL},
		{Tokens, false, ReadTokens},
		{CLU, true, ReadCLU},
		{CLINC, true, ReadCLINC},
		{CLUENER, false, plain(ReadCLUENER)},
		{EWECT, false, plain(ReadEWECT)},
	}
}

// Formats lists the formats that can be read.
func Formats() []Format {
	var out []Format
	for _, r := range readers() {
		out = append(out, r.name)
	}
	return out
}

// ReadOptions say how to read a file. The zero value decides by the file's name and first record, and reads everything.
type ReadOptions struct {
	// Format is the notation; empty = told by the file's extension and, for .json and .jsonl, by what its first record holds.
	Format Format
	// Partitions keeps only the examples of these parts, e.g. "train"; nil = all. For MASSIVE (partition), CLINC150 (the names of
	// its lists) and CLU (dataset), upper and lower case alike; a part that the file does not have is a fault. The part of each
	// example is in its Metadata under "partition".
	Partitions []string
	// Repair reads tag sequences that are against their scheme (CoNLL, tokens) as conlleval does, with a note: a tag that continues
	// nothing begins an entity. Public sets have a few. By default each is a fault.
	Repair bool
}

// Parse reads a file's content; file names it in faults and origins, and tells format and language where o and the content do not.
func Parse(file string, data []byte, o ReadOptions) (*Corpus, error) {
	if o.Format == "" {
		var fault *Fault
		if o.Format, fault = detect(file, data); fault != nil {
			return nil, fault
		}
	}
	for _, r := range readers() {
		switch {
		case r.name != o.Format:
		case len(o.Partitions) > 0 && !r.parts:
			return nil, &Fault{File: file, Cause: fmt.Sprintf("format %s has no partitions to choose from", r.name)}
		default:
			return r.read(file, data, o)
		}
	}
	return nil, &Fault{File: file, Cause: fmt.Sprintf("format %q is not known; known are %s", o.Format, list(Formats()))}
}

func list[T ~string](names []T) string {
	words := make([]string, len(names))
	for i, n := range names {
		words[i] = string(n)
	}
	return strings.Join(words, ", ")
}

// extensions are the formats that a name alone tells. Extensions .json and .jsonl are shared by several.
var extensions = map[string]Format{
	".yml": Rasa, ".yaml": Rasa, ".csv": CSV, ".tsv": TSV,
	".conll": CoNLL, ".bio": CoNLL, ".iob": CoNLL, ".iob2": CoNLL, ".bioes": CoNLL, ".bieos": CoNLL, ".bmes": CoNLL,
}

// detect tells the format of a file by its extension (.gz left aside) and its first record.
func detect(file string, data []byte) (Format, *Fault) {
	ext := strings.ToLower(filepath.Ext(strings.TrimSuffix(strings.ToLower(file), ".gz")))
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	switch f, ok := extensions[ext]; {
	case ok:
		return f, nil
	case ext == ".jsonl" || ext == ".ndjson":
		return shapeOfLine(data), nil
	case ext == ".json":
		if f := shapeOfDocument(data); f != "" {
			return f, nil
		}
		return "", &Fault{File: file, Cause: fmt.Sprintf("neither a CLU export nor CLINC150; name another format (%s)", list(Formats()))}
	}
	return "", &Fault{File: file, Cause: fmt.Sprintf("extension %q is not known; known are .yml, .yaml, .jsonl, .json, .csv, .tsv, .conll, .bio and "+
		"its kin, each also with .gz; or name the format (%s)", ext, list(Formats()))}
}

// shapeOfLine tells the kinds of JSON Lines apart by the keys of the first line. What fits none is left to this project's reader,
// whose faults say what is expected.
func shapeOfLine(data []byte) Format {
	line, _, _ := bytes.Cut(bytes.TrimLeft(data, " \t\r\n"), []byte("\n"))
	var keys map[string]json.RawMessage
	if json.Unmarshal(line, &keys) != nil {
		return JSONL
	}
	has := func(names ...string) bool {
		return !slices.ContainsFunc(names, func(n string) bool { return keys[n] == nil })
	}
	switch {
	case has("utt", "locale"):
		return MASSIVE
	case has("tokens", "slots"):
		return Tokens
	case has("content"):
		return EWECT
	case has("text", "label") && keys["label"][0] == '{', has("id", "text") && len(keys) == 2:
		return CLUENER
	}
	return JSONL
}

// shapeOfDocument tells a CLU export (an object with assets, or a list of utterances) from CLINC150 (lists of pairs by name).
func shapeOfDocument(data []byte) Format {
	data = bytes.TrimLeft(data, " \t\r\n")
	if bytes.HasPrefix(data, []byte("[")) {
		return CLU
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return ""
	}
	lists := 0
	for dec.More() {
		key, err := dec.Token()
		var value json.RawMessage
		if err != nil || dec.Decode(&value) != nil {
			break
		}
		if key == "assets" || key == "projectFileVersion" {
			return CLU
		}
		if value[0] != '[' {
			return ""
		}
		lists++
	}
	if lists == 0 {
		return ""
	}
	return CLINC
}

// partitions keeps count of the parts that a file has, and tells which examples are wanted.
type partitions struct {
	wanted []string
	seen   []string
}

// takes tells whether an example of a part is wanted.
func (p *partitions) takes(name string) bool {
	if !slices.Contains(p.seen, name) {
		p.seen = append(p.seen, name)
	}
	return len(p.wanted) == 0 || slices.ContainsFunc(p.wanted, func(w string) bool { return strings.EqualFold(w, name) })
}

// check makes wanted parts that are not there a fault.
func (p *partitions) check(s *source) {
	for _, w := range p.wanted {
		if !slices.ContainsFunc(p.seen, func(n string) bool { return strings.EqualFold(n, w) }) {
			s.fault(0, "there is no partition %q in the file; there are %s", w, list(p.seen))
		}
	}
}

// baseLang returns the language of a BCP 47 tag: zh for zh-CN and zh-hans, en for en-gb.
func baseLang(tag string) string {
	base, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(tag, "_", "-")), "-")
	return base
}
