package dialog_test

import (
	"reflect"
	"strings"
	"testing"

	"yingda/dialogue/dialog"
	"yingda/nlu"
)

const sample = `# 注释
标题: 什么都有
身份: demo-zh
等级: vip
历史: 订单; 订单号=88; 商品="耳机; 白色"; 状态=运输中; 日期=2025-11-01
偏好: carrier=顺丰
渠道: voice
开始: 2025-11-03 09:30
系统: order.get 拒绝 已经关了
系统: * ok {"status": "好"}

客户: 第一行\n第二行：带冒号
  编号: m1
  时刻: 2025-11-03 10:00
  把握: 0.4
  又听成: 滴一行 0.3
  图片: https://img.example/1.jpg 一张图
  位置: 31.2 121.4
  期望: 回答
  期望原因: 意图
  期望意图: order.status, delivery.track
  期望槽位: order_id=88; product=耳机 + "杯; 子"
  期望含: brand=云听
  期望队列: vip 情绪
  期望任务: 无
  期望发言: 客服
  期望话术: answer.order
  期望调用: order.get
  期望按钮: 是的 | 不是
  期望客服看到: 耳机
  期望重复: 是
  机器人: 您好 … 耳机 | 再见
  机器人不说: 抱歉

按下: 是的
  机器人: 无
等待: 90秒
事件: delay 88
接手: 小李
客服: 您好
交还: 小李
放回: 小李
转给: tech
结束: 好
系统: * 恢复

title: a second one
customer: hello
`

func mustParse(t testing.TB, text string) []*dialog.Dialog {
	t.Helper()
	ds, err := dialog.Parse("a.dialog", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return ds
}

// strip takes out what a dialog does not keep when it is written: its lines.
func strip(ds []*dialog.Dialog) []*dialog.Dialog {
	for _, d := range ds {
		d.Line = 0
		for i := range d.Steps {
			d.Steps[i].Line = 0
		}
	}
	return ds
}

func TestFormat(t *testing.T) {
	want := strip(mustParse(t, sample))
	if len(want) != 2 || len(want[0].Steps) != 13 {
		t.Fatalf("%d dialogs, %d steps", len(want), len(want[0].Steps))
	}
	for _, lang := range []nlu.Lang{nlu.Chinese, nlu.English} {
		text := dialog.Format(lang, want...)
		if got := strip(mustParse(t, text)); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: what was written is not what was read:\n%s", lang, text)
		}
	}
}

func TestFaults(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"", "has no dialog"},
		{"客户: 你好", "a.dialog:1: stands before the first title"},
		{"title:\ncustomer: hi", "a.dialog:1: the title is empty"},
		{"title: x", "a.dialog:1: \"x\" has no step"},
		{"title: x\ncustomer:", "a.dialog:2: the customer says nothing"},
		{"title: x\nhello", "a.dialog:2: has no colon"},
		{"title: x\nexpects: answer\ncustomer: a", `"expects" is no known word: is "expect" meant?`},
		{"title: x\nexpect: answer", "a.dialog:2: \"expect\" belongs below a step"},
		{"title: x\nid: 1\ncustomer: a", "belongs below a message"},
		{"title: x\ncustomer: a\ntier: vip", "a.dialog:3: \"tier\" belongs above the first step"},
		{"title: x\ncustomer: a\nexpect: dance", "\"dance\": write one of answer (回答)"},
		{"title: x\ncustomer: a\nexpect speaker: cat", "does not speak"},
		{"title: x\ncustomer: a\nexpect slots: order_id", "write name=value"},
		{"title: x\ncustomer: a\nconfidence: 2", "a number from 0 to 1"},
		{"title: x\ncustomer: a\nat: noon", "write e.g. 2025-11-03 10:30"},
		{"title: x\ncustomer: a\nwait: a while", "is no span of time"},
		{"title: x\nsystem: order.get maybe\ncustomer: a", "is no way to answer"},
		{"title: x\nsystem: order.get ok {\ncustomer: a", "no JSON object"},
		{"title: x\nhistory: order_id=3\ncustomer: a", "write what it is first"},
		{"title: x\nhistory: order; colour=3\ncustomer: a", "no field of a history"},
		{"title: x\nlanguage: fr\ncustomer: a", "write zh or en"},
		{"title: x\ncustomer: a\nlocation: here", "latitude and longitude"},
		{"\xff", "is not UTF-8"},
	} {
		_, err := dialog.Parse("a.dialog", []byte(tt.in))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v, want %q", tt.in, err, tt.want)
		}
	}
	_, err := dialog.Parse("a.dialog", []byte("title: x\nfoo: 1\ncustomer: a\nbar: 2\nwait: x"))
	if n := strings.Count(err.Error(), "a.dialog:"); n != 3 {
		t.Errorf("%d faults, want all three at once: %v", n, err)
	}
}

func TestConvert(t *testing.T) {
	const line = `{"id": "x1", "title": "t", "profile": {"tier": "vip", "history": [{"kind": "order", "order_id": "7", "product": "伞"}]}, "turns": [{"user": "查订单", "asr": [{"text": "查订单", "confidence": 0.4}, {"text": "茶订单", "confidence": 0.2}], "expect": {"intents": ["order.status"], "entities": [], "slots": {"order_id": "7", "product": ["伞", "帽"]}, "action": "handoff", "handoff": {"queue": "vip", "why": "request"}, "note": ""}}]}`
	ds, err := dialog.Convert("x.jsonl", strings.NewReader(line+"\n\n"))
	if err != nil || len(ds) != 1 {
		t.Fatalf("%d dialogs, %v", len(ds), err)
	}
	e := ds[0].Steps[0].Expect
	if *e.Queue != (dialog.Queue{Name: "vip", Why: "request"}) || len((*e.Slots)["product"]) != 2 || ds[0].Steps[0].Confidence != 0.4 || len(ds[0].Steps[0].Heard) != 1 {
		t.Errorf("%+v", ds[0].Steps[0])
	}
	if got := strip(mustParse(t, dialog.Format(nlu.Chinese, ds...))); got[0].Title != "x1 t" {
		t.Errorf("%+v", got[0])
	}
	_, err = dialog.Convert("x.jsonl", strings.NewReader("{}\n{\"id\": 1}\n"+strings.Replace(line, "handoff\"", "fly\"", 1)))
	for _, want := range []string{"x.jsonl:1: there are no turns", "x.jsonl:2:", `x.jsonl:3: turn 1: action "fly"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// FuzzParse: what can be read is written so that it reads the same.
func FuzzParse(f *testing.F) {
	f.Add(sample)
	f.Add("title: x\ncustomer: a\n  expect slots: a=\"x;y\" + b\n  robot: none")
	f.Fuzz(func(t *testing.T, text string) {
		ds, err := dialog.Parse("a.dialog", []byte(text))
		if err != nil {
			return
		}
		once := dialog.Format(nlu.English, ds...)
		again, err := dialog.Parse("a.dialog", []byte(once))
		if err != nil {
			t.Fatalf("%v in what was written:\n%s", err, once)
		}
		if twice := dialog.Format(nlu.English, again...); twice != once {
			t.Errorf("written\n%s\nthen\n%s", once, twice)
		}
	})
}
