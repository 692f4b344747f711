package number_test

import (
	"testing"

	"yingda/nlu/recognizer/number"
)

func TestFigures(t *testing.T) {
	for _, tt := range []struct {
		words   string
		grouped bool
		want    string // figures and unit; empty = not one number
	}{
		{"一千零一", true, "1,001"},
		{"一千零一", false, "1001"},
		{"一百一十万", true, "110万"},
		{"一千一百万", true, "1,100万"},
		{"一万零一", true, "10,001"},
		{"四万点六", true, "40,000.6"},
		{"负五万点二四五", true, "-50,000.245"},
		{"一点五零", false, "1.50"},
		{"一点五万", true, "1.5万"},
		{"三点五万亿", true, "3.5万亿"},
		{"四万亿", true, "4万亿"},
		{"一万五千亿", true, "15,000亿"},
		{"一亿一千万", true, "110,000,000"},
		{"一千亿零九十万零五百", true, "100,000,900,500"},
		{"零零七", true, "007"},
		{"二零零八", true, "2008"},
		{"四百五", true, "450"},
		{"廿五", true, "25"},
		{"壹佰点叁肆", true, "100.34"},
		{"三分之一", true, "1/3"},
		{"一千分之五", true, "5/1000"},
		{"五十又一百分之一", true, "50又1/100"},
		{"负十二分之七", true, "-7/12"},
		{"三三百", false, ""},
		{"三百三百", false, ""},
		{"个", false, ""},
		{"", false, ""},
	} {
		f, u, ok := number.Figures(tt.words, tt.grouped)
		if got := f + u; got != tt.want || ok != (tt.want != "") {
			t.Errorf("Figures(%q, %v) = %q, %v, want %q", tt.words, tt.grouped, got, ok, tt.want)
		}
	}
}
