package profile

import (
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/width"

	"yingda/dialogue/internal/strict"
)

// Rules say what is learnt from conversations. Load them with [LoadRules]; the zero value learns nothing but which conversations there were.
type Rules struct {
	// HalfLife is after how long evidence weighs half. Default 90 days.
	HalfLife time.Duration
	// Enough is the weight that a value needs to be used. Default 1.5: one mention is not a preference.
	Enough float64
	// Lead is the share of all weight that the best value needs. Default 0.6: below it the evidence contradicts itself.
	Lead float64
	// Conversations is how many are remembered of a customer. Default 30.
	Conversations int
	// Quiet is after how long without a message a conversation with an open task counts as abandoned. Default 24 hours.
	Quiet time.Duration
	// Seen are entity types that name what the customer looked at; they become items of kind "browse" in the history.
	Seen []string
	// Small are the intents that are no topic, e.g. "chat.*".
	Small []string
	// Explicit are expressions over the folded text of a message by which customers state a preference; evidence of such a message weighs
	// Stated.
	Explicit []*regexp.Regexp
	Stated   float64 // default 3
	// Preferences by name, e.g. "carrier".
	Preferences map[string]Preferred
}

// Preferred says what counts as evidence of one preference.
type Preferred struct {
	Entities  []string            // types whose text is a value
	Arguments map[string][]string // by name of a call that succeeded: its arguments that are a value
	From      Trait               // or a trait of the message itself
	Against   []string            // intents under which a mention speaks against the value, e.g. complaint.delivery
	Values    map[string]string   // folded spelling → the value as it is shown
	Closed    bool                // only what is in Values counts
	Pattern   *regexp.Regexp      // over the folded spelling: what is not in Values must match
	Hours     map[string][2]int   // of From: hour; name → hours [from, to), may cross midnight
}

// Trait is a property of a message that says something about who wrote it.
type Trait string

// The traits.
const (
	NoTrait      Trait = ""
	FromLanguage Trait = "language"
	FromChannel  Trait = "channel"
	FromHour     Trait = "hour" // of the day, on the customer's clock
)

// rulesFile is the form of profile.yaml.
type rulesFile struct {
	Version       int                      `yaml:"version"`
	HalfLife      strict.Duration          `yaml:"half_life"`
	Enough        float64                  `yaml:"enough"`
	Lead          float64                  `yaml:"lead"`
	Conversations int                      `yaml:"conversations"`
	Quiet         strict.Duration          `yaml:"quiet"`
	Seen          []string                 `yaml:"seen"`
	Small         []string                 `yaml:"small_talk"`
	Explicit      []string                 `yaml:"explicit"`
	Stated        float64                  `yaml:"stated"`
	Preferences   map[string]preferredFile `yaml:"preferences"`
}

type preferredFile struct {
	Entities  []string            `yaml:"entities"`
	Arguments map[string][]string `yaml:"arguments"`
	From      string              `yaml:"from"`
	Against   []string            `yaml:"against"`
	Values    map[string][]string `yaml:"values"`
	Closed    bool                `yaml:"closed"`
	Pattern   string              `yaml:"pattern"`
	Hours     map[string][]int    `yaml:"hours"`
}

// LoadRules reads and checks a file. The error joins a fault with file, line and field for everything that is wrong.
func LoadRules(fsys fs.FS, name string) (*Rules, error) {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("load profile rules: %w", err)
	}
	return ParseRules(name, data)
}

// ParseRules is [LoadRules] for a file that was read already.
func ParseRules(name string, data []byte) (*Rules, error) {
	raw := rulesFile{Enough: 1.5, Lead: 0.6, Conversations: 30, Stated: 3, HalfLife: strict.Duration(90 * 24 * time.Hour), Quiet: strict.Duration(24 * time.Hour)}
	f := strict.Decode(name, data, &raw)
	r := &Rules{
		HalfLife: raw.HalfLife.Std(), Enough: raw.Enough, Lead: raw.Lead, Conversations: raw.Conversations, Quiet: raw.Quiet.Std(),
		Seen: raw.Seen, Small: raw.Small, Stated: raw.Stated, Preferences: map[string]Preferred{},
	}
	bad := func(wrong bool, field, format string, args ...any) {
		if wrong {
			f.Addf(strict.Path(field), format, args...)
		}
	}
	bad(raw.Version != 1, "version", "is %d; this program reads version: 1", raw.Version)
	bad(r.HalfLife < time.Hour, "half_life", "is %v; want an hour or more, e.g. 90d", r.HalfLife)
	bad(!(r.Enough > 0), "enough", "is %g; want more than 0", r.Enough)
	bad(!(r.Lead > 0 && r.Lead <= 1), "lead", "is %g; want a share, more than 0 and at most 1", r.Lead)
	bad(r.Conversations < 1 || r.Conversations > 200, "conversations", "is %d; want 1 to 200", r.Conversations)
	bad(!(r.Stated >= 1), "stated", "is %g; want 1 or more", r.Stated)
	bad(r.Quiet < time.Minute, "quiet", "is %v; want a minute or more, e.g. 24h", r.Quiet)
	for i, p := range raw.Explicit {
		re, err := regexp.Compile(p)
		if err != nil {
			f.Addf(strict.Path("explicit", i), "is no regular expression: %v", err)
			continue
		}
		r.Explicit = append(r.Explicit, re)
	}
	for _, n := range slices.Sorted(maps.Keys(raw.Preferences)) {
		r.Preferences[n] = raw.Preferences[n].read(f, n)
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	return r, nil
}

var preferenceName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)

