package demoshop

import (
	"fmt"
	"strings"
	"time"
)

// orderData describes an order. What is personal is left out for visitors.
func (tx *tx) orderData(o order) map[string]any {
	state := o.stateAt(tx.now)
	if rs := tx.refundsOf(o.ID); state == refunding && len(rs) > 0 && rs[0].stateAt(tx.now) == "arrived" {
		state = refunded
	}
	data := map[string]any{
		"order_id": o.ID, "product": tx.name(o), "attribute": tx.attribute(o), "quantity": o.Quantity,
		"amount": tx.money(o.Paid), "amount_cny": o.Paid.number(), "status": tx.words(state), "state": state,
		"ordered_at": tx.moment(o.Placed), "ordered_time": o.Placed.In(zone).Format(time.RFC3339), "payment_method": o.Payment.in(tx.lang),
		"cancellable": cancellable(state), "returnable": tx.returnable(o),
	}
	if state != unpaid && state != paid && state != outOfStock && state != cancelled && o.Tracking != "" {
		data["carrier"], data["tracking_number"] = o.Carrier.in(tx.lang), o.Tracking
	}
	switch eta := o.eta(tx.now); {
	case state == paid || state == outOfStock:
		t := o.Placed.Add(48 * time.Hour)
		if state == outOfStock || t.Before(tx.now) {
			t = tx.now.Add(48 * time.Hour)
		}
		setEta(data, tx.say("预计"+tx.before(t)+"发货", "to be shipped "+tx.before(t)), t)
	case !eta.IsZero() && state != cancelled:
		setEta(data, tx.say("预计"+tx.before(eta)+"送达", "to arrive "+tx.before(eta)), eta)
	}
	if tx.mine(o) {
		data["address"], data["person"], data["phone_number"] = o.Address, o.Person, mask(o.Phone)
	}
	return data
}

func cancellable(state string) bool { return state == unpaid || state == paid || state == outOfStock }

func (tx *tx) orderGet() reply {
	o, rep, found := tx.find(anyOrder)
	if !found {
		return rep
	}
	return ok(tx.orderData(o))
}

func (tx *tx) orderList() reply {
	if tx.visitor() {
		return tx.signIn()
	}
	items := []map[string]any{}
	for _, o := range tx.orders() {
		if want := tx.args["state"]; want != "" && want != o.stateAt(tx.now) {
			continue
		}
		d := tx.orderData(o)
		item := map[string]any{}
		for _, k := range []string{"order_id", "product", "attribute", "quantity", "amount", "status", "state", "ordered_at"} {
			item[k] = d[k]
		}
		items = append(items, item)
	}
	if len(items) == 0 {
		return notFound(tx.say("您名下没有订单", "there are no orders in your account"))
	}
	return ok(map[string]any{"count": len(items), "order_id": items[0]["order_id"], "items": items})
}

func (tx *tx) orderCancel() reply {
	o, rep, found := tx.change(tx.inStates(unpaid, paid, outOfStock))
	if !found {
		return rep
	}
	state := o.stateAt(tx.now)
	switch {
	case state == cancelled:
		return tx.refuseFor(o, "", "这笔订单之前已经取消了", "this order was cancelled before")
	case state == refunding || state == refunded:
		return tx.refuseFor(o, "", "这笔订单已经在退款了", "this order is being refunded already")
	case state == delivered || state == completed:
		return tx.refuseFor(o, "return", "订单已签收，不能取消，可以申请退货", "the order was delivered, so it cannot be cancelled; you can return it")
	case !cancellable(state):
		return tx.refuseFor(o, "return", "订单已发货，不能取消，您可以拒收或者收到后申请退货", "the order is already on its way, so it cannot be cancelled; you may refuse the parcel or return it")
	}
	return ok(tx.cancelFully(&o))
}

// cancelFully cancels an order and gives back what was paid for it.
func (tx *tx) cancelFully(o *order) map[string]any {
	wasPaid := o.stateAt(tx.now) != unpaid
	o.State = cancelled
	tx.Orders[o.ID] = *o
	if o.Product != "" {
		tx.Stock[o.Product] += o.Quantity
	}
	data := map[string]any{"order_id": o.ID, "product": tx.name(*o), "status": tx.words(cancelled), "state": cancelled, "amount": tx.money(0), "amount_cny": 0.0}
	if left := o.Paid - o.Refunded; wasPaid && left > 0 {
		tx.giveBack(data, o, "cancel", left)
		data["status"], data["state"] = tx.words(cancelled), cancelled // not those of the refund
	}
	return data
}

func (tx *tx) orderAddress() reply {
	o, rep, found := tx.change(tx.inStates(unpaid, paid, outOfStock, badAddress))
	if !found {
		return rep
	}
	address := strings.TrimSpace(tx.args["address"])
	if address == "" && tx.args["person"] == "" && tx.args["phone_number"] == "" {
		return tx.refuse("请告诉我新的收货地址", "please tell me the new address")
	}
	state := o.stateAt(tx.now)
	if !cancellable(state) && state != badAddress {
		return tx.refuseFor(o, "agent", "订单"+tx.words(state)+"，地址已经不能修改", "the order is "+tx.words(state)+", so its address cannot be changed any more")
	}
	if address != "" {
		o.Address = address
	}
	if p := tx.args["person"]; p != "" {
		o.Person = p
	}
	if p := tx.args["phone_number"]; p != "" {
		o.Phone = p
	}
	if state == badAddress { // the parcel goes on tomorrow
		o.State = ""
		at := tx.now.Add(20 * time.Hour)
		o.Track = append(o.Track[:len(o.Track):len(o.Track)], step{tx.now, onTheWay, text{}, text{"地址已更正，重新安排派送", "address corrected, delivery is arranged anew"}},
			step{at, outNow, text{}, text{"快递员正在派送", "out for delivery"}}, step{at.Add(8 * time.Hour), delivered, text{}, text{"已签收", "delivered"}})
	}
	tx.Orders[o.ID] = o
	return ok(tx.orderData(o))
}

