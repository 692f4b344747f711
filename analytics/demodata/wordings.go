package demodata

import (
	"encoding/json"
	"io"

	"yingda/dialogue"
)

// WriteWordings writes the planted wordings and the noise as labelled examples, JSON Lines in the notation of package training/corpus: those of
// the measuring time, or the others.
func WriteWordings(w io.Writer, measure bool) error {
	p, err := loadPools()
	if err != nil {
		return err
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	type example struct {
		Text    string   `json:"text"`
		Intents []string `json:"intents"`
		Lang    string   `json:"lang"`
	}
	put := func(of Both, intents ...string) error {
		for _, lang := range []string{"zh", "en"} {
			lines := of.ZH
			if lang == "en" {
				lines = of.EN
			}
			for _, text := range lines {
				if err := enc.Encode(example{text, intents, lang}); err != nil {
					return err
				}
			}
		}
		return nil
	}
	for _, pl := range p.planted {
		of := pl.Mine
		if measure {
			of = pl.Measure
		}
		if err := put(of, pl.Intent); err != nil {
			return err
		}
	}
	if measure {
		return nil
	}
	return put(p.Noise, []string{}...)
}

// Line is an event as it is written to files, and as package feed sends it: with its place in the log, which [dialogue.Event] does not carry in JSON.
type Line struct {
	Seq   uint64          `json:"seq"`
	Event *dialogue.Event `json:"event"`
}

// WriteEvents writes events as JSON Lines.
func WriteEvents(enc *json.Encoder, evs []dialogue.Event) error {
	for i := range evs {
		if err := enc.Encode(Line{evs[i].Seq, &evs[i]}); err != nil {
			return err
		}
	}
	return nil
}
