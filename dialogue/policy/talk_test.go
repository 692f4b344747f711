package policy_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"yingda/dialogue/policy"
	"yingda/internal/testenv"
	"yingda/nlu/standard"
)

// TestTalk prints what the robot does with the conversations of the file in YINGDA_TALK: one message a line, "== profile JSON" begins a
// conversation. For development.
func TestTalk(t *testing.T) {
	path := os.Getenv("YINGDA_TALK")
	if path == "" {
		t.Skip("YINGDA_TALK is not set")
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	b := testenv.MustDefault(t)
	e, err := standard.New(t.Context(), b, testenv.MustOpen(t, b, 1), standard.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Close() }()
	p := mustPolicy(t, policy.Options{})
	var d devDialogue
	flush := func() {
		if len(d.Turns) == 0 {
			return
		}
		fmt.Println("=====", d.ID)
		for _, s := range play(t, e, p, d) {
			mood := ""
			if s.analysis != nil {
				mood = fmt.Sprintf("%s %.2f/%.2f", s.analysis.Emotion.Label, s.analysis.Emotion.Score, s.analysis.Emotion.Intensity)
				mood += fmt.Sprintf(" %v oos %.2f", s.analysis.Ranking[:2], s.analysis.OOS)
			}
			hand := ""
			if s.got.HandOff != nil {
				hand = fmt.Sprint(*s.got.HandOff)
			}
			fmt.Printf("> %s\n   %s %s %v %s | %s | %v | %s\n", s.turn.User, s.got.Action, s.got.Reason, s.got.Intents, hand, keysOf(s.got), slotValues(s.got), mood)
		}
	}
	sc := bufio.NewScanner(f)
	for n := 0; sc.Scan(); {
		line := strings.TrimSpace(sc.Text())
		switch {
		case strings.HasPrefix(line, "=="):
			flush()
			n++
			d = devDialogue{ID: fmt.Sprint(n)}
			if rest := strings.TrimSpace(line[2:]); rest != "" {
				if err := json.Unmarshal([]byte(rest), &d.Profile); err != nil {
					t.Fatal(err)
				}
			}
		case line != "":
			d.Turns = append(d.Turns, devTurn{User: line})
		}
	}
	flush()
}
