package intake_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"yingda/analytics"
	"yingda/analytics/demodata"
	"yingda/analytics/intake"
	"yingda/dialogue"
)

func TestRun_Rasa(t *testing.T) {
	lines := []string{
		`{"sender_id":"+8613800138000","event":"action","name":"action_session_start","timestamp":1767225599.5}`,
		`{"sender_id":"+8613800138000","event":"user","timestamp":1767225600.25,"text":"我在上海，电话13800138000","input_channel":"socketio","message_id":"m1","parse_data":{"intent":{"name":"order_status","confidence":0.87},"entities":[{"entity":"city","start":2,"end":4,"value":"上海"}],"intent_ranking":[{"name":"order_status","confidence":0.87},{"name":"greet","confidence":0.05}]}}`,
		`{"sender_id":"other","event":"user","timestamp":1767225600.5,"text":"hi","input_channel":"rest","message_id":"o1","parse_data":{"intent":{"name":"nlu_fallback","confidence":0.4},"entities":[],"intent_ranking":[{"name":"nlu_fallback","confidence":0.4},{"name":"greet","confidence":0.3}]}}`,
		`{"sender_id":"+8613800138000","event":"action","name":"utter_status","timestamp":1767225600.4}`,
		`{"sender_id":"+8613800138000","event":"bot","text":"…","timestamp":1767225600.45,"metadata":{"utter_action":"utter_status"}}`,
		`{"sender_id":"+8613800138000","event":"user","timestamp":1767225660,"text":"/human{\"x\": 1}","input_channel":"socketio","message_id":"m2","parse_data":{"intent":{"name":"human","confidence":1},"entities":[]}}`,
		`{"sender_id":"+8613800138000","event":"action","name":"action_human_handoff","timestamp":1767225660.1}`,
		`{"sender_id":"+8613800138000","event":"restart","timestamp":1767225700}`,
		`{"sender_id":"other","event":"user","timestamp":"x","text":"hi"}`,
		`{"event":"user","timestamp":1767225600}`,
		`{"name":"nothing"}`,
	}
	check := func(t *testing.T, data string, refused int) {
		p := &place{}
		res := mustRun(t, mustFile(t, "rasa.json", []byte(data)), "version: 1\nformat: rasa\nchannels: {socketio: web}\n", p)
		if len(p.events) != 4 || res.Refused != refused {
			t.Fatalf("%d events, %+v, %v", len(p.events), res, refusals(t, res))
		}
		byID := map[string]dialogue.Event{}
		for _, ev := range p.events {
			byID[ev.ID] = ev
			raw, _ := json.Marshal(ev)
			if strings.Contains(string(raw), "13800138000") || strings.Contains(string(raw), "上海") {
				t.Errorf("%s tells who it is", raw)
			}
		}
		m1, m2, o1 := byID["m1"], byID["m2"], byID["o1"]
		if m1.Turn.Redacted != "我在<city>，电话<number>" && !strings.HasPrefix(m1.Turn.Redacted, "我在<city>，电话<") {
			t.Errorf("text %q", m1.Turn.Redacted)
		}
		if m1.Channel != "web" || m1.Turn.Millis["total"] < 199 || m1.Turn.Millis["total"] > 201 || len(m1.Turn.Scripts) != 1 || m1.Turn.Scripts[0].Key != "utter_status" || len(m1.Turn.Ranking) != 2 {
			t.Errorf("%+v", m1.Turn)
		}
		if m2.Turn.Redacted != "" || m2.Turn.Decision.HandOff == nil || m2.Turn.Decision.HandOff.Why != dialogue.ByRequest {
			t.Errorf("%+v", m2.Turn)
		}
		if o1.Turn.Decision.Reason != dialogue.NotUnderstood || len(o1.Turn.Intents) != 0 || o1.Turn.Ranking[0].Label != "greet" {
			t.Errorf("%+v", o1.Turn)
		}
	}
	t.Run("Lines", func(t *testing.T) { check(t, strings.Join(lines, "\n"), 3) })
	t.Run("Array", func(t *testing.T) { check(t, "[\n"+strings.Join(lines, ",\n")+"]", 3) })
	t.Run("Trackers", func(t *testing.T) {
		one := strings.Join([]string{lines[0], lines[1], lines[3], lines[4], lines[5], lines[6], lines[7]}, ",")
		check(t, "{\n  \"sender_id\": \"+8613800138000\",\n  \"events\": ["+one+"]\n}\n{\n  \"sender_id\": \"other\", \"events\": [\n"+lines[2]+"]}\n", 0)
	})
}

