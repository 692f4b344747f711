package demoshop

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"yingda/dialogue/action"
)

// Event is what the shop tells the robot at POST /v1/events: something happened that the customer should hear of.
type Event struct {
	ID       string            `json:"id"`   // the same event has the same id
	Type     string            `json:"type"` // e.g. "order.delayed"
	Customer string            `json:"customer"`
	Time     time.Time         `json:"time"`
	Language string            `json:"language"`
	Data     map[string]string `json:"data"` // order_id, product, amount, status, state, reason, eta, carrier
}

// exceptions are what can happen to an order: the new state and the reason.
var exceptions = map[string]struct {
	event, state string
	reason       text
}{
	"delay":        {"order.delayed", delayed, text{"受天气影响，派送会晚一天", "bad weather delays the delivery by a day"}},
	"stuck":        {"parcel.stuck", stuck, text{"包裹在转运中心停滞，我们正在核查", "the parcel is stuck at a sorting centre; we are looking into it"}},
	"address":      {"parcel.address_problem", badAddress, text{"地址不详，缺少门牌号", "the address lacks the number of the door"}},
	"out_of_stock": {"order.out_of_stock", outOfStock, text{"仓库缺货，预计两天后补货", "the warehouse has run out; new supply is due in two days"}},
	"cancelled":    {"order.cancelled", cancelled, text{"商品停产，订单已取消", "it is no longer made, so the order was cancelled"}},
	"shipped":      {"order.shipped", onTheWay, text{"已从仓库发出", "it has left the warehouse"}},
	"delivered":    {"order.delivered", delivered, text{"已签收", "it was handed over"}},
}

// Exception lets something happen to an order (delay, stuck, address, out_of_stock, cancelled, shipped, delivered) and returns the event for the robot.
// An empty id means the newest order of the customer.
func (s *Shop) Exception(kind, id, customer string) (Event, error) {
	x, there := exceptions[kind]
	if !there {
		return Event{}, fmt.Errorf("exception %q: known are %s", kind, strings.Join(sortedKeys(exceptions), ", "))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.state.clone()
	t := &tx{state: n, goods: &s.goods, now: s.o.Now(), who: customer, args: map[string]string{}}
	o, found := n.Orders[orderID(id)]
	if id == "" {
		if list := t.orders(); len(list) > 0 {
			o, found = list[0], true
		}
	}
	if !found {
		return Event{}, fmt.Errorf("there is no order %q of customer %q", id, customer)
	}
	t.who = o.Customer
	t.lang = t.language("")
	if x.state == cancelled && o.stateAt(t.now) != cancelled {
		t.cancelFully(&o)
	}
	o.State = x.state
	if x.state == delivered {
		o.Track = append(o.Track[:len(o.Track):len(o.Track)], step{t.now, delivered, text{}, text{"已签收", "delivered"}})
	}
	n.Orders[o.ID] = o
	n.Number++
	data := t.orderData(o)
	ev := Event{ID: fmt.Sprintf("shop-%s-%d-%d", kind, t.now.Unix(), n.Number), Type: x.event, Customer: o.Customer, Time: t.now, Language: t.lang,
		Data: map[string]string{"order_id": o.ID, "product": t.name(o), "status": t.words(x.state), "state": x.state, "reason": x.reason.in(t.lang)}}
	for _, field := range []string{"amount", "eta", "carrier"} {
		if v, ok := data[field].(string); ok {
			ev.Data[field] = v
		}
	}
	if err := s.save(n); err != nil {
		return Event{}, fmt.Errorf("save: %w", err)
	}
	s.state = n
	return ev, nil
}

// Tell POSTs an event to the robot, signed. It needs Options.Robot.
func (s *Shop) Tell(ctx context.Context, ev Event) error {
	if s.o.Robot == "" {
		return fmt.Errorf("the shop does not know the robot's address")
	}
	body, err := json.Marshal(ev)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(s.o.Robot, "/")+"/v1/events", bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("tell the robot: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	if s.o.RobotKey != "" {
		r.Header.Set("Authorization", "Bearer "+s.o.RobotKey)
	}
	if len(s.o.Secrets) > 0 {
		action.Sign(r.Header, s.o.Secrets, ev.ID, s.o.Now(), body)
	}
	resp, err := s.client.Do(r)
	if err != nil {
		return fmt.Errorf("tell the robot: %w", err)
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	if resp.StatusCode >= 300 {
		return fmt.Errorf("tell the robot: HTTP status %d: %s", resp.StatusCode, bytes.TrimSpace(text))
	}
	return nil
}

// serveException is POST /admin/exception?kind=delay&order_id=8801238832 (or &customer=demo-zh). It answers with the event, after the robot
// was told if the shop knows its address.
func (s *Shop) serveException(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	ev, err := s.Exception(q.Get("kind"), q.Get("order_id"), q.Get("customer"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if s.o.Robot != "" {
		if err := s.Tell(r.Context(), ev); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(ev); err != nil {
		s.o.Log.Debug("answer was not sent", "error", err)
	}
}

// serveOverview lists the demo customers and their orders, to know what to ask the robot.
func (s *Shop) serveOverview(w http.ResponseWriter, r *http.Request) {
	loopback(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprint(w, s.Overview())
	})(w, r)
}

// Overview lists the customers and their orders as a table in plain text.
func (s *Shop) Overview() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	for _, id := range sortedKeys(s.state.Customers) {
		c := s.state.Customers[id]
		t := &tx{state: s.state, goods: &s.goods, now: s.o.Now(), lang: c.Lang, who: id}
		fmt.Fprintf(&b, "%s  %s  %s\n", id, c.Name, c.Tier)
		for _, o := range t.orders() {
			fmt.Fprintf(&b, "  %s  %s  %s  %s  %s\n", o.ID, t.day(o.Placed), t.name(o), t.attribute(o), t.words(o.stateAt(t.now)))
		}
	}
	return b.String()
}
