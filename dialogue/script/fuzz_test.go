package script_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"yingda/dialogue"
	"yingda/dialogue/script"
	"yingda/nlu"
)

// FuzzText: whatever the text and the values, nothing panics, what goes out is valid UTF-8, and no slot is left as it was written.
func FuzzText(f *testing.F) {
	for _, text := range []string{"订单{id}", "到了[，在{place}]。", "[{a}|{b|money}|无]", `\{a\} \[`, "{v|day} {v|time} {v|duration}", "{v|lines}{v|list}{v|or}", "[[", "{", "]", "{a|mask}{a|tail4}{a|name}"} {
		for _, value := range []string{"", "8801238832", "2026-06-03", "128.50 CNY", "a\nb", "90m", "{x}", "\xff\u202e", "https://x.example 12:30"} {
			f.Add(text, value)
		}
	}
	f.Fuzz(func(t *testing.T, text, value string) {
		source, err := yaml.Marshal(map[string]any{"version": 1, "scripts": map[string]any{
			"general": map[string]string{"zh": "我在。", "en": "Here."}, "x": map[string]string{"zh": text, "en": text}}})
		if err != nil {
			t.Skip()
		}
		b, err := script.Load(fstest.MapFS{"a.yaml": {Data: source}})
		if err != nil {
			return
		}
		values := map[string]string{}
		for _, slot := range b.Script("x").Slots() {
			values[slot] = value
		}
		plain := strings.NewReplacer(`\{`, "", `\}`, "").Replace(text)
		for _, w := range []dialogue.Wording{{Lang: nlu.Chinese}, {Lang: nlu.English}, {Lang: nlu.Chinese, Channel: "voice"}, {Lang: nlu.English, Channel: "voice"}} {
			w.Key, w.Vars, w.Time = "x", values, noon
			r := b.Render(w)
			if !utf8.ValidString(r.Text) {
				t.Errorf("%q with %q: not UTF-8: %q", text, value, r.Text)
			}
			if plain == text && !strings.ContainsAny(value, "{}") && strings.ContainsAny(r.Text, "{}") {
				t.Errorf("%q with %q leaves a brace: %q", text, value, r.Text)
			}
		}
	})
}

// FuzzFile: no file panics, and one that loads can say all its keys.
func FuzzFile(f *testing.F) {
	f.Add(head + choosing)
	f.Add(head + variants)
	f.Add(head + tones + "  x: {tone: maybe}\n")
	f.Add("version: 1\nscripts: [")
	f.Add("a: &a [*a]")
	f.Fuzz(func(t *testing.T, source string) {
		b, err := script.Load(fstest.MapFS{"a.yaml": {Data: []byte(source)}})
		if err != nil {
			for _, fault := range script.FaultsOf(err) {
				if fault.Reason == "" {
					t.Errorf("a fault without a reason: %+v", fault)
				}
			}
			return
		}
		for _, key := range b.Keys() {
			if got := b.Render(say(key)); got.Text == "" && got.Script.Key == "" {
				t.Errorf("%s says nothing", key)
			}
			b.Samples(key, nil)
		}
	})
}
