package recognizer

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"yingda/nlu"
)

// Roles tells which part an entity plays by the words around it: 从北京寄到上海, 把蓝色换成红色, change M to L, our new address is …
// It sets Role where it is empty, and only where a rule's words stand right beside the entity.
type Roles struct{ rules *RoleRules }

var _ nlu.Component = (*Roles)(nil)

// RoleRule is one wording. One of Before, Between and After at least is set; with Between it is about two neighbours of one type.
type RoleRule struct {
	Name    string   `yaml:"name"`
	Set     string   `yaml:"set"`     // the set of types that it holds for
	Before  string   `yaml:"before"`  // ends where the (first) entity begins
	Between string   `yaml:"between"` // is all between the two
	After   string   `yaml:"after"`   // begins where the (last) entity ends
	Roles   []string `yaml:"roles"`   // one, or with Between two
}

// RoleRules is a checked table. Parse it with ParseRoles.
type RoleRules struct{ pairs, singles []roleRule }

type roleRule struct {
	types                  []string
	before, between, after *regexp.Regexp
	roles                  []string
	latin                  bool // its words are of Latin letters, so a text without any cannot match
}

// roleFile is the YAML form.
type roleFile struct {
	Version int                 `yaml:"version"`
	Sets    map[string][]string `yaml:"sets"`
	Rules   []ast.Node          `yaml:"rules"`
}

// ParseRoles reads a table from YAML; see data/roles.yaml. The error joins a *Fault for everything that is wrong.
func ParseRoles(file string, data []byte) (*RoleRules, error) {
	f, raw := &faults{file: file}, roleFile{}
	if !f.decode(data, &raw) {
		return nil, f.err()
	}
	if raw.Version != 1 {
		f.addf("version", "is %d, this program reads 1", raw.Version)
	}
	table := &RoleRules{}
	for i, n := range raw.Rules {
		var r RoleRule
		if !f.decodeNode(fmt.Sprintf("rule %d", i+1), n, &r) {
			continue
		}
		at := fmt.Sprintf("rule %q", r.Name)
		rule := roleRule{roles: r.Roles, types: raw.Sets[r.Set]}
		rule.latin = latinWords(r.Before + r.Between + r.After)
		rule.before = f.regexp(at, r.Before, "(?:", ")$")
		rule.between = f.regexp(at, r.Between, "^(?:", ")$")
		rule.after = f.regexp(at, r.After, "^(?:", ")")
		want := 1
		if r.Between != "" {
			want = 2
		}
		switch {
		case len(rule.types) == 0:
			f.addf(at, "no set %q of types", r.Set)
		case r.Before+r.Between+r.After == "":
			f.addf(at, "has no pattern")
		case len(r.Roles) != want:
			f.addf(at, "has %d roles, needs %d", len(r.Roles), want)
		}
		if want == 2 {
			table.pairs = append(table.pairs, rule)
		} else {
			table.singles = append(table.singles, rule)
		}
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	return table, nil
}

// latinWords tells whether a pattern is of Latin words only: letters and no Han.
func latinWords(pattern string) bool {
	return hasLatin(pattern) && !strings.ContainsFunc(pattern, func(r rune) bool { return r >= firstHan && r <= lastHan })
}

// regexp compiles a pattern between two anchors; an empty one is nil.
func (f *faults) regexp(at, pattern, open, shut string) *regexp.Regexp {
	if pattern == "" {
		return nil
	}
	re, err := regexp.Compile(open + pattern + shut)
	if err != nil {
		f.add(at, err)
	}
	return re
}

// NewRoles returns a component that applies the table.
func NewRoles(r *RoleRules) *Roles { return &Roles{r} }

// Name returns roles@1.
func (r *Roles) Name() string { return "roles@1" }

// Requires entities and the folded text.
func (r *Roles) Requires() []nlu.Field { return []nlu.Field{nlu.FieldNormal, nlu.FieldEntities} }

// Assigns entities: their roles.
func (r *Roles) Assigns() []nlu.Field { return []nlu.Field{nlu.FieldEntities} }

// Annotate never fails.
func (r *Roles) Annotate(_ context.Context, as []*nlu.Analysis) error {
	for _, a := range as {
		r.annotate(a)
	}
	return nil
}

// The texts that rules see: how far the words before, between and after may reach.
const (
	roleReach   = 72
	roleBetween = 60
)

func (r *Roles) annotate(a *nlu.Analysis) {
	for i := range a.Entities {
		if a.Entities[i].Role != "" || !r.rules.about(a.Entities[i].Type) {
			continue
		}
		if j := partner(a.Entities, i); j >= 0 && r.pair(a, &a.Entities[i], &a.Entities[j]) {
			continue
		}
		r.single(a, &a.Entities[i])
	}
}

// partner returns the next entity of the same type without a role, or -1.
func partner(ents []nlu.Entity, i int) int {
	for j := i + 1; j < len(ents); j++ {
		if ents[j].Type == ents[i].Type {
			if ents[j].Role != "" {
				return -1
			}
			return j
		}
	}
	return -1
}

func (t *RoleRules) about(typ string) bool {
	has := func(r roleRule) bool { return slices.Contains(r.types, typ) }
	return slices.ContainsFunc(t.pairs, has) || slices.ContainsFunc(t.singles, has)
}

// pair gives two entities their roles if a rule fits.
func (r *Roles) pair(a *nlu.Analysis, first, second *nlu.Entity) bool {
	text := a.Normal.Text
	from, to := folded(&a.Normal, first.End), folded(&a.Normal, second.Start)
	if to < from || to-from > roleBetween {
		return false
	}
	before, _ := window(text, folded(&a.Normal, first.Start), len(text), roleReach)
	_, after := window(text, 0, folded(&a.Normal, second.End), roleReach)
	latin := hasLatin(before) || hasLatin(text[from:to]) || hasLatin(after)
	for i := range r.rules.pairs {
		rule := &r.rules.pairs[i]
		if rule.latin && !latin {
			continue
		}
		if slices.Contains(rule.types, first.Type) && fits(rule.between, text[from:to]) && fits(rule.before, before) && fits(rule.after, after) {
			first.Role, second.Role = rule.roles[0], rule.roles[1]
			return true
		}
	}
	return false
}

// single gives one entity its role if a rule fits.
func (r *Roles) single(a *nlu.Analysis, ent *nlu.Entity) {
	text := a.Normal.Text
	start, end := folded(&a.Normal, ent.Start), folded(&a.Normal, ent.End)
	before, after := window(text, start, end, roleReach)
	latin := hasLatin(before) || hasLatin(after)
	for i := range r.rules.singles {
		rule := &r.rules.singles[i]
		if rule.latin && !latin {
			continue
		}
		if slices.Contains(rule.types, ent.Type) && fits(rule.before, before) && fits(rule.after, after) {
			ent.Role = rule.roles[0]
			return
		}
	}
}

// fits tells whether text matches; a rule without a pattern does not care.
func fits(re *regexp.Regexp, text string) bool { return re == nil || re.MatchString(text) }
