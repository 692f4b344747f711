package policy

import (
	"maps"
	"path"
	"regexp"
	"slices"
	"time"

	"yingda/dialogue/internal/strict"
)

func (s *Settings) check(f *strict.File) {
	if s.Version != 1 {
		f.Addf([]any{"version"}, "is %d; this program reads 1", s.Version)
	}
	s.checkRoles(f)
	for _, g := range slices.Sorted(maps.Keys(s.Groups)) {
		for i, p := range s.Groups[g] {
			if _, err := path.Match(p, ""); err != nil {
				f.Addf([]any{"groups", g, i}, "%q: want an intent, or the beginning of intents and *", p)
			}
		}
	}
	if s.Queues.Default == "" {
		f.Addf([]any{"queues", "default"}, "is missing; name the queue that takes what no other does")
	}
	if base, ok := s.Tiers[""]; !ok || base.Angry < 1 || base.Miss < 1 {
		f.Addf([]any{"tiers"}, `has no tier "" with angry and miss of at least 1, which all other tiers start from`)
	}
	s.checkMoods(f)
	s.checkNumbers(f)
	s.checkWords(f)
}

func (s *Settings) checkRoles(f *strict.File) {
	s.roles = map[string]Role{}
	for _, r := range slices.Sorted(maps.Keys(s.Roles)) {
		if !slices.Contains(roles, r) {
			f.Addf([]any{"roles", string(r)}, "is no role; known are %v", roles)
		}
		for i, in := range s.Roles[r] {
			if old, dup := s.roles[in]; dup {
				f.Addf([]any{"roles", string(r), i}, "%s has the role %s already", in, old)
			}
			s.roles[in] = r
		}
	}
}

func (s *Settings) checkMoods(f *strict.File) {
	for field, list := range map[string][]string{"sour": s.Moods.Sour} {
		for i, g := range list {
			if s.Groups[g] == nil {
				f.Addf([]any{"moods", field, i}, "%q is no group", g)
			}
		}
	}
	for _, g := range slices.Sorted(maps.Keys(s.Moods.Groups)) {
		if s.Groups[g] == nil {
			f.Addf([]any{"moods", "groups", g}, "is no group")
		}
	}
	for _, g := range slices.Sorted(maps.Keys(s.Queues.Groups)) {
		if s.Groups[g] == nil {
			f.Addf([]any{"queues", "groups", g}, "is no group")
		}
	}
	s.feelings = nil
	for _, e := range slices.Sorted(maps.Keys(s.Moods.Words)) {
		if m := words(f, s.Moods.Words[e], "", "moods", "words", e); m != nil {
			s.feelings = append(s.feelings, feeling{e, m})
		}
	}
	s.weights = map[string][]weight{}
	for _, e := range slices.Sorted(maps.Keys(s.Moods.Weights)) {
		s.weights[e] = weightsOf(f, s.Moods.Weights[e], "moods", "weights", e)
	}
}

// weightsOf checks factors by intent pattern and puts them in order.
func weightsOf(f *strict.File, factors map[string]float64, at ...any) (list []weight) {
	for _, p := range slices.Sorted(maps.Keys(factors)) {
		if x := factors[p]; x <= 0 || x > 100 {
			f.Addf(append(slices.Clone(at), p), "is %v; want a factor above 0 and up to 100", x)
		}
		list = append(list, weight{p, factors[p]})
	}
	return list
}

