// Package builtin is the bundle that the binary carries, so that it works from the first start. Its card is bundle/card.md; it is made by
// `make train`.
package builtin

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"yingda/models"
)

//go:embed bundle
var files embed.FS

// Open reads and verifies the bundle.
func Open() (*models.Bundle, error) {
	sub, err := fs.Sub(files, "bundle")
	if err != nil {
		return nil, err
	}
	return models.Open(sub, "built in")
}

// ID returns the bundle's id without reading the model.
func ID() (models.BundleID, error) {
	data, err := files.ReadFile("bundle/" + models.ManifestName)
	if err != nil {
		return "", fmt.Errorf("built-in bundle: %w", err)
	}
	var m struct {
		ID models.BundleID `json:"id"`
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return "", fmt.Errorf("built-in bundle: %w", err)
	}
	if m.ID == "" {
		return "", errors.New("built-in bundle: its manifest has no id; make one with 'make train'")
	}
	return m.ID, nil
}
