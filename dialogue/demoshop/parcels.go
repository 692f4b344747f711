package demoshop

import (
	"time"
)

func (tx *tx) parcel(change bool) (order, reply, bool) {
	moving := tx.inStates(shipped, onTheWay, outNow, stuck, badAddress, delayed)
	if change {
		return tx.change(moving)
	}
	return tx.find(moving)
}

func (tx *tx) parcelTrack() reply {
	o, rep, found := tx.parcel(false)
	if !found {
		return rep
	}
	state := o.stateAt(tx.now)
	if cancellable(state) || state == cancelled || len(o.Track) == 0 {
		data := tx.orderData(o)
		data["location"], data["last_update"], data["items"] = "", "", []any{}
		return ok(data)
	}
	items := []map[string]any{}
	var last step
	for _, st := range o.Track {
		if st.Time.After(tx.now) {
			break
		}
		last = st
		items = append(items, map[string]any{"time": tx.moment(st.Time), "text": st.Text.in(tx.lang)})
	}
	data := tx.orderData(o)
	for _, personal := range []string{"address", "person", "phone_number", "payment_method"} {
		delete(data, personal)
	}
	data["carrier"], data["tracking_number"] = o.Carrier.in(tx.lang), o.Tracking
	data["location"], data["last_update"], data["items"] = last.Place.in(tx.lang), "", items
	if !last.Time.IsZero() {
		data["last_update"] = tx.moment(last.Time) + " " + last.Text.in(tx.lang)
	}
	return ok(data)
}

func (tx *tx) parcelUrge() reply {
	o, rep, found := tx.parcel(true)
	if !found {
		return rep
	}
	state := o.stateAt(tx.now)
	switch {
	case state == delivered || state == completed:
		return tx.refuseFor(o, "agent", "包裹显示已签收", "the parcel is marked as delivered")
	case cancellable(state):
		return tx.refuseFor(o, "urge_shipment", "包裹还没有发出，可以先催发货", "the parcel was not shipped yet")
	case state == cancelled || state == refunded:
		return tx.refuseFor(o, "", "这笔订单"+tx.words(state), "the order is "+tx.words(state))
	}
	o.Urged++
	tx.Orders[o.ID] = o
	data := map[string]any{"order_id": o.ID, "product": tx.name(o), "tracking_number": o.Tracking, "carrier": o.Carrier.in(tx.lang),
		"status": tx.words(state), "state": state, "ticket_id": tx.newTicket("parcel.urge", o.ID, "")}
	eta := o.eta(tx.now)
	if eta.IsZero() {
		eta = tx.now.Add(24 * time.Hour)
		setEta(data, tx.say(tx.before(eta)+"给您答复", "you hear from us "+tx.before(eta)), eta)
		return ok(data)
	}
	setEta(data, tx.say("预计"+tx.before(eta)+"送达", "to arrive "+tx.before(eta)), eta)
	return ok(data)
}
