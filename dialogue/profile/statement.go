package profile

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// statement is a query with its named parameters written as the driver wants them.
type statement struct {
	text   string
	params []string // in the order of binding
}

// bind returns the values in order.
func (s statement) bind(args map[string]string) []any {
	out := make([]any, len(s.params))
	for i, p := range s.params {
		out[i] = args[p]
	}
	return out
}

// parseStatement replaces :tenant and :customer outside quotes and comments. Anything but one SELECT (or WITH) is refused.
func parseStatement(driver, query string) (statement, error) {
	query = strings.TrimSpace(query)
	if query == "" {
		return statement{}, errors.New("it is empty")
	}
	sc := scanner{driver: driver, in: query}
	for sc.at < len(sc.in) {
		if err := sc.step(); err != nil {
			return statement{}, err
		}
	}
	out := strings.TrimRight(sc.out.String(), " \t\r\n")
	first := strings.ToUpper(strings.TrimLeft(sc.plain.String(), " \t\r\n("))
	if !hasWord(first, "SELECT") && !hasWord(first, "WITH") {
		return statement{}, errors.New("it must begin with SELECT or WITH; the robot only reads")
	}
	return statement{text: out, params: sc.params}, nil
}

func hasWord(s, word string) bool {
	return strings.HasPrefix(s, word) && (len(s) == len(word) || !isWord(s[len(word)]))
}

// scanner walks over a query.
type scanner struct {
	driver string
	in     string
	at     int
	out    strings.Builder // the query for the driver
	plain  strings.Builder // without comments, to see how it begins
	params []string
	ended  bool // a semicolon was seen
}

// step takes the next quoted text, comment, parameter or character.
func (s *scanner) step() error {
	rest := s.in[s.at:]
	switch c := rest[0]; {
	case strings.HasPrefix(rest, "--") || c == '#' && s.driver == "mysql":
		return s.skip(rest, 1, "\n", false)
	case strings.HasPrefix(rest, "/*"):
		return s.skip(rest, 2, "*/", true)
	case s.ended && !strings.ContainsRune(" \t\r\n;", rune(c)):
		return errors.New("there is something after the semicolon; only one statement is allowed")
	case c == ';':
		s.ended = true
		s.at++
		return nil
	case c == '\'' || c == '"' || c == '`':
		return s.quoted(rest, c)
	case c == '$' && s.driver == "pgx":
		return s.dollar(rest)
	case strings.HasPrefix(rest, "::"):
		s.take(2)
		return nil
	case c == ':' && len(rest) > 1 && isLetter(rest[1]):
		return s.param(rest)
	case c == '?' && s.driver != "pgx":
		return errors.New("use :customer and :tenant instead of ?")
	}
	_, n := utf8.DecodeRuneInString(rest)
	s.take(n)
	return nil
}

// take copies n bytes.
func (s *scanner) take(n int) {
	s.out.WriteString(s.in[s.at : s.at+n])
	s.plain.WriteString(s.in[s.at : s.at+n])
	s.at += n
}

// skip leaves a comment out; opening is the length of what begins it.
func (s *scanner) skip(rest string, opening int, end string, must bool) error {
	i := strings.Index(rest[opening:], end)
	if i < 0 {
		if must {
			return errors.New("a comment does not end")
		}
		s.at = len(s.in)
		return nil
	}
	s.at += opening + i + len(end)
	s.out.WriteByte(' ')
	s.plain.WriteByte(' ')
	return nil
}

// quoted copies a quoted text. A doubled quote, and in MySQL a backslash, keeps it open.
func (s *scanner) quoted(rest string, q byte) error {
	for i := 1; i < len(rest); i++ {
		switch {
		case rest[i] == '\\' && s.driver == "mysql" && q != '`':
			i++
		case rest[i] == q && i+1 < len(rest) && rest[i+1] == q:
			i++
		case rest[i] == q:
			s.take(i + 1)
			return nil
		}
	}
	return fmt.Errorf("a text in %c quotes does not end", q)
}

// dollar copies a text in PostgreSQL's dollar quotes.
func (s *scanner) dollar(rest string) error {
	n := 1
	for n < len(rest) && isWord(rest[n]) {
		n++
	}
	if n >= len(rest) || rest[n] != '$' {
		return errors.New("use :customer and :tenant instead of $1")
	}
	tag := rest[:n+1]
	i := strings.Index(rest[n+1:], tag)
	if i < 0 {
		return fmt.Errorf("a text in %s quotes does not end", tag)
	}
	s.take(n + 1 + i + len(tag))
	return nil
}

// param replaces a named parameter.
func (s *scanner) param(rest string) error {
	n := 1
	for n < len(rest) && isWord(rest[n]) {
		n++
	}
	name := rest[1:n]
	if name != "customer" && name != "tenant" {
		return fmt.Errorf("parameter :%s is not known; there are :customer and :tenant", name)
	}
	s.at += n
	s.plain.WriteString("?")
	if s.driver != "pgx" {
		s.params = append(s.params, name)
		s.out.WriteString("?")
		return nil
	}
	i := slices.Index(s.params, name)
	if i < 0 {
		i = len(s.params)
		s.params = append(s.params, name)
	}
	s.out.WriteString("$" + strconv.Itoa(i+1))
	return nil
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }

func isWord(c byte) bool { return isLetter(c) || c >= '0' && c <= '9' }

// text writes a value of a database as text.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case []byte:
		return string(v)
	case string:
		return v
	case time.Time:
		return v.Format(time.RFC3339)
	default:
		return fmt.Sprint(v)
	}
}

// truth reads a yes or no, which databases write in many ways.
func truth(v any) (bool, error) {
	switch s := strings.ToLower(text(v)); s {
	case "1", "t", "true", "y", "yes", "是":
		return true, nil
	case "0", "f", "false", "n", "no", "", "否":
		return false, nil
	default:
		return false, fmt.Errorf("%.20q is neither true nor false", s)
	}
}

// instant reads a time. Without a zone it is UTC.
func instant(v any) (time.Time, error) {
	if t, ok := v.(time.Time); ok {
		return t, nil
	}
	if n, ok := v.(int64); ok {
		return time.Unix(n, 0).UTC(), nil
	}
	s := text(v)
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("column time: %.40q is no time; write e.g. 2026-11-20T08:30:00+08:00", s)
}
