package server_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"yingda/dialogue/parses"
	"yingda/nlu"
	"yingda/server"
)

// parseLog is a fake of parses.Recorder: it remembers what it was offered.
type parseLog struct {
	mu   sync.Mutex
	from []parses.From
	text []string
}

func (p *parseLog) Offer(from parses.From, as []*nlu.Analysis) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, a := range as {
		p.from, p.text = append(p.from, from), append(p.text, a.Text)
	}
}

func (p *parseLog) Stats() parses.Stats {
	return parses.Stats{Mode: parses.Misses, Sample: 0.5, Texts: 9, Understood: 5, Unsure: 1, PassedOver: 5, Kept: 3, Dropped: 1, Waiting: 2, Packs: 2}
}

// TestParseLog: all three dialects are noted after they are answered; errors and those who do not want it are not.
func TestParseLog(t *testing.T) {
	p := &parseLog{}
	h := mustServer(t, server.Options{Parses: p}).Handler()
	clu := `{"kind":"Conversation","analysisInput":{"conversationItem":{"text":"%s"}},"parameters":{"projectName":"p"%s}}`
	for _, c := range []struct {
		path, body string
		status     int
	}{
		{"/v1/parse", `{"text":"one","customer":"u-1"}`, 200},
		{"/v1/parse", `{"texts":["two","three?"],"customer":null}`, 200},
		{"/model/parse", `{"text":"four"}`, 200},
		{"/language/:analyze-conversations", fmt.Sprintf(clu, "five", ""), 200},
		{"/language/:analyze-conversations", fmt.Sprintf(clu, "six", `,"isLoggingEnabled":true`), 200},
		{"/language/:analyze-conversations", fmt.Sprintf(clu, "seven", `,"isLoggingEnabled":false`), 200},
		{"/v1/parse", `{"text":""}`, 422},
		{"/v1/parse", `{"text":"eight","customer":"` + strings.Repeat("u", 257) + `"}`, 422},
	} {
		if w := call(h, "POST", c.path, strings.NewReader(c.body)); w.Code != c.status {
			t.Errorf("%s %s: status %d, want %d: %s", c.path, c.body, w.Code, c.status, w.Body)
		}
	}
	if got := fmt.Sprint(p.text); got != "[one two three? four five six]" {
		t.Errorf("noted: %s", got)
	}
	want := "[{default u-1 parse} {default  parse} {default  parse} {default  rasa} {default  clu} {default  clu}]"
	if got := fmt.Sprint(p.from); got != want {
		t.Errorf("from %s, want %s", got, want)
	}
	metrics := call(h, "GET", "/metrics", nil).Body.String()
	for _, line := range []string{`yingda_parse_log_texts_total{result="kept"} 3`, `yingda_parse_log_texts_total{result="passed_over"} 5`,
		`yingda_parse_log_texts_total{result="dropped"} 1`, `yingda_parse_log_packs_total 2`, `yingda_parse_log_waiting_texts 2`} {
		if !strings.Contains(metrics, line) {
			t.Errorf("/metrics lacks %s", line)
		}
	}
	if got := call(h, "GET", "/v1/parse-log", nil).Body.String(); !strings.Contains(got, `"mode":"misses","sample":0.5,"texts":9`) || !strings.Contains(got, `"dropped":1`) {
		t.Error(got)
	}
	none := mustServer(t, server.Options{}).Handler()
	if got := call(none, "GET", "/v1/parse-log", nil).Body.String(); !strings.Contains(got, `"mode":"off"`) {
		t.Error(got)
	}
	if got := call(none, "GET", "/metrics", nil).Body.String(); strings.Contains(got, "yingda_parse_log") {
		t.Error("counters of a log that is off")
	}
}