func (s *Settings) checkNumbers(f *strict.File) {
	u, c, l := s.Understanding, s.Context, s.Limits
	for _, v := range []struct {
		section, field string
		value          float64
	}{
		{"understanding", "accept", u.Accept}, {"understanding", "rescue", u.Rescue}, {"understanding", "second", u.Second}, {"understanding", "act", u.Act},
		{"understanding", "switch", u.Switch}, {"understanding", "strange", u.Strange}, {"understanding", "margin", u.Margin}, {"understanding", "unsure", u.Unsure},
		{"understanding", "retype", u.Retype}, {"understanding", "heard", u.Heard}, {"understanding", "knowledge", u.Knowledge}, {"understanding", "known", u.Known}, {"moods", "score", s.Moods.Score}, {"moods", "intensity", s.Moods.Intensity}, {"moods", "strong", s.Moods.Strong},
	} {
		if v.value <= 0 || v.value > 1 {
			f.Addf([]any{v.section, v.field}, "is %v; want a probability above 0 and up to 1", v.value)
		}
	}
	if s.Moods.Unclear < 0 || s.Moods.Unclear > 1 {
		f.Addf([]any{"moods", "unclear"}, "is %v; want a probability from 0 to 1", s.Moods.Unclear)
	}
	for _, v := range []struct {
		field string
		value float64
	}{
		{"open", c.Open}, {"paused", c.Paused}, {"topic", c.Topic}, {"goes", c.Goes}, {"then", c.Then}, {"notice", c.Notice}, {"fits", c.Fits}, {"unfit", c.Unfit}, {"absent", c.Absent},
		{"takes", c.Takes}, {"foreign", c.Foreign}, {"asked", c.Asked}, {"unasked", c.Unasked},
	} {
		if v.value <= 0 || v.value > 100 {
			f.Addf([]any{"context", v.field}, "is %v; want a factor above 0 and up to 100, 1 for none", v.value)
		}
	}
	for _, v := range []struct {
		field string
		value int
	}{{"asks", l.Asks}, {"failed", l.Failed}, {"paused", l.Paused}, {"tasks", l.Tasks}, {"options", l.Options}, {"aside", l.Aside}} {
		if v.value < 1 {
			f.Addf([]any{"limits", v.field}, "is %d; want at least 1", v.value)
		}
	}
	i := &s.Idle
	for _, v := range []struct {
		field string
		value time.Duration
	}{{"quiet", i.Quiet.Std()}, {"done", i.Done.Std()}, {"people", i.People.Std()}} {
		if v.value != 0 && (v.value < time.Minute || v.value > 366*24*time.Hour) {
			f.Addf([]any{"idle", v.field}, "is %v; want 1m to 366d, or leave it out for never", v.value)
		}
	}
	if i.Done > 0 && i.Quiet > 0 && i.Done > i.Quiet {
		f.Addf([]any{"idle", "done"}, "is longer than quiet (%v), which comes first", i.Quiet.Std())
	}
	if l.Next < 0 || l.Next > 10 {
		f.Addf([]any{"limits", "next"}, "is %d; want 0 (none) to 10", l.Next)
	}
}

// words makes a matcher of the patterns at a place; nil when one of them is faulty.
func words(f *strict.File, patterns []string, anchor string, at ...any) *matcher {
	good := true
	for i, p := range patterns {
		if _, err := regexp.Compile(p); err != nil {
			good = false
			f.Addf(append(slices.Clone(at), i), "is not a regular expression (RE2): %v", err)
		}
	}
	if !good {
		return nil
	}
	return newMatcher(anchor, patterns)
}

func (s *Settings) checkWords(f *strict.File) {
	s.cues = map[Cue]*matcher{}
	for _, c := range slices.Sorted(maps.Keys(s.Cues)) {
		if !slices.Contains(cues, c) {
			f.Addf([]any{"cues", string(c)}, "is no cue; known are %v", cues)
			continue
		}
		anchor := ""
		if c == CueYes || c == CueNo {
			anchor = `^[\s,.!~]*`
		}
		if m := words(f, s.Cues[c], anchor, "cues", string(c)); m != nil {
			s.cues[c] = m
		}
	}
	pattern := func(p string, at ...any) *regexp.Regexp {
		re, err := regexp.Compile("(?i)" + p)
		if err != nil || p == "" {
			f.Addf(at, "is not a regular expression (RE2): %v", err)
		}
		return re
	}
	for i := range s.Notices {
		n := &s.Notices[i]
		n.match = pattern(n.Match, "notices", i, "match")
		if len(n.Intents) == 0 {
			f.Addf([]any{"notices", i, "intents"}, "is missing; name what a customer probably means who answers such a notice")
		}
	}
	s.checkHints(f, pattern)
	for i := range s.Options {
		s.Options[i].match = pattern(s.Options[i].Match, "options", i, "match")
	}
}