func TestRun_Chatwoot(t *testing.T) {
	const conversation = `{"id": 42, "status": "resolved", "created_at": 1767225600, "last_activity_at": 1767226900, "meta": {"sender": {"id": 7, "name": "Li Lei", "email": "li@example.com"}, "channel": "Channel::WebWidget", "team": {"name": "售后"}},
 "messages": [
 {"id": 1, "content": "快递呢，邮箱 li@example.com", "message_type": 0, "created_at": 1767225600, "sender": {"id": 7, "type": "contact"}},
 {"id": 2, "content": "请稍等", "message_type": 1, "created_at": 1767225602, "sender": {"id": 1, "type": "agent_bot"}},
 {"id": 3, "content": "转人工", "message_type": "incoming", "created_at": 1767225660, "sender": {"id": 7, "type": "contact"}, "attachments": [{"file_type": "image"}]},
 {"id": 4, "content": "note", "message_type": 1, "private": true, "created_at": 1767225661, "sender": {"id": 3, "type": "user"}},
 {"id": 5, "content": "您好", "message_type": 1, "created_at": 1767225720, "sender": {"id": 3, "type": "user"}},
 {"id": 6, "content": "ok", "message_type": 0, "created_at": 1767225780, "sender": {"id": 7, "type": "contact"}},
 {"id": 7, "content": "Rate us", "message_type": 3, "created_at": 1767226800, "content_attributes": {"submitted_values": {"csat_survey_response": {"rating": 4, "feedback_message": "不错"}}}},
 {"id": 8, "content": "form", "message_type": 3, "created_at": 1767226801, "content_attributes": {"submitted_values": [{"name": "x"}]}}
 ]}`
	for name, data := range map[string]string{
		"Lines": strings.ReplaceAll(conversation, "\n", " ") + "\n" + `{"id": 43, "messages": []}` + "\n",
		"Array": "[" + conversation + `, {"id": 43, "messages": []}]`,
		"Page":  `{"data": {"payload": [` + conversation + `, {"id": 43, "messages": []}]}}`,
	} {
		t.Run(name, func(t *testing.T) {
			p := &place{}
			res := mustRun(t, mustFile(t, "c.json", []byte(data)), "version: 1\nformat: chatwoot\nchatwoot: {queues: {售后: aftersales}}\n", p)
			var kinds []string
			for _, ev := range p.events {
				kinds = append(kinds, string(ev.Kind))
				if ev.Conversation != "chatwoot-42" || ev.Channel != "web" || ev.Customer != p.events[0].Customer {
					t.Errorf("%+v", ev)
				}
			}
			if got := strings.Join(kinds, " "); got != "turn turn queued claimed agent turn rating closed" && got != "turn queued turn claimed agent turn rating closed" {
				t.Fatalf("events %s; %v", got, refusals(t, res))
			}
			if res.Refused != 1 {
				t.Errorf("refused %v", refusals(t, res))
			}
			var rows analytics.Rows
			for i := range p.events {
				rows.Add(&p.events[i])
			}
			if rows.Turns[0].Text != "快递呢，邮箱 <email>" || rows.Turns[0].Action != "answer" || *rows.Turns[0].Total != 2000 || rows.Turns[2].Owner != "agent" || rows.Hands[0].Queue != "aftersales" || *rows.Ratings[0].Score != 4 {
				t.Errorf("%+v\n%+v\n%+v", rows.Turns, rows.Hands, rows.Ratings)
			}
		})
	}
}

