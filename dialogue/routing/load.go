package routing

import (
	"fmt"
	"io/fs"
	"maps"
	"math"
	"slices"
	"time"
	_ "time/tzdata" // zones by name, also where the system has none

	"yingda/dialogue"
	"yingda/dialogue/internal/strict"
	"yingda/nlu"
)

// FileName is the file of a service pack that Load reads.
const FileName = "routing.yaml"

// The YAML form. Pointers are fields whose zero value means something else than their absence.
type (
	file struct {
		Version  int                  `yaml:"version"`
		Zone     string               `yaml:"zone"`
		Presence filePresence         `yaml:"presence"`
		Channels map[string]fileUnits `yaml:"channels"`
		Priority filePriority         `yaml:"priority"`
		Hours    map[string]fileHours `yaml:"hours"`
		Holidays []fileHoliday        `yaml:"holidays"`
		Queues   []fileQueue          `yaml:"queues"`
		Agents   []fileAgent          `yaml:"agents"`
	}
	filePresence struct {
		Lease strict.Duration `yaml:"lease"`
		Hold  strict.Duration `yaml:"hold"`
	}
	fileUnits struct {
		Units int `yaml:"units"`
	}
	filePriority struct {
		Tiers      map[string]strict.Duration `yaml:"tiers"`
		Emotions   map[string]strict.Duration `yaml:"emotions"`
		Valences   map[string]strict.Duration `yaml:"valences"`
		Reasons    map[string]strict.Duration `yaml:"reasons"`
		Urgent     strict.Duration            `yaml:"urgent"`
		Rising     *float64                   `yaml:"rising"`
		Complexity struct {
			Step strict.Duration `yaml:"step"`
			Most strict.Duration `yaml:"most"`
		} `yaml:"complexity"`
		Cap *strict.Duration `yaml:"cap"`
	}
	fileQueue struct {
		Name      string              `yaml:"name"`
		Title     map[nlu.Lang]string `yaml:"title"`
		Skills    map[string]int      `yaml:"skills"`
		Languages []nlu.Lang          `yaml:"languages"`
		Hours     string              `yaml:"hours"`
		Head      strict.Duration     `yaml:"head_start"`
		Pick      Pick                `yaml:"pick"`
		Offer     strict.Duration     `yaml:"offer"`
		Pull      bool                `yaml:"pull"`
		Always    fileExpr            `yaml:"always"`
		Steps     []fileStep          `yaml:"steps"`
		Overflow  *fileOverflow       `yaml:"overflow"`
		Target    fileTarget          `yaml:"target"`
		Handle    strict.Duration     `yaml:"handle"`
		Announce  strict.Duration     `yaml:"announce"`
		LastAgent struct {
			For    strict.Duration `yaml:"for"`
			Within strict.Duration `yaml:"within"`
		} `yaml:"last_agent"`
	}
	fileStep struct {
		For   strict.Duration `yaml:"for"`
		Where fileExpr        `yaml:"where"`
	}
	fileExpr struct {
		Skill    string     `yaml:"skill"`
		Level    *int       `yaml:"level"`
		Asked    *int       `yaml:"asked"`
		Language string     `yaml:"language"`
		Agent    string     `yaml:"agent"`
		All      []fileExpr `yaml:"all"`
		Any      []fileExpr `yaml:"any"`
		Not      *fileExpr  `yaml:"not"`
	}
	fileOverflow struct {
		To       string          `yaml:"to"`
		After    strict.Duration `yaml:"after"`
		Closed   bool            `yaml:"closed"`
		Unmanned bool            `yaml:"unmanned"`
		Longer   int             `yaml:"longer"`
	}
	fileTarget struct {
		Within strict.Duration `yaml:"within"`
		Share  *float64        `yaml:"share"`
	}
	fileAgent struct {
		ID        string         `yaml:"id"`
		Name      string         `yaml:"name"`
		Queues    []string       `yaml:"queues"`
		Skills    map[string]int `yaml:"skills"`
		Languages []nlu.Lang     `yaml:"languages"`
		Capacity  *int           `yaml:"capacity"`
		Limits    map[string]int `yaml:"limits"`
	}
)

