package datetime_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"yingda/nlu"
	"yingda/nlu/recognizer/datetime"
	"yingda/nlu/recognizer/value"
)

var zhDigits = []rune("〇一二三四五六七八九")

// zhNumeral writes 1 to 99 in words.
func zhNumeral(n int) string {
	s := ""
	if n >= 20 {
		s = string(zhDigits[n/10])
	}
	if n >= 10 {
		s += "十"
	}
	if n%10 > 0 {
		s += string(zhDigits[n%10])
	}
	return s
}

// zhYearWords writes a year figure by figure.
func zhYearWords(y int) string {
	var b strings.Builder
	for _, c := range fmt.Sprint(y) {
		b.WriteRune(zhDigits[c-'0'])
	}
	return b.String()
}

// zhLunarWords writes a day of the lunar calendar: 农历二〇二六年闰六月廿三.
func zhLunarWords(l datetime.LunarDate) string {
	month := zhNumeral(l.Month) + "月"
	switch {
	case l.Leap:
		month = "闰" + month
	case l.Month == 1:
		month = "正月"
	case l.Month == 12:
		month = "腊月"
	}
	day := zhNumeral(l.Day)
	switch {
	case l.Day <= 10:
		day = "初" + day
	case l.Day > 20 && l.Day < 30 && l.Year%2 == 0:
		day = "廿" + string(zhDigits[l.Day%10])
	}
	return "农历" + zhYearWords(l.Year) + "年" + month + day
}

// TestChineseDatesRoundTrip writes every day from 1900 to 2100 in words and figures and reads it back.
func TestChineseDatesRoundTrip(t *testing.T) {
	f := zhFinder(t)
	ways := []func(d time.Time) string{
		func(d time.Time) string { return fmt.Sprintf("%d年%d月%d日", d.Year(), d.Month(), d.Day()) },
		func(d time.Time) string { return fmt.Sprintf("%d年%d月%d号", d.Year(), d.Month(), d.Day()) },
		func(d time.Time) string {
			return zhYearWords(d.Year()) + "年" + zhNumeral(int(d.Month())) + "月" + zhNumeral(d.Day()) + "日"
		},
		func(d time.Time) string { return d.Format("2006-01-02") },
		func(d time.Time) string { return d.Format("2006/1/2") },
		func(d time.Time) string { return d.Format("2006.1.2") },
		func(d time.Time) string {
			return fmt.Sprintf("%d年%s月%d号", d.Year(), zhNumeral(int(d.Month())), d.Day())
		},
		func(d time.Time) string {
			l, ok := datetime.ToLunar(d)
			if !ok {
				return d.Format("2006年1月2日")
			}
			return zhLunarWords(l)
		},
	}
	var finds []value.Find
	n, failed, step := 0, 0, 1
	if testing.Short() {
		step = 5
	}
	for d := time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC); d.Year() <= 2100; d = d.AddDate(0, 0, step) {
		for _, way := range []int{n % 7, 7} { // each day in one of the ways of the solar calendar, and by the moon
			text := ways[way](d)
			finds = f.FindValues(finds[:0], text, value.Context{Lang: nlu.Chinese, Reference: time.Date(2026, 11, 18, 0, 0, 0, 0, time.UTC)})
			if len(finds) != 1 || finds[0].Start != 0 || finds[0].End != len(text) {
				t.Errorf("%s: found %+v", text, finds)
				failed++
			} else if dt := finds[0].Value.(value.DateTime); dt.Type != value.Date || !dt.Readings[0].Start.Equal(d) || len(dt.Readings) > 1 {
				t.Errorf("%s is %+v, want %s", text, dt, d.Format(time.DateOnly))
				failed++
			}
		}
		if n++; failed > 20 {
			t.Fatal("and so on")
		}
	}
}
