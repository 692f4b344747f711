package strict_test

import (
	"strings"
	"testing"
	"time"

	"yingda/dialogue/internal/strict"
)

type file struct {
	Name  string                     `yaml:"name"`
	Wait  strict.Duration            `yaml:"wait"`
	Items []struct{ ID string }      `yaml:"items"`
	Kinds map[string]map[string]bool `yaml:"kinds"`
}

func TestDecode(t *testing.T) {
	var v file
	f := strict.Decode("a.yaml", []byte("name: x\nwait: 1d12h\nitems:\n  - id: a\n  - id: b\nkinds:\n  order.delayed:\n    on: true\n"), &v)
	if err := f.Err(); err != nil || v.Wait.Std() != 36*time.Hour || len(v.Items) != 2 {
		t.Fatalf("%+v, %v", v, err)
	}
	f.Addf(strict.Path("items", 1, "id"), "is %q", "b")
	f.Addf(strict.Path("kinds", "order.delayed", "off"), "is missing")
	f.Addf(strict.Path("nothing"), "is missing")
	want := "a.yaml:5: items[1].id: is \"b\"\na.yaml:7: kinds.order.delayed.off: is missing\na.yaml:1: nothing: is missing"
	if got := f.Err().Error(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestDecodeFaults(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"", "is empty"},
		{"name: [", "not YAML"},
		{"nam: x", "a.yaml:1: field nam not found; check the spelling or remove it"},
		{"name: x\nwait: 5 apples", `a.yaml:2: "5 apples" is no span of time`},
		{"name: x\n---\nname: y", "more than one document"},
	} {
		var v file
		f := strict.Decode("a.yaml", []byte(tt.in), &v)
		if f.OK() || !strings.Contains(f.Err().Error(), tt.want) {
			t.Errorf("%q: %v, want %q", tt.in, f.Err(), tt.want)
		}
	}
}

func TestParseDuration(t *testing.T) {
	for in, want := range map[string]time.Duration{"90s": 90 * time.Second, "2w": 336 * time.Hour, "1w1d1h": 193 * time.Hour, "0s": 0, "1.5h": 90 * time.Minute} {
		if got, err := strict.ParseDuration(in); err != nil || got != want {
			t.Errorf("%q: %v, %v; want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "5", "-1h", "1d-1h", "99999d", "d", "1.5d", "一天"} {
		if got, err := strict.ParseDuration(in); err == nil {
			t.Errorf("%q: %v, want an error", in, got)
		}
	}
}

func FuzzParseDuration(f *testing.F) {
	f.Add("1w2d3h")
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := strict.ParseDuration(s); err == nil && d < 0 {
			t.Errorf("%q is %v", s, d)
		}
	})
}