// loader turns a file into a Config and collects what is wrong.
type loader struct {
	*strict.File
	raw file
	cfg *Config
}

// Load reads routing.yaml of a service pack. The error joins a fault for everything that is wrong, each with file, line and field.
func Load(fsys fs.FS) (*Config, error) {
	data, err := fs.ReadFile(fsys, FileName)
	if err != nil {
		return nil, fmt.Errorf("load routing: %w", err)
	}
	return Parse(FileName, data)
}

// Parse reads a routing file; name is for the error, which joins a fault for everything that is wrong.
func Parse(name string, data []byte) (*Config, error) {
	l := &loader{cfg: &Config{Channels: map[string]Channel{}, Queues: map[string]*Queue{}}}
	l.File = strict.Decode(name, data, &l.raw)
	if l.raw.Version != 1 {
		l.Addf(strict.Path("version"), "is %d, this program reads 1", l.raw.Version)
	}
	l.cfg.Zone = l.zone(strict.Path("zone"), l.raw.Zone, time.UTC)
	l.presence()
	for _, name := range slices.Sorted(maps.Keys(l.raw.Channels)) {
		u := l.raw.Channels[name].Units
		l.between(strict.Path("channels", name, "units"), u, 1, maxCapacity)
		l.cfg.Channels[name] = Channel{Units: u}
	}
	l.priority()
	hours := l.hours()
	if len(l.raw.Queues) == 0 {
		l.Addf(strict.Path("queues"), "there is none: declare at least one queue")
	}
	for i := range l.raw.Queues {
		l.queue(i, hours)
	}
	l.overflows()
	l.agents()
	if err := l.Err(); err != nil {
		return nil, err
	}
	return l.cfg, nil
}

func (l *loader) presence() {
	p, raw := &l.cfg.Presence, l.raw.Presence
	p.Lease = or(raw.Lease.Std(), 90*time.Second)
	p.Hold = or(raw.Hold.Std(), 2*time.Minute)
	if p.Lease < 10*time.Second || p.Lease > time.Hour {
		l.Addf(strict.Path("presence", "lease"), "is %v: want 10s to 1h; a sign of life is written twice a lease", p.Lease)
	}
}

func (l *loader) priority() {
	raw, p := l.raw.Priority, &l.cfg.Priority
	*p = Priority{Tiers: durations(raw.Tiers), Emotions: durations(raw.Emotions), Valences: durations(raw.Valences),
		Reasons: map[dialogue.Reason]time.Duration{}, Urgent: raw.Urgent.Std(), Rising: 0.5, Step: raw.Complexity.Step.Std(),
		Steps: raw.Complexity.Most.Std(), Cap: 20 * time.Minute}
	for r, d := range raw.Reasons {
		p.Reasons[dialogue.Reason(r)] = d.Std()
	}
	if raw.Rising != nil {
		p.Rising = *raw.Rising
	}
	if !(p.Rising >= 0 && p.Rising <= 1) {
		l.Addf(strict.Path("priority", "rising"), "is %g: want 0–1", p.Rising)
	}
	if raw.Cap != nil {
		p.Cap = raw.Cap.Std()
	}
	if p.Cap > 24*time.Hour {
		l.Addf(strict.Path("priority", "cap"), "is %v: want at most 24h; nobody is overtaken by anybody who came later by more", p.Cap)
	}
	for group, m := range map[string]map[string]time.Duration{"tiers": p.Tiers, "emotions": p.Emotions, "valences": p.Valences} {
		for name, d := range m {
			if d > p.Cap {
				l.Addf(strict.Path("priority", group, name), "is %v, more than the cap of %v: raise the cap or lower this", d, p.Cap)
			}
		}
	}
}

