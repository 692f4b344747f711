package itn

import (
	"embed"
	"fmt"

	"yingda/nlu/recognizer/grammar"
)

// read returns embedded grammar files as sources.
func read(files embed.FS, names ...string) ([]grammar.Source, error) {
	var sources []grammar.Source
	for _, name := range names {
		data, err := files.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("itn: %w", err)
		}
		sources = append(sources, grammar.Source{Name: "itn/" + name, Data: data})
	}
	return sources, nil
}

// viewOf returns what the options ask of a grammar.
func viewOf(g *grammar.Grammar, o Options) (*grammar.View, error) {
	categories := []string{"written"}
	if o.Abbreviate {
		categories = append(categories, "abbreviation")
	}
	return g.View(categories...)
}
