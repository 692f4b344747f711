package policy_test

import (
	"encoding/json"
	"strings"
	"testing"

	"yingda/dialogue"
	"yingda/dialogue/policy"
)

// TestPayloadFromOutside presses a button that nobody offered: what it says stays out of what reports can read.
func TestPayloadFromOutside(t *testing.T) {
	b := newBot(t, mustPolicy(t, policy.Options{}), dialogue.Profile{})
	d := b.press("/intent 王小明 13800138000")
	d.Say, d.State = nil, dialogue.State{}
	body, err := json.Marshal(d)
	if err != nil || strings.Contains(string(body), "13800138000") || d.Action != dialogue.Clarify {
		t.Errorf("decision %s, %v", body, err)
	}
}
