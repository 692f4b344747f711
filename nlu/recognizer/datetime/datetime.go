// Package datetime finds and resolves time expressions in Chinese and English text: points, days, ranges, durations, sets, holidays,
// "in three business days", 下下周三.
//
// A grammar for each language (*.grammar) says which words make an expression; Go actions build an [Expr] from them; [Expr.Resolve] computes
// the readings at a reference time.
//
// # Which reading is preferred
//
// All readings are returned; [value.DateTime.Preferred] is the one that a customer most likely means:
//
//   - A weekday, a day of the month or a time means the coming one, today included.
//   - A date with a month but no year, or a month, means the nearer of the last and the next such date if the next is more than 40 days away:
//     "may 3" said on May 10 is a week ago, said on April 20 it is in two weeks.
//   - An open half of the day means the one between 8:00 and 20:00.
package datetime

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"

	"yingda/nlu"
	"yingda/nlu/recognizer/grammar"
	"yingda/nlu/recognizer/number"
	"yingda/nlu/recognizer/value"
)

//go:embed *.grammar
var sources embed.FS

// Categories are the output categories of the grammars: the types of value; "modified" for those that a word qualifies (before 8, since may),
// "group" for phrases that hold several results. "timezone" finds zones in a text that is known to hold one, those that are words too
// (pacific, get); "zone" those that nothing else could be meant by.
var Categories = []string{"date", "holiday", "daterange", "time", "timerange", "datetime", "datetimerange", "duration", "set", "timezone", "modified", "zone", "group"}

// defaultView is all categories but the one that is not for running text, and those that do not go with a mode.
func defaultView(modes Mode) []string {
	out := []string{"timezone"}
	if modes&Split != 0 {
		out = append(out, "datetime", "datetimerange", "modified")
	}
	if modes&Tasks != 0 {
		out = append(out, "holiday")
	}
	return slices.DeleteFunc(slices.Clone(Categories), func(c string) bool { return slices.Contains(out, c) })
}

// Options say what a [Finder] looks for.
type Options struct {
	// Lang is the language of the grammar. There is no default.
	Lang nlu.Lang
	// View lists the categories to find, of [Categories]. They compete: the longest phrase wins. Default: all but "timezone". A view of "date" alone finds
	// the dates inside of ranges.
	View []string
	// Modes change what some phrases mean; see [Mode]. Default: none.
	Modes Mode
}

// Mode is a set of special modes.
type Mode uint

// The modes.
const (
	Calendar     Mode = 1 << iota // bare figures are clock times and days of the month, as in a calendar's input field
	Experimental                  // ranges include their end; "from 2014" is open-ended
	Extended                      // alternatives: "tuesday or wednesday morning" are two results that share "morning"
	Zones                         // time zones beside clock times
	Split                         // date and time are separate results
	Tasks                         // for to-do lists: results are points in the future
	SkipFromTo                    // "from X to Y" is two dates
)

// modeNames are the names of modes in the names of grammar files and in checks of actions.
var modeNames = map[string]Mode{"calendar": Calendar, "experimental": Experimental, "extended": Extended, "zones": Zones, "split": Split,
	"tasks": Tasks, "skipfromto": SkipFromTo}

// Finder finds time expressions. It is safe for concurrent use.
type Finder struct {
	grammar *grammar.Grammar
	view    *grammar.View
	modes   Mode
	name    string
	scopes  [2]*scope // month first, day first: made once, so that a search allocates none
}

var _ value.Finder = (*Finder)(nil)

// scope is what actions see as [grammar.Call.Context].
type scope struct {
	modes    Mode
	dayFirst bool
}

// scopeOf returns the scope of a call.
func scopeOf(c *grammar.Call) *scope {
	s, _ := c.Context.(*scope)
	if s == nil {
		s = &scope{}
	}
	return s
}

// New makes a finder.
func New(o Options) (*Finder, error) {
	g, err := compiled(o.Lang, o.Modes)
	if err != nil {
		return nil, err
	}
	if o.View == nil {
		o.View = defaultView(o.Modes)
	}
	v, err := g.View(slices.DeleteFunc(slices.Clone(o.View), func(c string) bool { return slices.Contains(Categories, c) && !g.Has(c) })...)
	if err != nil {
		return nil, fmt.Errorf("datetime: %w", err)
	}
	scopes := [2]*scope{{modes: o.Modes}, {modes: o.Modes, dayFirst: true}}
	return &Finder{g, v, o.Modes, "datetime." + string(o.Lang) + ":", scopes}, nil
}

type grammarKey struct {
	lang  nlu.Lang
	modes Mode
}

// grammars keeps what has been compiled: views differ, grammars do not.
var grammars = struct {
	sync.Mutex
	m map[grammarKey]*grammar.Grammar
}{m: map[grammarKey]*grammar.Grammar{}}

func compiled(lang nlu.Lang, modes Mode) (*grammar.Grammar, error) {
	grammars.Lock()
	defer grammars.Unlock()
	key := grammarKey{lang, modes}
	if g := grammars.m[key]; g != nil {
		return g, nil
	}
	srcs, err := sourcesOf(lang, modes)
	if err != nil {
		return nil, err
	}
	g, err := grammar.Compile(grammar.Options{Sources: srcs, Actions: actions(), Scanners: number.Scanners(lang)})
	if err != nil {
		return nil, fmt.Errorf("datetime: %w", err)
	}
	grammars.m[key] = g
	return g, nil
}

// sourcesOf returns the files of a language: "en_*.grammar", and of "en_mode_<mode>.grammar" those of the modes that are on.
func sourcesOf(lang nlu.Lang, modes Mode) ([]grammar.Source, error) {
	if lang != nlu.Chinese && lang != nlu.English {
		return nil, fmt.Errorf("datetime: no grammar of language %q", lang)
	}
	files, err := fs.Glob(sources, string(lang)+"*.grammar")
	if err != nil {
		return nil, err
	}
	var srcs []grammar.Source
	for _, f := range files {
		if mode, ok := strings.CutPrefix(strings.TrimSuffix(f, ".grammar"), string(lang)+"_mode_"); ok && modes&modeNames[mode] == 0 {
			continue
		}
		data, err := sources.ReadFile(f)
		if err != nil {
			return nil, err
		}
		srcs = append(srcs, grammar.Source{Name: f, Data: data})
	}
	return srcs, nil
}

// actions merges the actions of all files.
func actions() map[string]grammar.Action {
	all := map[string]grammar.Action{}
	for _, m := range []map[string]grammar.Action{sharedActions, enDateActions, enRelativeActions, enDurationActions, enPeriodActions, enSpanActions, enRangeActions, enHolidayActions, enSetActions, enTimeActions, enMergedActions, enAlternativeActions, zhActions} {
		for name := range m {
			if all[name] != nil {
				panic("datetime: two actions named " + name)
			}
		}
		maps.Copy(all, m)
	}
	return all
}
