package experiment

import (
	"fmt"
	"time"

	"gopkg.in/yaml.v3"

	"yingda/dialogue/internal/strict"
)

// Duration is a span of time in a definition: 90s, 36h, 7d, 2w.
type Duration time.Duration

// UnmarshalYAML implements yaml.Unmarshaler.
func (d *Duration) UnmarshalYAML(n *yaml.Node) error {
	return (*strict.Duration)(d).UnmarshalYAML(n)
}

// UnmarshalText implements encoding.TextUnmarshaler, for JSON.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := strict.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("span of time: %w", err)
	}
	*d = Duration(v)
	return nil
}

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// Std returns d as the standard library has it.
func (d Duration) Std() time.Duration { return time.Duration(d) }
