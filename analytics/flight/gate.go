package flight

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// Limits of a statement's text: the parser below is C++ that recurses.
const (
	maxSQL   = 256 << 10 // bytes
	maxDepth = 200       // nested brackets
)

// A Refusal says why a statement is not answered. It is the caller's to change.
type Refusal struct {
	Policy bool // true: it is not allowed; false: it is not understood
	Why    string
}

// Error returns the reason.
func (r *Refusal) Error() string { return r.Why }

func refuse(format string, args ...any) error { return &Refusal{true, fmt.Sprintf(format, args...)} }

func wrong(format string, args ...any) error { return &Refusal{false, fmt.Sprintf(format, args...)} }

// statement is what was made of a caller's SQL.
type statement struct {
	query  string // what is asked of the warehouse
	schema string // the same without rows, for its columns; "" = they are not known before it is asked
	params int    // values to bind
}

// gate decides what may be asked, see doc.go.
type gate struct {
	w    Warehouse
	rows int64

	mu        sync.Mutex
	templates map[string]map[string]node // by tenant, then by table in lower case: the tree of SELECT * FROM its rows
}

func newGate(w Warehouse, rows int64) *gate {
	return &gate{w: w, rows: rows, templates: map[string]map[string]node{}}
}

// admit checks a caller's SQL and confines it to the tenant. Errors are a *Refusal, or the warehouse's.
func (g *gate) admit(ctx context.Context, tenant, query string) (statement, error) {
	if err := checkText(query); err != nil {
		return statement{}, err
	}
	explain, body := cutExplain(query)
	tree, err := g.parse(ctx, body)
	if err != nil {
		return statement{}, err
	}
	tables, err := g.tables(ctx, tenant)
	if err != nil {
		return statement{}, err
	}
	params, err := parameters(tree)
	if err != nil {
		return statement{}, err
	}
	tree, err = confine(tree, tables)
	if err != nil {
		return statement{}, err
	}
	st := statement{params: params}
	if st.query, err = g.print(ctx, limited(tree, g.rows+1, false), tables); err != nil {
		return statement{}, err
	}
	if explain != "" {
		st.query = explain + st.query
		return st, nil
	}
	if params == 0 {
		st.schema, err = g.print(ctx, limited(tree, 0, true), tables)
	}
	return st, err
}

// checkText refuses what should not reach the parser at all.
func checkText(query string) error {
	if len(query) > maxSQL {
		return wrong("the statement has %d bytes; %d are allowed", len(query), maxSQL)
	}
	if !utf8.ValidString(query) || strings.ContainsRune(query, 0) {
		return wrong("the statement is not UTF-8 text")
	}
	depth := 0
	for i := range len(query) {
		switch query[i] {
		case '(', '[', '{':
			if depth++; depth > maxDepth {
				return wrong("the statement nests more than %d brackets", maxDepth)
			}
		case ')', ']', '}':
			depth = max(0, depth-1)
		}
	}
	return nil
}

// cutExplain takes EXPLAIN or EXPLAIN ANALYZE off the front.
func cutExplain(query string) (explain, rest string) {
	word, after := firstWord(query)
	if !strings.EqualFold(word, "explain") {
		return "", query
	}
	if word, rest := firstWord(after); strings.EqualFold(word, "analyze") {
		return "EXPLAIN ANALYZE ", rest
	}
	return "EXPLAIN ", after
}

// firstWord returns the first word of SQL after blanks and comments, and what follows it.
func firstWord(s string) (word, rest string) {
	for {
		s = strings.TrimLeft(s, " \t\r\n\f\v")
		switch {
		case strings.HasPrefix(s, "--"):
			_, s, _ = strings.Cut(s, "\n")
		case strings.HasPrefix(s, "/*"):
			_, s, _ = strings.Cut(s, "*/")
		default:
			n := 0
			for n < len(s) && (s[n]|0x20 >= 'a' && s[n]|0x20 <= 'z') {
				n++
			}
			return s[:n], s[n:]
		}
	}
}

// parsed is what DuckDB says of a statement's text.
type parsed struct {
	Error      bool   `json:"error"`
	Type       string `json:"error_type"`
	Message    string `json:"error_message"`
	Statements []node `json:"statements"`
}

