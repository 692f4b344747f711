package script

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// maxHistory bounds how many acts are returned.
const maxHistory = 1000

// Change is one act on a script: the audit.
type Change struct {
	Revision uint64    `json:"revision"`
	Time     time.Time `json:"time"`
	By       string    `json:"by"`
	Act      Act       `json:"act"`
	Note     string    `json:"note,omitempty"`
	Version  int       `json:"version"`        // that is said after the act; 0 = the book's
	From     int       `json:"from,omitempty"` // version that was rolled back to
	Diff     []string  `json:"diff,omitempty"` // lines with "+ " and "- " before what came and went, "  " before what stayed
}

// History returns what was done to a script, newest first, at most limit acts (0 = 50). Errors: dialogue.ErrUnknown where nothing was.
func (l *Library) History(ctx context.Context, tenant, key string, limit int) ([]Change, error) {
	if err := place(tenant, key); err != nil {
		return nil, fmt.Errorf("history of script: %w", err)
	}
	if limit <= 0 {
		limit = 50
	}
	limit = min(limit, maxHistory)
	docs, err := l.docs.History(ctx, docName(tenant, key), limit+1)
	if err != nil {
		return nil, fmt.Errorf("history of script %s: %w", key, err)
	}
	standard := ""
	if s := l.book.scripts[key]; s != nil {
		standard = s.Source
	}
	var out []Change
	for i, d := range docs[:min(limit, len(docs))] {
		r, err := readRecord(d.Body)
		if err != nil {
			continue
		}
		var before record
		if i+1 < len(docs) {
			if before, err = readRecord(docs[i+1].Body); err != nil {
				before = record{}
			}
		}
		c := Change{Revision: d.Revision, Time: d.Time, By: d.By, Act: r.Act, Note: r.Note, Version: r.Version}
		if r.Act == RolledBack {
			c.From = r.From
		}
		c.Diff = diffOf(&before, &r, standard)
		out = append(out, c)
	}
	return out, nil
}

// diffOf compares the texts that an act changed.
func diffOf(before, after *record, standard string) []string {
	live := func(r *record) string {
		if r.Published != "" {
			return r.Published
		}
		return standard
	}
	switch after.Act {
	case Saved:
		if before.Draft != "" {
			return diff(before.Draft, after.Draft)
		}
		return diff(live(before), after.Draft)
	case Discarded:
		return diff(before.Draft, "")
	}
	return diff(live(before), live(after))
}

// maxDiff bounds the lines that are compared; beyond it all old lines go and all new ones come.
const maxDiff = 1000

// diff compares two texts by lines (longest common subsequence).
func diff(a, b string) []string {
	if a == b {
		return nil
	}
	x, y := splitLines(a), splitLines(b)
	var out []string
	if len(x) > maxDiff || len(y) > maxDiff {
		for _, s := range x {
			out = append(out, "- "+s)
		}
		for _, s := range y {
			out = append(out, "+ "+s)
		}
		return out
	}
	common := make([][]int, len(x)+1) // length of the best match of x[i:] and y[j:]
	for i := range common {
		common[i] = make([]int, len(y)+1)
	}
	for i := len(x) - 1; i >= 0; i-- {
		for j := len(y) - 1; j >= 0; j-- {
			if x[i] == y[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(x) || j < len(y) {
		switch {
		case i < len(x) && j < len(y) && x[i] == y[j]:
			out = append(out, "  "+x[i])
			i, j = i+1, j+1
		case j == len(y) || i < len(x) && common[i+1][j] >= common[i][j+1]:
			out = append(out, "- "+x[i])
			i++
		default:
			out = append(out, "+ "+y[j])
			j++
		}
	}
	return out
}

func splitLines(s string) []string {
	if s = strings.TrimRight(s, "\n"); s == "" {
		return nil
	}
	return strings.Split(s, "\n")
}
