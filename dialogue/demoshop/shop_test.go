package demoshop_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"yingda/dialogue"
	"yingda/dialogue/demoshop"
	"yingda/nlu"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secret = "a secret of the demo shop's tests"

// clock is a time that a test sets.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }

func (c *clock) pass(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.now = c.now.Add(d) }

// noon is when the tests' shops open: a Tuesday, 12:00 of the shop's clock.
var noon = time.Date(2026, 11, 24, 4, 0, 0, 0, time.UTC)

func mustShop(tb testing.TB, change ...func(*demoshop.Options)) *demoshop.Shop {
	tb.Helper()
	o := demoshop.Options{Now: (&clock{now: noon}).Now}
	for _, f := range change {
		f(&o)
	}
	s, err := demoshop.New(o)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

var keys struct {
	sync.Mutex
	n int
}

// newKey is an idempotency key that was not used before.
func newKey() string {
	keys.Lock()
	defer keys.Unlock()
	keys.n++
	return fmt.Sprintf("key-%d", keys.n)
}

// do makes a call: "order.cancel order_id=8832 reason=too late" for a customer.
func do(s dialogue.Caller, customer, line string) (dialogue.Result, map[string]any) {
	name, rest, _ := strings.Cut(line, " ")
	c := dialogue.Call{Name: name, Args: map[string]string{}, Key: newKey(), Tenant: "default", Customer: customer}
	for part := range strings.SplitSeq(rest, ";") {
		if k, v, ok := strings.Cut(strings.TrimSpace(part), "="); ok {
			c.Args[k] = v
		}
	}
	if strings.HasSuffix(customer, "-en") {
		c.Lang = nlu.English
	}
	res := s.Call(context.Background(), c)
	data := map[string]any{}
	json.Unmarshal(res.Data, &data)
	return res, data
}

// TestCalls walks through all calls; each line has its own shop.
func TestCalls(t *testing.T) {
	const ok, no, none = dialogue.CallOK, dialogue.CallRefused, dialogue.CallNotFound
	for _, c := range []struct {
		customer, call string
		status         dialogue.CallStatus
		want           string // in the answer's JSON or message
	}{
		{"demo-zh", "order.get order_id=8801238832", ok, `"status":"运输中"`},
		{"demo-zh", "order.get order_id=8832", ok, `"order_id":"8801238832"`},
		{"demo-zh", "order.get order_id=尾号 8832", ok, `"order_id":"8801238832"`},
		{"demo-zh", "order.get product=咖啡机", ok, `"status":"退款中"`},
		{"demo-zh", "order.get product=鞋", ok, `"product":"跑步鞋"`},
		{"demo-zh", "order.get", ok, `"state":"unpaid"`},
		{"demo-zh", "order.get order_id=6620018832", none, ""},
		{"demo-zh", "order.get order_id=12345678", none, ""},
		{"demo-zh", "order.get product=飞机", none, ""},
		{"demo-en", "order.get order_id=7700112345", ok, `"eta":"to arrive tomorrow by 17:30"`},
		{"demo-en", "order.get product=headphones", ok, `"attribute":"black"`},
		{"", "order.get order_id=8801238832", ok, `"status":"运输中"`},
		{"", "order.cancel order_id=8801240055", no, "登录"},
		{"", "order.list", no, "登录"},
		{"demo-zh", "order.list", ok, `"count":6`},
		{"demo-zh", "order.list state=paid", ok, `"count":1`},
		{"demo-zh", "order.cancel order_id=8801240055", ok, `"amount":"459 元"`},
		{"demo-zh", "order.cancel order_id=8801240208", ok, `"amount":"0 元"`},
		{"demo-zh", "order.cancel order_id=8801238832", no, "已发货"},
		{"demo-zh", "order.cancel order_id=8801239917", no, "已签收"},
		{"demo-zh", "order.cancel order_id=8801235163", no, "已经在退款"},
		{"demo-en", "order.cancel order_id=7700112345", no, "already on its way"},
		{"demo-zh", "order.change_address order_id=8801240055;address=杭州市西湖区文三路1号", ok, "文三路1号"},
		{"demo-zh", "order.change_address order_id=8801238832;address=杭州", no, "不能修改"},
		{"demo-zh", "order.change_address order_id=8801240055", no, "新的收货地址"},
		{"vip-zh", "order.change_address order_id=6620018790;address=北京市朝阳区望京街9号院2号楼301", ok, `"state":"in_transit"`},
		{"demo-zh", "order.change_items order_id=8801240055;attribute=43码", ok, `"attribute":"43码"`},
		{"demo-zh", "order.change_items order_id=8801240055;quantity=两双", ok, `"difference":"需补 459 元"`},
		{"demo-zh", "order.change_items order_id=8801240055;attribute=49码", no, "可选"},
		{"demo-zh", "order.change_items order_id=8801238832;attribute=黑色", no, "不能修改"},
		{"demo-zh", "order.place product=保温杯;quantity=2;attribute=绿色", ok, `"amount":"198 元"`},
		{"demo-zh", "order.place product=保温杯;quantity=2;coupon_code=NEW20", ok, `"discount":"20 元"`},
		{"demo-zh", "order.place product=扫地机器人", no, "缺货"},
		{"demo-zh", "order.place product=火箭", none, ""},
		{"demo-zh", "order.urge order_id=8801240055", ok, "ticket_id"},
		{"demo-zh", "order.urge order_id=8801238832", no, `"next":"urge_parcel"`},
		{"demo-zh", "parcel.track order_id=8801238832", ok, "上海市"},
		{"demo-zh", "parcel.track tracking_number=SF1390088832001", ok, `"order_id":"8801238832"`},
		{"demo-zh", "parcel.track tracking_number=SF999", none, ""},
		{"demo-zh", "parcel.track", ok, `"order_id":"8801238832"`},
		{"demo-zh", "parcel.track order_id=8801240055", ok, `"state":"paid"`},
		{"vip-zh", "parcel.track order_id=6620018801", ok, "停滞"},
		{"demo-zh", "parcel.urge", ok, "ticket_id"},
		{"demo-zh", "parcel.urge order_id=8801239917", no, "签收"},
		{"demo-zh", "return.create order_id=8801239917;reason=不喜欢", ok, "return_id"},
		{"demo-zh", "return.create order_id=8801230771", no, "7 天"},
		{"demo-zh", "return.create order_id=8801238832", no, "还没有送到"},
		{"demo-zh", "return.create order_id=8801240055", no, `"next":"cancel"`},
		{"demo-zh", "exchange.create order_id=8801239917;attribute=白色", ok, `"attribute":"白色"`},
		{"demo-zh", "exchange.create order_id=8801239917;attribute=金色", no, "可选"},
		{"demo-zh", "refund.create order_id=8801239917", ok, `"amount":"198 元"`},
		{"demo-zh", "refund.create order_id=8801239917;money=50元", ok, `"amount":"50 元"`},
		{"demo-zh", `refund.create order_id=8801239917;money=五十;money_value={"amount": 50.5, "currency": "CNY"}`, ok, `"amount":"50.50 元"`},
		{"demo-zh", "refund.create order_id=8801239917;money=500", no, "最多可以退 198 元"},
		{"demo-zh", "refund.create order_id=8801235163", no, "退过款"},
		{"demo-zh", "refund.create order_id=8801240208", no, "没有付款"},
		{"demo-zh", "refund.get", ok, `"order_id":"8801235163"`},
		{"demo-zh", "refund.get order_id=8801238832", none, ""},
		{"demo-zh", "refund.get refund_id=R20000004", none, ""},
		{"demo-en", "refund.get", ok, `"state":"sending"`},
		{"demo-zh", "price_protection.create order_id=8801230771", no, "15 天"},
		{"demo-en", "price_protection.create order_id=7700112420", ok, `"amount":"¥20"`},
		{"vip-zh", "price_protection.create order_id=6620018832", ok, `"amount":"100 元"`},
		{"demo-zh", "price_protection.create order_id=8801238832", no, "没有低于"},
		{"demo-zh", "invoice.create order_id=8801239917;organization=上海晓光有限公司;tax_number=91310000MA1FL12345", ok, `"organization":"上海晓光有限公司"`},
		{"demo-zh", "invoice.create order_id=8801239917;tax_number=123", no, "税号"},
		{"demo-zh", "invoice.create order_id=8801230771", no, "已经开过"},
		{"demo-zh", "invoice.create order_id=8801235163", no, "全额退款"},
		{"demo-zh", "invoice.change order_id=8801230771;organization=北京公司", ok, "北京公司"},
		{"demo-zh", "invoice.change order_id=8801238832;organization=北京公司", none, ""},
		{"new", "account.create phone_number=138 0000 1111;person=小白", ok, `"phone_number":"138****1111"`},
		{"new", "account.create phone_number=13812345678", no, "已经注册"},
		{"new", "account.create phone_number=12", no, "手机号"},
		{"demo-zh", "account.close", no, "未完成的订单"},
		{"demo-zh", "account.change_phone phone_number=13900001111", ok, `"old_phone_number":"138****5678"`},
		{"demo-zh", "account.change_phone phone_number=13987654321", no, "其他账号"},
		{"demo-zh", "account.update email=new@mail.example", ok, "n***@mail.example"},
		{"demo-zh", "account.update text=把昵称改成小白", ok, "小白"},
		{"demo-zh", "account.update", no, "哪一项"},
		{"demo-zh", "account.balance", ok, `"balance":"86.50 元"`},
		{"demo-zh", "password.reset", ok, "138****5678"},
		{"", "code.send phone_number=13812345678", ok, "138****5678"},
		{"", "code.send", no, "手机号"},
		{"demo-en", "membership.join plan=gold", ok, `"state":"active"`},
		{"demo-zh", "membership.join plan=黄金会员", no, "已经是"},
		{"demo-zh", "membership.cancel", ok, `"state":"ending"`},
		{"demo-en", "membership.cancel", no, "no membership"},
		{"vip-zh", "membership.get", ok, "钻石会员"},
		{"demo-zh", "points.get", ok, `"points":3260`},
		{"demo-zh", "points.redeem product=帆布袋", ok, `"points":2460`},
		{"demo-zh", "points.redeem points=1050", ok, `"coupon_code":"PT10"`},
		{"demo-zh", "points.redeem points=99999", no, "积分不够"},
		{"demo-zh", "coupon.list", ok, `"count":2`},
		{"demo-zh", "coupon.claim", ok, "SAVE50"},
		{"demo-zh", "coupon.claim coupon_code=new20", no, "领过"},
		{"demo-zh", "coupon.claim coupon_code=AUTUMN15", no, "过期"},
		{"demo-zh", "coupon.check coupon_code=NEW20;product=猫砂", ok, `"state":"minimum"`},
		{"demo-zh", "coupon.check coupon_code=COFFEE30;product=手机", ok, `"state":"other_product"`},
		{"vip-zh", "coupon.check coupon_code=COFFEE30", ok, `"state":"used"`},
		{"demo-zh", "coupon.check coupon_code=AUTUMN15", ok, `"state":"expired"`},
		{"demo-zh", "coupon.check coupon_code=NOPE", none, ""},
		{"demo-zh", `appointment.create service=安装;datetime=明天下午三点;datetime_value={"type":"datetime","value":"2026-11-25T15:00:00+08:00"}`, ok, `"datetime":"明天 15:00"`},
		{"demo-zh", `appointment.create datetime=昨天;datetime_value={"value":"2026-11-23T15:00:00+08:00"}`, no, "已经过去"},
		{"demo-zh", "appointment.create", no, "时间"},
		{"demo-zh", "appointment.cancel", none, ""},
		{"demo-zh", "plan.list", ok, `"count":3`},
		{"demo-zh", "plan.change plan=尊享129", ok, `"old_plan":"畅享59"`},
		{"demo-zh", "plan.change plan=129的那个", ok, `"plan":"尊享129"`},
		{"demo-en", "plan.change plan=Light 29", no, "already"},
		{"demo-zh", "plan.change plan=无限", none, ""},
		{"demo-zh", "topup.create money=100元", ok, `"balance":"186.50 元"`},
		{"", "topup.create money=50;phone_number=13812345678", ok, "topup_id"},
		{"demo-zh", "topup.create money=-5", no, "充值金额"},
		{"demo-zh", "product.search product=耳机;money=500", ok, "蓝牙耳机"},
		{"demo-zh", "product.search text=想买个一千以内的咖啡机;money=1000", none, ""},
		{"demo-zh", "product.get product=云帆手机;attribute=银色", ok, `"price":"3999 元"`},
		{"demo-zh", "product.get product=扫地机", ok, `"state":"out"`},
		{"demo-zh", "product.compare product=烤箱和电饭煲", ok, "便宜 370 元"},
		{"demo-en", "product.compare product=oven;other=rice cooker", ok, "costs ¥370 less"},
		{"demo-zh", "promotion.list product=咖啡机", ok, "家电满减"},
		{"demo-zh", "shipping.quote location=新疆", ok, `"fee":"20 元"`},
		{"demo-zh", "shipping.quote product=手机", ok, "包邮"},
		{"demo-zh", "store.find location=上海", ok, "徐汇店"},
		{"demo-zh", "store.find location=拉萨", none, ""},
		{"demo-zh", "bill.get", ok, `"amount":"71 元"`},
		{"vip-zh", "payment.check order_id=6620018832", ok, `"state":"duplicate"`},
		{"demo-zh", "payment.check order_id=8801240208", ok, `"state":"unpaid"`},
		{"demo-zh", "ticket.create kind=damaged;text=碎了", ok, "商品破损"},
		{"demo-zh", "device.guide product=路由器", ok, `"count":3`},
	} {
		t.Run(c.customer+" "+c.call, func(t *testing.T) {
			t.Parallel()
			res, _ := do(mustShop(t), c.customer, c.call)
			if res.Status != c.status || !strings.Contains(string(res.Data)+res.Message, c.want) {
				t.Errorf("%s %s %q, want %s with %s", res.Status, res.Data, res.Message, c.status, c.want)
			}
		})
	}
}

// TestForm asks each call of the table for something and looks at the form of the answer.
func TestForm(t *testing.T) {
	for _, name := range demoshop.CallNames() {
		for _, customer := range []string{"demo-zh", "vip-en", "", "stranger"} {
			res, data := do(mustShop(t), customer, name)
			if res.Status == dialogue.CallFailed || res.Status == dialogue.CallRefused && res.Message == "" {
				t.Errorf("%s for %q: %+v", name, customer, res)
			}
			for k, v := range data {
				switch v.(type) {
				case string, float64, bool:
				case []any:
					if k != "items" {
						t.Errorf("%s: %s is a list", name, k)
					}
				default:
					t.Errorf("%s: %s is a %T", name, k, v)
				}
			}
		}
	}
}

// TestOthers asks for everything of another customer by number; nothing may come back.
func TestOthers(t *testing.T) {
	for _, name := range demoshop.CallNames() {
		if strings.HasPrefix(name, "product.") || strings.HasPrefix(name, "ticket.") {
			continue
		}
		s := mustShop(t)
		before := s.Overview()
		res, data := do(s, "demo-en", name+" order_id=8801238832;refund_id=R20000001;invoice_id=F20000002;product=x;address=y;plan=x;datetime=z;money=5;tracking_number=SF1390088832001")
		if strings.Contains(string(res.Data), "林晓") || strings.Contains(string(res.Data), "漕溪北路") || data["order_id"] == "8801238832" {
			t.Errorf("%s tells of another's order: %s", name, res.Data)
		}
		if section(before, "demo-zh") != section(s.Overview(), "demo-zh") {
			t.Errorf("%s changed another's order", name)
		}
	}
	if _, data := do(mustShop(t), "", "order.get order_id=8801238832"); data["address"] != nil || data["phone_number"] != nil {
		t.Errorf("a visitor sees personal parts: %v", data)
	}
}

func section(overview, customer string) string {
	_, rest, _ := strings.Cut(overview, customer)
	s, _, _ := strings.Cut(rest, "\nv")
	return s
}

func TestParcelMovesOn(t *testing.T) {
	c := &clock{now: noon}
	s := mustShop(t, func(o *demoshop.Options) { o.Now = c.Now })
	var states []string
	for range 16 {
		_, data := do(s, "demo-zh", "order.get order_id=8801238832")
		if st := data["state"].(string); len(states) == 0 || states[len(states)-1] != st {
			states = append(states, st)
		}
		c.pass(24 * time.Hour / 3 * 2)
	}
	if got := strings.Join(states, " "); got != "in_transit out_for_delivery delivered completed" && got != "in_transit delivered completed" {
		t.Errorf("states are %s", got)
	}
}
