package corpus

import "strings"

// ReadCLINC reads CLINC150's JSON, {"train": [[text, intent], …], "oos_test": …}: lists of pairs by partition. Intent oos is out of
// scope. There are no entities; the partition goes into the metadata.
func ReadCLINC(file string, data []byte, o ReadOptions) (*Corpus, error) {
	s := newSource(file)
	data, ok := s.clean(data)
	if !ok {
		return s.result()
	}
	d := s.openDocument(data)
	if d == nil {
		return s.result()
	}
	parts := partitions{wanted: o.Partitions}
	d.object("the file", func(part string, _ int) {
		if !parts.takes(part) {
			d.skip()
			return
		}
		d.array("partition "+part, func(line int) {
			var pair []string
			switch {
			case !d.value("a pair of text and intent", &pair):
			case len(pair) != 2:
				s.fault(line, "a pair of text and intent has %d parts", len(pair))
			case strings.TrimSpace(pair[0]) == "":
				s.fault(line, "an example without text")
			default:
				labels, _ := intents(pair[1:]) // one label contradicts nothing
				s.add(Example{Text: pair[0], Intents: labels, HasIntents: true, Metadata: map[string]any{"partition": part}}, line)
			}
		})
	})
	parts.check(s)
	return s.result()
}