func (l *loader) queue(i int, hours map[string]*Hours) {
	raw := &l.raw.Queues[i]
	at := func(parts ...any) []any { return append(strict.Path("queues", i), parts...) }
	q := &Queue{Name: raw.Name, Titles: raw.Title, Skills: raw.Skills, Languages: raw.Languages, Head: raw.Head.Std(), Pick: raw.Pick,
		Offer: raw.Offer.Std(), Pull: raw.Pull, Handle: or(raw.Handle.Std(), 6*time.Minute), Announce: raw.Announce.Std(),
		LastAgent: raw.LastAgent.For.Std(), Remember: or(raw.LastAgent.Within.Std(), 72*time.Hour)}
	switch {
	case !agentID.MatchString(raw.Name):
		l.Addf(at("name"), "is %q: want 1–64 of letters, digits, '.', '_' and '-'", raw.Name)
	case l.cfg.Queues[raw.Name] != nil:
		l.Addf(at("name"), "%q is declared twice", raw.Name)
	}
	if raw.Hours != "" {
		if q.Hours = hours[raw.Hours]; q.Hours == nil {
			l.Addf(at("hours"), "there are no hours %q; known are %v", raw.Hours, slices.Sorted(maps.Keys(hours)))
		}
	}
	if q.Pick = or(q.Pick, Idlest); !slices.Contains([]Pick{Idlest, Lightly, Ablest}, q.Pick) {
		l.Addf(at("pick"), "is %q: want %s, %s or %s", q.Pick, Idlest, Lightly, Ablest)
	}
	l.skills(at("skills"), raw.Skills)
	l.languages(at("languages"), raw.Languages)
	l.languages(at("title"), slices.Sorted(maps.Keys(raw.Title)))
	if q.Pull && q.Offer > 0 {
		l.Addf(at("offer"), "nothing is offered in a queue with pull: remove one of the two")
	}
	q.Always = l.expr(at("always"), &raw.Always)
	for j := range raw.Steps {
		d := raw.Steps[j].For.Std()
		if d <= 0 {
			l.Addf(at("steps", j, "for"), "is missing: say how long the step holds, e.g. 30s")
		}
		q.Steps = append(q.Steps, Step{d, l.expr(at("steps", j, "where"), &raw.Steps[j].Where)})
	}
	l.target(at("target"), raw.Target, q)
	l.cfg.Queues[q.Name] = q
	l.cfg.Order = append(l.cfg.Order, q.Name)
}

func (l *loader) target(at []any, raw fileTarget, q *Queue) {
	q.Target = Target{Within: or(raw.Within.Std(), time.Minute), Share: 0.8}
	if raw.Share != nil {
		q.Target.Share = *raw.Share
	}
	if !(q.Target.Share > 0 && q.Target.Share <= 1) {
		l.Addf(append(at, "share"), "is %g: want more than 0, at most 1", q.Target.Share)
	}
}

func (l *loader) expr(at []any, raw *fileExpr) Expr {
	e := Expr{Skill: raw.Skill, Language: raw.Language, Agent: raw.Agent}
	under := func(parts ...any) []any { return append(slices.Clone(at), parts...) }
	if raw.Level != nil {
		e.Level = *raw.Level
		l.between(under("level"), e.Level, 1, 5)
		if e.Skill == "" {
			l.Addf(under("level"), "belongs to a skill: add skill")
		}
	} else if e.Skill != "" {
		e.Level = 1
	}
	if raw.Asked != nil {
		e.Asked = *raw.Asked
		l.between(under("asked"), e.Asked, 1, 5)
	}
	if raw.Language != "" && raw.Language != CustomersLanguage {
		l.languages(under("language"), []nlu.Lang{nlu.Lang(raw.Language)})
	}
	for i := range raw.All {
		e.All = append(e.All, l.expr(under("all", i), &raw.All[i]))
	}
	for i := range raw.Any {
		e.Any = append(e.Any, l.expr(under("any", i), &raw.Any[i]))
	}
	if raw.Not != nil {
		not := l.expr(under("not"), raw.Not)
		if e.Not = &not; not.IsZero() {
			l.Addf(under("not"), "holds for nobody: say what must not be")
		}
	}
	return e
}

