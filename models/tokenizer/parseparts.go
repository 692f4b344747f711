package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// normalizerBuilders has a parser for each type of normalizer; each appends the steps it stands for.
// (A function, because the parser of Sequence refers to it.)
func normalizerBuilders() map[string]func(dst []normalizer, f field) ([]normalizer, error) {
	one := func(n normalizer) func([]normalizer, field) ([]normalizer, error) {
		return func(dst []normalizer, _ field) ([]normalizer, error) { return append(dst, n), nil }
	}
	return map[string]func(dst []normalizer, f field) ([]normalizer, error){
		"Sequence": func(dst []normalizer, f field) ([]normalizer, error) {
			items, err := f.list("normalizers")
			for i := 0; err == nil && i < len(items); i++ {
				dst, err = parseNormalizer(dst, items[i])
			}
			return dst, err
		},
		"NFC": one(formNFC), "NFD": one(formNFD), "NFKC": one(formNFKC), "NFKD": one(formNFKD),
		"Lowercase":      one(lowercase{}),
		"StripAccents":   one(remove{isMark}),
		"Nmt":            one(nmt{}),
		"BertNormalizer": parseBert,
		"Strip":          parseStrip,
		"Replace":        parseReplace,
		"Prepend":        parsePrepend,
		"Precompiled":    parsePrecompiled,
	}
}

// parseNormalizer appends the steps of a normalizer.
func parseNormalizer(dst []normalizer, f field) ([]normalizer, error) {
	build, err := pick(f, normalizerBuilders())
	if build == nil {
		return dst, err
	}
	return build(dst, f)
}

func parseBert(dst []normalizer, f field) ([]normalizer, error) {
	v := struct {
		Clean   bool  `json:"clean_text"`
		Han     bool  `json:"handle_chinese_chars"`
		Accents *bool `json:"strip_accents"`
		Lower   bool  `json:"lowercase"`
	}{}
	if err := f.decode(&v); err != nil {
		return nil, err
	}
	if v.Clean {
		dst = append(dst, cleanText{})
	}
	if v.Han {
		dst = append(dst, padHan{})
	}
	if v.Accents == nil && v.Lower || v.Accents != nil && *v.Accents {
		dst = append(dst, formNFD, remove{isAccent})
	}
	if v.Lower {
		dst = append(dst, lowercase{})
	}
	return dst, nil
}

func parseStrip(dst []normalizer, f field) ([]normalizer, error) {
	v := struct {
		Left  bool `json:"strip_left"`
		Right bool `json:"strip_right"`
	}{}
	err := f.decode(&v)
	return append(dst, strip{v.Left, v.Right}), err
}

func parseReplace(dst []normalizer, f field) ([]normalizer, error) {
	var v struct {
		Pattern json.RawMessage `json:"pattern"`
		Content string          `json:"content"`
	}
	if err := f.decode(&v); err != nil {
		return nil, err
	}
	m, err := parsePattern(f.child("pattern", v.Pattern))
	return append(dst, replace{m, v.Content}), err
}

func parsePrepend(dst []normalizer, f field) ([]normalizer, error) {
	var v struct {
		Prepend string `json:"prepend"`
	}
	err := f.decode(&v)
	return append(dst, prepend{v.Prepend}), err
}

func parsePrecompiled(dst []normalizer, f field) ([]normalizer, error) {
	var v struct {
		Charsmap string `json:"precompiled_charsmap"`
	}
	if err := f.decode(&v); err != nil {
		return nil, err
	}
	n, err := newPrecompiled(v.Charsmap)
	return append(dst, n), f.child("precompiled_charsmap", nil).fault(err)
}

// parsePattern reads {"String": …} or {"Regex": …}.
func parsePattern(f field) (matcher, error) {
	var v struct{ String, Regex *string }
	if err := f.decode(&v); err != nil {
		return nil, err
	}
	var m matcher
	err := errors.New("want String or Regex")
	switch {
	case v.String != nil:
		m, err = newLiteral(*v.String)
	case v.Regex != nil:
		m, err = newExpression(*v.Regex)
	}
	return m, f.fault(err)
}

