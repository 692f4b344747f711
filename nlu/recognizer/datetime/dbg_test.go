package datetime_test

import (
	"flag"
	"fmt"
	"testing"
	"time"

	"yingda/nlu"
	"yingda/nlu/norm"
	"yingda/nlu/recognizer/datetime"
	"yingda/nlu/recognizer/value"
)

var say = flag.String("say", "", "text")

func TestSay(t *testing.T) {
	f, err := datetime.New(datetime.Options{Lang: nlu.English})
	if err != nil {
		t.Fatal(err)
	}
	ref := time.Date(2018, 8, 8, 10, 30, 0, 0, time.UTC) // Wednesday
	start := 0
	for i := 0; i <= len(*say); i++ {
		if i == len(*say) || (*say)[i] == ';' {
			s := norm.Fold((*say)[start:i], norm.Matching).Text
			start = i + 1
			fmt.Println(s)
			for _, x := range f.FindValues(nil, s, value.Context{Lang: nlu.English, Reference: ref}) {
				v := x.Value.(value.DateTime)
				fmt.Printf("    %q %s %s", s[x.Start:x.End], v.Type, x.Rule)
				for j, r := range v.Readings {
					m := " "
					if j == v.Preferred {
						m = " *"
					}
					fmt.Printf("%s%s %s", m, r.Timex, r.Mod)
					if !r.Start.IsZero() {
						fmt.Print(" ", r.Start.Format("2006-01-02T15:04"))
					}
					if !r.End.IsZero() {
						fmt.Print("..", r.End.Format("2006-01-02T15:04"))
					}
					if r.Seconds > 0 {
						fmt.Print(" ", r.Seconds)
					}
				}
				fmt.Println()
			}
		}
	}
}