func TestRun_Parquet(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.PrimitiveTypes.Int64}, {Name: "conv", Type: arrow.BinaryTypes.String}, {Name: "at", Type: &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}},
		{Name: "local", Type: &arrow.TimestampType{Unit: arrow.Millisecond}, Nullable: true}, {Name: "body", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "p", Type: arrow.PrimitiveTypes.Float32}, {Name: "types", Type: arrow.ListOf(arrow.BinaryTypes.String), Nullable: true}, {Name: "up", Type: arrow.FixedWidthTypes.Boolean},
	}, nil)
	const rows = 6_000
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	at := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	for i := range rows {
		b.Field(0).(*array.Int64Builder).Append(int64(i))
		b.Field(1).(*array.StringBuilder).Append("conv")
		b.Field(2).(*array.TimestampBuilder).Append(arrow.Timestamp(at.Add(time.Duration(i) * time.Second).UnixMicro()))
		b.Field(3).(*array.TimestampBuilder).Append(arrow.Timestamp(at.UnixMilli()))
		if i == 1 {
			b.Field(4).AppendNull()
		} else {
			b.Field(4).(*array.StringBuilder).Append("a text")
		}
		b.Field(5).(*array.Float32Builder).Append(0.5)
		l := b.Field(6).(*array.ListBuilder)
		l.Append(true)
		l.ValueBuilder().(*array.StringBuilder).Append("money")
		b.Field(7).(*array.BooleanBuilder).Append(i%2 == 0)
	}
	path := filepath.Join(t.TempDir(), "t.parquet")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := pqarrow.NewFileWriter(schema, f, parquet.NewWriterProperties(parquet.WithMaxRowGroupLength(3000)), pqarrow.DefaultWriterProps())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(b.NewRecordBatch()); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	const mapping = `
version: 1
format: parquet
zone: Asia/Shanghai
rows:
  - kind: turn
    fields: {id: id, conversation: conv, time: at, text: body, intent: {value: x}, confidence: p, entities: types, handoff: {column: up, map: {"true": request, "false": ""}}}
`
	p := &place{}
	if res := mustRun(t, path, mapping, p); len(p.events) != rows || res.Refused != 0 {
		t.Fatalf("%d events, %+v", len(p.events), res)
	}
	if ev := p.events[5000]; !ev.Time.Equal(at.Add(5000*time.Second)) || ev.Turn.Ranking[0].Score != 0.5 || ev.Turn.Entities[0] != "money" || ev.Turn.Decision.HandOff == nil {
		t.Errorf("%+v %+v", ev, ev.Turn)
	}
	p = &place{}
	mustRun(t, path, strings.Replace(mapping, "time: at", "time: local", 1), p)
	if ev := p.events[0]; !ev.Time.Equal(at.Add(-8 * time.Hour)) {
		t.Errorf("a time without a zone became %v", ev.Time)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 { // damaged anywhere: an error or refusals, no panic
		broken := append([]byte{}, whole...)
		for j := range 64 {
			broken[(i*len(whole)/20+j)%len(whole)] ^= 0x5a
		}
		o := intake.Options{Mapping: mustMapping(t, mapping), Key: make([]byte, 16), Ingest: (&place{}).ingest, Now: now}
		if _, err := intake.Run(context.Background(), mustFile(t, "broken.parquet", broken), o); err != nil && !strings.Contains(err.Error(), "broken.parquet") {
			t.Errorf("%v does not name the file", err)
		}
	}
}

// TestRun_Events: demo data through files is the demo data.
func TestRun_Events(t *testing.T) {
	g, err := demodata.New(demodata.Options{Days: 14, TurnsPerDay: 60})
	if err != nil {
		t.Fatal(err)
	}
	var file strings.Builder
	enc := json.NewEncoder(&file)
	if err := g.Run(context.Background(), func(_ int, evs []dialogue.Event) error { return demodata.WriteEvents(enc, evs) }); err != nil {
		t.Fatal(err)
	}
	file.WriteString(`{"seq": 1, "event": {"kind": "turn", "id": "x", "tenant": "default", "conversation": "c", "time": "2026-03-01T00:00:00Z"}}` + "\n" + `{"seq": 1}` + "\n{}\n")
	p := &place{}
	res := mustRun(t, mustFile(t, "events.ndjson", []byte(file.String())), "version: 1\nformat: events\n", p)
	var rows analytics.Rows
	for i := range p.events {
		rows.Add(&p.events[i])
	}
	if want := g.Truth().Total; int64(len(p.events)) != want.Events || int64(len(rows.Turns)) != want.Turns || res.Refused != 3 {
		t.Errorf("%d events, %d turns, %d refused; the truth is %+v", len(p.events), len(rows.Turns), res.Refused, want)
	}
}

func TestParseMapping_Samples(t *testing.T) {
	dir := filepath.Join("..", "..", "docs", "analytics", "mappings")
	files, err := os.ReadDir(dir)
	if err != nil || len(files) < 5 {
		t.Fatalf("%d samples, %v", len(files), err)
	}
	for _, f := range files {
		raw, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := intake.ParseMapping(f.Name(), raw); err != nil {
			t.Error(err)
		}
	}
}

