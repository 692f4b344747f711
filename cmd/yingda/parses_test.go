package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"yingda/analytics/mine"
	"yingda/analytics/warehouse"
	"yingda/dialogue"
	"yingda/dialogue/eventlog"
	"yingda/internal/testenv"
)

// oddTexts ask in many words for what the robot does not offer: engraving. Every tenth holds a telephone number.
func oddTexts(n int) []string {
	things := []string{"戒指", "项链", "手镯", "钢笔", "水杯", "木盒", "打火机", "手表"}
	words := []string{"名字", "生日", "纪念日", "一句话", "宠物的头像", "英文字母", "公司标志"}
	zh := []string{"能帮我在%s上刻%s吗", "%s可以刻%s不", "你们做%s刻字吗，想刻%s", "%s上面刻%s要等多久"}
	en := []string{"can you engrave %[2]s on a %[1]s", "do you do engraving on the %[1]s, %[2]s please", "how long does engraving %[2]s on a %[1]s take"}
	goods := []string{"ring", "necklace", "pen", "watch", "cup", "box", "lighter"}
	marks := []string{"a name", "my initials", "our wedding day", "a short poem", "a logo", "two letters"}
	var texts []string
	for i := range n {
		text := fmt.Sprintf(zh[i%len(zh)], things[i/4%len(things)], words[i/3%len(words)])
		if i%2 == 1 {
			text = fmt.Sprintf(en[i%len(en)], goods[i/6%len(goods)], marks[i/5%len(marks)])
		}
		if i%10 == 0 {
			text += " 13800138000"
		}
		texts = append(texts, text)
	}
	return texts
}

// parse asks for an analysis, for a customer in one of four.
func (r *robot) parse(i int, text string) (understood bool) {
	r.tb.Helper()
	body := map[string]any{"text": text}
	if i%4 == 0 {
		body["customer"] = fmt.Sprintf("secret-customer-%d", i%20)
	}
	data, err := json.Marshal(body)
	if err != nil {
		r.tb.Fatal(err)
	}
	status, answer, err := r.send("POST", "/v1/parse", string(data))
	if err != nil || status != 200 {
		r.tb.Fatalf("parse: %d, %v, %v", status, answer, err)
	}
	understood, _ = answer["understood"].(bool)
	return understood
}

// TestParsesReachMining: what callers have analysed without a conversation, by a server that does nothing else, is counted by the report and found by
// mining, and nothing that says who asked is kept.
func TestParsesReachMining(t *testing.T) {
	r := mustPlainRobot(t, "--parse-only", "--log-parses", "misses")
	missed := 0
	for i, text := range oddTexts(200) {
		if !r.parse(i, text) {
			missed++
		}
	}
	for i := range 40 {
		r.parse(i, []string{"我的订单到哪了", "where is my order"}[i%2])
	}
	if missed < 60 {
		t.Fatalf("%d of 200 odd texts were not understood: too few to look for", missed)
	}
	_, noted, err := r.send("GET", "/v1/parse-log", "")
	if err != nil || noted["texts"] != 240.0 || noted["dropped"] != 0.0 || noted["kept"].(float64)+noted["passed_over"].(float64)+noted["waiting"].(float64) != 240 {
		t.Fatalf("%v, %v", noted, err)
	}
	var report struct {
		Totals [][]any
	}
	for until := time.Now().Add(60 * time.Second); ; time.Sleep(200 * time.Millisecond) {
		if status, answer, err := r.send("GET", "/v1/reports/parses?format=json", ""); err == nil && status == 200 {
			data, _ := json.Marshal(answer)
			if err := json.Unmarshal(data, &report); err != nil {
				t.Fatal(err)
			}
			if len(report.Totals) == 1 && report.Totals[0][1] == 240.0 {
				break
			}
		}
		if time.Now().After(until) {
			t.Fatalf("the report does not count 240 texts: %v\n%s", report, r.log)
		}
	}
	if share := report.Totals[0][2].(map[string]any); share["denominator"] != 240.0 || share["numerator"].(float64) > float64(240-missed) {
		t.Errorf("understood: %v, of 240 at least %d were not", share, missed)
	}
	var out bytes.Buffer
	err = runMine(t.Context(), []string{"--dir", analyticsOf(r), "--bundles", filepath.Join(filepath.Dir(r.dir), "bundles"), "--ort-lib", testenv.ForTest(t), "--days", "3", "--json"}, stdio{out: &out, err: &bytes.Buffer{}})
	if err != nil {
		t.Fatal(err)
	}
	var found mine.Result
	if err := json.Unmarshal(out.Bytes(), &found); err != nil {
		t.Fatal(err)
	}
	engraving := 0
	for _, g := range found.Groups {
		if text := strings.Join(g.Examples, " "); strings.Contains(text, "刻") || strings.Contains(text, "engrav") {
			engraving += g.Count
		}
	}
	if found.Counts.Reasons[mine.Fallback] != missed || engraving < missed/2 {
		t.Errorf("mining has %d texts that were not understood and %d in groups of engraving; %d were not understood", found.Counts.Reasons[mine.Fallback], engraving, missed)
	}
	r.kill()
	for _, dir := range []string{r.dir, analyticsOf(r)} {
		mustNotHold(t, dir, "13800138000", "secret-customer")
	}
}

