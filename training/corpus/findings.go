package corpus

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// Text writes the findings for people: by kind, at most limit of each (0 = all), a line each that begins with file:line as
// compilers write it; then how the labels are distributed.
func (f *Findings) Text(w io.Writer, limit int) error {
	var b bytes.Buffer
	shown := map[FindingKind]int{}
	var last FindingKind
	end := func() {
		if n := f.Counts[last]; limit > 0 && n > limit {
			fmt.Fprintf(&b, "  … and %d more\n", n-limit)
		}
	}
	for _, finding := range f.List {
		if finding.Kind != last {
			end()
			last = finding.Kind
			level := "warning"
			if last.Serious() {
				level = "ERROR"
			}
			fmt.Fprintf(&b, "%s: %d %s\n", level, f.Counts[last], last)
		}
		if shown[last]++; limit == 0 || shown[last] <= limit {
			fmt.Fprintf(&b, "  %s\n", finding)
		}
	}
	end()
	fmt.Fprintf(&b, "%d examples", f.Examples)
	if f.Held > 0 {
		fmt.Fprintf(&b, " against %d held out (%d texts on both sides are too short to be leaks)", f.Held, f.Shared)
	}
	fmt.Fprintf(&b, ": %d errors, %d warnings\n\n", f.Serious(), len(f.List)-f.Serious())
	f.Labels.text(&b)
	_, err := w.Write(b.Bytes())
	return err
}

// JSON writes the findings for programs, with all counts.
func (f *Findings) JSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(f)
}
