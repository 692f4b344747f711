package intake

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"yingda/dialogue"
)

// Format is how a file is written.
type Format string

// The formats. Events is this project's own: a line of JSON an event, as 'yingda demo-data --out' writes.
const (
	CSV      Format = "csv"
	JSONL    Format = "jsonl"
	Parquet  Format = "parquet"
	Chatwoot Format = "chatwoot"
	Rasa     Format = "rasa"
	Events   Format = "events"
)

var formats = []Format{CSV, JSONL, Parquet, Chatwoot, Rasa, Events}

// Mapping says what a file's columns are. See docs/analytics/import.md for every key.
type Mapping struct {
	Version  int    `yaml:"version"` // 1
	Format   Format `yaml:"format"`
	Tenant   string `yaml:"tenant"`   // default "default"
	Zone     string `yaml:"zone"`     // of times that do not say theirs, e.g. Asia/Shanghai
	Encoding string `yaml:"encoding"` // of text files: utf-8 (default), gb18030
	Comma    string `yaml:"comma"`    // of CSV; default ","
	Rows     []Rule `yaml:"rows"`     // of CSV, JSON Lines and Parquet

	// Channels gives other names to channels, of Chatwoot and Rasa.
	Channels map[string]string `yaml:"channels"`
	Chatwoot *ChatwootMapping  `yaml:"chatwoot"`
	Rasa     *RasaMapping      `yaml:"rasa"`

	zone *time.Location
}

// Rule makes an event of a row. Every rule that fits a row makes one.
type Rule struct {
	Kind   dialogue.EventKind `yaml:"kind"`
	When   *Condition         `yaml:"when"` // nil = always
	Fields map[string]Field   `yaml:"fields"`
}

// Condition picks rows: those whose column has one of the values, or any value at all.
type Condition struct {
	Column string   `yaml:"column"`
	In     []string `yaml:"in"`
	Not    []string `yaml:"not"`
	Set    *bool    `yaml:"set"`
}

// Field says where a value comes from: a column (written alone: its name), or a constant.
type Field struct {
	Column  string            `yaml:"column"` // of JSON: a path divided by dots
	Value   *string           `yaml:"value"`  // constant
	Map     map[string]string `yaml:"map"`    // other words for values; what is not in it stays
	Default string            `yaml:"default"`
	Format  string            `yaml:"format"` // of times: rfc3339 (default), unix, unix_ms, unix_us, or as Go writes layouts: 2006-01-02 15:04:05
	Zone    string            `yaml:"zone"`   // of times; default the mapping's
	Plain   bool              `yaml:"plain"`  // of conversation: the id says nothing about who the customer is, keep it
	Divider string            `yaml:"divider"`

	zone *time.Location
}

// UnmarshalYAML reads a name alone as the column.
func (f *Field) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		return n.Decode(&f.Column)
	}
	type plain Field
	for i := 0; i+1 < len(n.Content); i += 2 { // strictness ends where a type decodes itself: check the keys here
		if k := n.Content[i].Value; !slices.Contains([]string{"column", "value", "map", "default", "format", "zone", "plain", "divider"}, k) {
			return fmt.Errorf("line %d: %q is no part of a field: use column, value, map, default, format, zone, plain or divider", n.Content[i].Line, k)
		}
	}
	return n.Decode((*plain)(f))
}

// common are the fields that every kind of event has; conversation and time must be there.
var common = []string{"id", "conversation", "customer", "channel", "time"}

// fields are those of each kind besides.
var fields = map[dialogue.EventKind][]string{
	dialogue.TurnTaken: {"text", "lang", "intent", "confidence", "second", "second_confidence", "oos", "emotion", "intensity", "entities", "tier", "owner", "action",
		"reason", "task", "handoff", "queue", "script", "bundle", "ms_total", "fallback"},
	dialogue.AgentSaid:   {"agent", "text", "length"},
	dialogue.Rated:       {"score", "thumb", "resolved", "nps", "text", "about"},
	dialogue.Queued:      {"queue", "agent", "by", "why", "urgent"},
	dialogue.Claimed:     {"queue", "agent", "by", "why", "urgent"},
	dialogue.Transferred: {"queue", "agent", "by", "why", "urgent"},
	dialogue.Released:    {"queue", "agent", "by", "why", "urgent"},
	dialogue.Returned:    {"queue", "agent", "by", "why", "urgent"},
	dialogue.Closed:      {"queue", "agent", "by", "why", "urgent"},
	dialogue.SentOut:     {"follow_up", "type", "script", "status"},
	dialogue.Receipt:     {"follow_up", "type", "script", "status"},
}