func TestParseMapping_Err(t *testing.T) {
	for text, want := range map[string]string{
		"":                         "empty",
		"version: 2\nformat: rasa": "version",
		"version: 1\nformat: xml":  "format",
		"version: 1\nformat: csv":  "rows",
		"version: 1\nformat: rasa\nzone: Mars/Olympus":                                                                              "zone",
		"version: 1\nformat: rasa\ncolumn: x":                                                                                       "column",
		"version: 1\nformat: csv\nrows: [{kind: turn, fields: {conversation: c, time: t, colour: x}}]":                              "colour",
		"version: 1\nformat: csv\nrows: [{kind: turn, fields: {time: t}}]":                                                          "conversation",
		"version: 1\nformat: csv\nrows: [{kind: said, fields: {conversation: c, time: t}}]":                                         "kind",
		"version: 1\nformat: csv\nrows: [{kind: turn, fields: {conversation: c, time: {column: t, format: \"2006-01-02 15:04\"}}}]": "zone",
		"version: 1\nformat: csv\nrows: [{kind: turn, fields: {conversation: {colum: c}, time: t}}]":                                "colum",
		"version: 1\nformat: csv\nrows: [{kind: turn, fields: {conversation: {column: c, value: x}, time: t}}]":                     "either",
		"version: 1\nformat: csv\nrows: [{kind: turn, when: {column: x}, fields: {conversation: c, time: t}}]":                      "when",
		"version: 1\nformat: csv\ntenant: Two Words\nrows: [{kind: turn, fields: {conversation: c, time: t}}]":                      "tenant",
		"version: 1\nformat: csv\nencoding: latin1\ncomma: ab\nrows: [{kind: turn, fields: {conversation: c, time: t}}]":            "encoding",
	} {
		if _, err := intake.ParseMapping("map.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "map.yaml") {
			t.Errorf("%q: got %v, want something about %q", text, err, want)
		}
	}
}

// FuzzRun throws files at all readers: never a panic, every event valid, refusals counted.
func FuzzRun(f *testing.F) {
	f.Add(0, []byte(table))
	f.Add(1, []byte(`{"id": "a", "conv": "c", "at": "2026-03-01T00:00:00Z"}`))
	f.Add(2, []byte(`{"id": 42, "messages": [{"id": 1, "message_type": 0, "created_at": 1767225600}]}`))
	f.Add(3, []byte(`{"sender_id":"o","event":"user","timestamp":1767225600.5,"text":"hi","parse_data":{"entities":[{"entity":"x","start":0,"end":9}]}}`))
	f.Add(4, []byte(`{"seq": 1, "event": {"kind": "closed", "id": "x", "tenant": "default", "conversation": "c", "time": "2026-03-01T00:00:00Z"}}`))
	f.Add(3, []byte("[{}, 1, null, [\n"))
	f.Add(5, []byte("PAR1"))
	mappings := []string{turns, "version: 1\nformat: jsonl\nrows: [{kind: turn, fields: {id: id, conversation: conv, time: at, text: body}}, {kind: rating, fields: {conversation: conv, time: at, score: s}}]",
		"version: 1\nformat: chatwoot\n", "version: 1\nformat: rasa\n", "version: 1\nformat: events\n", strings.Replace(turns, "format: csv", "format: parquet", 1)}
	f.Fuzz(func(t *testing.T, which int, data []byte) {
		p := &place{}
		o := intake.Options{Mapping: mustMapping(t, mappings[uint(which)%uint(len(mappings))]), Key: make([]byte, 16), Ingest: p.ingest, Now: now}
		res, err := intake.Run(context.Background(), mustFile(t, "f", data), o)
		if got := len(refusals(t, res)); got != res.Refused {
			t.Errorf("%d refusals listed, %d counted", got, res.Refused)
		}
		var rows analytics.Rows
		for i := range p.events {
			ev := &p.events[i]
			if ev.Validate() != nil || ev.Seq == 0 || ev.ID == "" || ev.Time.IsZero() || ev.Private != nil {
				t.Errorf("%+v (%v)", ev, err)
			}
			rows.Add(ev)
		}
	})
}

func FuzzParseMapping(f *testing.F) {
	f.Add([]byte(turns))
	f.Add([]byte("version: 1\nformat: rasa\nrasa: {queue: x}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if m, err := intake.ParseMapping("m", data); err == nil && m.Tenant == "" {
			t.Error("a mapping without a tenant")
		}
	})
}
