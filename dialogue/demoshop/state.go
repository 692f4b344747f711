package demoshop

import (
	"maps"
	"time"
)

// text is a text for customers in both languages.
type text struct {
	ZH string `json:"zh,omitempty" yaml:"zh"`
	EN string `json:"en,omitempty" yaml:"en"`
}

// yuan is an amount of money in hundredths of a yuan. No account, price or refund is ever negative.
type yuan int64

// state is all that the shop knows. Values in the tables are never changed in place: a change puts a new value, so that copying the tables
// is enough to undo it.
type state struct {
	Anchor    time.Time            `json:"anchor"` // when the times in it were counted from
	Customers map[string]customer  `json:"customers"`
	Orders    map[string]order     `json:"orders"`
	Refunds   map[string]refund    `json:"refunds"`
	Invoices  map[string]invoice   `json:"invoices"`
	Bookings  map[string]booking   `json:"bookings"`
	Tickets   map[string]ticket    `json:"tickets"`
	Stock     map[string]int       `json:"stock"` // by product id
	Codes     map[string]time.Time `json:"codes"` // telephone number → when the last code was sent
	Number    int                  `json:"number"`
}

// customer is a person with an account.
type customer struct {
	ID       string            `json:"id" yaml:"id"`
	Name     string            `json:"name" yaml:"name"`
	Lang     string            `json:"lang" yaml:"lang"` // zh or en
	Tier     string            `json:"tier" yaml:"tier"` // standard or vip
	Phone    string            `json:"phone" yaml:"phone"`
	Email    string            `json:"email" yaml:"email"`
	Birthday string            `json:"birthday,omitempty" yaml:"birthday"`
	Address  string            `json:"address" yaml:"address"`
	Balance  yuan              `json:"balance" yaml:"balance"`
	Points   int               `json:"points" yaml:"points"`
	Expiring int               `json:"expiring" yaml:"expiring"` // of the points, at the end of the month
	Member   string            `json:"member,omitempty" yaml:"member"`
	Renews   time.Time         `json:"renews,omitzero" yaml:"-"` // next renewal, or the end once it was cancelled
	Ends     bool              `json:"ends,omitempty" yaml:"ends"`
	Plan     string            `json:"plan,omitempty" yaml:"plan"`
	NextPlan string            `json:"next_plan,omitempty" yaml:"next_plan"`
	DataLeft float64           `json:"data_left" yaml:"data_left"` // GB
	Minutes  int               `json:"minutes" yaml:"minutes"`
	Coupons  map[string]string `json:"coupons,omitempty" yaml:"coupons"` // code → "" or "used"; copied when changed
	Closing  time.Time         `json:"closing,omitzero" yaml:"-"`
	Likes    map[string]string `json:"likes,omitempty" yaml:"likes"` // preferences
	Looked   []string          `json:"looked,omitempty" yaml:"looked"`
}

// order is one product bought by one customer.
type order struct {
	ID        string    `json:"id" yaml:"id"`
	Customer  string    `json:"customer" yaml:"customer"`
	Product   string    `json:"product,omitempty" yaml:"product"` // id of a product of the shop
	Name      string    `json:"name,omitempty" yaml:"name"`       // of what the shop does not sell (any more)
	Attribute string    `json:"attribute,omitempty" yaml:"attribute"`
	Quantity  int       `json:"quantity" yaml:"quantity"`
	Paid      yuan      `json:"paid" yaml:"paid"` // for all pieces
	Payment   text      `json:"payment" yaml:"payment"`
	Person    string    `json:"person" yaml:"person"`
	Phone     string    `json:"phone" yaml:"phone"`
	Address   string    `json:"address" yaml:"address"`
	Placed    time.Time `json:"placed" yaml:"-"`
	State     string    `json:"state,omitempty" yaml:"state"` // overrides what the track says
	Carrier   text      `json:"carrier" yaml:"carrier"`
	Tracking  string    `json:"tracking,omitempty" yaml:"tracking"`
	Track     []step    `json:"track,omitempty" yaml:"-"` // those in the future are a plan
	Refunded  yuan      `json:"refunded,omitempty" yaml:"-"`
	Twice     bool      `json:"twice,omitempty" yaml:"twice"`         // charged twice
	Protected yuan      `json:"protected,omitempty" yaml:"protected"` // given back because the price fell
	Urged     int       `json:"urged,omitempty" yaml:"-"`
}

// step is one line of a parcel's way.
type step struct {
	Time  time.Time `json:"time"`
	State string    `json:"state"`
	Place text      `json:"place"`
	Text  text      `json:"text"`
}

// refund is money on its way back: for a cancelled or returned order, a double charge or a fallen price.
type refund struct {
	ID       string    `json:"id"`
	Order    string    `json:"order"`
	Customer string    `json:"customer"`
	Kind     string    `json:"kind"` // refund, return, exchange, cancel, duplicate, price
	Amount   yuan      `json:"amount"`
	Asked    time.Time `json:"asked"`
	Reason   string    `json:"reason,omitempty"`
	State    string    `json:"state,omitempty"` // overrides what the clock says
}

