package grammar_test

import (
	"fmt"
	"strings"
	"testing"

	"yingda/nlu/recognizer/grammar"
)

const small = `
# a little of two languages
lex month
  5 = may | 五月
  6 = june | 六月
lex word.never
  x = "#tag"

day   = digits#1-2{1-31} ~"th"?
date  = month "the"? day                 -> monthDay
      | day "of" month                   -> monthDay
      | day _"at" month                  -> monthDay   # only with a space
      | month ~"-" day                   -> monthDay
      | from:day "," to:day month        -> labels
      | "even" day month                 -> even
range = "from"? a:date ("to" | "-") b:date -> range x y
not   = "iphone" digits
best  = "may" digits                     -> text @1
      | month digits                     -> text
`

var digits = grammar.Scanner{
	Categories: []string{"digits"},
	First:      func(b byte) bool { return '0' <= b && b <= '9' },
	Scan: func(text string, at int, emit func(category, end int, value any)) {
		if at > 0 && '0' <= text[at-1] && text[at-1] <= '9' {
			return
		}
		n := 0
		end := at
		for ; end < len(text) && '0' <= text[end] && text[end] <= '9'; end++ {
			n = (n*10 + int(text[end]-'0')) % 1e9
		}
		emit(0, end, n)
	},
}

var actions = map[string]grammar.Action{
	"monthDay": func(c *grammar.Call) any { return fmt.Sprint(c.Int("month", 0), "/", c.Int("day", 0)) },
	"even": func(c *grammar.Call) any {
		if c.Int("day", 1)%2 != 0 {
			return nil
		}
		return "even"
	},
	"labels": func(c *grammar.Call) any { return fmt.Sprint(c.Int("from", 0), c.Int("to", 0), c.Get("none") == nil) },
	"range": func(c *grammar.Call) any {
		return fmt.Sprint(c.Get("a").Value, "..", c.Get("b").Value, c.Args, c.Nth("date", 2) == nil)
	},
	"text": func(c *grammar.Call) any { return c.Surface(c.Kids[0]) + fmt.Sprint(c.Context) },
}

func mustCompile(t testing.TB, text string) *grammar.Grammar {
	t.Helper()
	g, err := grammar.Compile(grammar.Options{Sources: []grammar.Source{{Name: "small.grammar", Data: []byte(text)}}, Actions: actions, Scanners: []grammar.Scanner{digits}})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func mustView(t testing.TB, g *grammar.Grammar, categories ...string) *grammar.View {
	t.Helper()
	v, err := g.View(categories...)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func found(g *grammar.Grammar, v *grammar.View, text string) string {
	var out []string
	g.Find(text, v, "!", func(n *grammar.Node) { out = append(out, fmt.Sprintf("%s=%v", text[n.Start:n.End], n.Value)) })
	return strings.Join(out, "; ")
}

func TestFind(t *testing.T) {
	g := mustCompile(t, small)
	v := mustView(t, g, "date", "range")
	for _, c := range []struct{ name, text, want string }{
		{"Nothing", "hello there", ""},
		{"Empty", "", ""},
		{"Plain", "on may 5", "may 5=5/5"},
		{"Adjacent", "may5th", "may5th=5/5"},
		{"NoSpaceAllowed", "may -5", ""},
		{"NoSpaceGiven", "may-5", "may-5=5/5"},
		{"SpaceNeeded", "5at may", ""},
		{"SpaceGiven", "5 at may", "5 at may=5/5"},
		{"TwoSpaces", "may  5", ""},
		{"Optional", "may the 5th", "may the 5th=5/5"},
		{"RangeOfValue", "may 32", ""},
		{"LengthOfSurface", "may 005", ""},
		{"WordsAreWhole", "maybe 5, dismay 5, mayé 5", ""},
		{"HanHasNoEdges", "就五月5吧", "五月5=5/5"},
		{"Labels", "4,5 june", "4,5 june=4 5 true"},
		{"Refused", "even 3 june", ""},
		{"Taken", "even 4 june", "even 4 june=even"},
		{"Longest", "from may 5 to june 6", "from may 5 to june 6=5/5..6/6[x y] true"},
		{"Several", "may 5 or june 6", "june 6=6/6; may 5=5/5"},
		{"BrokenText", "may 5\xff\xfe may", "may 5=5/5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := found(g, v, c.text); got != c.want {
				t.Errorf("%q: got %q, want %q", c.text, got, c.want)
			}
		})
	}
}

