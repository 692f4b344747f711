package main

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// writeFile has write fill a new file, or one that is there. What is in the file after an error says nothing.
func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := errors.Join(write(f), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