// ParseMapping reads a mapping. All that is wrong comes back together, with the file's name.
func ParseMapping(file string, data []byte) (*Mapping, error) {
	m := &Mapping{}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(m); err != nil {
		if errors.Is(err, io.EOF) {
			err = errors.New("the file is empty")
		}
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var faults []error
	for _, fault := range m.check() {
		faults = append(faults, fmt.Errorf("%s: %s", file, fault))
	}
	return m, errors.Join(faults...)
}

// DefaultMapping is the one for formats that need none: Events, and Chatwoot and Rasa as they come.
func DefaultMapping(f Format) (*Mapping, error) {
	if f != Events && f != Chatwoot && f != Rasa {
		return nil, fmt.Errorf("%s files have columns of their own: say which is what in a mapping file", f)
	}
	m := &Mapping{Version: 1, Format: f}
	return m, errors.Join(errorsOf(m.check())...)
}

func errorsOf(faults []string) []error {
	out := make([]error, len(faults))
	for i, f := range faults {
		out[i] = errors.New(f)
	}
	return out
}

// check fills defaults in and says what is wrong.
func (m *Mapping) check() (faults []string) {
	bad := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	if m.Version != 1 {
		bad("version: want 1")
	}
	if !slices.Contains(formats, m.Format) {
		bad("format: %q: want one of %v", m.Format, formats)
	}
	if m.Tenant == "" {
		m.Tenant = "default"
	}
	if err := (dialogue.Key{Tenant: m.Tenant, Conversation: "x"}).Validate(); err != nil {
		bad("tenant: %v", err)
	}
	var err error
	if m.zone, err = zone(m.Zone); err != nil {
		bad("zone: %v", err)
	}
	if m.Encoding != "" && m.Encoding != "utf-8" && m.Encoding != "gb18030" {
		bad("encoding: %q: want utf-8 or gb18030", m.Encoding)
	}
	if len([]rune(m.Comma)) > 1 {
		bad("comma: %q: want one character", m.Comma)
	}
	tabular := m.Format == CSV || m.Format == JSONL || m.Format == Parquet
	if tabular && len(m.Rows) == 0 {
		bad("rows: say at least one kind of event that a row becomes")
	}
	if !tabular && len(m.Rows) > 0 {
		bad("rows: %s files have none", m.Format)
	}
	for i := range m.Rows {
		for _, f := range m.Rows[i].check(m) {
			bad("rows[%d].%s", i, f)
		}
	}
	m.Chatwoot.defaults(&m.Chatwoot)
	m.Rasa.defaults(&m.Rasa)
	return faults
}

func zone(name string) (*time.Location, error) {
	if name == "" {
		return nil, nil
	}
	loc, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, fmt.Errorf("%q is no time zone: write e.g. Asia/Shanghai or UTC", name)
	}
	return loc, nil
}

func (r *Rule) check(m *Mapping) (faults []string) {
	bad := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	own, known := fields[r.Kind]
	if !known {
		bad("kind: %q: want one of turn, agent, rating, queued, claimed, transferred, released, returned, closed, outbound, receipt", r.Kind)
		return faults
	}
	if w := r.When; w != nil && (w.Column == "" || len(w.In) == 0 && len(w.Not) == 0 && w.Set == nil) {
		bad("when: say a column, and in, not or set")
	}
	for _, must := range []string{"conversation", "time"} {
		if _, ok := r.Fields[must]; !ok {
			bad("fields: %s is missing", must)
		}
	}
	names := make([]string, 0, len(r.Fields))
	for name := range r.Fields {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		f := r.Fields[name]
		if !slices.Contains(common, name) && !slices.Contains(own, name) {
			bad("fields.%s: events of kind %s have no such field: use %s", name, r.Kind, strings.Join(append(slices.Clone(common), own...), ", "))
			continue
		}
		if (f.Column == "") == (f.Value == nil) {
			bad("fields.%s: say either a column or a value", name)
		}
		var err error
		if f.zone, err = zone(f.Zone); err != nil {
			bad("fields.%s.zone: %v", name, err)
		}
		if f.zone == nil {
			f.zone = m.zone
		}
		if name == "time" && f.needsZone() && f.zone == nil {
			bad("fields.time: its format says no zone: say which one it is with zone")
		}
		r.Fields[name] = f
	}
	return faults
}

// needsZone tells whether times in the field's format could be of any zone.
func (f *Field) needsZone() bool {
	switch f.Format {
	case "", "rfc3339", "unix", "unix_ms", "unix_us":
		return false
	}
	return !strings.Contains(f.Format, "07") && !strings.Contains(f.Format, "MST") // "Z07:00", "-0700", "-07"
}