// read checks one preference.
func (p preferredFile) read(f *strict.File, name string) Preferred {
	at := func(parts ...any) []any { return append(strict.Path("preferences", name), parts...) }
	out := Preferred{Entities: p.Entities, Arguments: p.Arguments, From: Trait(p.From), Against: p.Against, Closed: p.Closed, Values: map[string]string{}}
	if !preferenceName.MatchString(name) {
		f.Addf(at(), "a preference is named by 1 to 32 of a–z, 0–9 and _, beginning with a letter")
	}
	if !slices.Contains([]Trait{NoTrait, FromLanguage, FromChannel, FromHour}, out.From) {
		f.Addf(at("from"), "%q is not known; there are language, channel and hour", p.From)
	}
	if len(p.Entities) == 0 && len(p.Arguments) == 0 && out.From == NoTrait {
		f.Addf(at(), "has no evidence; write entities, arguments or from")
	}
	for _, v := range slices.Sorted(maps.Keys(p.Values)) {
		for i, spelling := range append([]string{v}, p.Values[v]...) {
			folded := fold(spelling)
			switch other, ok := out.Values[folded]; {
			case folded == "":
				f.Addf(at("values", v, i-1), "is empty")
			case ok && other != v:
				f.Addf(at("values", v, i-1), "%q means %q already", spelling, other)
			default:
				out.Values[folded] = v
			}
		}
	}
	if p.Closed && len(p.Values) == 0 {
		f.Addf(at("closed"), "nothing would count: write values, or closed: false")
	}
	if p.Pattern != "" {
		re, err := regexp.Compile("^(?:" + p.Pattern + ")$")
		if err != nil {
			f.Addf(at("pattern"), "is no regular expression: %v", err)
		}
		out.Pattern = re
	}
	out.Hours = p.hours(f, out.From, at)
	return out
}

func (p preferredFile) hours(f *strict.File, from Trait, at func(...any) []any) map[string][2]int {
	if (from == FromHour) != (len(p.Hours) > 0) {
		f.Addf(at("hours"), "from: hour and hours belong together, e.g. hours: {evening: [18, 22]}")
	}
	out := map[string][2]int{}
	for _, n := range slices.Sorted(maps.Keys(p.Hours)) {
		h := p.Hours[n]
		if len(h) != 2 || h[0] < 0 || h[0] > 23 || h[1] < 0 || h[1] > 24 || h[0] == h[1] {
			f.Addf(at("hours", n), "want two different hours [from, to), e.g. [18, 22]")
			continue
		}
		out[n] = [2]int{h[0], h[1]}
	}
	return out
}

// value returns the value that a spelling stands for, "" if it is none.
func (p *Preferred) value(spelling string) string {
	folded := fold(spelling)
	if v, ok := p.Values[folded]; ok {
		return v
	}
	if folded == "" || p.Closed || p.Pattern != nil && !p.Pattern.MatchString(folded) || len(folded) > 60 {
		return ""
	}
	return strings.TrimSpace(spelling)
}

// at returns the name of the hours that an hour lies in. Where several do, the first by name.
func (p *Preferred) at(hour int) string {
	for _, n := range slices.Sorted(maps.Keys(p.Hours)) {
		h := p.Hours[n]
		if h[0] < h[1] && hour >= h[0] && hour < h[1] || h[0] > h[1] && (hour >= h[0] || hour < h[1]) {
			return n
		}
	}
	return ""
}

// small tells whether an intent is no topic.
func (r *Rules) small(intent string) bool { return matches(r.Small, intent) }

// matches tells whether one of the patterns is the name, or ends in * and begins it.
func matches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		before, star := strings.CutSuffix(p, "*")
		return p == name || star && strings.HasPrefix(name, before)
	})
}

// fold makes spellings comparable: half-width, lower case, without spaces around and with single ones inside.
func fold(s string) string {
	return strings.Join(strings.Fields(strings.ToLower(width.Fold.String(s))), " ")
}