func (tx *tx) orderItems() reply {
	o, rep, found := tx.change(tx.inStates(unpaid, paid, outOfStock))
	if !found {
		return rep
	}
	if state := o.stateAt(tx.now); !cancellable(state) {
		return tx.refuseFor(o, "exchange", "订单"+tx.words(state)+"，已经不能修改", "the order is "+tx.words(state)+" and cannot be changed any more")
	}
	old, quantity := o.Quantity, o.Quantity
	if q := tx.value("quantity"); q != "" {
		if quantity = parseCount(q); quantity < 1 || quantity > 99 {
			return tx.refuse("数量要在 1 到 99 之间", "the quantity must be from 1 to 99")
		}
	}
	if a := tx.args["attribute"]; a != "" {
		p, sold := tx.goods.byID[o.Product]
		if sold {
			got, has := p.attribute(a)
			if !has {
				return tx.refuse(fmt.Sprintf("这款没有%s，可选：%s", a, p.choices("zh")), fmt.Sprintf("it does not come in %s; there are %s", a, p.choices("en")))
			}
			a = got
		}
		o.Attribute = a
	}
	if more := quantity - old; o.Product != "" && more > tx.Stock[o.Product] {
		return tx.refuse("库存不够，目前只剩 "+fmt.Sprint(tx.Stock[o.Product])+" 件", fmt.Sprintf("there are only %d left", tx.Stock[o.Product]))
	} else if o.Product != "" {
		tx.Stock[o.Product] -= more
	}
	each := o.Paid / yuan(max(old, 1))
	difference := each * yuan(quantity-old)
	o.Quantity, o.Paid = quantity, o.Paid+difference
	tx.Orders[o.ID] = o
	data := tx.orderData(o)
	data["difference"] = tx.difference(difference)
	return ok(data)
}

// difference says who owes what after a change.
func (tx *tx) difference(d yuan) string {
	switch {
	case d > 0:
		return tx.say("需补 "+tx.money(d), tx.money(d)+" to pay")
	case d < 0:
		return tx.say("退还 "+tx.money(-d), tx.money(-d)+" back to you")
	}
	return tx.say("无差价", "no difference in price")
}

func (tx *tx) orderPlace() reply {
	c, known := tx.me()
	if !known && !tx.invent {
		return tx.signIn()
	}
	ids := tx.goods.match(tx.args["product"])
	if len(ids) == 0 {
		return notFound(tx.say("店里没有这款商品", "the shop does not sell this"))
	}
	p, quantity := tx.goods.byID[ids[0]], parseCount(tx.value("quantity"))
	if quantity < 1 || quantity > 99 {
		return tx.refuse("一次可以买 1 到 99 件", "an order holds 1 to 99 pieces")
	}
	attribute := p.first()
	if a := tx.args["attribute"]; a != "" {
		got, has := p.attribute(a)
		if !has {
			return tx.refuse(fmt.Sprintf("这款没有%s，可选：%s", a, p.choices("zh")), fmt.Sprintf("it does not come in %s; there are %s", a, p.choices("en")))
		}
		attribute = got
	}
	if tx.Stock[p.ID] < quantity {
		return tx.refuse("这款暂时缺货", "this is out of stock for now")
	}
	amount, discount := p.Price*yuan(quantity), yuan(0)
	if code := tx.args["coupon_code"]; code != "" {
		check := tx.checkCoupon(code, amount, p)
		if check.state != "usable" {
			return tx.refuse("优惠券"+tx.words(check.state), "the coupon cannot be used: "+tx.words(check.state))
		}
		discount = min(check.coupon.Amount, amount)
		tx.useCoupon(&c, check.coupon.Code)
	}
	o := order{ID: fmt.Sprintf("88%08d", 50_000_000+tx.Number+1), Customer: tx.who, Product: p.ID, Attribute: attribute, Quantity: quantity, Paid: amount - discount,
		Payment: both(tx.args["payment_method"]), Person: c.Name, Phone: c.Phone, Address: c.Address, Placed: tx.now, State: unpaid,
		Carrier: text{"顺丰速运", "SF Express"}}
	tx.Number++
	if a := tx.args["address"]; a != "" {
		o.Address = a
	}
	tx.Orders[o.ID] = o
	tx.Stock[p.ID] -= quantity
	data := tx.orderData(o)
	data["discount"], data["link"] = tx.money(discount), "https://shop.example/pay/"+o.ID
	return ok(data)
}

func (tx *tx) orderUrge() reply {
	o, rep, found := tx.change(tx.inStates(paid, outOfStock))
	if !found {
		return rep
	}
	state := o.stateAt(tx.now)
	switch {
	case state == unpaid:
		return tx.refuseFor(o, "pay", "这笔订单还没有付款，付款后就会安排发货", "the order is not paid yet; it will be shipped once it is")
	case state != paid && state != outOfStock:
		return tx.refuseFor(o, "urge_parcel", "这笔订单"+tx.words(state)+"，不需要再催发货", "the order is "+tx.words(state)+", so there is nothing left to ship")
	}
	o.Urged++
	tx.Orders[o.ID] = o
	data := tx.orderData(o)
	data["ticket_id"] = tx.newTicket("order.urge", o.ID, "")
	return ok(data)
}
