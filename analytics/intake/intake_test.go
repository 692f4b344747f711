package intake_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"yingda/analytics/intake"
	"yingda/dialogue"
)

var now = func() time.Time { return time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC) }

// place takes events as the warehouse does: once each.
type place struct {
	events []dialogue.Event
	seen   map[string]bool
	fail   error
	calls  int
}

func (p *place) ingest(_ context.Context, evs []dialogue.Event) error {
	p.calls++
	if p.fail != nil {
		return p.fail
	}
	if p.seen == nil {
		p.seen = map[string]bool{}
	}
	for _, ev := range evs {
		key, _ := json.Marshal([]any{ev.Tenant, ev.Conversation, ev.Seq, ev.Time})
		if !p.seen[string(key)] {
			p.seen[string(key)] = true
			p.events = append(p.events, ev)
		}
	}
	return nil
}

func mustMapping(tb testing.TB, text string) *intake.Mapping {
	tb.Helper()
	m, err := intake.ParseMapping("map.yaml", []byte(text))
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

func mustFile(tb testing.TB, name string, data []byte) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

func mustRun(tb testing.TB, path, mapping string, p *place) intake.Result {
	tb.Helper()
	res, err := intake.Run(context.Background(), path, intake.Options{Mapping: mustMapping(tb, mapping), Key: []byte("0123456789abcdef"), Ingest: p.ingest, Now: now})
	if err != nil {
		tb.Fatal(err)
	}
	return res
}

// refusals reads the list beside the file.
func refusals(tb testing.TB, res intake.Result) []intake.Refusal {
	tb.Helper()
	if res.List == "" {
		return nil
	}
	raw, err := os.ReadFile(res.List)
	if err != nil {
		tb.Fatal(err)
	}
	var out []intake.Refusal
	for line := range bytes.Lines(raw) {
		var r intake.Refusal
		if err := json.Unmarshal(line, &r); err != nil {
			tb.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

const turns = `
version: 1
format: csv
zone: Asia/Shanghai
rows:
  - kind: turn
    when: {column: who, in: [c]}
    fields:
      id: id
      conversation: conv
      customer: mail
      channel: {value: email}
      time: {column: at, format: "2006-01-02 15:04:05"}
      text: body
      intent: {column: cat, map: {物流: delivery.track}}
      confidence: p
  - kind: agent
    when: {column: who, in: [a]}
    fields: {id: id, conversation: conv, customer: mail, time: {column: at, format: "2006-01-02 15:04:05"}, agent: cat, text: body}
`

const table = `id,conv,mail,who,at,body,cat,p
1,T1,li@example.com,c,2026-03-01 08:30:00,我的快递 123456789012 到哪了,物流,0.93
2,T1,li@example.com,a,2026-03-01 08:30:00,"您好，
马上查",a7,
3,T2,wang@example.com,c,2026-03-01 09:00:00,hello,greet,1.4
4,T2,wang@example.com,c,yesterday,hello,greet,0.4
5,T2,wang@example.com,c,2126-03-01 09:00:00,hello,greet,0.4
6,T2,wang@example.com,c
7,,wang@example.com,c,2026-03-01 09:00:00,hello,greet,0.4
`

func TestRun_CSV(t *testing.T) {
	gbk, err := simplifiedchinese.GB18030.NewEncoder().String(table)
	if err != nil {
		t.Fatal(err)
	}
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	if _, err := z.Write([]byte("\xef\xbb\xbf" + table)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string]struct {
		data    []byte
		mapping string
	}{
		"Plain":   {[]byte(table), turns},
		"GB18030": {[]byte(gbk), turns + "encoding: gb18030\n"},
		"Zipped":  {zipped.Bytes(), turns},
		"Windows": {[]byte(strings.ReplaceAll(table, "\n", "\r\n")), turns},
		"Comma":   {[]byte(strings.ReplaceAll(table, ",", ";")), turns + "comma: \";\"\n"},
	} {
		t.Run(name, func(t *testing.T) {
			p := &place{}
			res := mustRun(t, mustFile(t, "t.csv", file.data), file.mapping, p)
			if res.Records != 7 || res.Events != 2 || res.Refused != 5 {
				t.Fatalf("%+v", res)
			}
			turn, agent := p.events[0], p.events[1]
			if turn.Turn.Redacted != "我的快递 <number> 到哪了" && !strings.HasPrefix(turn.Turn.Redacted, "我的快递 <") || strings.Contains(turn.Turn.Redacted, "123456789012") {
				t.Errorf("text %q", turn.Turn.Redacted)
			}
			if want := time.Date(2026, 3, 1, 0, 30, 0, 0, time.UTC); !turn.Time.Equal(want) || turn.Turn.Intents[0].Label != "delivery.track" || turn.Turn.Intents[0].Score != 0.93 || turn.Turn.Lang != "zh" {
				t.Errorf("%+v %+v", turn, turn.Turn)
			}
			if turn.Customer != agent.Customer || strings.Contains(turn.Customer, "li") || turn.Conversation != agent.Conversation || turn.Seq >= agent.Seq {
				t.Errorf("%+v\n%+v", turn, agent)
			}
			if name != "Windows" && agent.Agent.Length != 7 || agent.Agent.Agent != "a7" {
				t.Errorf("%+v", agent.Agent)
			}
			var lines []int
			var columns []string
			for _, r := range refusals(t, res) {
				lines, columns = append(lines, r.Line), append(columns, r.Field)
				if strings.Contains(r.Reason, "yesterday") || strings.Contains(r.Reason, "wang") {
					t.Errorf("the reason %q tells a value", r.Reason)
				}
			}
			if !slices.Equal(lines, []int{5, 6, 7, 8, 9}) || !slices.Equal(columns, []string{"p", "at", "at", "", "conv"}) {
				t.Errorf("refused lines %v, columns %v", lines, columns)
			}
		})
	}
}

// TestRun_Twice: the same file again changes nothing, with the memory of it or without; nor does a longer export of the same conversations.
func TestRun_Twice(t *testing.T) {
	p := &place{}
	path := mustFile(t, "t.csv", []byte(table))
	mustRun(t, path, turns, p)
	mustRun(t, path, turns, p)
	mustRun(t, mustFile(t, "longer.csv", []byte(table+"8,T1,li@example.com,c,2026-03-02 08:30:00,谢谢,,\n")), turns, p)
	if len(p.events) != 3 {
		t.Errorf("%d events, want the two and the new one", len(p.events))
	}
	o := intake.Options{Mapping: mustMapping(t, turns), Key: []byte("0123456789abcdef"), Ingest: p.ingest, Now: now, State: t.TempDir()}
	for i := range 2 {
		res, err := intake.Run(context.Background(), path, o)
		if err != nil || res.Already != (i == 1) {
			t.Errorf("run %d: %+v, %v", i, res, err)
		}
	}
	o.Key = []byte("another key that is long enough")
	if res, err := intake.Run(context.Background(), path, o); err != nil || res.Already || p.events[len(p.events)-1].Customer == p.events[0].Customer {
		t.Errorf("with another key: %+v, %v: the pseudonyms must differ", res, err)
	}
}

// TestRun_Resume: the place fails in the middle; the next run takes in what is missing, and only that.
func TestRun_Resume(t *testing.T) {
	var b strings.Builder
	b.WriteString("id,conv,mail,who,at,body,cat,p\n")
	for i := range 25_000 {
		b.WriteString(strings.Join([]string{time.Duration(i).String(), "T" + time.Duration(i/10).String(), "m", "c", "2026-03-01 08:30:00", "text", "", "\n"}, ","))
	}
	path, p := mustFile(t, "t.csv", []byte(b.String())), &place{}
	o := intake.Options{Mapping: mustMapping(t, turns), Key: []byte("0123456789abcdef"), Now: now, State: t.TempDir()}
	stop := errors.New("the disk is full")
	o.Ingest = func(ctx context.Context, evs []dialogue.Event) error {
		if p.calls == 1 {
			p.calls++
			return stop
		}
		return p.ingest(ctx, evs)
	}
	if _, err := intake.Run(context.Background(), path, o); !errors.Is(err, stop) {
		t.Fatalf("got %v", err)
	}
	first := len(p.events)
	o.Ingest = p.ingest
	res, err := intake.Run(context.Background(), path, o)
	if err != nil || res.Before != first || first == 0 || len(p.events) != 25_000 {
		t.Errorf("%+v, %v: %d events before, %d after", res, err, first, len(p.events))
	}
}

func TestRun_JSONL(t *testing.T) {
	const mapping = `
version: 1
format: jsonl
rows:
  - kind: turn
    fields:
      id: msg.id
      conversation: {column: s, plain: true}
      customer: user.id
      time: {column: msg.at, format: unix_ms}
      text: msg.text
      intent: nlu.top
      confidence: nlu.p
      fallback: {column: nlu.handled, map: {"true": "false", "false": "true"}}
      entities: ents
`
	data := `{"msg": {"id": 9007199254740993, "at": 1767225600123, "text": "where is it"}, "s": "s1", "user": {"id": 5}, "nlu": {"top": "delivery.track", "p": 0.9, "handled": true}, "ents": ["product", "money"]}
{"msg": {"id": "b", "at": 1767225600123, "text": "???"}, "s": "s1", "user": {"id": 5}, "nlu": {"top": "x", "p": 0.1, "handled": false}}
not json
[1, 2]
{"msg": {"id": "c", "at": "soon"}, "s": "s1"}
{"msg": 5, "s": "s1"}
` + `{"msg": {"text": "` + strings.Repeat("x", 17<<20) + `"}}` + "\n" + `{"msg": {"id": "d", "at": 1767225601000, "text": "` + strings.Repeat("x", 70<<10) + `"}, "s": "s1"}
{"msg": {"id": "e", "at": 1767225602000, "text": "ok"}, "s": "s1", "user": {"id": 5}}`
	p := &place{}
	res := mustRun(t, mustFile(t, "t.jsonl", []byte(data)), mapping, p)
	if len(p.events) != 3 || res.Refused != 6 {
		t.Fatalf("%d events, %+v, %v", len(p.events), res, refusals(t, res))
	}
	a, b := p.events[0], p.events[1]
	if a.ID != "9007199254740993" || a.Conversation != "s1" || !slices.Equal(a.Turn.Entities, []string{"product", "money"}) || len(a.Turn.Intents) != 1 {
		t.Errorf("%+v %+v", a, a.Turn)
	}
	if b.Turn.Decision.Reason != dialogue.NotUnderstood || len(b.Turn.Intents) != 0 || b.Turn.Ranking[0].Label != "x" {
		t.Errorf("%+v", b.Turn)
	}
}

func TestRun_ErrFile(t *testing.T) {
	for name, data := range map[string]string{
		"empty.csv":    "",
		"twice.csv":    "a,a\n1,2\n",
		"open.csv":     "id,conv,mail,who,at,body,cat,p\n1,T1,m,c,2026-03-01 08:30:00,\"" + strings.Repeat("x\n", 9<<20),
		"broken.gz":    "\x1f\x8b\x08broken",
		"array.json":   `[{"event": "user"}, {"event"`,
		"bad.parquet":  "PAR1 and nothing of what should follow PAR1",
		"tiny.parquet": "P",
	} {
		t.Run(name, func(t *testing.T) {
			mapping := turns
			switch filepath.Ext(name) {
			case ".json":
				mapping = "version: 1\nformat: rasa\n"
			case ".parquet":
				mapping = strings.Replace(turns, "format: csv", "format: parquet", 1)
			}
			p := &place{}
			_, err := intake.Run(context.Background(), mustFile(t, name, []byte(data)), intake.Options{Mapping: mustMapping(t, mapping), Key: make([]byte, 16), Ingest: p.ingest, Now: now})
			if err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("got %v", err)
			}
			if err != nil && len(err.Error()) > 2000 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
		})
	}
}
