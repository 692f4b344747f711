package server_test

import (
	"bufio"
	"os"
	"strings"
	"testing"

	"yingda/dialogue"
	"yingda/nlu"
)

func key(conversation string) dialogue.Key {
	return dialogue.Key{Tenant: "default", Conversation: conversation}
}

// xssStrings reads testdata/xss.txt: one attack a line.
func xssStrings(t *testing.T) (list []string) {
	t.Helper()
	f, err := os.Open("testdata/xss.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if line := strings.TrimSpace(lines.Text()); line != "" && !strings.HasPrefix(line, "# ") {
			list = append(list, line)
		}
	}
	if len(list) < 100 {
		t.Fatalf("only %d strings", len(list))
	}
	return list
}

// hostileEvent is a turn with the string everywhere.
func hostileEvent(s string) *dialogue.Event {
	return &dialogue.Event{ID: "x" + s, Kind: dialogue.TurnTaken, Customer: "c", Channel: s,
		Turn: &dialogue.TurnBody{Redacted: s, Lang: nlu.Lang(s), Intents: ranking(s, 0.9), Ranking: ranking(s, 0.9), Emotion: dialogue.Emotion{Label: s, Valence: s, Intensity: 0.5},
			Decision: dialogue.Decision{Action: dialogue.Action(s), Reason: dialogue.Reason(s), Why: s, Task: s, Intents: []string{s}},
			Calls:    []dialogue.CallNote{{Name: s, Status: dialogue.CallStatus(s)}}, Millis: map[string]float64{s: 1}},
		Private: &dialogue.Private{Customer: s, Text: s, Payload: s,
			Attachments: []dialogue.Attachment{{Type: dialogue.Image, URL: s, Caption: s}, {Type: dialogue.AttachmentType(s), URL: s, Title: s}},
			Entities:    []dialogue.Entity{{Type: s, Text: s, Value: s}},
			State: dialogue.State{Slots: map[string]dialogue.Slot{s: {Value: s, From: s}}, Tasks: []dialogue.TaskState{{Task: s, Intent: s}},
				Asked: &dialogue.Question{Kind: dialogue.QuestionKind(s), Slot: s}},
			Replies: []dialogue.Reply{{Text: s, Image: s, Links: []string{s}, Buttons: []dialogue.Button{{Title: s, Payload: s}},
				Cards: []dialogue.Card{{ID: s, Title: s, Subtitle: s, Image: s, Link: s}}, Script: dialogue.ScriptRef{Key: s}}}}}
}
