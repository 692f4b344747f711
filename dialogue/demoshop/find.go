package demoshop

import (
	"hash/fnv"
	"slices"
	"strings"
	"time"
	"unicode"
)

// orderID folds an order number as customers write it: "#8801 2388-32", "尾号8832".
func orderID(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return unicode.ToUpper(r)
		}
		return -1
	}, s)
}

// minTail is how many of the last characters of a number are enough, among one customer's own orders.
const minTail = 4

// mine tells whether the customer may see the order. Of the orders of others not even the existence is told.
func (tx *tx) mine(o order) bool { return o.Customer == tx.who && tx.who != "" }

// visitor tells whether nobody known is asking: they may look at an order whose whole number they know, without its personal parts.
func (tx *tx) visitor() bool {
	_, known := tx.me()
	return !known
}

// orders returns the customer's orders, newest first.
func (tx *tx) orders() []order {
	var list []order
	for _, o := range tx.Orders {
		if tx.mine(o) {
			list = append(list, o)
		}
	}
	slices.SortFunc(list, func(a, b order) int {
		if c := b.Placed.Compare(a.Placed); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return list
}

// find looks up the order that the arguments mean: by number, by the end of the number, by tracking number, by product, or the latest that
// fits. The reply is for the caller when there is none.
func (tx *tx) find(fits func(order) bool) (order, reply, bool) {
	none := notFound(tx.say("没有找到这笔订单", "there is no such order"))
	if raw := tx.args["order_id"]; raw != "" {
		o, found := tx.byNumber(orderID(raw))
		if !found {
			return order{}, none, false
		}
		return o, reply{}, true
	}
	list := tx.orders()
	if n := orderID(tx.args["tracking_number"]); n != "" {
		for _, o := range tx.Orders {
			if orderID(o.Tracking) == n && (tx.mine(o) || tx.visitor()) {
				return o, reply{}, true
			}
		}
		return order{}, none, false
	}
	if p := tx.args["product"]; p != "" {
		matching := slices.DeleteFunc(slices.Clone(list), func(o order) bool { return !tx.about(o, p) })
		if len(matching) > 0 {
			list = matching
		} else if len(list) == 0 || !tx.goods.sells(p) {
			return order{}, none, false
		}
	}
	if len(list) == 0 {
		return order{}, none, false
	}
	if i := slices.IndexFunc(list, fits); i >= 0 {
		return list[i], reply{}, true
	}
	return list[0], reply{}, true
}

func (tx *tx) byNumber(id string) (order, bool) {
	if o, ok := tx.Orders[id]; ok && (tx.mine(o) || tx.visitor() || tx.invent) {
		return o, true
	}
	if len(id) >= minTail {
		var hits []order
		for _, o := range tx.orders() {
			if strings.HasSuffix(o.ID, id) {
				hits = append(hits, o)
			}
		}
		if len(hits) == 1 {
			return hits[0], true
		}
	}
	if tx.invent && len(id) >= minTail && strings.ContainsAny(id, "0123456789") {
		if _, taken := tx.Orders[id]; !taken {
			return tx.inventOrder(id), true
		}
	}
	return order{}, false
}

// about tells whether an order is of what the words say.
func (tx *tx) about(o order, words string) bool {
	w := fold(words)
	name := fold(tx.nameIn(o, "zh") + " " + tx.nameIn(o, "en") + " " + o.Attribute)
	if strings.Contains(name, w) || o.Product != "" && slices.Contains(tx.goods.match(words), o.Product) {
		return true
	}
	return o.Name != "" && strings.Contains(w, fold(o.Name))
}

// name is what was bought, in the customer's language.
func (tx *tx) name(o order) string { return tx.nameIn(o, tx.lang) }

func (tx *tx) nameIn(o order, lang string) string {
	if o.Name != "" {
		return o.Name
	}
	if p, ok := tx.goods.byID[o.Product]; ok {
		return p.Name.in(lang)
	}
	return o.Product
}

// anyOrder fits every order.
func anyOrder(order) bool { return true }

// inStates fits orders in one of the states.
func (tx *tx) inStates(states ...string) func(order) bool {
	return func(o order) bool { return slices.Contains(states, o.stateAt(tx.now)) }
}

// change finds an order that the customer may change.
func (tx *tx) change(fits func(order) bool) (order, reply, bool) {
	o, rep, found := tx.find(fits)
	if found && !tx.mine(o) && !tx.invent {
		return order{}, tx.signIn(), false
	}
	return o, rep, found
}

// fold makes words comparable: lower case, without spaces.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '-' {
			return -1
		}
		return unicode.ToLower(r)
	}, s)
}

// inventOrder makes up an order, the same for the same number: half of them are on their way, some wait, some have come.
func (tx *tx) inventOrder(id string) order {
	h := fnv.New64a()
	h.Write([]byte(id))
	n := h.Sum64()
	p := tx.goods.list[n%uint64(len(tx.goods.list))]
	o := order{ID: id, Customer: tx.who, Product: p.ID, Attribute: p.first(), Quantity: 1, Paid: p.Price, Payment: text{"微信支付", "WeChat Pay"},
		Person: tx.say("顾客", "Customer"), Phone: "13800000000", Address: tx.say("上海市徐汇区漕溪北路1号", "1 Caoxi North Road, Xuhui, Shanghai"),
		Carrier: text{"顺丰速运", "SF Express"}, Tracking: "SF" + leftPad(id)}
	if words := tx.args["product"]; words != "" {
		if ids := tx.goods.match(words); len(ids) > 0 {
			p = tx.goods.byID[ids[0]]
			o.Product, o.Attribute, o.Paid = p.ID, p.first(), p.Price
		} else {
			o.Product, o.Name, o.Attribute = "", words, tx.args["attribute"]
		}
	}
	age := map[uint64]time.Duration{0: 2, 1: 2, 2: 0, 3: 5}[n/7%4] * 24 * time.Hour
	o.Placed = tx.now.Add(-age - 3*time.Hour)
	if age > 0 {
		o.Track = route(o.Placed, text{"杭州市", "Hangzhou"}, text{"上海市", "Shanghai"})
	} else {
		o.State = paid
	}
	tx.Orders[id] = o
	return o
}

func leftPad(id string) string {
	if len(id) >= 12 {
		return id
	}
	return strings.Repeat("0", 12-len(id)) + id
}

// route plans a parcel's way from one city to another: shipped after 8 hours, there after about three days.
func route(placed time.Time, from, to text) []step {
	day := func(days int, hour, minute int) time.Time {
		t := placed.In(zone)
		return time.Date(t.Year(), t.Month(), t.Day()+days, hour, minute, 0, 0, zone)
	}
	at := func(p text, zh, en string) text { return text{"【" + p.ZH + "】" + zh, p.EN + ": " + en} }
	return []step{
		{placed.Add(8 * time.Hour), shipped, from, at(from, "快件已被揽收", "picked up by the carrier")},
		{placed.Add(16 * time.Hour), onTheWay, from, at(from, "快件已从转运中心发出", "left the sorting centre")},
		{day(2, 3, 20), onTheWay, to, at(to, "快件到达转运中心", "arrived at the sorting centre")},
		{day(3, 8, 10), outNow, to, at(to, "快递员正在派送，请保持电话畅通", "out for delivery, please keep your phone at hand")},
		{day(3, 17, 30), delivered, to, at(to, "已签收，感谢您使用", "delivered")},
	}
}
