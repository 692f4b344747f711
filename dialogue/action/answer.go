package action

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"yingda/dialogue"
)

// Bounds of what is believed.
const (
	maxDepth   = 8   // of JSON
	maxMessage = 300 // code points of Message, which may be read to the customer
)

// parseAnswer reads what a system answered. An error means that it cannot be believed.
func parseAnswer(status int, contentType string, body []byte) (dialogue.Result, error) {
	none := dialogue.Result{}
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil || media != "application/json" && !strings.HasSuffix(media, "+json") {
		return none, fmt.Errorf("answer with HTTP status %d is of type %.60q, want application/json", status, contentType)
	}
	if err := checkJSON(body); err != nil {
		return none, fmt.Errorf("answer: %w", err)
	}
	var fields map[string]json.RawMessage // a struct would take "Status" for "status"
	if err := json.Unmarshal(body, &fields); err != nil || fields == nil {
		return none, errors.New("answer is not a JSON object")
	}
	var r dialogue.Result
	if err := json.Unmarshal(fields["status"], &r.Status); err != nil || fields["status"] == nil {
		return none, errors.New(`answer has no "status"; want ok, not_found, refused or failed`)
	}
	if raw := fields["message"]; raw != nil {
		if err := json.Unmarshal(raw, &r.Message); err != nil {
			return none, errors.New(`answer's "message" is not a text`)
		}
		r.Message = clean(r.Message)
	}
	if raw := fields["data"]; raw != nil && string(raw) != "null" {
		if raw[0] != '{' {
			return none, errors.New(`answer's "data" is not an object`)
		}
		var b bytes.Buffer
		if err := json.Compact(&b, raw); err != nil {
			return none, fmt.Errorf("answer's data: %w", err)
		}
		r.Data = b.Bytes()
	}
	return r, agree(status, r.Status)
}

// agree tells whether the HTTP status and the one in the body can both be true.
func agree(code int, status dialogue.CallStatus) error {
	ok := false
	switch status {
	case dialogue.CallOK:
		ok = code < 300
	case dialogue.CallNotFound:
		ok = code < 300 || code == http.StatusNotFound
	case dialogue.CallRefused:
		ok = code < 300 || code == http.StatusConflict || code == http.StatusUnprocessableEntity
	case dialogue.CallFailed:
		ok = true
	default:
		return fmt.Errorf("answer's status is %.40q, want ok, not_found, refused or failed", string(status))
	}
	if !ok {
		return fmt.Errorf("answer's status %q contradicts HTTP status %d", status, code)
	}
	return nil
}

// checkJSON refuses what decoders disagree about or choke on: bad UTF-8, deep nesting, a field twice, more than one value.
func checkJSON(body []byte) error {
	if !utf8.Valid(body) {
		return errors.New("it is not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var n nesting
	for values := 0; ; {
		tok, err := dec.Token()
		switch {
		case err == io.EOF && values == 1:
			return nil
		case err != nil:
			return fmt.Errorf("it is not JSON: %w", err)
		case values == 1:
			return errors.New("there is more than one value")
		}
		if err := n.take(tok); err != nil {
			return err
		}
		if len(n) == 0 {
			values++
		}
	}
}

// nesting is the objects and lists that the decoder is in.
type nesting []level

type level struct {
	fields map[string]bool // seen so far; nil in a list
	key    bool            // a field's name comes next
}

// take follows the decoder by one token.
func (n *nesting) take(tok json.Token) error {
	d, isDelim := tok.(json.Delim)
	if isDelim && (d == '}' || d == ']') {
		*n = (*n)[:len(*n)-1]
		return nil
	}
	if depth := len(*n); depth > 0 && (*n)[depth-1].fields != nil {
		top := &(*n)[depth-1]
		if top.key {
			name := tok.(string) // the decoder accepts nothing else here
			if top.fields[name] {
				return fmt.Errorf("field %.40q is there twice", name)
			}
			top.fields[name], top.key = true, false
			return nil
		}
		top.key = true
	}
	switch {
	case !isDelim:
		return nil
	case len(*n) == maxDepth:
		return fmt.Errorf("it is nested deeper than %d", maxDepth)
	case d == '{':
		*n = append(*n, level{fields: map[string]bool{}, key: true})
	default:
		*n = append(*n, level{})
	}
	return nil
}

// clean makes one line of a text that may be read to a customer.
func clean(s string) string {
	s = strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf) && r != '\u200d' { // the joiner belongs to emoji
			return ' '
		}
		return r
	}, s)), " ")
	if utf8.RuneCountInString(s) > maxMessage {
		s = string([]rune(s)[:maxMessage-1]) + "…"
	}
	return s
}
