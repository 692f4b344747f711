package demoshop

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

func (tx *tx) bookingData(b booking) map[string]any {
	state := "booked"
	if b.Cancelled {
		state = cancelled
	}
	when := b.Time
	if t, err := time.Parse(time.RFC3339, b.Time); err == nil {
		when = tx.moment(t)
	}
	return map[string]any{"appointment_id": b.ID, "service": b.Service, "product": b.Product, "datetime": when, "address": b.Address,
		"status": tx.words(state), "state": state}
}

// bookings returns the customer's appointments that stand, newest first.
func (tx *tx) bookings() []booking {
	var list []booking
	for _, b := range tx.Bookings {
		if b.Customer == tx.who && tx.who != "" && !b.Cancelled {
			list = append(list, b)
		}
	}
	slices.SortFunc(list, func(a, b booking) int { return cmp.Or(b.Made.Compare(a.Made), strings.Compare(b.ID, a.ID)) })
	return list
}

// when is the time that the customer wants: an instant if the words were understood as one, else the words.
func (tx *tx) when() string {
	var v struct {
		Value string `json:"value"`
		Start string `json:"start"`
	}
	if json.Unmarshal([]byte(tx.args["datetime_value"]), &v) == nil {
		if at := cmp.Or(v.Value, v.Start); at != "" {
			return at
		}
	}
	return strings.TrimSpace(tx.args["datetime"])
}

// inPast tells whether a time that can be read is over.
func (tx *tx) inPast(s string) bool {
	t, err := time.Parse(time.RFC3339, s)
	return err == nil && t.Before(tx.now)
}

func (tx *tx) bookingCreate() reply {
	c, known := tx.me()
	if !known && !tx.invent {
		return tx.signIn()
	}
	b := booking{Customer: tx.who, Service: tx.args["service"], Product: tx.args["product"], Time: tx.when(), Address: tx.args["address"], Made: tx.now}
	switch {
	case b.Time == "":
		return tx.refuse("请告诉我您方便的时间", "please tell me when it suits you")
	case tx.inPast(b.Time):
		return tx.refuse("这个时间已经过去了，请换一个时间", "this time is over; please choose another one")
	}
	if b.Service == "" {
		b.Service = tx.say("上门服务", "home visit")
	}
	if b.Address == "" {
		b.Address = c.Address
	}
	b.ID = tx.next("A")
	tx.Bookings[b.ID] = b
	return ok(tx.bookingData(b))
}

// booking finds the appointment that the arguments mean.
func (tx *tx) booking() (booking, reply, bool) {
	id := orderID(tx.args["appointment_id"])
	for _, b := range tx.bookings() {
		if id == "" || b.ID == id {
			return b, reply{}, true
		}
	}
	if tx.invent {
		return booking{ID: tx.next("A"), Customer: tx.who, Service: tx.say("上门服务", "home visit"), Product: tx.args["product"], Made: tx.now}, reply{}, true
	}
	return booking{}, notFound(tx.say("没有找到您的预约", "you have no such appointment")), false
}

func (tx *tx) bookingChange() reply {
	b, rep, found := tx.booking()
	if !found {
		return rep
	}
	at := tx.when()
	switch {
	case at == "":
		return tx.refuse("请告诉我想改到什么时间", "please tell me the new time")
	case tx.inPast(at):
		return tx.refuse("这个时间已经过去了，请换一个时间", "this time is over; please choose another one")
	}
	b.Time = at
	if a := tx.args["address"]; a != "" {
		b.Address = a
	}
	tx.Bookings[b.ID] = b
	return ok(tx.bookingData(b))
}

func (tx *tx) bookingCancel() reply {
	b, rep, found := tx.booking()
	if !found {
		return rep
	}
	b.Cancelled = true
	tx.Bookings[b.ID] = b
	return ok(tx.bookingData(b))
}

func (tx *tx) planItem(p plan) map[string]any {
	return map[string]any{"plan": p.Name.in(tx.lang), "price": tx.money(p.Price), "data": fmt.Sprintf("%d GB", p.GB),
		"minutes": tx.say(fmt.Sprintf("%d 分钟", p.Minutes), fmt.Sprintf("%d minutes", p.Minutes))}
}

func (tx *tx) planList() reply {
	items := []map[string]any{}
	for _, p := range tx.goods.plans {
		items = append(items, tx.planItem(p))
	}
	return ok(map[string]any{"count": len(items), "items": items})
}

func (tx *tx) planChange() reply {
	c, known := tx.me()
	if !known {
		return tx.signIn()
	}
	p, there := tx.goods.findPlan(tx.args["plan"])
	if !there {
		return notFound(tx.say("没有这个套餐", "there is no such plan"))
	}
	old, _ := tx.goods.findPlan(c.Plan)
	if p.Name == old.Name {
		return tx.refuse("您现在用的就是这个套餐", "you have this plan already")
	}
	c.NextPlan = p.Name.ZH
	tx.Customers[c.ID] = c
	t := tx.now.In(zone)
	start := time.Date(t.Year(), t.Month()+1, 1, 0, 0, 0, 0, zone)
	data := tx.planItem(p)
	data["old_plan"] = old.Name.in(tx.lang)
	setEta(data, tx.say(tx.day(start)+"生效", "from "+tx.day(start)+" on"), start)
	return ok(data)
}

