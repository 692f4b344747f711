package recognizer_test

import (
	"strings"
	"testing"

	"yingda/nlu"
	"yingda/nlu/recognizer"
)

func TestRegex(t *testing.T) {
	rx := mustRegex(t)
	for _, c := range mustCases[textCase](t, "regex.yaml") {
		same(t, c.Text, analyse(t, c.Text, rx).Candidates, c.Want)
	}
}

func TestRegexNone(t *testing.T) {
	rx := mustRegex(t)
	for _, text := range mustCases[string](t, "regex_none.yaml") {
		same(t, text, analyse(t, text, rx).Candidates, nil)
	}
}

func TestRegexScores(t *testing.T) {
	rx := mustRegex(t)
	score := func(text string) float64 {
		ents := analyse(t, text, rx).Candidates
		if len(ents) != 1 || ents[0].Source != nlu.SourceRegex || ents[0].Rule == "" {
			t.Fatalf("%q: %v", text, ents)
		}
		return ents[0].Score
	}
	for _, c := range []struct{ more, less string }{
		{"订单号88012456703", "88012456703"},            // a word beside it
		{"订单号8832", "订单尾号8832"},                      // the whole number
		{"卡号4111111111111111", "4111111111111111"},   // a word beside it
		{"卡号4111111111111111", "卡号5214111111111112"}, // the checksum
		{"身份证110101199003077774", "身份证110101199003077775"},
		{"订单88012456703", "订单上次说的88012456703"}, // distance
	} {
		if m, l := score(c.more), score(c.less); m <= l {
			t.Errorf("%q %.2f is not above %q %.2f", c.more, m, c.less, l)
		}
	}
}

func TestRulesExtend(t *testing.T) {
	base, err := recognizer.DefaultRules()
	if err != nil {
		t.Fatal(err)
	}
	own := `
version: 1
cues: {order: [水单]}
disable: [url.domain]
rules:
- {name: plate, type: car_plate, pattern: '[京沪粤][a-z][0-9a-z]{5}', score: 0.9, firm: true}
- {name: order.hash, type: ticket_id, pattern: '[0-9]{4,}', needs: [hash], near: 1, score: 0.9}
`
	r, err := recognizer.ParseRules(base, "own.yaml", []byte(own))
	if err != nil {
		t.Fatal(err)
	}
	rx := recognizer.NewRegex(r)
	for _, c := range []textCase{
		{"车牌粤B12345停在门口", []string{"car_plate 粤B12345"}},
		{"#73019942", []string{"ticket_id 73019942"}},
		{"jd.com", nil},
		{"水单7720461", []string{"order_id 7720461"}},
	} {
		same(t, c.Text, analyse(t, c.Text, rx).Candidates, c.Want)
	}
	same(t, "jd.com", analyse(t, "jd.com", mustRegex(t)).Candidates, []string{"url jd.com"}) // the base is as before
}

func TestRulesFaults(t *testing.T) {
	bad := `
version: 2
cues: {a: [""]}
disable: [nothing]
rules:
- {name: one, type: x, pattern: '[', score: 0.9}
- {name: two, pattern: 'a*', score: 3, check: magic, cues: [nobody]}
- {name: three, type: x, pattern: '\b1', score: 0.9, digits: [3, 1], colour: red}
- {name: one, type: x, pattern: '1', value: loud}
- {type: x}
`
	_, err := recognizer.ParseRules(nil, "bad.yaml", []byte(bad))
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"bad.yaml: version", "empty word", `no rule "nothing"`, "missing closing ]", "has no type", "matches the empty text", "between 0 and 1",
		`no check "magic"`, `no group of cues "nobody"`, "colour", "defined twice", "neither score nor cued", `no form of value "loud"`, "has no name", "has no pattern",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("fault %q is not reported in:\n%v", want, err)
		}
	}
}
