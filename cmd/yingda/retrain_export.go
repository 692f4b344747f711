package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"yingda/analytics/mine/review"
)

// exportLabels writes the accepted labels of the reviews in --dir to a file of their own: the same reviews give the same file. Texts of frozen sets are left out
// there already, and checked for once more when the run reads the file.
func (c *retrainCommand) exportLabels(context.Context) (string, error) {
	store, err := review.Open(review.Options{Dir: c.dir})
	if err != nil {
		return "", err
	}
	var exclude []string
	if len(c.frozen) > 0 {
		frozen, err := readData(c.frozen, c.std)
		if err != nil {
			return "", err
		}
		for i := range frozen.Examples {
			exclude = append(exclude, frozen.Examples[i].Text)
		}
	}
	ex, err := store.Export(c.tenant, review.ExportOptions{Exclude: exclude})
	if err != nil {
		return "", fmt.Errorf("retrain: export labels: %w", err)
	}
	if ex.Examples == 0 {
		return "", fmt.Errorf("retrain: nobody has accepted a label in %s yet: 'yingda mine' shows what waits; or name an export with --labels FILE", filepath.Join(c.dir, "reviews"))
	}
	path := filepath.Join(c.runs, "exports", "labels-"+ex.Fingerprint[:12]+".jsonl")
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, ex.Lines, 0o644)); err != nil {
		return "", fmt.Errorf("retrain: %w", err)
	}
	fmt.Fprintf(c.std.err, "%d labels of %d intents, accepted by %v, in %s\n", ex.Examples, len(ex.Intents), ex.Reviewers, path)
	return path, nil
}
