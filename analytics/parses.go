package analytics

import (
	"strconv"
	"time"

	"yingda/dialogue"
	"yingda/nlu"
)

// Parse is a row of parses: a text that was only analysed, without a conversation. Its Conversation is the request that it came with.
type Parse struct {
	Fact
	Lang, Text   string
	Understood   bool
	Intents      []string
	Top1, Top2   string
	P1, P2, OOS  *float64
	Emotion      string
	Intensity    *float64
	Entities     []string
	Bundle       string
	Total, Share *float64 // ms; 0–1
}

// ParseCount is a row of parse_counts. Its Conversation is the pack that it came in.
type ParseCount struct {
	Fact
	Lang, Bundle                             string
	Texts, Understood, Unsure, Kept, Dropped int64
}

// PackMark says up to where the log's stream of parses is in: the sequence of its last pack and that pack's id, by which one can tell whether the
// stream still is what it was.
type PackMark struct {
	Position uint64
	Pack     string
}

// PackPlaces is how many rows a pack of the log may become: the sequence of a row is that of its pack times PackPlaces and its place in the pack.
const PackPlaces = 1024

// PackSeq is the sequence of the first row of a pack.
func PackSeq(pack uint64) int64 { return int64(pack) * PackPlaces }

// PackOf is the sequence of the pack that a row came in.
func PackOf(seq int64) uint64 { return uint64(seq / PackPlaces) }

// ParseRows are the rows that packs become.
type ParseRows struct {
	Parses []Parse
	Counts []ParseCount
}

// Add appends the rows of a pack with a sequence of the log. What is beyond PackPlaces is left out; no pack that this program writes is so large.
func (r *ParseRows) Add(seq uint64, p *dialogue.ParsedPack) {
	place := PackSeq(seq)
	end := place + PackPlaces
	for i := range p.Parses {
		if place < end {
			r.Parses = append(r.Parses, parseRow(place, &p.Parses[i]))
			place++
		}
	}
	for i := range p.Counts {
		if place < end {
			c := &p.Counts[i]
			r.Counts = append(r.Counts, ParseCount{
				Fact: Fact{Tenant: c.Tenant, Conversation: p.ID, Seq: place, Time: c.Time.UTC().Truncate(time.Microsecond), Channel: c.Channel},
				Lang: string(c.Lang), Bundle: string(c.Bundle), Texts: c.Texts, Understood: c.Understood, Unsure: c.Unsure, Kept: c.Kept, Dropped: c.Dropped,
			})
			place++
		}
	}
}

func parseRow(seq int64, p *dialogue.Parsed) Parse {
	row := Parse{
		Fact: Fact{Tenant: p.Tenant, Conversation: p.Request, Seq: seq, ID: parseID(p), Time: p.Time.UTC().Truncate(time.Microsecond), Customer: p.Customer, Channel: p.Channel},
		Lang: string(p.Lang), Text: p.Redacted, Understood: len(p.Intents) > 0, Intents: labels(p.Intents), Entities: p.Entities, Emotion: p.Emotion.Label,
		OOS: &p.OOS, Intensity: &p.Emotion.Intensity, Bundle: string(p.Bundle), Total: &p.Millis, Share: &p.Share,
	}
	if len(p.Ranking) > 0 {
		row.Top1, row.P1 = p.Ranking[0].Label, &p.Ranking[0].Score
	}
	if len(p.Ranking) > 1 {
		row.Top2, row.P2 = p.Ranking[1].Label, &p.Ranking[1].Score
	}
	return row
}

// parseID names a text: its request and, where that had several, its place.
func parseID(p *dialogue.Parsed) string {
	if p.Place == 0 {
		return p.Request
	}
	return p.Request + "." + strconv.Itoa(p.Place)
}

func labels(ps []nlu.Prediction) []string {
	out := make([]string, len(ps))
	for i, p := range ps {
		out[i] = p.Label
	}
	return out
}
