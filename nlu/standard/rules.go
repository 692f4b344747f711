package standard

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"yingda/nlu"
	"yingda/nlu/recognizer"
)

// Rules are the components that work without a model.
type Rules struct {
	Find   []nlu.Component // append candidates
	Finish []nlu.Component // merge candidates into entities, give them values and roles
	Types  []string        // entity types they find
}

// ruleData is what the recognisers are made from.
type ruleData struct {
	rules    *recognizer.Rules
	lists    []recognizer.List
	synonyms *recognizer.Synonyms
	roles    *recognizer.RoleRules
	values   recognizer.ValueFinder
}

// DefaultRules returns the built-in recognisers. They are read once and shared: all of them are immutable.
var DefaultRules = sync.OnceValues(func() (*Rules, error) {
	d, err := defaultData()
	if err != nil {
		return nil, err
	}
	return d.build()
})

// NoRules returns no recognisers at all: entities are what the model finds. For measuring models by themselves.
func NoRules() *Rules {
	return &Rules{Find: []nlu.Component{recognizer.NewValues()}, Finish: []nlu.Component{recognizer.Merge{}}}
}

func defaultData() (d ruleData, err error) {
	var errs [5]error
	d.rules, errs[0] = recognizer.DefaultRules()
	d.lists, errs[1] = recognizer.DefaultLists()
	d.synonyms, errs[2] = recognizer.DefaultSynonyms()
	d.roles, errs[3] = recognizer.DefaultRoles()
	d.values, errs[4] = recognizer.DefaultValues()
	return d, errors.Join(errs[:]...)
}

func (d *ruleData) build() (*Rules, error) {
	spoken, err := recognizer.NewSpoken(d.rules)
	if err != nil {
		return nil, err
	}
	index := recognizer.NewIndex(d.lists...)
	types := append(append(d.rules.Types(), index.Types()...), recognizer.ValueTypes()...)
	slices.Sort(types)
	return &Rules{
		Find:   []nlu.Component{recognizer.NewRegex(d.rules), spoken, recognizer.NewLookup(index), recognizer.NewFuzzy(index, recognizer.FuzzyOptions{}), recognizer.NewValues(d.values)},
		Finish: []nlu.Component{recognizer.Merge{}, recognizer.ListSynonyms(d.lists...).With(d.synonyms), recognizer.NewRoles(d.roles)},
		Types:  slices.Compact(types),
	}, nil
}

// LoadRules adds a deployment's own files to the built-in recognisers. By name, in the folder dir:
//
//	rules*.yaml, synonyms*.yaml, roles.yaml   as in nlu/recognizer/data; roles.yaml replaces the built-in table
//	lists*.yaml                               lists of names
//	NAME.csv                                  one list of names of entity type NAME, header: value, synonyms, role, needs, not
//	*.yml                                     Rasa NLU: lookup tables and synonyms
//
// Any other file is refused, for it would be ignored. All faults of all files are reported together.
func LoadRules(dir string) (*Rules, error) {
	d, err := defaultData()
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("load rules: %w", err)
	}
	var errs []error
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if strings.HasPrefix(e.Name(), ".") || e.IsDir() {
			continue
		}
		data, err := os.ReadFile(path)
		if err == nil {
			err = d.add(path, data)
		}
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("load rules: %w", err)
	}
	return d.build()
}

// add reads one file over what is there.
func (d *ruleData) add(path string, data []byte) (err error) {
	name := filepath.Base(path)
	stem, ext := strings.TrimSuffix(name, filepath.Ext(name)), filepath.Ext(name)
	switch {
	case ext == ".csv":
		var l recognizer.List
		if l, err = recognizer.ParseCSV(path, stem, stem, data); err == nil {
			d.lists = append(d.lists, l)
		}
	case ext == ".yml":
		lists, synonyms, err := recognizer.ParseRasa(path, data)
		if err != nil {
			return err
		}
		d.lists = append(d.lists, lists...)
		d.synonyms = d.synonyms.With(synonyms)
	case ext == ".yaml" && strings.HasPrefix(name, "rules"):
		var rules *recognizer.Rules
		if rules, err = recognizer.ParseRules(d.rules, path, data); err == nil {
			d.rules = rules
		}
	case ext == ".yaml" && strings.HasPrefix(name, "lists"):
		var lists []recognizer.List
		lists, err = recognizer.ParseLists(path, data)
		d.lists = append(d.lists, lists...)
	case ext == ".yaml" && strings.HasPrefix(name, "synonyms"):
		var synonyms *recognizer.Synonyms
		if synonyms, err = recognizer.ParseSynonyms(path, data); err == nil {
			d.synonyms = d.synonyms.With(synonyms)
		}
	case name == "roles.yaml":
		var roles *recognizer.RoleRules
		if roles, err = recognizer.ParseRoles(path, data); err == nil {
			d.roles = roles
		}
	default:
		return fmt.Errorf("%s: not a file of rules; names are rules*.yaml, lists*.yaml, synonyms*.yaml, roles.yaml, TYPE.csv and *.yml", path)
	}
	return err
}
