package recognizer

import (
	"embed"
	"fmt"
	"io/fs"
)

//go:embed data/rules.yaml
var rulesYAML []byte

//go:embed data/roles.yaml
var rolesYAML []byte

//go:embed data/synonyms.yaml
var synonymsYAML []byte

//go:embed data/amounts.yaml
var amountsYAML []byte

//go:embed data/common.txt
var commonWords string

//go:embed data/lists/*.yaml
var listFiles embed.FS

// DefaultRules returns the rules for ids that are shipped, in Chinese and English.
func DefaultRules() (*Rules, error) { return ParseRules(nil, "rules.yaml", rulesYAML) }

// DefaultRoles returns the table of roles that is shipped.
func DefaultRoles() (*RoleRules, error) { return ParseRoles("roles.yaml", rolesYAML) }

// DefaultSynonyms returns the synonyms that are shipped, without the spellings of the lists; see ListSynonyms.
func DefaultSynonyms() (*Synonyms, error) { return ParseSynonyms("synonyms.yaml", synonymsYAML) }

// DefaultLists returns the names that are shipped: carriers, ways to pay, brands and places.
func DefaultLists() ([]List, error) {
	files, err := fs.Glob(listFiles, "data/lists/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list embedded lists: %w", err)
	}
	var lists []List
	for _, name := range files {
		data, err := listFiles.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read embedded lists: %w", err)
		}
		more, err := ParseLists(name, data)
		if err != nil {
			return nil, err
		}
		lists = append(lists, more...)
	}
	return lists, nil
}
