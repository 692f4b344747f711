package recognizer

import (
	"fmt"
	"maps"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
)

// Rule describes one form of an id. See data/rules.yaml for examples and the meaning of scores.
type Rule struct {
	Name    string   `yaml:"name"`    // unique, e.g. "tracking.sf"; goes into Entity.Rule
	Type    string   `yaml:"type"`    // the entity type, e.g. "tracking_number"
	Pattern string   `yaml:"pattern"` // RE2 syntax over the folded text (lower case, half-width); matches the id itself, from its first character
	Check   string   `yaml:"check"`   // optional: a verification by name, e.g. "luhn"
	Digits  []int    `yaml:"digits"`  // optional [min, max]: how many digits the find has
	Has     string   `yaml:"has"`     // optional: bytes one of which must be in the text; saves time
	Cues    []string `yaml:"cues"`    // groups of words that speak for this rule
	Needs   []string `yaml:"needs"`   // groups one of which must stand right beside the find; they are the Cues too when there are none
	Near    int      `yaml:"near"`    // how many bytes may lie between a needed word and the find, fillers not counted; default 6
	Score   float64  `yaml:"score"`   // without any word around; 0 = such finds are not ids
	Cued    float64  `yaml:"cued"`    // with a word of Cues close by and none against; 0 = Score
	Firm    bool     `yaml:"firm"`    // the form alone proves it: units and other words around do not count
	Value   Form     `yaml:"value"`   // how Entity.Value is written; default surface
}

// Form tells how a find is written as a value. Full-width characters become half-width in all of them.
type Form string

// The forms. The zero value is FormSurface.
const (
	FormSurface Form = ""        // as typed
	FormCompact Form = "compact" // without spaces and dashes, case kept
	FormUpper   Form = "upper"   // compact in capitals
	FormDigits  Form = "digits"  // digits only, a leading + kept
)

// Rules is a checked set of rules with the words that support them. Parse it with ParseRules; the zero value has no rules.
type Rules struct {
	rules   []compiled
	cues    map[string][]string // group → folded words
	fillers []string            // words between a cue and its id: 是, :, is, number
	units   []string            // words after a number that make it a quantity
	signs   []string            // signs before a number that make it an amount
	neutral map[string]bool     // groups that speak against nothing
}

// compiled is a rule ready to run.
type compiled struct {
	Rule
	re      *regexp.Regexp
	check   check
	starts  [2]uint64 // ASCII characters that a match may begin with
	han     bool      // and it may begin with another character
	min     int       // digits
	max     int
	support uint64 // bit of each group in Cues and Needs
	needs   uint64
}

// ruleFile is the YAML form.
type ruleFile struct {
	Version int                 `yaml:"version"`
	Cues    map[string][]string `yaml:"cues"`
	Fillers []string            `yaml:"fillers"`
	Units   []string            `yaml:"units"`
	Signs   []string            `yaml:"signs"`
	Neutral []string            `yaml:"neutral"`
	Disable []string            `yaml:"disable"` // names of rules of the base that are not wanted
	Rules   []ast.Node          `yaml:"rules"`
}

// ParseRules reads rules from YAML. With a base (may be nil) the file extends it: rules of the same name are replaced, words are added.
// The base is not changed. The error joins a *Fault for everything that is wrong.
func ParseRules(base *Rules, file string, data []byte) (*Rules, error) {
	f, raw := &faults{file: file}, ruleFile{}
	if !f.decode(data, &raw) {
		return nil, f.err()
	}
	if raw.Version != 1 {
		f.addf("version", "is %d, this program reads 1", raw.Version)
	}
	r := &Rules{cues: map[string][]string{}, neutral: map[string]bool{}}
	var rules []Rule
	if base != nil {
		for _, c := range base.rules {
			rules = append(rules, c.Rule)
		}
		for g, words := range base.cues {
			r.cues[g] = slices.Clone(words)
		}
		r.fillers, r.units, r.signs = slices.Clone(base.fillers), slices.Clone(base.units), slices.Clone(base.signs)
		maps.Copy(r.neutral, base.neutral)
	}
	for g, words := range raw.Cues {
		r.cues[g] = append(r.cues[g], f.words("cues."+g, words)...)
	}
	r.fillers = append(r.fillers, f.words("fillers", raw.Fillers)...)
	r.units = append(r.units, f.words("units", raw.Units)...)
	r.signs = append(r.signs, f.words("signs", raw.Signs)...)
	for _, g := range raw.Neutral {
		r.neutral[g] = true
	}
	rules = f.disable(rules, raw.Disable)
	rules = f.extend(rules, raw.Rules)
	r.compile(f, rules)
	if err := f.err(); err != nil {
		return nil, err
	}
	return r, nil
}

// words folds the words of a list.
func (f *faults) words(at string, words []string) []string {
	var out []string
	for _, w := range words {
		folded := fold(w)
		if w == " " {
			folded = w // a space alone is a filler
		}
		if folded == "" {
			f.addf(at, "has an empty word")
			continue
		}
		out = append(out, folded)
	}
	return out
}

func (f *faults) disable(rules []Rule, names []string) []Rule {
	for _, n := range names {
		before := len(rules)
		if rules = slices.DeleteFunc(rules, func(r Rule) bool { return r.Name == n }); len(rules) == before {
			f.addf("disable", "no rule %q to disable", n)
		}
	}
	return rules
}

