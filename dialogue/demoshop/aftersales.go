package demoshop

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// The times that money takes.
const (
	reviewTime = 24 * time.Hour
	bankTime   = 72 * time.Hour // after the review
)

// stateAt is how far a refund is.
func (r *refund) stateAt(now time.Time) string {
	switch age := now.Sub(r.Asked); {
	case r.State != "":
		return r.State
	case age < reviewTime:
		return "reviewing"
	case age < reviewTime+bankTime:
		return "sending"
	}
	return "arrived"
}

// giveBack books a refund of an order, which must have that much left, and describes it in data.
func (tx *tx) giveBack(data map[string]any, o *order, kind string, amount yuan) refund {
	r := refund{ID: tx.next("R"), Order: o.ID, Customer: o.Customer, Kind: kind, Amount: amount, Asked: tx.now, Reason: tx.args["reason"]}
	o.Refunded += amount
	tx.Refunds[r.ID] = r
	tx.Orders[o.ID] = *o
	for k, v := range tx.refundData(r) {
		data[k] = v
	}
	return r
}

func (tx *tx) refundData(r refund) map[string]any {
	o := tx.Orders[r.Order]
	state := r.stateAt(tx.now)
	data := map[string]any{"refund_id": r.ID, "order_id": r.Order, "product": tx.name(o), "amount": tx.money(r.Amount), "amount_cny": r.Amount.number(),
		"payment_method": o.Payment.in(tx.lang), "status": tx.words(state), "state": state}
	there := r.Asked.Add(reviewTime + bankTime)
	switch state {
	case "reviewing":
		data["last_update"] = tx.moment(r.Asked)
		setEta(data, tx.say("预计"+tx.before(there)+"到账", "to be credited "+tx.before(there)), there)
	case "sending":
		data["last_update"] = tx.moment(r.Asked.Add(reviewTime))
		setEta(data, tx.say("预计"+tx.before(there)+"到账", "to be credited "+tx.before(there)), there)
	default:
		data["last_update"] = tx.moment(there)
		setEta(data, tx.say(tx.day(there)+"已到账", "credited "+tx.day(there)), there)
	}
	return data
}

// returnable tells whether the time to send the order back is not over.
func (tx *tx) returnable(o order) bool {
	at := o.deliveredAt(tx.now)
	return o.stateAt(tx.now) == delivered && !at.IsZero() && tx.now.Sub(at) <= returnTime
}

// notReturnable says why an order cannot be sent back; ok is true when it can.
func (tx *tx) notReturnable(o order) (reply, bool) {
	switch state := o.stateAt(tx.now); {
	case state == delivered:
		return reply{}, true
	case state == completed:
		return tx.refuseFor(o, "agent", "已经超过 7 天无理由退换的时间", "the 7 days for returns are over"), false
	case state == returning || state == exchanging:
		return tx.refuseFor(o, "", "这笔订单的售后已经在处理了", "a return of this order is already under way"), false
	case state == refunding || state == refunded:
		return tx.refuseFor(o, "", "这笔订单"+tx.words(state), "this order is "+tx.words(state)), false
	case state == cancelled:
		return tx.refuseFor(o, "", "这笔订单已经取消", "this order was cancelled"), false
	case cancellable(state):
		return tx.refuseFor(o, "cancel", "这笔订单还没有发货，直接取消就可以", "this order was not shipped yet; simply cancel it"), false
	}
	return tx.refuseFor(o, "urge_parcel", "包裹还没有送到，收到后就可以申请；不想要了也可以拒收", "the parcel has not arrived; ask again when it has, or refuse it at the door"), false
}

func (tx *tx) returnCreate() reply {
	o, rep, found := tx.change(tx.inStates(delivered))
	if !found {
		return rep
	}
	if rep, fine := tx.notReturnable(o); !fine {
		return rep
	}
	o.State = returning
	data := map[string]any{}
	r := tx.giveBack(data, &o, "return", o.Paid-o.Refunded)
	data["return_id"] = r.ID
	data["address"] = tx.say("上海市青浦区华新镇退货仓 3 号门", "Returns, gate 3, Huaxin, Qingpu, Shanghai")
	pickup := tx.now.Add(24 * time.Hour)
	setEta(data, tx.say(tx.before(pickup)+"上门取件", "picked up "+tx.before(pickup)), pickup)
	return ok(data)
}

