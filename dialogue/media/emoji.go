package media

import (
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"unicode/utf8"

	"yingda/dialogue/internal/strict"
	"yingda/nlu"
	"yingda/nlu/norm"
)

// Emoji knows what emoji and stickers in brackets say about a customer's feeling. It is not changed once loaded.
type Emoji struct {
	neutral string
	moods   []Mood
	byRune  map[rune][]sign // by the first rune, longer signs first
	outcry  []outcry
}

// outcry are words that nobody says in another mood.
type outcry struct {
	words *regexp.Regexp
	mood  Mood
}

// Mood is a feeling that emoji show.
type Mood struct {
	Emotion   string  // as the bundle names it
	Valence   string  // neutral, positive, anxious, negative
	Intensity float64 // 0–1
	Count     int     // how many signs say so
}

type sign struct {
	text string
	mood int
}

// emojiFile is the YAML form.
type emojiFile struct {
	Version  int    `yaml:"version"`
	Neutral  string `yaml:"neutral"`
	Emotions []struct {
		Emotion   string   `yaml:"emotion"`
		Valence   string   `yaml:"valence"`
		Intensity float64  `yaml:"intensity"`
		Signs     []string `yaml:"signs"`
		Words     []string `yaml:"words"` // regular expressions over folded text
	} `yaml:"emotions"`
}

// LoadEmoji reads a file such as emoji.yaml of the service pack. The error joins everything that is wrong.
func LoadEmoji(fsys fs.FS, name string) (*Emoji, error) {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("load emoji: %w", err)
	}
	var raw emojiFile
	f := strict.Decode(name, data, &raw)
	e := &Emoji{neutral: raw.Neutral, byRune: map[rune][]sign{}}
	if raw.Version != 1 {
		f.Addf(strict.Path("version"), "is %d, this program reads 1", raw.Version)
	}
	if raw.Neutral == "" {
		f.Addf(strict.Path("neutral"), "is missing; name the emotion of a text that shows none")
	}
	seen := map[string]bool{}
	for i, m := range raw.Emotions {
		at := func(p ...any) []any { return append([]any{"emotions", i}, p...) }
		if m.Emotion == "" || m.Emotion == raw.Neutral {
			f.Addf(at("emotion"), "%q: want an emotion other than the neutral one", m.Emotion)
		}
		if m.Valence == "" {
			f.Addf(at("valence"), "is missing; want neutral, positive, anxious or negative")
		}
		if !(m.Intensity > 0 && m.Intensity <= 1) {
			f.Addf(at("intensity"), "%g: want more than 0, at most 1", m.Intensity)
		}
		e.moods = append(e.moods, Mood{Emotion: m.Emotion, Valence: m.Valence, Intensity: m.Intensity})
		for j, w := range m.Words {
			re, err := regexp.Compile(w)
			if err != nil || w == "" {
				f.Addf(at("words", j), "%q: want a regular expression (RE2): %v", w, err)
				continue
			}
			e.outcry = append(e.outcry, outcry{re, e.moods[i]})
		}
		for j, s := range m.Signs {
			folded := foldEmoji(s)
			switch {
			case folded == "" || strings.ContainsAny(folded, " \n\t"):
				f.Addf(at("signs", j), "%q: want one emoji or a sticker such as [抓狂]", s)
			case seen[folded]:
				f.Addf(at("signs", j), "%q is there twice", s)
			default:
				seen[folded] = true
				e.add(sign{folded, i})
			}
		}
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	return e, nil
}

func (e *Emoji) add(s sign) {
	r, _ := utf8.DecodeRuneInString(s.text)
	list := e.byRune[r]
	at := len(list)
	for at > 0 && len(list[at-1].text) < len(s.text) {
		at--
	}
	e.byRune[r] = append(list[:at], append([]sign{s}, list[at:]...)...)
}

// foldEmoji leaves out what does not change what an emoji says: its style, the colour of skin, man or woman.
func foldEmoji(s string) string {
	var b strings.Builder
	runes := []rune(s)
	for i := 0; i < len(runes); i++ {
		switch r := runes[i]; {
		case r == 0xFE0F || r == 0xFE0E || r >= 0x1F3FB && r <= 0x1F3FF:
		case r == 0x200D && i+1 < len(runes) && (runes[i+1] == '♂' || runes[i+1] == '♀'):
			i++
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Read returns what most signs of a text say; the zero Mood when there are none. Nil knows no signs.
func (e *Emoji) Read(text string) Mood {
	if e == nil || text == "" {
		return Mood{}
	}
	counts := make([]int, len(e.moods))
	for rest := foldEmoji(text); rest != ""; {
		r, n := utf8.DecodeRuneInString(rest)
		for _, s := range e.byRune[r] {
			if strings.HasPrefix(rest, s.text) {
				counts[s.mood]++
				n = len(s.text)
				break
			}
		}
		rest = rest[n:]
	}
	var best Mood
	for i, m := range e.moods {
		if m.Count = counts[i]; float64(m.Count)*m.Intensity > float64(best.Count)*best.Intensity {
			best = m
		}
	}
	if best.Count > 0 {
		best.Intensity = min(best.Intensity+0.1*float64(best.Count-1), 1)
	}
	return best
}

// cry takes words at their word that are only said in one mood, whatever else the message looks like: 气死我了, "I am furious".
func (e *Emoji) cry(words nlu.Emotion, text string) nlu.Emotion {
	if e == nil || len(e.outcry) == 0 {
		return words
	}
	folded := norm.Fold(text, norm.Options{}).Text
	for _, o := range e.outcry {
		if !o.words.MatchString(folded) {
			continue
		}
		if words.Label != o.mood.Emotion {
			words.Label, words.Valence, words.Score = o.mood.Emotion, o.mood.Valence, 1
		}
		words.Intensity = max(words.Intensity, o.mood.Intensity)
		return words
	}
	return words
}

// Feel returns the emotion of a message with its emoji taken into account. A text that is neutral takes theirs over; emoji of the same
// valence make it stronger; negative ones beside friendly words are taken at their word (太棒了😡); otherwise the words decide. The
// ranking stays that of the words.
func (e *Emoji) Feel(words nlu.Emotion, text string) nlu.Emotion {
	words = e.cry(words, text)
	m := e.Read(text)
	if m.Count == 0 {
		return words
	}
	switch {
	case words.Label == "" || words.Label == e.neutral, words.Valence == "positive" && m.Valence == "negative":
		words.Label, words.Valence, words.Intensity = m.Emotion, m.Valence, m.Intensity
	case words.Valence == m.Valence:
		words.Intensity = min(max(words.Intensity, m.Intensity)+0.1, 1)
	}
	return words
}