// maxTopUp bounds what one call adds.
const maxTopUp = 5000_00

func (tx *tx) topUp() reply {
	c, known := tx.me()
	amount, fine := parseMoney(tx.value("money"))
	if !fine || amount > maxTopUp {
		return tx.refuse("充值金额要在 0 到 5000 元之间", "between ¥0 and ¥5000 can be topped up")
	}
	if p := tx.args["phone_number"]; p != "" {
		number, good := phone(p)
		if !good {
			return tx.badPhone()
		}
		if !known || c.Phone != number {
			c, known = tx.ownerOf(number)
		}
	}
	if !known {
		return tx.refuse("请告诉我要充值的手机号", "please tell me the number to top up")
	}
	c.Balance += amount
	tx.Customers[c.ID] = c
	data := map[string]any{"topup_id": tx.next("U"), "amount": tx.money(amount), "phone_number": mask(c.Phone)}
	if c.ID == tx.who {
		data["balance"], data["balance_cny"] = tx.money(c.Balance), c.Balance.number()
	}
	return ok(data)
}

func (tx *tx) billGet() reply {
	c, known := tx.me()
	if !known {
		return tx.signIn()
	}
	p, there := tx.goods.findPlan(c.Plan)
	if !there {
		return notFound(tx.say("您名下没有月账单", "there is no monthly bill in your name"))
	}
	t := tx.now.In(zone)
	month := time.Date(t.Year(), t.Month()-1, 1, 0, 0, 0, 0, zone)
	items := []map[string]any{{"title": tx.say("套餐月费", "plan"), "amount": tx.money(p.Price), "text": p.Name.in(tx.lang)}}
	total := p.Price
	for _, x := range tx.goods.extras {
		total += x.Price
		items = append(items, map[string]any{"title": x.Name.in(tx.lang), "amount": tx.money(x.Price), "text": x.Text.in(tx.lang)})
	}
	state := paid
	data := map[string]any{"bill_id": "B" + month.Format("200601"), "month": tx.say(fmt.Sprintf("%d年%d月", month.Year(), int(month.Month())), month.Format("January 2006")),
		"amount": tx.money(total), "amount_cny": total.number(), "status": tx.say("已支付", "paid"), "state": state, "items": items}
	return ok(data)
}

// newTicket books work for people.
func (tx *tx) newTicket(topic, orderID, text string) string {
	t := ticket{ID: tx.next("T"), Customer: tx.who, Order: orderID, Topic: topic, Text: text, Made: tx.now}
	tx.Tickets[t.ID] = t
	return t.ID
}

// topicWords are the kinds of tickets of the default service pack in words.
var topicWords = map[string]text{
	"parcel_lost": {"包裹丢失", "lost parcel"}, "signed_not_received": {"显示签收未收到", "marked delivered but not received"},
	"damaged": {"商品破损", "damaged goods"}, "wrong_or_missing": {"错发漏发", "wrong or missing items"}, "complaint_service": {"服务投诉", "complaint about service"},
	"complaint_quality": {"质量投诉", "complaint about quality"}, "complaint_delivery": {"配送投诉", "complaint about delivery"},
	"complaint_price": {"价格投诉", "complaint about price"}, "compensation": {"赔偿申请", "compensation"}, "suggestion": {"建议", "suggestion"},
}

func (tx *tx) ticketCreate() reply {
	topic := strings.TrimSpace(tx.args["topic"])
	if words, known := topicWords[tx.args["kind"]]; topic == "" && known {
		topic = words.in(tx.lang)
	}
	topic = cmp.Or(topic, tx.args["kind"], tx.say("其他", "other"))
	id := tx.newTicket(topic, tx.args["order_id"], tx.args["text"])
	answer := tx.now.Add(24 * time.Hour)
	data := map[string]any{"ticket_id": id, "topic": topic}
	setEta(data, tx.say(tx.before(answer)+"答复您", "you hear from us "+tx.before(answer)), answer)
	return ok(data)
}

func (tx *tx) deviceGuide() reply {
	ids := tx.goods.match(tx.args["product"])
	if len(ids) == 0 {
		return notFound(tx.say("没有找到这款设备的说明", "there is no guide for this device"))
	}
	p := tx.goods.byID[ids[0]]
	steps := p.Guide
	if len(steps) == 0 {
		steps = tx.goods.guide
	}
	items, lines := []map[string]any{}, []string{}
	for i, s := range steps {
		items = append(items, map[string]any{"text": s.in(tx.lang)})
		lines = append(lines, fmt.Sprintf("%d. %s", i+1, s.in(tx.lang)))
	}
	return ok(map[string]any{"product": p.Name.in(tx.lang), "count": len(items), "text": strings.Join(lines, "\n"), "link": "https://shop.example/guide/" + p.ID, "items": items})
}