// extend appends the rules of the file to those of the base, or puts them in the place of their namesakes.
func (f *faults) extend(rules []Rule, nodes []ast.Node) []Rule {
	seen := map[string]bool{}
	for i, n := range nodes {
		var r Rule
		if !f.decodeNode(fmt.Sprintf("rule %d", i+1), n, &r) {
			continue
		}
		if r.Name != "" && seen[r.Name] {
			f.addf(fmt.Sprintf("rule %q", r.Name), "is defined twice")
			rules = append(rules, r)
			continue
		}
		seen[r.Name] = true
		if at := slices.IndexFunc(rules, func(o Rule) bool { return o.Name == r.Name }); at >= 0 {
			rules[at] = r
		} else {
			rules = append(rules, r)
		}
	}
	return rules
}

// compile checks the rules and makes them ready to run.
func (r *Rules) compile(f *faults, rules []Rule) {
	groups := r.groups()
	if len(groups) > 64 {
		f.addf("cues", "%d groups, at most 64", len(groups))
		return
	}
	bits := func(at string, names []string) (mask uint64) {
		for _, n := range names {
			i, ok := slices.BinarySearch(groups, n)
			if !ok {
				f.addf(at, "no group of cues %q", n)
				continue
			}
			mask |= 1 << i
		}
		return mask
	}
	for _, rule := range rules {
		at := fmt.Sprintf("rule %q", rule.Name)
		if rule.Name == "" {
			at = fmt.Sprintf("rule with pattern %q", rule.Pattern)
			f.addf(at, "has no name")
		}
		c := compiled{Rule: rule, max: 1 << 30}
		c.needs = bits(at, rule.Needs)
		if c.support = bits(at, rule.Cues); len(rule.Cues) == 0 {
			c.support = c.needs
		}
		c.validate(f, at)
		c.pattern(f, at)
		r.rules = append(r.rules, c)
	}
}

// groups returns the names of the groups in order; the position is the group's bit.
func (r *Rules) groups() []string {
	var names []string
	for g := range r.cues {
		names = append(names, g)
	}
	slices.Sort(names)
	return names
}

func (c *compiled) validate(f *faults, at string) {
	if c.Type == "" {
		f.addf(at, "has no type")
	}
	if c.Score < 0 || c.Score > 1 || c.Cued < 0 || c.Cued > 1 {
		f.addf(at, "scores must be between 0 and 1")
	}
	if c.Score == 0 && c.Cued == 0 {
		f.addf(at, "has neither score nor cued, so it can never match")
	}
	if c.Cued == 0 {
		c.Cued = c.Score
	}
	if c.Near == 0 {
		c.Near = 6
	}
	if c.Check != "" {
		if c.check = checks()[c.Check]; c.check == nil {
			f.addf(at, "no check %q", c.Check)
		}
	}
	if !slices.Contains([]Form{FormSurface, FormCompact, FormUpper, FormDigits}, c.Value) {
		f.addf(at, "no form of value %q; there are compact, upper, digits", c.Value)
	}
	switch {
	case len(c.Digits) == 0:
	case len(c.Digits) != 2 || c.Digits[0] < 0 || c.Digits[0] > c.Digits[1]:
		f.addf(at, "digits must be [min, max]")
	default:
		c.min, c.max = c.Digits[0], c.Digits[1]
	}
}

// pattern compiles the expression, anchored: the engine tries it where an id may begin, so the time does not grow with the text.
func (c *compiled) pattern(f *faults, at string) {
	if c.Pattern == "" {
		f.addf(at, "has no pattern")
		return
	}
	if strings.Contains(c.Pattern, `\b`) {
		f.addf(at, `has \b; leave it out: the edges of ids are checked by the program, between Han and digits too`)
		return
	}
	anchored := `^(?:` + c.Pattern + `)`
	re, err := regexp.Compile(anchored)
	if err != nil {
		f.add(at, err)
		return
	}
	if re.MatchString("") {
		f.addf(at, "pattern matches the empty text")
		return
	}
	re.Longest()
	c.re = re
	c.starts, c.han = startSet(anchored)
}

// startSet returns which ASCII characters a match can begin with, and whether it can begin with any other.
func startSet(pattern string) (set [2]uint64, other bool) {
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return set, other
	}
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return set, other
	}
	seen := make([]bool, len(prog.Inst))
	var visit func(pc uint32)
	visit = func(pc uint32) {
		if seen[pc] {
			return
		}
		seen[pc] = true
		switch in := &prog.Inst[pc]; in.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			visit(in.Out)
			visit(in.Arg)
		case syntax.InstCapture, syntax.InstEmptyWidth, syntax.InstNop:
			visit(in.Out)
		case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
			for b := range 128 {
				if in.Op >= syntax.InstRuneAny || in.MatchRune(rune(b)) {
					set[b/64] |= 1 << (b % 64)
				}
			}
			other = other || in.Op >= syntax.InstRuneAny || in.Rune[len(in.Rune)-1] >= utf8.RuneSelf
		}
	}
	visit(uint32(prog.Start))
	return set, other
}