func TestNotBlocks(t *testing.T) {
	g := mustCompile(t, small+"\nnumber = digits\n")
	v := mustView(t, g, "number")
	if got := found(g, v, "iphone 15 and 16"); got != "16=16" {
		t.Errorf("got %q", got)
	}
}

func TestScoreDecides(t *testing.T) {
	g := mustCompile(t, small)
	if got := found(g, mustView(t, g, "best"), "may 5"); got != "may 5=may!" {
		t.Errorf("got %q", got)
	}
}

func TestCompileFaults(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"UnknownCategory", "a = nothing", `nothing makes a "nothing"`},
		{"UnknownAction", `a = "x" -> f`, `no action "f"`},
		{"NeedsAction", `a = digits digits`, "needs an action"},
		{"Circle", "a = b\nb = a", "made of the other alone"},
		{"SelfCircle", "a = a", "made of the other alone"},
		{"AllOptional", `a = "x"? -> text`, "optional"},
		{"Syntax", `a = ( "x" -> text`, "missing )"},
		{"Quote", `a = "x -> text`, "quote"},
		{"Span", `a = digits{5-1}`, "low-high"},
		{"NoHead", `| "x"`, "continues a rule"},
		{"NoEquals", `date month`, "category = pattern"},
		{"BadWord", "lex a\n  just words", "value = word"},
		{"EmptyWord", "lex a\n  1 = x | ", "empty word"},
		{"TooMany", `a = ` + strings.Repeat(`"x"? `, 20) + ` "y" -> text`, "more than"},
		{"WhereItIs", "\n\na = nothing", "bad.grammar:3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := grammar.Compile(grammar.Options{Sources: []grammar.Source{{Name: "bad.grammar", Data: []byte(c.text)}}, Actions: actions, Scanners: []grammar.Scanner{digits}})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	if _, err := mustCompile(t, small).View("nonsense"); err == nil {
		t.Error("a view of nothing is accepted")
	}
}

func TestFindWithoutWordsAllocatesNothing(t *testing.T) {
	if race {
		t.Skip("the race detector makes pools forget")
	}
	g := mustCompile(t, small)
	v := mustView(t, g, "date")
	for _, text := range []string{"我的订单怎么还没发货", "where is my parcel", "may i ask"} {
		if n := testing.AllocsPerRun(100, func() { g.Find(text, v, nil, func(*grammar.Node) {}) }); n > 0 {
			t.Errorf("%q: %v allocations", text, n)
		}
	}
}

func BenchmarkFind(b *testing.B) {
	g := mustCompile(b, small)
	v := mustView(b, g, "date", "range")
	for _, n := range []int{10, 100, 1000, 2000, 20000} {
		text := strings.Repeat("may 5 to june 6 and ", n/20+1)[:n]
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				g.Find(text, v, nil, func(*grammar.Node) {})
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/byte")
		})
	}
}

func FuzzFind(f *testing.F) {
	g := mustCompile(f, small)
	v := mustView(f, g, "date", "range", "best")
	for _, s := range []string{"from may 5 to june 6", "五月5", "1,2 may", "\xff may 5", strings.Repeat("may 5 ", 50)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		end := map[int]bool{}
		g.Find(text, v, nil, func(n *grammar.Node) {
			if n.Start < 0 || n.End > len(text) || n.Start >= n.End || n.End-n.Start > grammar.MaxPhrase {
				t.Fatalf("span [%d, %d) of %d bytes", n.Start, n.End, len(text))
			}
			for i := n.Start; i < n.End; i++ {
				if end[i] {
					t.Fatal("phrases overlap")
				}
				end[i] = true
			}
		})
	})
}

func FuzzCompile(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte("a = \"may\" digits -> x\nbest = a a?"))
	f.Add([]byte("a = ( b | \"c\"? )~d{1-2}#3 -> x @-1"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 2000 {
			return
		}
		same := map[string]grammar.Action{"x": func(c *grammar.Call) any { return len(c.Kids) }}
		g, err := grammar.Compile(grammar.Options{Sources: []grammar.Source{{Name: "f", Data: data}}, Actions: same, Scanners: []grammar.Scanner{digits}})
		if err == nil {
			g.Find("may 5 x y", mustView(t, g), nil, func(*grammar.Node) {})
		}
	})
}
