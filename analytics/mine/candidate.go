package mine

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"yingda/dialogue"
)

// Reason says why a turn is a candidate.
type Reason string

// The reasons.
const (
	Fallback   Reason = "fallback"    // the robot said that it did not understand; of a text that was only analysed: no intent passed
	Low        Reason = "low"         // the best intent was improbable
	Margin     Reason = "margin"      // two intents were almost as probable
	Rephrased  Reason = "rephrased"   // the customer said it again in other words right after
	HandedOver Reason = "handed_over" // a person took over right after
	ThumbDown  Reason = "thumb_down"  // the customer marked the answer as bad
)

// Candidate is a turn that may not have been understood, or a text that was only analysed.
type Candidate struct {
	ID           string    `json:"id"`           // unique in the conversation
	Conversation string    `json:"conversation"` // the request of a text that was only analysed
	Customer     string    `json:"customer"`     // pseudonym; empty = nobody was named
	Time         time.Time `json:"time"`
	Lang         string    `json:"lang"`
	Text         string    `json:"text"` // redacted
	Top1         string    `json:"top1"` // the logged bundle's best intent
	Bundle       string    `json:"bundle"`
	Reasons      []Reason  `json:"reasons"`
	Handed       bool      `json:"handed"` // a person took over in this turn or right after
}

// Known is a text of an intent that the robot understood well: what groups are compared with.
type Known struct {
	Intent string `json:"intent"`
	Text   string `json:"text"`
}