// preTokenizerBuilders has a parser for each type of pre-tokenizer.
// (A function, because the parser of Sequence refers to it.)
func preTokenizerBuilders() map[string]func(dst []preTokenizer, f field) ([]preTokenizer, error) {
	cut := func(m matcher, b behavior) func([]preTokenizer, field) ([]preTokenizer, error) {
		return func(dst []preTokenizer, _ field) ([]preTokenizer, error) { return append(dst, splitter{m, b}), nil }
	}
	return map[string]func(dst []preTokenizer, f field) ([]preTokenizer, error){
		"Sequence": func(dst []preTokenizer, f field) ([]preTokenizer, error) {
			items, err := f.list("pretokenizers")
			for i := 0; err == nil && i < len(items); i++ {
				dst, err = parsePreTokenizer(dst, items[i])
			}
			return dst, err
		},
		"BertPreTokenizer": func(dst []preTokenizer, _ field) ([]preTokenizer, error) {
			return append(dst, splitter{property{isSpace}, removed}, splitter{property{isPunct}, isolated}), nil
		},
		"WhitespaceSplit":    cut(property{isSpace}, removed),
		"Whitespace":         cut(inverted{words{}}, removed),
		"Punctuation":        parsePunctuation,
		"Digits":             parseDigits,
		"Metaspace":          parseMetaspace,
		"Split":              parseSplit,
		"CharDelimiterSplit": parseDelimiter,
	}
}

// parsePreTokenizer appends the steps of a pre-tokenizer.
func parsePreTokenizer(dst []preTokenizer, f field) ([]preTokenizer, error) {
	build, err := pick(f, preTokenizerBuilders())
	if build == nil {
		return dst, err
	}
	return build(dst, f)
}

func parsePunctuation(dst []preTokenizer, f field) ([]preTokenizer, error) {
	v := struct{ Behavior string }{"Isolated"}
	if err := f.decode(&v); err != nil {
		return nil, err
	}
	b, err := parseBehavior(v.Behavior)
	return append(dst, splitter{property{isPunct}, b}), f.child("behavior", nil).fault(err)
}

func parseDigits(dst []preTokenizer, f field) ([]preTokenizer, error) {
	var v struct {
		Individual bool `json:"individual_digits"`
	}
	b := contiguous
	err := f.decode(&v)
	if v.Individual {
		b = isolated
	}
	return append(dst, splitter{property{isNumeric}, b}), err
}

func parseDelimiter(dst []preTokenizer, f field) ([]preTokenizer, error) {
	var v struct{ Delimiter string }
	if err := f.decode(&v); err != nil {
		return nil, err
	}
	m, err := newLiteral(v.Delimiter)
	return append(dst, splitter{m, removed}), f.child("delimiter", nil).fault(err)
}

func parseSplit(dst []preTokenizer, f field) ([]preTokenizer, error) {
	var v struct {
		Pattern  json.RawMessage `json:"pattern"`
		Behavior string
		Invert   bool
	}
	if err := f.decode(&v); err != nil {
		return nil, err
	}
	m, err := parsePattern(f.child("pattern", v.Pattern))
	if err != nil {
		return nil, err
	}
	if v.Invert {
		m = inverted{m}
	}
	b, err := parseBehavior(v.Behavior)
	return append(dst, splitter{m, b}), f.child("behavior", nil).fault(err)
}

var prependSchemes = map[string]prependScheme{"always": prependAlways, "first": prependFirst, "never": prependNever}

func parseMetaspace(dst []preTokenizer, f field) ([]preTokenizer, error) {
	v := struct {
		Replacement string
		Scheme      *string `json:"prepend_scheme"`
		Prefix      *bool   `json:"add_prefix_space"` // older files
		Split       *bool
	}{}
	if err := f.decode(&v); err != nil {
		return nil, err
	}
	mark, size := utf8.DecodeRuneInString(v.Replacement)
	if size == 0 || size != len(v.Replacement) {
		return nil, f.child("replacement", nil).fault(fmt.Errorf("%q is not one character", v.Replacement))
	}
	scheme := prependAlways
	if v.Scheme != nil {
		var ok bool
		if scheme, ok = prependSchemes[*v.Scheme]; !ok {
			return nil, f.child("prepend_scheme", nil).fault(fmt.Errorf("%q is not known", *v.Scheme))
		}
	}
	if v.Prefix != nil && !*v.Prefix {
		scheme = prependNever
	}
	return append(dst, metaspace{mark, scheme, v.Split == nil || *v.Split}), nil
}