// overflows links queues to those that help, once all are known.
func (l *loader) overflows() {
	for i, raw := range l.raw.Queues {
		o, q := raw.Overflow, l.cfg.Queues[raw.Name]
		if o == nil || q == nil {
			continue
		}
		at := func(field string) []any { return strict.Path("queues", i, "overflow", field) }
		switch {
		case l.cfg.Queues[o.To] == nil:
			l.Addf(at("to"), "there is no queue %q; known are %v", o.To, l.cfg.Order)
			continue
		case o.To == raw.Name:
			l.Addf(at("to"), "is the queue itself")
			continue
		case o.After == 0 && !o.Closed && !o.Unmanned && o.Longer == 0:
			l.Addf(at("to"), "never happens: set after, closed, unmanned or longer")
		case o.Longer < 0:
			l.Addf(at("longer"), "is %d: want 0 or more", o.Longer)
		}
		q.Overflow = &Overflow{To: o.To, After: o.After.Std(), Closed: o.Closed, Unmanned: o.Unmanned, Longer: o.Longer}
	}
}

func (l *loader) agents() {
	seen := map[string]bool{}
	for i, raw := range l.raw.Agents {
		at := func(parts ...any) []any { return append(strict.Path("agents", i), parts...) }
		m := Member{ID: raw.ID, Name: raw.Name, Queues: raw.Queues, Skills: raw.Skills, Languages: raw.Languages, Capacity: defaultCapacity, Limits: raw.Limits}
		if raw.Capacity != nil {
			m.Capacity = *raw.Capacity
		}
		if !agentID.MatchString(raw.ID) || seen[raw.ID] {
			l.Addf(at("id"), "%q: want 1–64 of letters, digits, '.', '_' and '-', each id once", raw.ID)
		}
		seen[raw.ID] = true
		l.between(at("capacity"), m.Capacity, 1, maxCapacity)
		l.skills(at("skills"), m.Skills)
		l.languages(at("languages"), m.Languages)
		for j, q := range m.Queues {
			if l.cfg.Queues[q] == nil {
				l.Addf(at("queues", j), "there is no queue %q; known are %v", q, l.cfg.Order)
			}
		}
		for _, ch := range slices.Sorted(maps.Keys(m.Limits)) {
			l.between(at("limits", ch), m.Limits[ch], 0, maxCapacity)
		}
		l.cfg.Agents = append(l.cfg.Agents, m)
	}
	for _, name := range slices.Sorted(maps.Keys(l.cfg.Channels)) {
		units := l.cfg.Channels[name].Units
		if len(l.cfg.Agents) > 0 && !slices.ContainsFunc(l.cfg.Agents, func(m Member) bool { return m.Capacity >= units }) {
			l.Addf(strict.Path("channels", name, "units"), "is %d, more than any agent's capacity: nobody could take such a conversation", units)
		}
	}
}

func (l *loader) skills(at []any, skills map[string]int) {
	for _, name := range slices.Sorted(maps.Keys(skills)) {
		l.between(append(slices.Clone(at), name), skills[name], 1, 5)
	}
}

func (l *loader) languages(at []any, langs []nlu.Lang) {
	for _, lang := range langs {
		if lang != nlu.Chinese && lang != nlu.English {
			l.Addf(at, "%q is no language of this program: want zh or en", lang)
		}
	}
}

func (l *loader) between(at []any, v, low, high int) {
	if v < low || v > high {
		l.Addf(at, "is %d: want %d–%d", v, low, high)
	}
}

func (l *loader) zone(at []any, name string, fallback *time.Location) *time.Location {
	if name == "" {
		return fallback
	}
	z, err := time.LoadLocation(name)
	if err != nil {
		l.Addf(at, "%q is no time zone: write one of the tz database, e.g. Asia/Shanghai", name)
		return fallback
	}
	return z
}

func durations(m map[string]strict.Duration) map[string]time.Duration {
	out := make(map[string]time.Duration, len(m))
	for k, d := range m {
		out[k] = min(d.Std(), math.MaxInt64/4)
	}
	return out
}

// or returns v, or fallback where v is zero.
func or[T comparable](v, fallback T) T {
	var zero T
	if v == zero {
		return fallback
	}
	return v
}