// Querier is what [Collect] asks; *warehouse.Warehouse is one.
type Querier interface {
	Query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// CollectOptions say which turns are candidates. The zero value is the default.
type CollectOptions struct {
	MinTop    float64       // a best intent below is Low; default 0.4
	MinMargin float64       // a distance of the best two below is Margin; default 0.1
	Soon      time.Duration // what "right after" is; default 2 minutes
	MinWords  int           // shorter texts say too little: words, of Chinese two characters each; default 2
	MaxWords  int           // longer ones say too much; default 35
	Limit     int           // candidates at most, the newest; default 200,000
}

func (o CollectOptions) withDefaults() CollectOptions {
	if o.MinTop == 0 {
		o.MinTop = dialogue.UnsureTop
	}
	if o.MinMargin == 0 {
		o.MinMargin = dialogue.UnsureMargin
	}
	if o.Soon == 0 {
		o.Soon = 2 * time.Minute
	}
	if o.MinWords == 0 {
		o.MinWords = 2
	}
	if o.MaxWords == 0 {
		o.MaxWords = 35
	}
	if o.Limit == 0 {
		o.Limit = 200_000
	}
	return o
}

// candidatesQuery lists turns with what came after them in the same conversation. Windows reach beyond the period by a day, so that its last
// turns have their followers too. Its arguments: tenant, from, to + a day; tenant; MinTop, MinMargin; from, to; MinTop, MinMargin.
const candidatesQuery = `
WITH said AS (
  SELECT id, conversation, customer, ts, lang, text, owner, top1, p1, p2, fallback, bundle, handoff,
    lead(text) OVER w AS next_text, lead(ts) OVER w AS next_ts, lead(owner) OVER w AS next_owner, lead(handoff) OVER w AS next_handoff
  FROM turns WHERE tenant = ? AND ts >= ? AND ts < ?
  WINDOW w AS (PARTITION BY conversation ORDER BY seq)
), disliked AS (
  SELECT DISTINCT conversation, about FROM ratings WHERE tenant = ? AND thumb = -1 AND about <> ''
)
SELECT s.id, s.conversation, s.customer, s.ts, s.lang, s.text, s.top1, s.bundle, s.fallback,
  coalesce(s.p1 < ?, FALSE), coalesce(s.p1 - s.p2 < ?, FALSE), s.handoff,
  CASE WHEN s.next_ts IS NOT NULL AND s.next_owner = 'robot' THEN s.next_text ELSE '' END, coalesce(s.next_handoff, ''),
  s.next_ts, d.about IS NOT NULL
FROM said s LEFT JOIN disliked d ON d.conversation = s.conversation AND d.about = s.id
WHERE s.ts >= ? AND s.ts < ? AND s.owner = 'robot' AND s.text <> '' AND s.bundle <> ''
  AND (s.fallback OR s.p1 < ? OR s.p1 - s.p2 < ? OR s.handoff <> '' OR d.about IS NOT NULL OR s.next_ts IS NOT NULL)
ORDER BY s.ts DESC, s.conversation, s.id`

// Collect reads the candidates of a tenant in [from, to), oldest first: messages of conversations, and texts that callers only had analysed.
func Collect(ctx context.Context, q Querier, tenant string, from, to time.Time, o CollectOptions) ([]Candidate, error) {
	o = o.withDefaults()
	from, to = from.UTC(), to.UTC()
	out, err := collectTurns(ctx, q, tenant, from, to, o)
	if err != nil {
		return nil, err
	}
	more, err := collectParses(ctx, q, tenant, from, to, o)
	if err != nil {
		return nil, err
	}
	if len(more) > 0 {
		out = append(out, more...)
		slices.SortStableFunc(out, func(a, b Candidate) int { return b.Time.Compare(a.Time) })
		out = out[:min(len(out), o.Limit)]
	}
	slices.Reverse(out)
	return out, nil
}

// collectTurns reads the candidates among messages of conversations, newest first.
func collectTurns(ctx context.Context, q Querier, tenant string, from, to time.Time, o CollectOptions) ([]Candidate, error) {
	rows, err := q.Query(ctx, candidatesQuery, tenant, from, to.AddDate(0, 0, 1), tenant, o.MinTop, o.MinMargin, from, to, o.MinTop, o.MinMargin)
	if err != nil {
		return nil, fmt.Errorf("read candidates: %w", err)
	}
	defer rows.Close()
	var out []Candidate
	for rows.Next() && len(out) < o.Limit {
		c, err := scanCandidate(rows, o)
		if err != nil {
			return nil, fmt.Errorf("read candidates: %w", err)
		}
		if len(c.Reasons) > 0 && o.fits(c.Text) {
			out = append(out, c)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read candidates: %w", err)
	}
	return out, nil
}

// scanCandidate reads a row and finds its reasons.
func scanCandidate(rows *sql.Rows, o CollectOptions) (c Candidate, err error) {
	var fell, low, tight, disliked bool
	var handoff, nextText, nextHandoff string
	var nextTime sql.NullTime
	err = rows.Scan(&c.ID, &c.Conversation, &c.Customer, &c.Time, &c.Lang, &c.Text, &c.Top1, &c.Bundle, &fell, &low, &tight,
		&handoff, &nextText, &nextHandoff, &nextTime, &disliked)
	if err != nil {
		return c, err
	}
	soon := nextTime.Valid && nextTime.Time.Sub(c.Time) <= o.Soon
	rephrased := soon && nextText != "" && rephrases(c.Text, nextText)
	// Who asks for a person, or is handed over because of a task, was understood; what came before may not have been.
	failed := handoff == string(dialogue.ByUnrecognised) || handoff == string(dialogue.ByConfidence)
	after := soon && handoff == "" && (nextHandoff == string(dialogue.ByRequest) || nextHandoff == string(dialogue.ByUnrecognised) || nextHandoff == string(dialogue.ByConfidence))
	c.Handed = handoff != "" || soon && nextHandoff != ""
	for _, r := range []struct {
		is     bool
		reason Reason
	}{{fell, Fallback}, {low, Low}, {tight, Margin}, {rephrased, Rephrased}, {failed || after, HandedOver}, {disliked, ThumbDown}} {
		if r.is {
			c.Reasons = append(c.Reasons, r.reason)
		}
	}
	return c, nil
}

// rephrases tells whether b says a again: much is shared, not all. Repeating a text word by word is not understanding it either.
func rephrases(a, b string) bool {
	share := jaccard(shingles(Normal(a), 2), shingles(Normal(b), 2))
	return share >= 0.3
}

// fits tells whether a text has an acceptable length.
func (o CollectOptions) fits(text string) bool {
	n := words(text)
	return n >= float64(o.MinWords) && n <= float64(o.MaxWords)
}

// words counts the words of a text; two Chinese characters are one.
func words(text string) float64 {
	n, inside := 0.0, false
	for _, r := range text {
		switch {
		case isHan(r):
			n += 0.5
			inside = false
		case isWord(r):
			if !inside {
				n++
			}
			inside = true
		default:
			inside = inside && (r == '\'' || r == '-')
		}
	}
	return n
}

// knownQuery picks texts that were understood with confidence, evenly over intents. Its arguments: tenant, from, to, twice; texts
// an intent.
const knownQuery = `
SELECT top1, text FROM (
  SELECT top1, text, row_number() OVER (PARTITION BY top1 ORDER BY n DESC, text) AS place FROM (
    SELECT top1, text, count(*) AS n FROM (
      SELECT top1, text, p1, oos FROM turns WHERE tenant = ? AND ts >= ? AND ts < ? AND owner = 'robot' AND NOT fallback
      UNION ALL
      SELECT top1, text, p1, oos FROM parses WHERE tenant = ? AND ts >= ? AND ts < ? AND understood
    ) AS said
    WHERE p1 >= 0.8 AND oos < 0.2 AND text <> '' AND top1 <> ''
    GROUP BY top1, text
  ) AS counted
) AS placed WHERE place <= ? ORDER BY top1, place`

// CollectKnown reads texts of each intent that were understood with confidence, the commonest first, at most each of an intent.
func CollectKnown(ctx context.Context, q Querier, tenant string, from, to time.Time, each int) ([]Known, error) {
	rows, err := q.Query(ctx, knownQuery, tenant, from.UTC(), to.UTC(), tenant, from.UTC(), to.UTC(), each)
	if err != nil {
		return nil, fmt.Errorf("read what was understood: %w", err)
	}
	defer rows.Close()
	var out []Known
	for rows.Next() {
		var k Known
		if err := rows.Scan(&k.Intent, &k.Text); err != nil {
			return nil, fmt.Errorf("read what was understood: %w", err)
		}
		if strings.TrimSpace(k.Text) != "" {
			out = append(out, k)
		}
	}
	return out, rows.Err()
}
