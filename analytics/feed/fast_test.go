package feed_test

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"yingda/analytics"
	"yingda/analytics/feed"
	"yingda/dialogue"
	"yingda/nlu"
)

// wholeTurn is a turn with all that a turn of the log may have.
func wholeTurn() *dialogue.Event {
	ev := realTurn("c", 1, time.Date(2026, 3, 1, 10, 0, 0, 5000, time.FixedZone("", 8*3600)))
	ev.Private, ev.Tenant, ev.Conversation, ev.Customer, ev.Prev = nil, "shop", "c", "alias", "00ff"
	t := ev.Turn
	t.Redacted = "a \"quote\", a \\, <tags> & more,\n\t\u2028 and 长 🙂 \x00"
	t.Another = true
	t.Calls = append(t.Calls, dialogue.CallNote{Name: "order.cancel", Status: dialogue.CallFailed})
	t.Exposures["another"] = "b"
	t.Attachments = []dialogue.AttachmentType{"image"}
	t.Arms = map[string]string{"a": "b", "": "长"}
	t.Entities = []string{}
	t.Millis["tiny"], t.Millis["big"], t.Millis["none"] = 1e-9, 1.5e300, 0
	t.Emotion.Valence, t.Emotion.Time = "negative", ev.Time
	t.Decision.Say = []dialogue.Say{{Key: "soothe.worried"}, {Key: "order.status.sent"}}
	t.Decision.HandOff = &dialogue.HandOffAsk{Queue: "vip", Why: dialogue.ByEmotion, Skills: []string{"zh"}, Urgent: true}
	return ev
}

func lineOf(tb testing.TB, seq uint64, ev *dialogue.Event) string {
	tb.Helper()
	readable, err := json.Marshal(ev)
	if err != nil {
		tb.Fatal(err)
	}
	line, err := feed.AppendEvent(nil, seq, readable)
	if err != nil {
		tb.Fatal(err)
	}
	return strings.TrimSuffix(string(line), "\n")
}

// sameAsJSON compares the rows that the fast reader makes of a line, if it is sure, with those of what encoding/json reads.
func sameAsJSON(tb testing.TB, text string) (sure bool) {
	tb.Helper()
	got, sure := feed.ReadFast(text)
	if !sure {
		return false
	}
	var line struct {
		Seq   uint64          `json:"seq"`
		Event *dialogue.Event `json:"event"`
	}
	if err := json.Unmarshal([]byte(text), &line); err != nil {
		tb.Fatalf("%q was accepted: %v", text, err)
	}
	if line.Event.Kind != dialogue.TurnTaken || line.Event.Turn == nil {
		tb.Fatalf("%q was accepted", text)
	}
	line.Event.Seq = line.Seq
	var want analytics.Rows
	want.Add(line.Event)
	if !reflect.DeepEqual(got, want) {
		tb.Fatalf("%q:\n%+v, want\n%+v", text, got, want)
	}
	return true
}

// TestFast makes sure that what the log writes is read fast: a new field of a turn has to be told to the reader.
func TestFast(t *testing.T) {
	for name, ev := range map[string]*dialogue.Event{"real": realTurn("c", 1, time.Now()), "whole": wholeTurn(),
		"empty": {Kind: dialogue.TurnTaken, Turn: &dialogue.TurnBody{}}, "zero": {Kind: dialogue.TurnTaken, Turn: &dialogue.TurnBody{Intents: []nlu.Prediction{}, Exposures: map[string]string{}}}} {
		if !sameAsJSON(t, lineOf(t, 7, ev)) {
			t.Errorf("%s: left to encoding/json", name)
		}
	}
	for _, text := range []string{`{"seq":-1,"event":{}}`, `{"seq":01,"event":{}}`, `{"seq":1.0,"event":{}}`, `{"seq":1e2,"event":{}}`, `{"seq":99999999999999999999,"event":{}}`,
		`{"seq":1,"event":null}`, `{"seq":1,"event":{"id":7}}`, `{"seq":1,"event":{"id":"\ud800"}}`, `{"seq":1,"event":{"id":"` + "\xff" + `"}}`, `{"seq":1,"event":{"id":"a` + "\t" + `"}}`,
		`{"seq":1,"event":{"turn":{"oos":01}}}`, `{"seq":1,"event":{"turn":{"oos":1.}}}`, `{"seq":1,"event":{"turn":{"oos":1e999}}}`, `{"seq":1,"event":{"turn":{"oos":"1"}}}`,
		`{"seq":1,"event":{"turn":{"entities":[1]}}}`, `{"seq":1,"event":{"turn":{"entities":["a",]}}}`, `{"seq":1,"event":{"time":"yesterday"}}`, `{"seq":1,"event":{}} `, `{"seq":1,"event":{}`,
		`{"seq":1,"event":{,"id":"a"}}`, `{"seq":1,"event":{"id":"a",}}`, `{"seq":1,"event":{"id":"a","id":"b"}}`, `{"seq":1,"event":{"hand":{"queue":"x"}}}`, ``, `{"seq":1,"event":{"kind":"turn"}}`, `{"seq":1,"event":{"kind":"closed","turn":{}}}`,
		`{"seq":1,"event":{"kind":"turn","turn":{"exposures":{"b":"1","a":"2"}}}}`, `{"seq":1,"event":{"kind":"turn","turn":{"exposures":{"a":"1","a":"2"}}}}`,
		`{"seq":1,"event":{"kind":"turn","turn":{"exposures":{"a":"1"},"nothing":1}}}`} {
		if rows, sure := feed.ReadFast(text); sure || len(rows.Turns)+len(rows.Exposures) > 0 {
			t.Errorf("%q was accepted", text)
		}
	}
}

// TestFastDamaged changes bytes of what is right, at random.
func TestFastDamaged(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	whole, accepted := lineOf(t, 12, wholeTurn()), 0
	const odd = "\"\\{}[]:,0159.-+eEu\x00\n \xff\xe9tnfal"
	for range 50_000 {
		text := []byte(whole)
		for range 1 + r.IntN(3) {
			i := r.IntN(len(text))
			switch r.IntN(3) {
			case 0:
				text[i] = odd[r.IntN(len(odd))]
			case 1:
				text = append(text[:i], text[i+1:]...)
			default:
				text = append(text[:i+1], text[i:]...)
			}
		}
		if sameAsJSON(t, string(text)) {
			accepted++
		}
	}
	if accepted == 0 {
		t.Error("none was accepted: nothing was compared")
	}
}

func FuzzFast(f *testing.F) {
	f.Add(lineOf(f, 3, wholeTurn()))
	f.Add(lineOf(f, 3, realTurn("c", 1, time.Now())))
	f.Fuzz(func(t *testing.T, text string) { sameAsJSON(t, text) })
}
