package sequence_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"yingda/nlu"
	"yingda/nlu/norm"
	"yingda/nlu/recognizer/sequence"
	"yingda/nlu/recognizer/value"
)

// specDir holds the public specifications of Recognizers-Text, which are not part of this module.
const specDir = "../../../../shared/datasets/recognizers_text/Sequence"

// specCase is one case of a specification.
type specCase struct {
	Input   string
	Results []specResult
}

type specResult struct {
	Text       string
	TypeName   string
	Resolution map[string]string
	Start, End *int // inclusive end, in UTF-16 units
}

// TestSpecs holds the pass rates of the public specifications: text, type, value, span and score must all be as expected.
func TestSpecs(t *testing.T) {
	for _, tt := range []struct {
		file  string
		kind  value.Kind
		name  string
		floor float64
	}{
		{"Chinese/PhoneNumberModel.json", value.KindPhone, "phonenumber", 1},
		{"English/PhoneNumberModel.json", value.KindPhone, "phonenumber", 1},
		{"Chinese/URLModel.json", value.KindURL, "url", 1},
		{"English/URLModel.json", value.KindURL, "url", 1},
		{"Chinese/IpAddressModel.json", value.KindIP, "ip", 1},
		{"English/IpAddressModel.json", value.KindIP, "ip", 1},
		{"English/EmailModel.json", value.KindEmail, "email", 1},
		{"English/GUIDModel.json", value.KindGUID, "guid", 1},
		{"English/HashtagModel.json", value.KindHashtag, "hashtag", 1},
		{"English/MentionModel.json", value.KindMention, "mention", 1},
		{"Chinese/QuotedTextModel.json", value.KindQuoted, "quotedText", 1},
		{"English/QuotedTextModel.json", value.KindQuoted, "quotedText", 1},
	} {
		t.Run(tt.file, func(t *testing.T) {
			cases := mustSpecs(t, tt.file)
			f := mustNew(t, tt.kind)
			passed := 0
			for _, c := range cases {
				if fault := runSpec(f, tt.name, c); fault != "" {
					t.Logf("%q: %s", c.Input, fault)
				} else {
					passed++
				}
			}
			rate := float64(passed) / float64(len(cases))
			t.Logf("%d of %d cases pass (%.1f %%)", passed, len(cases), 100*rate)
			if rate < tt.floor {
				t.Errorf("%.2f %% pass, the floor is %.2f %%", 100*rate, 100*tt.floor)
			}
		})
	}
}

func mustSpecs(t *testing.T, file string) []specCase {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(specDir, file))
	if err != nil {
		t.Skipf("SKIPPED: the public specifications are not here: %v", err)
	}
	var cases []specCase
	if err := json.Unmarshal([]byte(strings.TrimPrefix(string(data), "\ufeff")), &cases); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return cases
}

func mustNew(tb testing.TB, kinds ...value.Kind) *sequence.Finder {
	tb.Helper()
	f, err := sequence.New(kinds...)
	if err != nil {
		tb.Fatal(err)
	}
	return f
}

// runSpec says what is wrong with the results of a case.
func runSpec(f *sequence.Finder, name string, c specCase) string {
	text := norm.Fold(c.Input, norm.Matching)
	finds := f.FindValues(nil, text.Text, value.Context{Lang: nlu.English})
	if len(finds) != len(c.Results) {
		return "wrong number of finds: " + show(finds, text.Text)
	}
	used := make([]bool, len(finds))
	for _, want := range c.Results {
		ok := false
		for i, got := range finds {
			if !used[i] && equals(c.Input, text, want, got) && want.TypeName == name {
				used[i], ok = true, true
				break
			}
		}
		if !ok {
			return "no " + want.Text + " " + want.Resolution["score"] + " in " + show(finds, text.Text)
		}
	}
	return ""
}

func equals(raw string, text norm.Text, want specResult, got value.Find) bool {
	start, end := text.Raw(got.Start, got.End)
	surface := raw[start:end]
	if !strings.EqualFold(surface, want.Text) {
		return false
	}
	if want.Start != nil && (units(raw[:start]) != *want.Start || units(raw[:end])-1 != *want.End) {
		return false
	}
	if score, ok := want.Resolution["score"]; ok && strconv.FormatFloat(got.Score, 'g', -1, 64) != score {
		return false
	}
	switch v := sequence.Exact(got, surface).Value.(type) {
	case value.IP:
		return strings.EqualFold(v.Address, want.Resolution["value"]) && v.Version == want.Resolution["type"]
	case string:
		return got.Kind == value.KindPhone || strings.EqualFold(v, want.Resolution["value"])
	}
	return false
}

func units(s string) int { return len(utf16.Encode([]rune(s))) }

func show(finds []value.Find, text string) string {
	if len(finds) == 0 {
		return "nothing"
	}
	var b strings.Builder
	for _, f := range finds {
		b.WriteString(strconv.Quote(text[f.Start:f.End]) + " " + f.Rule + " " + strconv.FormatFloat(f.Score, 'g', -1, 64) + " ")
	}
	return b.String()
}
