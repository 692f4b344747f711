package task_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"yingda/dialogue/internal/strict"
	"yingda/dialogue/task"
)

// TestStandardPack reads the tasks that ship.
func TestStandardPack(t *testing.T) {
	set, err := task.Load(os.DirFS("../standard"), "tasks")
	if err != nil {
		t.Fatal(err)
	}
	if n := len(set.Intents()); n < 60 {
		t.Errorf("%d intents have a task", n)
	}
	if set.Task("no.such") != nil || set.Slot("no_such") != nil {
		t.Error("found what is not there")
	}
	if got := set.SlotsOf("order_id"); !slices.Equal(got, []string{"order_id"}) {
		t.Errorf("order_id fills %v", got)
	}
	keys := set.Keys()
	for _, want := range []string{"ask.return.request.order_id", "confirm.return.request", "done.return.request", "answer.order.status", "step.app.crash_or_slow.refresh", "wrong.order_id", "follow.interrupted_task"} {
		if _, ok := keys[want]; !ok {
			t.Errorf("Keys has no %s", want)
		}
	}
	if !slices.Contains(keys["confirm.return.request"], "order_id") {
		t.Errorf("confirm.return.request may hold %v", keys["confirm.return.request"])
	}
}

const good = `version: 1
slots:
  order_id: {pattern: '\d{4,}', mask: id}
  colour: {values: [red, blue]}
  when: {types: [datetime]}
tasks:
  - intents: [a.b]
    needs: [order_id]
    takes: [colour, when]
    confirm: true
    call: {name: x.y, args: {n: '{order_id}'}}
  - intents: [c.d]
    steps:
      - {name: one}
      - {name: two, ask: [colour], when: {order_id: '^9'}}
`

