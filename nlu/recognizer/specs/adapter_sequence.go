package specs

import (
	"strconv"
	"strings"

	"yingda/nlu/recognizer/value"
)

// sequenceTypes are the names that the specifications have for the kinds.
var sequenceTypes = map[value.Kind]string{
	value.KindPhone:   "phonenumber",
	value.KindEmail:   "email",
	value.KindURL:     "url",
	value.KindIP:      "ip",
	value.KindGUID:    "guid",
	value.KindHashtag: "hashtag",
	value.KindMention: "mention",
	value.KindQuoted:  "quotedText",
}

// Sequences is a model of the Sequence domain: all that the finder finds. The value is the text as written; of an IP address, without
// leading zeros. Telephone numbers and GUIDs have a score.
func Sequences(finder value.Finder) Model { return adapt(finder, renderSequence) }

func renderSequence(f *find) (string, map[string]any, bool) {
	typ, ok := sequenceTypes[f.Kind]
	if !ok {
		return "", nil, false
	}
	if ip, ok := f.Value.(value.IP); ok {
		return typ, map[string]any{"value": ip.Address, "type": strings.ToLower(ip.Version)}, true
	}
	v := map[string]any{"value": f.surface}
	if f.Kind == value.KindPhone || f.Kind == value.KindGUID {
		v["score"] = strconv.FormatFloat(f.Score, 'f', -1, 64)
	}
	return typ, v, true
}
