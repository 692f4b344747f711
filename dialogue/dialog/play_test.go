package dialog_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"io/fs"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"yingda/dialogue"
	"yingda/dialogue/dialog"
	"yingda/dialogue/eventlog"
	"yingda/dialogue/policy"
	"yingda/dialogue/script"
	pack "yingda/dialogue/standard"
	"yingda/internal/testenv"
	"yingda/nlu"
	"yingda/nlu/standard"
)

type parser struct{ *standard.Engine }

func (p parser) Parse(ctx context.Context, _ string, us []nlu.Utterance) ([]*nlu.Analysis, error) {
	return p.Analyse(ctx, us...)
}

// mustOptions are the shipped bundle and pack.
func mustOptions(t *testing.T) dialog.Options {
	t.Helper()
	b := testenv.MustDefault(t)
	e, err := standard.New(t.Context(), b, testenv.MustOpen(t, b, 1), standard.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	p, err := pack.Load(pack.Files())
	if err != nil {
		t.Fatal(err)
	}
	return dialog.Options{Parser: parser{e}, Pack: p, Dir: t.TempDir(), Workers: 2}
}

func mustRun(t *testing.T, o dialog.Options, ds []*dialog.Dialog) []dialog.Result {
	t.Helper()
	rs, err := dialog.Run(t.Context(), o, ds)
	if err != nil {
		t.Fatal(err)
	}
	return rs
}

// TestPackDialogsRead keeps the dialogs of the pack readable. 'yingda test' plays them.
func TestPackDialogsRead(t *testing.T) {
	below, err := fs.Sub(pack.Files(), "dialogs")
	if err != nil {
		t.Fatal(err)
	}
	ds, err := dialog.Load(below)
	if err != nil {
		t.Fatal(err)
	}
	const least = 80
	titles := map[string]bool{}
	for _, d := range ds {
		if titles[d.Title] {
			t.Errorf("%s: another dialog has the title %q too", d.File, d.Title)
		}
		titles[d.Title] = true
	}
	if len(ds) < least {
		t.Errorf("%d dialogs, want at least %d", len(ds), least)
	}
}

const walk = `
标题: 订单与人工
等级: vip
历史: 订单; 订单号=70001111; 商品=台灯; 状态=待发货
系统: account.balance 故障

客户: 把台灯那单取消
  期望: 确认
  期望含: order_id=70001111
  期望调用: order.get

客户: 转人工
  期望: 转人工
  期望队列: vip 要求
  期望发言: 排队
  期望客服看到: 70001111

接手: 小李
  期望发言: 客服
客服: 您好，我来处理
  机器人: 我来处理
客户: 好的
  编号: same
  机器人: 无
  期望: 沉默
客户: 好的
  编号: same
  期望重复: 是
交还: 小李
  期望发言: 机器人
  期望任务: 无

title: what is expected comes out otherwise
customer: hello
  expect: ask
  expect queue: vip emotion
  expect slots: product=umbrella
  robot: umbrella
  robot never: e
press: No such button
`

func TestRun(t *testing.T) {
	rs := mustRun(t, mustOptions(t), mustParse(t, walk))
	var text bytes.Buffer
	if err := dialog.Write(&text, rs, true); err != nil {
		t.Fatal(err)
	}
	if !rs[0].OK() {
		t.Errorf("the first dialog failed:\n%s", &text)
	}
	if rs[1].OK() || rs[1].Err == nil || !strings.Contains(rs[1].Err.Error(), "there is no button") {
		t.Errorf("the second dialog: %v", rs[1].Err)
	}
	for _, what := range []string{"action", "queue", "slots", "reply: expected umbrella", "reply: expected without e"} {
		if !strings.Contains(text.String(), "✗ "+what) {
			t.Errorf("the report says nothing of %s:\n%s", what, &text)
		}
	}
	m := dialog.Rates(rs)
	if m.All.Of != 1 || m.All.Right != 0 || m.Dialogs.Right != 1 || m.Action.Right != m.Action.Of-1 {
		t.Errorf("rates %+v", m)
	}
	var j, x bytes.Buffer
	if err := dialog.WriteJSON(&j, rs); err != nil || !json.Valid(j.Bytes()) {
		t.Errorf("JSON: %v", err)
	}
	if err := dialog.WriteJUnit(&x, rs); err != nil || xml.Unmarshal(x.Bytes(), new(any)) != nil && !strings.Contains(x.String(), `failures="1"`) {
		t.Errorf("JUnit: %v\n%s", err, &x)
	}
}

// TestReplay does logged turns again: with the same bundle and pack nothing changes; with another script book the replies do.
func TestReplay(t *testing.T) {
	o := mustOptions(t)
	ds := mustParse(t, walk+`
标题: 语音
等级: standard
历史: 订单; 订单号=70002222; 商品=水壶; 状态=运输中
渠道: voice

客户: 唔嘶嘶嘶
  把握: 0.2
  又听成: 无嘶嘶 0.1
客户: 水壶到哪了
  把握: 0.95
客户: 那太慢了，气死我了！
客户: 我要投诉你们
`)
	ds = []*dialog.Dialog{ds[0], ds[2]}
	mustRun(t, o, ds)
	for n := range ds {
		l, err := eventlog.Open(t.Context(), eventlog.Options{Dir: filepath.Join(o.Dir, string(rune('0'+n))), Master: make([]byte, 32), MaxBytes: 64 << 20, CheckpointEvery: -1, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		decide, err := policy.New(policy.Options{Tasks: o.Pack.Tasks, Settings: o.Pack.Settings})
		if err != nil {
			t.Fatal(err)
		}
		scripts, err := script.Open(t.Context(), l, o.Pack.Scripts, script.Options{Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(scripts.Close)
		events := func(fn func(*dialogue.Event) error) error {
			return l.Walk(t.Context(), 0, func(ev *dialogue.Event, _ uint64) error { return fn(ev) })
		}
		r := dialog.ReplayOptions{Parser: o.Parser, Policy: decide, Scripts: scripts, Feel: o.Pack.Emoji.Feel}
		sum, err := dialog.Replay(t.Context(), r, events, func(c dialog.Change) error {
			t.Errorf("%s: turn %s changed: %+v, calls %v", c.Conversation, c.ID, c.Diffs, c.Unknown)
			return nil
		})
		if err != nil || sum.Turns < 3 || sum.Same != sum.Turns || sum.Failed+sum.Erased > 0 {
			t.Errorf("summary %+v, %v", sum, err)
		}
		r.Scripts, r.Limit = shouting{scripts}, 1
		var changes []dialog.Change
		sum, err = dialog.Replay(t.Context(), r, events, func(c dialog.Change) error {
			changes = append(changes, c.Hide())
			return nil
		})
		if err != nil || sum.Changed != 1 || sum.By["reply"] != 1 || len(changes) != 1 || changes[0].Diffs[0].Got != "…" {
			t.Errorf("summary %+v, changes %+v, %v", sum, changes, err)
		}
	}
}

// shouting says everything with an exclamation mark.
type shouting struct{ dialogue.Scripts }

func (s shouting) Render(w dialogue.Wording) dialogue.Reply {
	r := s.Scripts.Render(w)
	r.Text += "!"
	return r
}