// invoice is for one order.
type invoice struct {
	ID       string    `json:"id"`
	Order    string    `json:"order"`
	Customer string    `json:"customer"`
	Title    string    `json:"title"`
	Tax      string    `json:"tax,omitempty"`
	Email    string    `json:"email,omitempty"`
	Amount   yuan      `json:"amount"`
	Asked    time.Time `json:"asked"`
	Changed  int       `json:"changed,omitempty"`
}

// booking is an appointment.
type booking struct {
	ID        string    `json:"id"`
	Customer  string    `json:"customer"`
	Service   string    `json:"service"`
	Product   string    `json:"product,omitempty"`
	Time      string    `json:"time"` // as the customer said it, or RFC 3339
	Address   string    `json:"address,omitempty"`
	Cancelled bool      `json:"cancelled,omitempty"`
	Made      time.Time `json:"made"`
}

// ticket is work for people.
type ticket struct {
	ID       string    `json:"id"`
	Customer string    `json:"customer"`
	Order    string    `json:"order,omitempty"`
	Topic    string    `json:"topic"`
	Text     string    `json:"text,omitempty"`
	Made     time.Time `json:"made"`
}

// clone copies the tables.
func (s *state) clone() *state {
	n := *s
	n.Customers, n.Orders, n.Refunds, n.Invoices = maps.Clone(s.Customers), maps.Clone(s.Orders), maps.Clone(s.Refunds), maps.Clone(s.Invoices)
	n.Bookings, n.Tickets, n.Stock, n.Codes = maps.Clone(s.Bookings), maps.Clone(s.Tickets), maps.Clone(s.Stock), maps.Clone(s.Codes)
	return &n
}

// refresh moves all times by whole days, so that a shop that was shut for a week is not a week behind. State that customers made moves too.
func (s *state) refresh(now time.Time) {
	days := int(now.Sub(s.Anchor) / (24 * time.Hour))
	if days <= 0 {
		return
	}
	move := func(t time.Time) time.Time {
		if t.IsZero() {
			return t
		}
		return t.AddDate(0, 0, days)
	}
	s.Anchor = move(s.Anchor)
	for id, c := range s.Customers {
		c.Renews, c.Closing = move(c.Renews), move(c.Closing)
		s.Customers[id] = c
	}
	for id, o := range s.Orders {
		track := make([]step, len(o.Track))
		for i, st := range o.Track {
			st.Time = move(st.Time)
			track[i] = st
		}
		o.Placed, o.Track = move(o.Placed), track
		s.Orders[id] = o
	}
	for id, r := range s.Refunds {
		r.Asked = move(r.Asked)
		s.Refunds[id] = r
	}
	for id, v := range s.Invoices {
		v.Asked = move(v.Asked)
		s.Invoices[id] = v
	}
}

// The states of orders. Those from Shipped on are of parcels too.
const (
	unpaid     = "unpaid"
	paid       = "paid" // waits to be shipped
	outOfStock = "out_of_stock"
	shipped    = "shipped"
	onTheWay   = "in_transit"
	outNow     = "out_for_delivery"
	stuck      = "stuck" // no news for days
	badAddress = "address_problem"
	delayed    = "delayed"
	delivered  = "delivered"
	completed  = "completed" // delivered, and the time to return it is over
	cancelled  = "cancelled"
	refunding  = "refunding"
	refunded   = "refunded"
	returning  = "returning"
	exchanging = "exchanging"
)

// stateAt is where the order is at a time.
func (o *order) stateAt(now time.Time) string {
	if o.State != "" {
		return o.State
	}
	s := paid
	for _, st := range o.Track {
		if st.Time.After(now) {
			break
		}
		s = st.State
		if s == delivered && now.Sub(st.Time) > returnTime {
			s = completed
		}
	}
	return s
}

// The shop's rules.
const (
	returnTime  = 7 * 24 * time.Hour   // to send goods back without a reason
	protectTime = 15 * 24 * time.Hour  // in which a fallen price is given back
	invoiceTime = 365 * 24 * time.Hour // in which an invoice is written
	closeTime   = 15 * 24 * time.Hour  // in which a closed account can be had back
	codeTime    = time.Minute          // between two codes
)

// deliveredAt is when the parcel was handed over; zero if it was not yet.
func (o *order) deliveredAt(now time.Time) time.Time {
	for _, st := range o.Track {
		if st.State == delivered && !st.Time.After(now) {
			return st.Time
		}
	}
	return time.Time{}
}

// eta is when the parcel will be there by the plan; zero if it is there or there is no plan.
func (o *order) eta(now time.Time) time.Time {
	for _, st := range o.Track {
		if st.State == delivered && st.Time.After(now) {
			return st.Time
		}
	}
	return time.Time{}
}