func TestParse(t *testing.T) {
	set, err := task.Parse("t.yaml", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	tk := set.Task("a.b")
	if tk.Name() != "a.b" || tk.Mode != task.ModeDone || !slices.Equal(tk.Declared(), []string{"order_id", "colour", "when"}) {
		t.Errorf("%+v", tk)
	}
	if set.Task("c.d").Mode != task.ModeAnswer {
		t.Error("default mode")
	}
}

func TestFaults(t *testing.T) {
	for _, tt := range []struct{ name, old, new, want string }{
		{"ErrVersion", "version: 1", "version: 3", "t.yaml:1: version: is 3"},
		{"ErrField", "needs: [order_id]", "need: [order_id]", "t.yaml:8"},
		{"ErrSlot", "needs: [order_id]", "needs: [order]", `t.yaml:8: tasks[0].needs[0]: "order" is not declared`},
		{"ErrSlotName", "  colour:", "  Colour-X:", "is not a name of a slot"},
		{"ErrRE", `'\d{4,}'`, `'(\d'`, "t.yaml:3: slots.order_id.pattern: is not a regular expression"},
		{"ErrMask", "mask: id", "mask: all", `mask: is "all"`},
		{"ErrIntentTwice", "[c.d]", "[a.b]", "is served by the task a.b already"},
		{"ErrNoIntents", "- intents: [c.d]", "- mode: answer", "tasks[1].intents: is missing"},
		{"ErrConfirmNothing", "    call: {name: x.y, args: {n: '{order_id}'}}\n", "", "asks before nothing"},
		{"ErrCall", "name: x.y", "name: xy", "want a dotted name"},
		{"ErrArg", "'{order_id}'", "'{nothing}'", "{nothing} is neither"},
		{"ErrMode", "    confirm: true", "    confirm: true\n    mode: shout", `mode: is "shout"`},
		{"ErrStepTwice", "{name: two,", "{name: one,", "is there twice"},
		{"ErrStepSlot", "when: {order_id: '^9'}", "when: {size: '^9'}", "tasks[1].steps[1].when.size"},
		{"ErrBranch", "    confirm: true", "    confirm: true\n    branches: [{say: x}]", "always hides"},
		{"ErrBranchStart", "    confirm: true", "    confirm: true\n    branches: [{when: {result: ok}, start: z.z}]", `no task serves "z.z"`},
		{"ErrBranchLoop", "    confirm: true", "    confirm: true\n    branches: [{when: {result: ok}, start: a.b}]", "begins the same task again"},
		{"ErrBranchTwo", "    confirm: true", "    confirm: true\n    branches: [{when: {result: ok}, start: c.d, handoff: true}]", "more than one"},
		{"ErrCheck", "    confirm: true", "    confirm: true\n    checks: [{slot: when, is: soon}]", `is "soon"`},
		{"ErrCheckSlot", "    confirm: true", "    confirm: true\n    checks: [{slot: size, is: future}]", `"size" is not a slot of this task`},
		{"ErrAny", "    confirm: true", "    confirm: true\n    any: [[colour]]", "at least two slots"},
		{"ErrFresh", "    confirm: true", "    confirm: true\n    fresh: [size]", "add it to needs, any or takes"},
		{"ErrAbout", "    confirm: true", "    confirm: true\n    about: {fits: '('}", "tasks[0].about"},
		{"ErrAlters", "    confirm: true", "    confirm: true\n    alters: {c.d: [size]}", "tasks[0].alters.c.d[0]"},
		{"ErrList", "    confirm: true", "    confirm: true\n    list: {type: size, value: v}", "tasks[0].list.type"},
		{"ErrFollow", "    confirm: true", "    confirm: true\n    follow: {kind: k}", "tasks[0].follow"},
		{"ErrToward", "    confirm: true", "    confirm: true\n    toward: [c.d]", "tasks[0].toward"},
		{"ErrYAML", "tasks:", "tasks: [", "t.yaml:"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.Replace(good, tt.old, tt.new, 1)
			if text == good {
				t.Fatal("nothing was replaced")
			}
			_, err := task.Parse("t.yaml", []byte(text))
			var fault *strict.Fault
			if !errors.As(err, &fault) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// TestAllFaults reports what is wrong in several files at once.
func TestAllFaults(t *testing.T) {
	fsys := fstest.MapFS{
		"tasks/a.yaml":     {Data: []byte(strings.NewReplacer("needs: [order_id]", "needs: [order]", "mask: id", "mask: all").Replace(good))},
		"tasks/sub/b.yaml": {Data: []byte("version: 1\ntasks: [{intents: [e.f], needs: [colour, size]}]\n")},
		"tasks/note.txt":   {Data: []byte("not a task file")},
	}
	_, err := task.Load(fsys, "tasks")
	if err == nil {
		t.Fatal("no faults")
	}
	for _, want := range []string{`tasks/a.yaml:3`, `tasks/a.yaml:8`, `tasks/sub/b.yaml:2: tasks[0].needs[1]: "size"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in\n%v", want, err)
		}
	}
	if _, err := task.Load(fsys, "nowhere"); err == nil {
		t.Error("a folder that is not there was read")
	}
}

func TestValues(t *testing.T) {
	set, err := task.Parse("t.yaml", []byte(`version: 1
slots:
  id: {pattern: '[a-z]?\d{4,8}', mask: id, find: 'no\. ?(\w+)', trim: '(号)$'}
  colour: {values: [Red, 蓝色]}
  phone: {mask: phone}
  mail: {mask: email}
  card: {mask: card}
tasks: [{intents: [a.b], takes: [id]}]
`))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		slot, value string
		ok          bool
		shown       string
	}{
		{"id", "A12345", true, "*" + "**345"}, {"id", "123", false, "***"}, {"id", "", false, ""}, {"id", " 12345678 ", true, "123*******"},
		{"colour", "red", true, "red"}, {"colour", "green", false, "green"}, {"colour", "蓝色", true, "蓝色"},
		{"phone", "13566770021", true, "135****0021"}, {"mail", "lxm@mail.example", true, "l**@mail.example"}, {"mail", "x", true, "*"}, {"card", "6222020200112233", true, "************2233"},
	} {
		s := set.Slot(tt.slot)
		if s.Accepts(tt.value) != tt.ok {
			t.Errorf("%s accepts %q: %v", tt.slot, tt.value, !tt.ok)
		}
		if tt.slot != "id" && s.Shown(tt.value) != tt.shown {
			t.Errorf("%s is shown as %q, want %q", tt.value, s.Shown(tt.value), tt.shown)
		}
	}
	text := "my No. X99 please"
	if from, to, ok := set.Slot("id").Search(text); !ok || text[from:to] != "X99" {
		t.Errorf("found %d, %d, %v", from, to, ok)
	}
	if _, _, ok := set.Slot("colour").Search(text); ok {
		t.Error("a slot without find found something")
	}
	if got := set.Slot("id").Trimmed("5号"); got != "5" {
		t.Errorf("trimmed to %q", got)
	}
	if got := set.Slot("id").Trimmed("号"); got != "号" {
		t.Errorf("trimmed to %q", got)
	}
}

func TestChecks(t *testing.T) {
	now := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	date := func(norm string) task.Value { return task.Value{Text: "then", Norm: norm} }
	for _, tt := range []struct {
		name     string
		check    task.Check
		v, other task.Value
		want     bool
	}{
		{"Future", task.Check{Is: task.IsFuture}, date(`{"type":"date","value":"2026-11-03"}`), task.Value{}, true},
		{"Today", task.Check{Is: task.IsFuture}, date(`{"type":"date","value":"2026-11-02"}`), task.Value{}, true},
		{"Over", task.Check{Is: task.IsFuture}, date(`{"type":"date","value":"2026-11-01"}`), task.Value{}, false},
		{"OneReading", task.Check{Is: task.IsFuture}, date(`{"type":"date","value":"2026-05-01","readings":[{"value":"2026-05-01"},{"value":"2027-05-01"}]}`), task.Value{}, true},
		{"Range", task.Check{Is: task.IsFuture}, date(`{"type":"daterange","start":"2026-10-26","end":"2026-11-02"}`), task.Value{}, false},
		{"Open", task.Check{Is: task.IsFuture}, date(`{"type":"daterange","start":"2026-01-01"}`), task.Value{}, true},
		{"ClockOnly", task.Check{Is: task.IsFuture}, date(`{"type":"time","value":"08:00:00"}`), task.Value{}, true},
		{"NotATime", task.Check{Is: task.IsFuture}, task.Value{Text: "soon"}, task.Value{}, true},
		{"Past", task.Check{Is: task.IsPast}, date(`{"type":"date","value":"2026-11-03"}`), task.Value{}, false},
		{"Different", task.Check{Is: task.IsDifferent, Than: "x"}, task.Value{Text: "A1"}, task.Value{Text: "a1"}, false},
		{"Same", task.Check{Is: task.IsSame, Than: "x"}, task.Value{Text: "A1"}, task.Value{Text: "a1"}, true},
		{"AtLeast", task.Check{Is: task.IsAtLeast, Than: "10"}, task.Value{Text: "5元", Norm: `{"amount":5,"currency":"CNY"}`}, task.Value{}, false},
		{"AtLeastPlain", task.Check{Is: task.IsAtLeast, Than: "10"}, task.Value{Text: "50"}, task.Value{}, true},
		{"AtMostSlot", task.Check{Is: task.IsAtMost, Than: "x"}, task.Value{Text: "3", Norm: `{"number":3,"unit":"箱"}`}, task.Value{Text: "2"}, false},
		{"AtMostUnknown", task.Check{Is: task.IsAtMost, Than: "x"}, task.Value{Text: "many"}, task.Value{Text: "2"}, true},
	} {
		if got := tt.check.Holds(tt.v, tt.other, now); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

// FuzzParse reads anything without a panic; what is taken can be used.
func FuzzParse(f *testing.F) {
	f.Add(good)
	f.Add("version: 1\nslots: {a: null}\ntasks: [null, {intents: []}, {intents: [x], any: [[a]], branches: [{}], steps: [{}]}]")
	f.Add("version: 1\ntasks: [{intents: [a], about: {kind: order, fits: x}, checks: [{}], list: {}, follow: {after: 1h}}]")
	f.Add("&a [*a]")
	f.Fuzz(func(t *testing.T, text string) {
		set, err := task.Parse("f.yaml", []byte(text))
		if err != nil {
			if set != nil {
				t.Error("a set with faults was returned")
			}
			return
		}
		for _, tk := range set.Tasks() {
			for _, n := range tk.Declared() {
				if set.Slot(n) == nil {
					t.Errorf("%s declares %q, which is no slot", tk.Name(), n)
				}
			}
			if set.Task(tk.Name()) == nil {
				t.Errorf("%q serves no intent", tk.Name())
			}
		}
		set.Keys()
	})
}
