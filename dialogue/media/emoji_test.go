package media_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"yingda/dialogue/media"
	"yingda/nlu"
)

func mustEmoji(tb testing.TB) *media.Emoji {
	tb.Helper()
	e, err := media.LoadEmoji(os.DirFS("../standard"), "emoji.yaml")
	if err != nil {
		tb.Fatal(err)
	}
	return e
}

func TestEmoji(t *testing.T) {
	e := mustEmoji(t)
	for text, want := range map[string]string{
		"": "", "没有表情": "", "😂😂😂": "", "👍🏽": "positive", "谢谢❤️": "positive", "😡": "angry", "怎么还没到😭😭": "disappointed", "[抓狂]": "angry", "[Smile]": "",
		"🤷🏻‍♀️": "confused", "😮‍💨": "disappointed", "👍😡😡": "angry", "急[流汗]": "anxious", "[流": "", "\xff😡": "angry", "☺️ ok": "positive", "🤦": "",
	} {
		if got := e.Read(text); got.Emotion != want {
			t.Errorf("%q: %+v, want %q", text, got, want)
		}
	}
	if one, three := e.Read("😡"), e.Read("😡😡😡"); three.Intensity <= one.Intensity || three.Count != 3 || three.Intensity > 1 {
		t.Errorf("%+v, %+v", one, three)
	}
}

func TestFeel(t *testing.T) {
	e := mustEmoji(t)
	words := func(label, valence string, i float64) nlu.Emotion {
		return nlu.Emotion{Prediction: nlu.Prediction{Label: label, Score: 0.9}, Valence: valence, Intensity: i}
	}
	for _, c := range []struct {
		text string
		in   nlu.Emotion
		want string
		more bool // stronger than the words
	}{
		{"好的😡", words("neutral", "neutral", 0.1), "angry", true},
		{"太棒了😡", words("positive", "positive", 0.6), "angry", true},
		{"再不发我投诉😡", words("angry", "negative", 0.7), "angry", true},
		{"真失望😡", words("disappointed", "negative", 0.5), "disappointed", true},
		{"骗子👍", words("angry", "negative", 0.7), "angry", false},
		{"谢谢", words("positive", "positive", 0.5), "positive", false},
		{"🌹", nlu.Emotion{}, "positive", true},
	} {
		got := e.Feel(c.in, c.text)
		if got.Label != c.want || (got.Intensity > c.in.Intensity) != c.more {
			t.Errorf("%q: %+v, want %s", c.text, got, c.want)
		}
	}
	var none *media.Emoji
	if got := none.Feel(words("neutral", "neutral", 0), "😡"); got.Label != "neutral" {
		t.Errorf("no data: %+v", got)
	}
}

func TestLoadEmojiFaults(t *testing.T) {
	_, err := media.LoadEmoji(fstest.MapFS{"e.yaml": {Data: []byte(`
version: 2
emotions:
  - {emotion: "", valence: "", intensity: 7, signs: [😡, "a b", ""]}
  - {emotion: angry, valence: negative, intensity: 0.5, signs: [😡]}
colour: red
`)}}, "e.yaml")
	if err == nil {
		t.Fatal("there is no error")
	}
	for _, want := range []string{"version", "neutral", "emotions[0].emotion", "emotions[0].valence", "emotions[0].intensity", "signs[1]", "signs[2]", "emotions[1].signs[0]", "colour"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q: %v", want, err)
		}
	}
}

func FuzzTitle(f *testing.F) {
	f.Add("text/html; charset=gbk", "<title>x</title>")
	f.Add("text/html", "<head><meta property=og:title content=\"\u202ex\"><title>")
	f.Fuzz(func(t *testing.T, kind, body string) {
		got, err := media.ReadTitle(strings.NewReader(body), kind)
		if err == nil && (got == "" || len([]rune(got)) > 120 || strings.ContainsAny(got, "\n\x00\u202e")) {
			t.Fatalf("title is %q", got)
		}
	})
}

func FuzzEmoji(f *testing.F) {
	e := mustEmoji(f)
	f.Add("😮‍💨[抓狂]👍🏽\xff")
	f.Fuzz(func(t *testing.T, s string) {
		if m := e.Read(s); m.Intensity < 0 || m.Intensity > 1 || (m.Count == 0) != (m.Emotion == "") {
			t.Fatal(fmt.Sprint(m))
		}
	})
}
