package tokenizer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"
)

var modelBuilders = map[string]func(f field) (model, error){
	"WordPiece": parseWordPiece,
	"Unigram":   parseUnigram,
}

// parseModel reads the model. Old files leave out its type; the vocabulary shows which it is.
func parseModel(f field) (model, error) {
	if f.absent() {
		return nil, f.fault(errors.New("missing"))
	}
	var v struct {
		Type   *string         `json:"type"`
		Prefix *string         `json:"continuing_subword_prefix"`
		Vocab  json.RawMessage `json:"vocab"`
		Merges json.RawMessage `json:"merges"`
	}
	if err := f.decode(&v); err != nil {
		return nil, err
	}
	if v.Type == nil {
		switch {
		case bytes.HasPrefix(bytes.TrimSpace(v.Vocab), []byte("[")):
			return parseUnigram(f)
		case v.Prefix != nil && v.Merges == nil:
			return parseWordPiece(f)
		}
		v.Type = new(string)
	}
	build, ok := modelBuilders[*v.Type]
	if !ok {
		return nil, f.fault(fmt.Errorf("type %q is not supported", *v.Type))
	}
	return build(f)
}

func parseWordPiece(f field) (model, error) {
	v := struct {
		Unk      string            `json:"unk_token"`
		Prefix   string            `json:"continuing_subword_prefix"`
		MaxChars int               `json:"max_input_chars_per_word"`
		Vocab    map[string]uint32 `json:"vocab"`
	}{Unk: "[UNK]", Prefix: "##", MaxChars: 100}
	if err := f.decode(&v); err != nil {
		return nil, err
	}
	if len(v.Vocab) == 0 {
		return nil, f.child("vocab", nil).fault(errors.New("empty"))
	}
	tokens := make([]string, 0, len(v.Vocab))
	ids := make([]int64, 0, len(v.Vocab))
	for token, id := range v.Vocab {
		tokens = append(tokens, token)
		ids = append(ids, int64(id))
	}
	return newWordPiece(tokens, ids, v.Prefix, v.Unk, v.MaxChars), nil
}

// unigramToken is a token with its score, an array of two in the file.
type unigramToken struct {
	token string
	score float64
}

func (u *unigramToken) UnmarshalJSON(data []byte) error {
	var number json.Number
	pair := []any{&u.token, &number}
	var ok bool
	if u.token, number, ok = plainPair(data); !ok {
		if err := json.Unmarshal(data, &pair); err != nil {
			return err
		}
		if len(pair) != 2 || pair[0] == nil || pair[1] == nil || number == "" {
			return errors.New("want a pair of token and score")
		}
	}
	var err error
	u.score, err = parseScore(string(number))
	return err
}

// plainPair reads ["token",-1.5] if the token has no escapes and the JSON, known to be valid, no white space but after
// the comma; there are a quarter of a million in some files.
func plainPair(data []byte) (token string, number json.Number, ok bool) {
	rest, ok := bytes.CutPrefix(data, []byte(`["`))
	end := bytes.IndexByte(rest, '"')
	if !ok || end < 0 || bytes.IndexByte(rest[:end], '\\') >= 0 || !utf8.Valid(rest[:end]) {
		return "", "", false
	}
	score, ok := bytes.CutPrefix(rest[end+1:], []byte{','})
	score = bytes.TrimLeft(bytes.TrimSuffix(score, []byte{']'}), " ")
	if !ok || len(score) == 0 || bytes.ContainsAny(score, ",[]{}\" \t\r\ntfn") {
		return "", "", false
	}
	return string(rest[:end]), json.Number(score), true
}

func parseUnigram(f field) (model, error) {
	var v struct {
		Unk      *int64         `json:"unk_id"`
		Fallback bool           `json:"byte_fallback"`
		Vocab    []unigramToken `json:"vocab"`
	}
	if err := f.decode(&v); err != nil {
		return nil, err
	}
	if len(v.Vocab) == 0 || len(v.Vocab) > math.MaxInt32 {
		return nil, f.child("vocab", nil).fault(fmt.Errorf("%d tokens", len(v.Vocab)))
	}
	unknown := int32(-1)
	if v.Unk != nil {
		if *v.Unk < 0 || *v.Unk >= int64(len(v.Vocab)) {
			return nil, f.child("unk_id", nil).fault(fmt.Errorf("%d is not in a vocabulary of %d", *v.Unk, len(v.Vocab)))
		}
		unknown = int32(*v.Unk)
	}
	tokens := make([]string, len(v.Vocab))
	scores := make([]float64, len(v.Vocab))
	for i, u := range v.Vocab {
		tokens[i], scores[i] = u.token, u.score
	}
	return newUnigram(tokens, scores, unknown, v.Fallback), nil
}
