package demoshop

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// writeTime is how long an invoice takes.
const writeTime = 12 * time.Hour

func (tx *tx) invoiceData(v invoice) map[string]any {
	state, there := "writing", v.Asked.Add(writeTime)
	if tx.now.After(there) {
		state = "issued"
	}
	data := map[string]any{"invoice_id": v.ID, "order_id": v.Order, "organization": v.Title, "tax_number": v.Tax, "email": mask(v.Email),
		"amount": tx.money(v.Amount), "amount_cny": v.Amount.number(), "status": tx.words(state), "state": state}
	if state == "writing" {
		setEta(data, tx.say(tx.before(there)+"发到邮箱", "by e-mail "+tx.before(there)), there)
	} else {
		setEta(data, tx.say(tx.day(there)+"已发到邮箱", "sent by e-mail "+tx.day(there)), there)
	}
	return data
}

// goodTax tells whether a Chinese tax number has its form: 15, 18 or 20 letters and digits.
func goodTax(s string) bool {
	n := len(orderID(s))
	return n == 15 || n == 18 || n == 20
}

func (tx *tx) invoiceCreate() reply {
	o, rep, found := tx.change(func(o order) bool {
		return len(tx.invoicesOf(o.ID)) == 0 && o.stateAt(tx.now) != unpaid && o.Paid > o.Refunded
	})
	if !found {
		return rep
	}
	amount := o.Paid - o.Refunded
	switch {
	case o.stateAt(tx.now) == unpaid:
		return tx.refuse("订单付款后才能开发票", "an invoice is issued once the order is paid")
	case amount <= 0:
		return tx.refuse("这笔订单已经全额退款，不能开发票", "the order was refunded in full, so there is nothing to invoice")
	case tx.now.Sub(o.Placed) > invoiceTime:
		return tx.refuse("超过一年的订单不能再开发票", "orders older than a year are not invoiced any more")
	case len(tx.invoicesOf(o.ID)) > 0:
		return tx.refuse("这笔订单已经开过发票，需要的话可以修改抬头", "there is an invoice for this order already; its title can be changed")
	}
	v := invoice{Order: o.ID, Customer: o.Customer, Title: tx.say("个人", "private"), Amount: amount, Asked: tx.now}
	if c, known := tx.me(); known {
		v.Email = c.Email
	}
	if rep, fine := tx.fillInvoice(&v); !fine {
		return rep
	}
	v.ID = tx.next("F")
	tx.Invoices[v.ID] = v
	return ok(tx.invoiceData(v))
}

// fillInvoice takes over what the arguments say.
func (tx *tx) fillInvoice(v *invoice) (reply, bool) {
	if t := tx.args["tax_number"]; t != "" {
		if !goodTax(t) {
			return tx.refuse("税号应为 15、18 或 20 位，请再核对一下", "a tax number has 15, 18 or 20 characters; please check it"), false
		}
		v.Tax = orderID(t)
	}
	if t := strings.TrimSpace(tx.args["organization"]); t != "" {
		v.Title = t
	}
	if e := tx.args["email"]; e != "" {
		if !strings.Contains(e, "@") {
			return tx.refuse("邮箱地址看起来不对，请再核对一下", "this does not look like a mail address; please check it"), false
		}
		v.Email = e
	}
	return reply{}, true
}

func (tx *tx) invoiceChange() reply {
	var v invoice
	if id := orderID(tx.args["invoice_id"]); id != "" {
		v = tx.Invoices[id]
	} else {
		o, rep, found := tx.change(func(o order) bool { return len(tx.invoicesOf(o.ID)) > 0 })
		if !found {
			return rep
		}
		if list := tx.invoicesOf(o.ID); len(list) > 0 {
			v = list[0]
		} else if tx.invent {
			v = invoice{ID: tx.next("F"), Order: o.ID, Customer: tx.who, Title: tx.say("个人", "private"), Amount: o.Paid - o.Refunded}
		}
	}
	if v.ID == "" || v.Customer != tx.who && !tx.invent {
		return notFound(tx.say("没有找到这张发票", "there is no such invoice"))
	}
	if v.Changed >= 2 {
		return tx.refuse("一张发票最多修改两次，需要人工处理", "an invoice can be changed twice; a colleague has to do this")
	}
	if rep, fine := tx.fillInvoice(&v); !fine {
		return rep
	}
	v.Changed, v.Asked = v.Changed+1, tx.now
	tx.Invoices[v.ID] = v
	return ok(tx.invoiceData(v))
}

// invoicesOf returns the invoices of an order, newest first.
func (tx *tx) invoicesOf(id string) []invoice {
	var list []invoice
	for _, v := range tx.Invoices {
		if v.Order == id {
			list = append(list, v)
		}
	}
	slices.SortFunc(list, func(a, b invoice) int { return cmp.Or(b.Asked.Compare(a.Asked), strings.Compare(b.ID, a.ID)) })
	return list
}