// mustNotHold fails if a file below dir has one of the words.
func mustNotHold(t *testing.T, dir string, words ...string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil // gone meanwhile, or no file
		}
		data, err := os.ReadFile(path)
		for _, word := range words {
			if bytes.Contains(data, []byte(word)) {
				t.Errorf("%s holds %s", path, word)
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestParsesCrash kills the robot or its analytics process while texts are analysed: in the end the table holds what the log's stream holds, once.
func TestParsesCrash(t *testing.T) {
	kills := rounds(t, 4, 40)
	r := mustPlainRobot(t, "--parse-only", "--log-parses", "all")
	texts := oddTexts(400)
	for i := range kills {
		for j := range 60 {
			r.parse(j, texts[(i*60+j)%len(texts)])
		}
		if i%2 == 0 {
			if h, err := health(t.Context(), analyticsOf(r)); err == nil {
				_ = syscall.Kill(h.PID, syscall.SIGKILL)
			}
			continue
		}
		r.kill()
		r.start()
	}
	r.parse(1, texts[0])
	before := mustHealth(t, r)
	for same := 0; same < 15; {
		time.Sleep(200 * time.Millisecond)
		now := mustHealth(t, r)
		if same++; now.Parses != before.Parses || now.Parses == 0 {
			same = 0
		}
		before = now
	}
	r.kill()
	written := streamOf(t, r)
	w, err := openWarehouse(t.Context(), warehouse.Options{Dir: analyticsOf(r)})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	rows, err := w.Query(context.Background(), "SELECT id, count(*) FROM parses GROUP BY id")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	in := map[string]bool{}
	for rows.Next() {
		var id string
		var n int
		if err := rows.Scan(&id, &n); err != nil {
			t.Fatal(err)
		}
		if in[id] = true; n != 1 {
			t.Errorf("%s is in %d times", id, n)
		}
	}
	for _, id := range written {
		if !in[id] {
			t.Errorf("%s is in the log and not in the table", id)
		}
	}
	sent := kills*60 + 1
	t.Logf("%d texts were sent, %d are in the log, %d in the table", sent, len(written), len(in))
	if len(in) > sent || len(in) < sent*9/10 {
		t.Errorf("%d texts are in the table of %d that were sent", len(in), sent)
	}
}

// streamOf lists the texts of a log that nobody has open.
func streamOf(t *testing.T, r *robot) (ids []string) {
	t.Helper()
	key, _, err := (&logFlags{dir: r.dir, key: r.key}).masterKeys(false, &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	log, err := eventlog.Open(t.Context(), eventlog.Options{Dir: r.dir, Master: key})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	err = log.ReadParses(t.Context(), 0, func(_ uint64, data []byte) error {
		var p dialogue.ParsedPack
		if err := json.Unmarshal(data, &p); err != nil {
			return err
		}
		for _, text := range p.Parses {
			ids = append(ids, text.Request) // one text a request
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(ids)
	if unique := slices.Compact(slices.Clone(ids)); len(unique) != len(ids) {
		t.Errorf("the log has %d texts, %d of them different", len(ids), len(unique))
	}
	return ids
}
