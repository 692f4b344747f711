package recognizer

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// List is names of one entity type.
type List struct {
	Name  string   // goes into Entity.Rule, e.g. "carriers"
	Type  string   // the entity type, e.g. "carrier"
	Fuzzy bool     // also find these names misspelt or misheard
	Near  []string // words that must stand near a misheard name that is short or a word of its own
	Names []Name
}

// Name is one name with its spellings.
type Name struct {
	Value string   `yaml:"value"` // the canonical value; a spelling itself unless Only is set
	Also  []string `yaml:"also"`  // other spellings
	Only  bool     `yaml:"only"`  // Value is not a spelling to look for
	Role  string   `yaml:"role"`  // written to Entity.Role
	Needs []string `yaml:"needs"` // one of these words must stand near: 苹果 is a brand beside 手机
	Not   []string `yaml:"not"`   // none of these may stand near: 小米 is food beside 粥
}

// spellings returns the surfaces to look for.
func (n *Name) spellings() []string {
	if n.Only {
		return n.Also
	}
	return append([]string{n.Value}, n.Also...)
}

// listFile is the YAML form of lists.
type listFile struct {
	Version int `yaml:"version"`
	Lists   []struct {
		Name  string     `yaml:"name"`
		Type  string     `yaml:"type"`
		Fuzzy bool       `yaml:"fuzzy"`
		Near  []string   `yaml:"near"`
		Names []ast.Node `yaml:"names"`
	} `yaml:"lists"`
}

// ParseLists reads lists from YAML; see data/lists.yaml. A name is a string or a map with the fields of [Name].
// The error joins a *Fault for everything that is wrong.
func ParseLists(file string, data []byte) ([]List, error) {
	f, raw := &faults{file: file}, listFile{}
	if !f.decode(data, &raw) {
		return nil, f.err()
	}
	if raw.Version != 1 {
		f.addf("version", "is %d, this program reads 1", raw.Version)
	}
	var lists []List
	for i, r := range raw.Lists {
		at := fmt.Sprintf("list %q", r.Name)
		if r.Name == "" {
			at = fmt.Sprintf("list %d", i+1)
			f.addf(at, "has no name")
		}
		l := List{Name: r.Name, Type: r.Type, Fuzzy: r.Fuzzy, Near: f.words(at, r.Near)}
		for j, node := range r.Names {
			n := Name{}
			where := fmt.Sprintf("%s: name %d", at, j+1)
			if s, ok := node.(*ast.StringNode); ok {
				n.Value = s.Value
			} else if !f.decodeNode(where, node, &n) {
				continue
			}
			n.Needs, n.Not = f.words(where, n.Needs), f.words(where, n.Not)
			l.Names = append(l.Names, n)
		}
		l.validate(f, at)
		lists = append(lists, l)
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	return lists, nil
}

func (l *List) validate(f *faults, at string) {
	if l.Type == "" {
		f.addf(at, "has no type")
	}
	for i := range l.Names {
		n := &l.Names[i]
		if n.Value == "" {
			f.addf(at, "name %d has no value", i+1)
		}
		if n.Only && len(n.Also) == 0 {
			f.addf(at, "name %q has only: true and no other spelling", n.Value)
		}
		for _, s := range n.spellings() {
			if n.Value != "" && fold(s) == "" {
				f.addf(at, "name %q has an empty spelling", n.Value)
			}
		}
	}
}

// ParseCSV reads one list from CSV with a header: value, synonyms (separated by |), role, needs, not (each separated by |).
// Only value is required. name and typ are the list's; for tens of thousands of names this is the quickest form.
func ParseCSV(file, name, typ string, data []byte) (List, error) {
	f, l := &faults{file: file}, List{Name: name, Type: typ}
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	r.FieldsPerRecord = -1
	header, err := r.Read()
	if err != nil {
		f.addf("line 1", "no header: %w", err)
		return l, f.err()
	}
	columns := map[string]int{}
	for i, h := range header {
		h = strings.ToLower(strings.TrimSpace(h))
		if !slices.Contains([]string{"value", "synonyms", "role", "needs", "not"}, h) {
			f.addf("line 1", "unknown column %q; there are value, synonyms, role, needs, not", h)
		}
		columns[h] = i
	}
	if _, ok := columns["value"]; !ok {
		f.addf("line 1", "no column value")
		return l, f.err()
	}
	for {
		rec, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			f.add("", err) // says the line
			break
		}
		line, _ := r.FieldPos(0)
		at := fmt.Sprintf("line %d", line)
		if len(rec) > len(header) {
			f.addf(at, "has %d fields, the header %d", len(rec), len(header))
		}
		l.Names = append(l.Names, f.csvName(at, rec, columns))
	}
	l.validate(f, "list "+name)
	return l, f.err()
}

func (f *faults) csvName(at string, rec []string, columns map[string]int) Name {
	field := func(name string) string {
		if i, ok := columns[name]; ok && i < len(rec) {
			return strings.TrimSpace(rec[i])
		}
		return ""
	}
	many := func(name string) []string {
		if s := field(name); s != "" {
			return strings.Split(s, "|")
		}
		return nil
	}
	return Name{Value: field("value"), Also: many("synonyms"), Role: field("role"), Needs: f.words(at, many("needs")), Not: f.words(at, many("not"))}
}
