package demoshop

import (
	"cmp"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/action"
	"yingda/nlu"
)

// Profile is what the shop knows of a customer, as GET /profile?customer=ID gives it. ok is false for strangers.
func (s *Shop) Profile(id string) (p dialogue.Profile, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.state.Customers[id]
	if !ok {
		return p, false
	}
	t := &tx{state: s.state, goods: &s.goods, now: s.o.Now(), lang: c.Lang, who: id}
	return t.profile(c), true
}

func (tx *tx) profile(c customer) dialogue.Profile {
	p := dialogue.Profile{Name: c.Name, Tier: c.Tier, Lang: nlu.Lang(c.Lang), Preferences: c.Likes, Consent: map[string]bool{"proactive": true, "marketing": c.Tier == "vip"}}
	orders := tx.orders()
	slices.Reverse(orders)
	for _, o := range orders {
		state := o.stateAt(tx.now)
		h := dialogue.HistoryItem{Kind: "order", Time: o.Placed, OrderID: o.ID, Product: tx.name(o), Attribute: tx.attribute(o), Status: tx.words(state)}
		p.History = append(p.History, h)
	}
	for _, t := range tx.Tickets {
		if t.Customer == c.ID {
			p.History = append(p.History, dialogue.HistoryItem{Kind: "ticket", Time: t.Made, TicketID: t.ID, OrderID: t.Order, Topic: t.Topic})
		}
	}
	if m, there := tx.goods.membership(c.Member); there {
		p.History = append(p.History, dialogue.HistoryItem{Kind: "membership", Time: tx.now, Plan: m.Name.in(tx.lang), Text: tx.memberData(c)["eta"].(string)})
	}
	if c.Plan != "" {
		p.History = append(p.History, dialogue.HistoryItem{Kind: "plan", Time: tx.now, Plan: c.Plan,
			Text: tx.say(fmt.Sprintf("剩余 %.1f GB，%d 分钟", c.DataLeft, c.Minutes), fmt.Sprintf("%.1f GB and %d minutes left", c.DataLeft, c.Minutes))})
	}
	for _, id := range c.Looked {
		if prod, sold := tx.goods.byID[id]; sold {
			p.History = append(p.History, dialogue.HistoryItem{Kind: "browse", Time: tx.now.Add(-time.Hour), Product: prod.Name.in(tx.lang)})
		}
	}
	slices.SortStableFunc(p.History, func(a, b dialogue.HistoryItem) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.OrderID+a.TicketID, b.OrderID+b.TicketID))
	})
	return p
}

// attribute is what the order's product comes as, in the customer's language.
func (tx *tx) attribute(o order) string {
	for _, a := range tx.goods.byID[o.Product].Attributes {
		if a.ZH == o.Attribute {
			return a.in(tx.lang)
		}
	}
	return o.Attribute
}

// Adopt gives the shop what a test dialogue says of a customer: account, orders, plan. Statuses in words are taken for the nearest state.
func (s *Shop) Adopt(id string, p dialogue.Profile) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.state.clone()
	c, known := n.Customers[id]
	if !known {
		c = customer{ID: id, Name: p.Name, Phone: "13800000000", Points: 1200, Balance: 100_00, Address: "上海市徐汇区漕溪北路1号"}
	}
	c.Tier, c.Lang = cmp.Or(p.Tier, "standard"), cmp.Or(string(p.Lang), c.Lang, "zh")
	for _, h := range p.History {
		switch h.Kind {
		case "order":
			n.adoptOrder(&s.goods, id, h, s.o.Now())
		case "plan":
			c.Plan = h.Plan
		case "membership":
			if m, there := s.goods.findMembership(h.Plan); there {
				c.Member, c.Renews = m.ID, s.o.Now().AddDate(0, 0, 15)
			}
		}
	}
	n.Customers[id] = c
	s.state = n
}

