package nlu_test

import (
	"testing"

	"yingda/nlu"
)

func TestDetect(t *testing.T) {
	for text, want := range map[string]nlu.Lang{
		"":                  "",
		"12345 !? 👍":        "",
		"我要退款":              nlu.Chinese,
		"我要退訂單":             nlu.Chinese,
		"where is my order": nlu.English,
		"我的 iPhone 坏了":      nlu.Chinese,
		"refund 退款":         nlu.Chinese, // 2 characters say as much as 6 letters
		"I bought the 华为 phone last week and it broke": nlu.English,
		"单 abcdefghi":  nlu.Chinese, // exactly a quarter
		"单 abcdefghij": nlu.English,
	} {
		if got := nlu.Detect(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

// TestNormaliser keeps a channel's hint, and detects otherwise.
func TestNormaliser(t *testing.T) {
	as := []*nlu.Analysis{{Utterance: nlu.Utterance{Text: "ＯＫ 訂單"}}, {Utterance: nlu.Utterance{Text: "退款", Lang: nlu.English}}}
	if err := (nlu.Normaliser{}).Annotate(t.Context(), as); err != nil {
		t.Fatal(err)
	}
	if as[0].Normal.Text != "ok 订单" || as[0].Language != nlu.Chinese || as[0].Text != "ＯＫ 訂單" || as[1].Language != nlu.English {
		t.Errorf("got %q %s, %s", as[0].Normal.Text, as[0].Language, as[1].Language)
	}
}
