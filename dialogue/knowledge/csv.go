package knowledge

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"yingda/dialogue"
	"yingda/nlu"
)

// headers are the names of columns that are known by themselves, folded.
var headers = map[string]string{
	"id": "id", "编号": "id", "序号": "-", "no": "-",
	"question": "question", "questions": "question", "q": "question", "title": "question", "问题": "question", "标准问题": "question", "标准问": "question", "问": "question",
	"aliases": "aliases", "alias": "aliases", "similar": "aliases", "similar questions": "aliases", "相似问题": "aliases", "相似问": "aliases", "相似问法": "aliases", "扩展问": "aliases", "问法": "aliases",
	"answer": "answer", "a": "answer", "reply": "answer", "答案": "answer", "回答": "answer", "回复": "answer", "答": "answer",
	"lang": "lang", "language": "lang", "语言": "lang",
	"intents": "intents", "intent": "intents", "意图": "intents",
	"tags": "tags", "tag": "tags", "category": "tags", "标签": "tags", "分类": "tags", "类别": "tags",
	"links": "links", "link": "links", "url": "links", "链接": "links",
	"image": "image", "picture": "image", "图片": "image",
	"next": "next", "next questions": "next", "后续问题": "next", "推荐问题": "next",
}

// fields are what a column can be.
var fields = []string{"id", "question", "aliases", "answer", "lang", "intents", "tags", "links", "image", "next", "-"}

// readCSV reads a table whose first row names the columns. Cells with several values part them by line ends or |.
func readCSV(f *faults, data []byte, o ReadOptions) []Draft {
	r := csv.NewReader(bytes.NewReader(data))
	r.Comma, r.FieldsPerRecord = delimiter(data), -1
	header, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		f.add(1, "", "", "cannot be read as a table: %s", csvReason(err))
		return nil
	}
	columns, ok := mapColumns(f, header, o.Columns)
	if !ok {
		return nil
	}
	var out []Draft
	for len(f.all) <= maxFaults {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			var p *csv.ParseError
			if errors.As(err, &p) {
				f.add(p.Line, "", "", "%s", csvReason(err))
				continue
			}
			f.add(0, "", "", "cannot be read: %v", err)
			break
		}
		line, _ := r.FieldPos(0)
		if len(row) > len(columns) {
			f.add(line, "", "", "has %d cells, the first row has %d; put a cell that contains the separator between double quotes", len(row), len(columns))
			continue
		}
		if d := (Draft{Entry: rowEntry(row, columns), Line: line}); !slices.ContainsFunc(row, func(c string) bool { return strings.TrimSpace(c) != "" }) {
			continue // an empty row
		} else {
			out = append(out, d)
		}
	}
	return out
}

// delimiter is what parts the names in the first row.
func delimiter(data []byte) rune {
	first, _, _ := bytes.Cut(data, []byte("\n"))
	best, most := ',', 0
	for _, c := range ",\t;，" {
		if n := bytes.Count(first, []byte(string(c))); n > most {
			best, most = c, n
		}
	}
	return best
}

func mapColumns(f *faults, header []string, own map[string]string) ([]string, bool) {
	columns := make([]string, len(header))
	before, seen := len(f.all), map[string]string{}
	for i, h := range header {
		name := strings.ToLower(strings.TrimSpace(h))
		to := headers[name]
		for k, v := range own {
			if strings.EqualFold(strings.TrimSpace(k), name) {
				to = v
			}
		}
		switch {
		case name == "" && to == "":
			to = "-"
		case !slices.Contains(fields, to):
			f.add(1, "", "", "column %q is not known; name it as one of %s, or - to leave it out", h, strings.Join(fields[:len(fields)-1], ", "))
			continue
		case to != "-" && to != "aliases" && seen[to] != "":
			f.add(1, "", "", "columns %q and %q are both the %s; leave one out", seen[to], h, to)
			continue
		}
		columns[i], seen[to] = to, h
	}
	for _, need := range []string{"question", "answer"} {
		if seen[need] == "" && len(f.all) == before {
			f.add(1, "", "", "no column is the %s; name one %q in the first row", need, need)
		}
	}
	return columns, len(f.all) == before
}

// rowEntry makes an entry of a row.
func rowEntry(row, columns []string) dialogue.Entry {
	var e dialogue.Entry
	var aliases []string
	for i, cell := range row {
		switch columns[i] {
		case "id":
			e.ID = cell
		case "question":
			e.Questions = append(e.Questions, split(cell, "\n|")...)
		case "aliases":
			aliases = append(aliases, split(cell, "\n|")...)
		case "answer":
			e.Answer = cell
		case "lang":
			e.Lang = nlu.Lang(strings.ToLower(strings.TrimSpace(cell)))
		case "intents":
			e.Intents = split(cell, "\n|,; ")
		case "tags":
			e.Tags = split(cell, "\n|,;，、")
		case "links":
			e.Links = split(cell, "\n| ")
		case "image":
			e.Image = cell
		case "next":
			e.Next = split(cell, "\n|,;， ")
		}
	}
	e.Questions = append(e.Questions, aliases...)
	return e
}

func split(s, at string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(at, r) })
}

func csvReason(err error) string {
	var p *csv.ParseError
	if !errors.As(err, &p) {
		return err.Error()
	}
	switch {
	case errors.Is(p.Err, csv.ErrQuote):
		return fmt.Sprintf("the quoted cell that begins in line %d does not end as it should; write a double quote inside it twice", p.StartLine)
	case errors.Is(p.Err, csv.ErrBareQuote):
		return "a double quote stands inside a cell that is not quoted; quote the cell and write the quote twice"
	}
	return p.Err.Error()
}