func (tx *tx) exchangeCreate() reply {
	o, rep, found := tx.change(tx.inStates(delivered))
	if !found {
		return rep
	}
	if rep, fine := tx.notReturnable(o); !fine {
		return rep
	}
	attribute := o.Attribute
	if a := tx.args["attribute"]; a != "" {
		attribute = a
		if p, sold := tx.goods.byID[o.Product]; sold {
			got, has := p.attribute(a)
			if !has {
				return tx.refuse("这款没有"+a+"，可选："+p.choices("zh"), "it does not come in "+a+"; there are "+p.choices("en"))
			}
			attribute = got
		}
	}
	if o.Product != "" {
		if tx.Stock[o.Product] < o.Quantity {
			return tx.refuseFor(o, "return", "可以换的那款暂时缺货，您可以选择退货", "what you want instead is out of stock; you can return it")
		}
		tx.Stock[o.Product] -= o.Quantity
	}
	o.State, o.Attribute = exchanging, attribute
	tx.Orders[o.ID] = o
	data := map[string]any{"exchange_id": tx.next("E"), "order_id": o.ID, "product": tx.name(o), "attribute": tx.attribute(o), "status": tx.words(exchanging), "state": exchanging}
	pickup := tx.now.Add(24 * time.Hour)
	setEta(data, tx.say(tx.before(pickup)+"上门取件并换新", "picked up and replaced "+tx.before(pickup)), pickup)
	return ok(data)
}

func (tx *tx) refundCreate() reply {
	o, rep, found := tx.change(tx.inStates(delivered, paid, outOfStock, stuck))
	if !found {
		return rep
	}
	state, left := o.stateAt(tx.now), o.Paid-o.Refunded
	if state == unpaid {
		return tx.refuseFor(o, "cancel", "这笔订单还没有付款", "this order was not paid")
	}
	if left <= 0 || state == refunded || state == refunding || state == cancelled || state == returning {
		return tx.refuseFor(o, "", "这笔订单已经退过款或正在退款", "this order was refunded or is being refunded")
	}
	if state == completed {
		return tx.refuseFor(o, "agent", "已经超过售后期，需要人工核实", "the time for refunds is over; a colleague has to look at it")
	}
	amount := left
	if m := tx.value("money"); m != "" {
		want, fine := parseMoney(m)
		if !fine {
			return tx.refuse("没有看懂退款金额", "I could not read the amount")
		}
		if want > left {
			return tx.refuseFor(o, "", "这笔订单最多可以退 "+tx.money(left), "at most "+tx.money(left)+" of this order can be refunded")
		}
		amount = want
	}
	if amount == left {
		if cancellable(state) && o.Product != "" {
			tx.Stock[o.Product] += o.Quantity
		}
		o.State = refunding
	}
	data := map[string]any{}
	tx.giveBack(data, &o, "refund", amount)
	return ok(data)
}

func (tx *tx) refundGet() reply {
	if id := orderID(tx.args["refund_id"]); id != "" {
		r, there := tx.Refunds[id]
		if !there || r.Customer != tx.who && !tx.invent {
			return notFound(tx.say("没有找到这笔退款", "there is no such refund"))
		}
		return ok(tx.refundData(r))
	}
	hasRefund := func(o order) bool { return len(tx.refundsOf(o.ID)) > 0 }
	o, rep, found := tx.find(hasRefund)
	if !found {
		return rep
	}
	list := tx.refundsOf(o.ID)
	if len(list) == 0 && tx.invent && o.Paid > o.Refunded {
		tx.giveBack(map[string]any{}, &o, "refund", o.Paid-o.Refunded)
		list = tx.refundsOf(o.ID)
	}
	if len(list) == 0 {
		return notFound(tx.say("这笔订单没有退款记录", "there is no refund for this order"))
	}
	data := tx.refundData(list[0])
	if !tx.mine(o) {
		delete(data, "payment_method")
	}
	return ok(data)
}

// refundsOf returns the refunds of an order, newest first.
func (tx *tx) refundsOf(id string) []refund {
	var list []refund
	for _, r := range tx.Refunds {
		if r.Order == id {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b refund) int { return cmp.Or(b.Asked.Compare(a.Asked), strings.Compare(b.ID, a.ID)) })
	return list
}

func (tx *tx) priceProtection() reply {
	o, rep, found := tx.change(func(o order) bool { _, d := tx.fallen(o); return d > 0 && o.Protected == 0 })
	if !found {
		return rep
	}
	price, d := tx.fallen(o)
	switch {
	case o.Protected > 0:
		return tx.refuse("这笔订单已经补过差价了", "the difference was paid for this order before")
	case tx.now.Sub(o.Placed) > protectTime:
		return tx.refuse("已经超过下单后 15 天的价保期", "the 15 days of price protection are over")
	case o.stateAt(tx.now) == cancelled || o.Refunded > 0:
		return tx.refuse("这笔订单已经退款", "this order was refunded")
	case d <= 0:
		return tx.refuse("现在的价格没有低于您的下单价", "today's price is not below what you paid")
	}
	old := o.Paid / yuan(o.Quantity)
	o.Protected = d
	data := map[string]any{}
	tx.giveBack(data, &o, "price", d)
	data["old_price"], data["new_price"] = tx.money(old), tx.money(price)
	return ok(data)
}

// fallen returns today's price and how much too much was paid by it.
func (tx *tx) fallen(o order) (price, difference yuan) {
	p, sold := tx.goods.byID[o.Product]
	if !sold {
		return 0, 0
	}
	return p.Price, max(o.Paid-o.Refunded-p.Price*yuan(o.Quantity), 0)
}
