package retrain

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"yingda/training/corpus"
)

// Provenance says where an accepted label comes from. It is read from the metadata of a row of the export.
type Provenance struct {
	Group      string    // of the review queue; "" where a single message was labelled
	Turns      []string  // hashed ids of the turns that said it; the log alone knows which they are
	AcceptedBy string    // who accepted it; required: nothing enters training without a person's word
	AcceptedAt time.Time // zero = not said
	Bundle     string    // that was answering when it was not understood
	Definition map[string]string
	Kind       string // group of intents that a new intent belongs to, e.g. "business"
}

// provenanceOf reads it. A row that nobody has accepted is an error.
func provenanceOf(eg *corpus.Example) (Provenance, error) {
	var p Provenance
	text := func(keys ...string) string {
		for _, key := range keys {
			if s, ok := eg.Metadata[key].(string); ok && s != "" {
				return s
			}
		}
		return ""
	}
	p.Group, p.Bundle, p.Kind = text("group"), text("bundle"), text("intent_group")
	if p.AcceptedBy = text("accepted_by"); p.AcceptedBy == "" {
		return p, errors.New("nobody has accepted it: metadata.accepted_by is missing")
	}
	if at := text("accepted_at"); at != "" {
		var err error
		if p.AcceptedAt, err = time.Parse(time.RFC3339Nano, at); err != nil {
			return p, fmt.Errorf("metadata.accepted_at: %w", err)
		}
	}
	if list, ok := eg.Metadata["turns"].([]any); ok {
		for _, v := range list {
			if id, ok := v.(string); ok {
				p.Turns = append(p.Turns, id)
			}
		}
	}
	if def, ok := eg.Metadata["definition"].(map[string]any); ok {
		p.Definition = map[string]string{}
		for lang, v := range def {
			if s, ok := v.(string); ok {
				p.Definition[lang] = s
			}
		}
	}
	if sum := text("fingerprint"); sum != "" && sum != fingerprint(eg, p.Turns) {
		return p, errors.New("it was changed after it was accepted: text, intents and turns have another fingerprint")
	}
	return p, nil
}

// fingerprint is the hash by which the review vouches for a row: half of the SHA-256 over text, intents and turns.
func fingerprint(eg *corpus.Example, turns []string) string {
	return hashOf([]byte(eg.Text + "\x00" + strings.Join(eg.Intents, "+") + "\x00" + strings.Join(turns, ",")))[:32]
}
