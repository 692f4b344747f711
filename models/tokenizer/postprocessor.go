package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// postProcessor puts special tokens around the tokens of a text.
type postProcessor struct {
	before, after []int64
	trim          bool // RobertaProcessing: spans leave out white space
	prefixed      bool // … except one that was put in front of the text
}

// trimmed returns a span without the white space that its token starts and ends with.
func (p *postProcessor) trimmed(s Span, token []byte, text string, first bool) Span {
	lead, trail := 0, 0
	for rest := token; len(rest) > 0; lead++ {
		r, n := utf8.DecodeRune(rest)
		if !spaceInToken(r) {
			break
		}
		rest = rest[n:]
	}
	for rest := token; len(rest) > 0; trail++ {
		r, n := utf8.DecodeLastRune(rest)
		if !spaceInToken(r) {
			break
		}
		rest = rest[:len(rest)-n]
	}
	if (first || s.Start == 0) && p.prefixed && lead == 1 {
		lead = 0
	}
	for ; lead > 0 && s.Start < s.End; lead-- {
		_, n := utf8.DecodeRuneInString(text[s.Start:])
		s.Start += n
	}
	for ; trail > 0 && s.Start < s.End; trail-- {
		_, n := utf8.DecodeLastRuneInString(text[:s.End])
		s.End -= n
	}
	return s
}

// spaceInToken also takes Ġ, the space of byte-level vocabularies, as Hugging Face does.
func spaceInToken(r rune) bool { return r == 'Ġ' || chars().of(r)&isSpace != 0 }

// special is a special token as a pair of name and id.
type special struct {
	name string
	id   int64
}

func (s *special) UnmarshalJSON(data []byte) error {
	var id uint32
	pair := []any{&s.name, &id}
	if err := json.Unmarshal(data, &pair); err != nil {
		return err
	}
	if len(pair) != 2 {
		return errors.New("want a pair of token and id")
	}
	s.id = int64(id)
	return nil
}

// postBuilders has a parser for each type of post-processor. Each adds its tokens outside those already there.
// (A function, because the parser of Sequence refers to it.)
func postBuilders() map[string]func(p *postProcessor, f field) error {
	return map[string]func(p *postProcessor, f field) error{
		"TemplateProcessing": (*postProcessor).addTemplate,
		"BertProcessing":     (*postProcessor).addPair,
		"RobertaProcessing":  (*postProcessor).addRoberta,
		"Sequence":           (*postProcessor).addSequence,
	}
}

// add reads one post-processor.
func (p *postProcessor) add(f field) error {
	build, err := pick(f, postBuilders())
	if build == nil {
		return err
	}
	return build(p, f)
}

func (p *postProcessor) addSequence(f field) error {
	items, err := f.list("processors")
	for i := 0; err == nil && i < len(items); i++ {
		err = p.add(items[i])
	}
	return err
}

// around puts tokens outside those already there.
func (p *postProcessor) around(before, after []int64) {
	p.before = append(before[:len(before):len(before)], p.before...)
	p.after = append(p.after, after...)
}

func (p *postProcessor) addPair(f field) error {
	var v struct{ Sep, CLS special }
	if err := f.decode(&v); err != nil {
		return err
	}
	if v.Sep.name == "" || v.CLS.name == "" {
		return f.fault(errors.New("sep and cls are needed"))
	}
	p.around([]int64{v.CLS.id}, []int64{v.Sep.id})
	return nil
}

func (p *postProcessor) addRoberta(f field) error {
	v := struct {
		Trim   bool `json:"trim_offsets"`
		Prefix bool `json:"add_prefix_space"`
	}{}
	if err := f.decode(&v); err != nil {
		return err
	}
	p.trim, p.prefixed = p.trim || v.Trim, v.Prefix
	return p.addPair(f)
}

// templatePiece is one element of a template: one of the two is set.
type templatePiece struct {
	Sequence *struct {
		ID string `json:"id"`
	}
	SpecialToken *struct {
		ID string `json:"id"`
	}
}

func (p *postProcessor) addTemplate(f field) error {
	var v struct {
		Single        []templatePiece
		SpecialTokens map[string]struct {
			IDs []uint32 `json:"ids"`
		} `json:"special_tokens"`
	}
	if err := f.decode(&v); err != nil {
		return err
	}
	sides := [2][]int64{}
	side := 0
	for i, piece := range v.Single {
		at := f.child(fmt.Sprintf("single[%d]", i), nil)
		switch {
		case piece.Sequence != nil && piece.Sequence.ID == "A" && side == 0:
			side = 1
		case piece.SpecialToken != nil:
			t, ok := v.SpecialTokens[piece.SpecialToken.ID]
			if !ok {
				return at.fault(fmt.Errorf("token %q is not in special_tokens", piece.SpecialToken.ID))
			}
			for _, id := range t.IDs {
				sides[side] = append(sides[side], int64(id))
			}
		default:
			return at.fault(errors.New("want a special token, or sequence A once"))
		}
	}
	if side == 0 {
		return f.child("single", nil).fault(errors.New("sequence A is missing"))
	}
	p.around(sides[0], sides[1])
	return nil
}
