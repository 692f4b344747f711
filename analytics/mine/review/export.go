package review

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"yingda/analytics/mine"
)

// ExportOptions say what is left out.
type ExportOptions struct {
	// Exclude are texts that must not be trained on, such as those of test sets; they are compared in their normal form.
	Exclude []string
	MaxEach int // texts of an intent at most, the commonest; default 500
}

// Export is accepted texts as a corpus.
type Export struct {
	// Lines are JSON lines as training/corpus reads them: {"text", "intents", "lang", "metadata"}. intents [] is out of scope.
	Lines       []byte         `json:"-"`
	Fingerprint string         `json:"fingerprint"` // SHA-256 of Lines: the same decisions give the same bytes
	Examples    int            `json:"examples"`
	Intents     map[string]int `json:"intents"`     // examples by intent; "" = out of scope
	New         []string       `json:"new_intents"` // those that were accepted as new
	Excluded    int            `json:"excluded"`    // by Exclude
	Disagreed   int            `json:"disagreed"`   // texts that two people labelled differently, left out
	Through     time.Time      `json:"through"`     // of the newest decision or label
	Reviewers   []string       `json:"reviewers"`
}

// Provenance is the metadata of an exported line.
type Provenance struct {
	Source      string   `json:"source"` // "group" or "label"
	Group       string   `json:"group,omitempty"`
	Slice       string   `json:"slice,omitempty"`
	Turns       []string `json:"turns"` // hashes of turn ids
	Count       int      `json:"count"` // messages that say it
	AcceptedBy  string   `json:"accepted_by"`
	AcceptedAt  string   `json:"accepted_at"`
	Bundle      string   `json:"bundle"`      // that did not understand it
	Fingerprint string   `json:"fingerprint"` // of text, intents and turns
}

// row is a line to be exported.
type row struct {
	Text     string     `json:"text"`
	Intents  []string   `json:"intents"`
	Lang     string     `json:"lang,omitempty"`
	Metadata Provenance `json:"metadata"`

	key string
	at  time.Time
}

// Export makes a corpus of what was accepted in groups and labelled one by one. A person's label of a text stands above its group's; texts that
// two people labelled differently are left out. The same reviews give the same bytes.
func (s *Store) Export(tenant string, o ExportOptions) (*Export, error) {
	if o.MaxEach <= 0 {
		o.MaxEach = 500
	}
	ds, err := s.Decisions(tenant)
	if err != nil {
		return nil, err
	}
	labels, err := s.Labels(tenant)
	if err != nil {
		return nil, err
	}
	ex := &Export{Intents: map[string]int{}, New: []string{}, Reviewers: []string{}}
	rows := fromGroups(ds, ex)
	ex.fromLabels(rows, labels)
	exclude := map[string]bool{}
	for _, t := range o.Exclude {
		exclude[mine.Key(t)] = true
	}
	list := slices.SortedFunc(maps.Values(rows), func(a, b *row) int {
		return cmp.Or(strings.Compare(answerOf(a), answerOf(b)), cmp.Compare(b.Metadata.Count, a.Metadata.Count), strings.Compare(a.key, b.key))
	})
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	reviewers := map[string]bool{}
	for _, r := range list {
		if exclude[r.key] {
			ex.Excluded++
			continue
		}
		if ex.Intents[answerOf(r)] == o.MaxEach {
			continue
		}
		if err := enc.Encode(r); err != nil {
			return nil, fmt.Errorf("export: %w", err)
		}
		ex.Intents[answerOf(r)]++
		ex.Examples++
		reviewers[r.Metadata.AcceptedBy] = true
		if r.at.After(ex.Through) {
			ex.Through = r.at
		}
	}
	ex.Lines, ex.Fingerprint = buf.Bytes(), digest(buf.Bytes())
	ex.Reviewers = append(ex.Reviewers, slices.Sorted(maps.Keys(reviewers))...)
	return ex, nil
}

func answerOf(r *row) string { return strings.Join(r.Intents, "+") }

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// fromGroups returns the texts of groups that stand accepted or assigned, by key. The last decision on a text counts.
func fromGroups(ds []Decision, ex *Export) map[string]*row {
	standing, fresh := map[int]bool{}, map[string]bool{}
	for _, st := range fold(ds) {
		for _, i := range st.standing {
			standing[i] = st.status == Accepted || st.status == Assigned
		}
		if st.status == Accepted {
			fresh[st.intent] = true
		}
	}
	rows, left := map[string]*row{}, map[string]bool{} // left: of a group and a text that a later decision left out
	for i, d := range slices.Backward(ds) {
		if !standing[i] {
			continue
		}
		for _, k := range d.Leave {
			left[d.Group+" "+k] = true
		}
		for _, t := range d.Texts {
			if rows[t.Key] == nil && !left[d.Group+" "+t.Key] {
				rows[t.Key] = newRow(t, []string{d.Intent}, d.Time, Provenance{Source: "group", Group: d.Group, AcceptedBy: d.Actor, Bundle: d.Bundle})
			}
		}
	}
	ex.New = append(ex.New, slices.Sorted(maps.Keys(fresh))...)
	return rows
}

// fromLabels puts people's labels in place of those of groups.
func (ex *Export) fromLabels(rows map[string]*row, labels []Label) {
	by := map[string][]Label{}
	for _, l := range newest(labels) {
		by[l.Text.Key] = append(by[l.Text.Key], l)
	}
	for key, ls := range by {
		last := ls[len(ls)-1]
		if slices.ContainsFunc(ls, func(l Label) bool { return answer(l) != answer(last) }) {
			ex.Disagreed++
			delete(rows, key)
			continue
		}
		rows[key] = newRow(last.Text, last.Intents, last.Time, Provenance{Source: "label", Group: last.Group, Slice: string(last.Slice), AcceptedBy: last.Actor, Bundle: last.Bundle})
	}
}

func newRow(t Text, intents []string, at time.Time, p Provenance) *row {
	p.Turns, p.Count, p.AcceptedAt = t.Turns, t.Count, at.UTC().Format(time.RFC3339)
	p.Fingerprint = digest([]byte(t.Text + "\x00" + strings.Join(intents, "+") + "\x00" + strings.Join(t.Turns, ",")))[:32]
	return &row{Text: t.Text, Intents: append([]string{}, intents...), Lang: t.Lang, Metadata: p, key: t.Key, at: at}
}
