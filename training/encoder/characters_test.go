package encoder_test

import (
	"slices"
	"testing"

	"yingda/internal/testenv"
	"yingda/models/tokenizer"
	"yingda/training/encoder"
)

// surfaces are the raw texts of a tokenizer's tokens, special and empty ones left out.
func surfaces(t *testing.T, data []byte, text string) []string {
	t.Helper()
	tok, err := tokenizer.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	enc, err := tok.Encode(text, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for i, s := range enc.Spans {
		if part := text[s.Start:s.End]; !enc.Special[i] && part != "" {
			out = append(out, part)
		}
	}
	return out
}

// TestCharacters: every Chinese character is a token, everything else is read as before, and the encoder itself is not touched.
func TestCharacters(t *testing.T) {
	e, err := encoder.Load(testenv.MustEncoder(t, 2))
	if err != nil {
		t.Fatal(err)
	}
	before := slices.Clone(e.Tokenizer)
	c, err := e.Characters()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(e.Tokenizer, before) {
		t.Error("the encoder's own tokenizer was changed")
	}
	got := surfaces(t, c.Tokenizer, "北京天气 cancel")
	for _, want := range []string{"北", "京", "天", "气"} {
		if !slices.Contains(got, want) {
			t.Errorf("tokens %q: %q is not one", got, want)
		}
	}
	if a, b := surfaces(t, e.Tokenizer, "cancel"), surfaces(t, c.Tokenizer, "cancel"); !slices.Equal(a, b) {
		t.Errorf("other text is read as %q, was %q", b, a)
	}
	again, err := c.Characters()
	if err != nil {
		t.Fatal(err)
	}
	if twice := surfaces(t, again.Tokenizer, "北京天气 cancel"); !slices.Equal(twice, got) {
		t.Errorf("asked for twice: %q, once: %q", twice, got)
	}
	e.Tokenizer = []byte("{")
	if _, err := e.Characters(); err == nil {
		t.Error("no error for a tokenizer that is none")
	}
}
