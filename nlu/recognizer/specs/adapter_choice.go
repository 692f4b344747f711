package specs

import "yingda/nlu/recognizer/value"

// Booleans is the model Boolean.
func Booleans(finder value.Finder) Model {
	return adapt(finder, func(f *find) (string, map[string]any, bool) {
		b, ok := f.Value.(value.Boolean)
		return "boolean", map[string]any{"value": b.Yes, "score": b.Score}, ok
	})
}