// parse returns the tree of the one SELECT that the text is.
func (g *gate) parse(ctx context.Context, query string) (node, error) {
	text, err := g.text(ctx, "SELECT json_serialize_sql(?::VARCHAR)::VARCHAR", query)
	if err != nil {
		return nil, err
	}
	var p parsed
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber() // locations are as large as 2⁶⁴−1
	if err := d.Decode(&p); err != nil {
		return nil, fmt.Errorf("read the tree of a statement: %w", err)
	}
	switch {
	case p.Error && p.Type == "not implemented":
		return nil, refuse("only one SELECT, or EXPLAIN of one, is answered here: this endpoint reads and changes nothing")
	case p.Error:
		return nil, wrong("%s", p.Message)
	case len(p.Statements) != 1:
		return nil, refuse("send one statement at a time, not %d", len(p.Statements))
	}
	return p.Statements[0], nil
}

// print turns a tree into SQL and checks what came out.
func (g *gate) print(ctx context.Context, tree node, tables map[string]node) (string, error) {
	data, err := json.Marshal(map[string]any{"error": false, "statements": []any{tree}})
	if err != nil {
		return "", err
	}
	query, err := g.text(ctx, "SELECT json_deserialize_sql(?::JSON)", string(data))
	if err != nil {
		return "", wrong("the statement cannot be confined to your tenant's rows: %v", cause(err))
	}
	again, err := g.parse(ctx, query)
	if err != nil {
		return "", fmt.Errorf("the statement that was made does not parse: %w", cause(err))
	}
	return query, confined(again, tables)
}

// text asks for one string.
func (g *gate) text(ctx context.Context, query, arg string) (text string, err error) {
	rows, err := g.w.Query(ctx, query, arg)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if !rows.Next() {
		return "", errors.Join(rows.Err(), errors.New("no answer"))
	}
	return text, rows.Scan(&text)
}

// tables returns the trees of the tenant's tables.
func (g *gate) tables(ctx context.Context, tenant string) (map[string]node, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if t := g.templates[tenant]; t != nil {
		return t, nil
	}
	made := map[string]node{}
	for name, rows := range sources(tenant) {
		tree, err := g.parse(ctx, "SELECT * FROM ("+rows+") AS x")
		if err != nil {
			return nil, fmt.Errorf("table %s: %w", name, err)
		}
		sub, ok := at(tree, "node", "from_table", "subquery").(map[string]any)
		if !ok {
			return nil, fmt.Errorf("table %s: this version of DuckDB writes trees in another way", name)
		}
		made[name] = sub
	}
	g.templates[tenant] = made
	return made, nil
}

// parameters counts the values to bind, which must be numbered.
func parameters(tree node) (int, error) {
	list, _ := tree["named_param_map"].([]any)
	for _, p := range list {
		if _, err := strconv.Atoi(fmt.Sprint(at(p, "key"))); err != nil {
			return 0, wrong("parameters are written ? or $1, not by name")
		}
	}
	return len(list), nil
}

// limited returns the tree with a limit of rows on the whole: with exact, in place of its own one.
func limited(tree node, rows int64, exact bool) node {
	top, _ := tree["node"].(map[string]any)
	modifiers, _ := top["modifiers"].([]any)
	var kept []any
	for _, m := range modifiers {
		if kind, _ := at(m, "type").(string); strings.HasPrefix(kind, "LIMIT") {
			if !exact {
				return tree // the reader of the answer counts
			}
			continue
		}
		kept = append(kept, m)
	}
	kept = append(kept, map[string]any{"type": "LIMIT_MODIFIER", "offset": nil, "limit": number(rows)})
	changed := copyOf(tree)
	top = copyOf(top)
	top["modifiers"] = kept
	changed["node"] = top
	return changed
}

// number is the tree of a whole number.
func number(n int64) node {
	return node{"class": "CONSTANT", "type": "VALUE_CONSTANT", "alias": "", "query_location": json.Number("0"), "value": node{
		"type": node{"id": "BIGINT", "type_info": nil}, "is_null": false, "value": n,
	}}
}

// cause drops what wraps an error of the database, which is of no use to callers.
func cause(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

// same says whether two trees are the same but for where in the text their parts were.
func same(a, b any) bool {
	x, errX := json.Marshal(placeless(a))
	y, errY := json.Marshal(placeless(b))
	return errX == nil && errY == nil && bytes.Equal(x, y)
}
