package encoder

import (
	"encoding/json"
	"fmt"

	"yingda/models/tokenizer"
)

// Characters returns the encoder with a tokenizer that reads every Chinese character as a token of its own, as BERT's do. Entities may then begin and end at
// any character, where a vocabulary of words would tie a name to its neighbours; texts become longer by a third to a half. What is added is an
// ordinary Split in tokenizer.json, which every reader of the format understands.
func (e *Encoder) Characters() (*Encoder, error) {
	var file map[string]json.RawMessage
	if err := json.Unmarshal(e.Tokenizer, &file); err != nil {
		return nil, fmt.Errorf("read characters one by one: tokenizer.json: %w", err)
	}
	steps := []json.RawMessage{}
	if before := file["pre_tokenizer"]; len(before) > 0 && string(before) != "null" {
		steps = append(steps, before)
	}
	steps = append(steps, json.RawMessage(`{"type":"Split","pattern":{"Regex":"\\p{Han}"},"behavior":"Isolated","invert":false}`))
	sequence, err := json.Marshal(map[string]any{"type": "Sequence", "pretokenizers": steps})
	if err != nil {
		return nil, fmt.Errorf("read characters one by one: %w", err)
	}
	file["pre_tokenizer"] = sequence
	c := *e
	if c.Tokenizer, err = json.Marshal(file); err != nil {
		return nil, fmt.Errorf("read characters one by one: %w", err)
	}
	if _, err := tokenizer.Parse(c.Tokenizer); err != nil {
		return nil, fmt.Errorf("read characters one by one: %w", err)
	}
	return &c, nil
}