// adoptOrder makes an order of an item of a history.
func (n *state) adoptOrder(goods *catalogue, who string, h dialogue.HistoryItem, now time.Time) {
	n.Number++
	id := cmp.Or(orderID(h.OrderID), fmt.Sprintf("99%08d", n.Number))
	o := order{ID: id, Customer: who, Name: h.Product, Attribute: h.Attribute, Quantity: 1, Paid: 199_00, Payment: text{"微信支付", "WeChat Pay"},
		Phone: "13800000000", Address: "上海市徐汇区漕溪北路1号", Placed: h.Time, State: stateOf(h.Status), Carrier: text{"顺丰速运", "SF Express"}, Tracking: "SF" + leftPad(id)}
	if ids := goods.match(h.Product); len(ids) > 0 {
		o.Product, o.Paid = ids[0], goods.byID[ids[0]].Price
	}
	if o.Placed.IsZero() {
		o.Placed = now.Add(-50 * time.Hour)
		if day, err := time.ParseInLocation(time.DateOnly, h.Date, zone); err == nil {
			o.Placed = day.Add(10 * time.Hour)
		}
	}
	o.Track = route(o.Placed, text{"杭州市", "Hangzhou"}, text{"上海市", "Shanghai"})
	switch o.State {
	case refunding, refunded:
		n.Number++
		r := refund{ID: fmt.Sprintf("R%d", 20_000_000+n.Number), Order: id, Customer: who, Kind: "refund", Amount: o.Paid, Asked: now.Add(-30 * time.Hour)}
		if o.State == refunded {
			r.Asked = now.Add(-reviewTime - bankTime)
		}
		n.Refunds[r.ID], o.Refunded = r, o.Paid
	case delivered: // by the clock it may be otherwise
		at := now.Add(-20 * time.Hour)
		o.Track = []step{{at.Add(-40 * time.Hour), shipped, text{}, text{"快件已被揽收", "picked up"}}, {at, delivered, text{}, text{"已签收", "delivered"}}}
	}
	n.Orders[id] = o
}

// stateOf guesses the state from a status in words; empty lets the parcel's way decide.
func stateOf(words string) string {
	for _, g := range []struct{ words, state string }{
		{"退款中 refunding 退款处理中", refunding}, {"已退款 refunded", refunded}, {"待发货 备货中 已付款 paid processing", paid}, {"待付款 unpaid", unpaid},
		{"缺货 out_of_stock", outOfStock}, {"已取消 cancelled", cancelled}, {"派送异常 地址", badAddress}, {"延误 delayed", delayed}, {"派送中", outNow},
		{"已签收 delivered", delivered}, {"已完成 completed", completed}, {"运输中 已发货 shipped", onTheWay},
	} {
		for w := range strings.FieldsSeq(g.words) {
			if words != "" && strings.Contains(fold(words), fold(w)) {
				return g.state
			}
		}
	}
	return ""
}

// serveProfile answers the profile provider. It wants the signature of "GET <path and query>", or the secret as a bearer token.
func (s *Shop) serveProfile(w http.ResponseWriter, r *http.Request) {
	if !s.known(r, []byte("GET "+r.URL.RequestURI())) {
		http.Error(w, "sign the request, or send the secret as a bearer token", http.StatusUnauthorized)
		return
	}
	p, ok := s.Profile(r.URL.Query().Get("customer"))
	if !ok {
		http.Error(w, "there is no such customer", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(p); err != nil {
		s.o.Log.Debug("profile was not sent", "error", err)
	}
}

// known tells whether a request comes from someone who has the secret.
func (s *Shop) known(r *http.Request, signed []byte) bool {
	if len(s.o.Secrets) == 0 {
		return true
	}
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		for _, secret := range s.o.Secrets {
			if subtle.ConstantTimeCompare([]byte(token), secret) == 1 {
				return true
			}
		}
		return false
	}
	v := action.Verifier{Secrets: s.o.Secrets, Now: s.o.Now}
	_, err := v.Request(r.Header, signed)
	return err == nil
}
