package policy

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// With returns the settings with some values changed, by path: "understanding.accept", "tiers.gold.miss", "named.order_id". It is how a variant of an
// experiment changes thresholds. The whole is checked as a file is.
func (s *Settings) With(changes map[string]any) (*Settings, error) {
	if s.source == nil {
		return nil, errors.New("policy: the settings were not read from a file, so nothing can be changed in them")
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(s.source, &doc); err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	for _, path := range slices.Sorted(maps.Keys(changes)) {
		var value yaml.Node
		if err := value.Encode(changes[path]); err != nil {
			return nil, fmt.Errorf("policy: setting %s: %w", path, err)
		}
		if err := set(doc.Content[0], path, &value); err != nil {
			return nil, fmt.Errorf("policy: setting %s: %w", path, err)
		}
	}
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	if err := errors.Join(enc.Encode(&doc), enc.Close()); err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	next, err := ParseSettings("policy.yaml with changes", out.Bytes())
	if err != nil {
		return nil, fmt.Errorf("settings %s: %w", strings.Join(slices.Sorted(maps.Keys(changes)), ", "), err)
	}
	next.adopt(s)
	return next, nil
}

// set puts a value at a path below n. Keys may hold dots themselves, as intents do: the longest that is there is meant.
func set(n *yaml.Node, path string, value *yaml.Node) error {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.MappingNode {
		return fmt.Errorf("there is nothing named below %q", path)
	}
	at, rest := -1, ""
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i].Value
		below, found := strings.CutPrefix(path, key+".")
		if path == key {
			below, found = "", true
		}
		if found && (at < 0 || len(key) > len(n.Content[at].Value)) {
			at, rest = i, below
		}
	}
	switch {
	case at >= 0 && rest == "":
		n.Content[at+1] = value
		return nil
	case at >= 0:
		return set(n.Content[at+1], rest, value)
	}
	n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: path}, value)
	return nil
}
