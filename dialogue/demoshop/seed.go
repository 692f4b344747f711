package demoshop

import (
	"bytes"
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"gopkg.in/yaml.v3"
)

//go:embed seed.yaml
var seedFile []byte

// seeds is the file with the demo data.
type seeds struct {
	Products    []product      `yaml:"products"`
	Guide       []text         `yaml:"guide"`
	Coupons     []coupon       `yaml:"coupons"`
	Memberships []offer        `yaml:"memberships"`
	Plans       []plan         `yaml:"plans"`
	Extras      []offer        `yaml:"extras"`
	Gifts       []offer        `yaml:"gifts"`
	Promotions  []promotion    `yaml:"promotions"`
	Stores      []store        `yaml:"stores"`
	Customers   []seedCustomer `yaml:"customers"`
	Orders      []seedOrder    `yaml:"orders"`
}

type seedCustomer struct {
	customer `yaml:",inline"`
	Renews   string `yaml:"renews"`
}

type seedOrder struct {
	order    `yaml:",inline"`
	Placed   string `yaml:"placed"`
	Refund   string `yaml:"refund"`   // when a refund of all was asked for
	Invoiced bool   `yaml:"invoiced"` // there is an invoice
	From     text   `yaml:"from"`
	To       text   `yaml:"to"`
}

// seed is the demo data with the times counted from now.
type seed struct {
	catalogue catalogue
	state     *state
}

// parsed is the file, read once; nothing in it is changed.
var parsed = sync.OnceValues(func() (seeds, error) {
	var f seeds
	dec := yaml.NewDecoder(bytes.NewReader(seedFile))
	dec.KnownFields(true)
	if err := dec.Decode(&f); err != nil {
		return f, fmt.Errorf("seed: %w", err)
	}
	return f, nil
})

func readSeed(now time.Time) (*seed, error) {
	f, err := parsed()
	if err != nil {
		return nil, err
	}
	s := &state{Anchor: now, Customers: map[string]customer{}, Orders: map[string]order{}, Refunds: map[string]refund{}, Invoices: map[string]invoice{},
		Bookings: map[string]booking{}, Tickets: map[string]ticket{}, Stock: map[string]int{}, Codes: map[string]time.Time{}}
	c := catalogue{list: f.Products, byID: map[string]product{}, coupons: f.Coupons, memberships: f.Memberships, plans: f.Plans, gifts: f.Gifts,
		extras: f.Extras, promotions: f.Promotions, stores: f.Stores, guide: f.Guide}
	for _, p := range f.Products {
		c.byID[p.ID], s.Stock[p.ID] = p, p.Stock
	}
	for _, x := range f.Customers {
		t, err := moment(x.Renews, now)
		if err != nil {
			return nil, fmt.Errorf("seed: customer %s: %w", x.ID, err)
		}
		x.customer.Renews = t
		s.Customers[x.ID] = x.customer
	}
	for _, x := range f.Orders {
		if err := s.plant(x, now); err != nil {
			return nil, fmt.Errorf("seed: order %s: %w", x.ID, err)
		}
	}
	return &seed{c, s}, nil
}

// plant puts an order of the file into the tables.
func (s *state) plant(x seedOrder, now time.Time) error {
	o := x.order
	var err error
	if o.Placed, err = moment(x.Placed, now); err != nil {
		return err
	}
	c := s.Customers[o.Customer]
	o.Person, o.Phone, o.Address = c.Name, c.Phone, c.Address
	if o.Tracking != "" {
		o.Track = route(o.Placed, x.From, x.To)
	}
	if o.State == stuck || o.State == badAddress { // it got as far as the sorting centre
		o.Track = o.Track[:3]
	}
	if x.Refund != "" {
		at, err := moment(x.Refund, now)
		if err != nil {
			return err
		}
		s.Number++
		r := refund{ID: fmt.Sprintf("R%d", 20_000_000+s.Number), Order: o.ID, Customer: o.Customer, Kind: "refund", Amount: o.Paid, Asked: at}
		s.Refunds[r.ID], o.Refunded = r, o.Paid
	}
	if x.Invoiced {
		s.Number++
		v := invoice{ID: fmt.Sprintf("F%d", 20_000_000+s.Number), Order: o.ID, Customer: o.Customer, Title: "个人", Email: c.Email, Amount: o.Paid, Asked: o.Placed}
		s.Invoices[v.ID] = v
	}
	s.Orders[o.ID] = o
	return nil
}

// moment reads a time that is counted from now: "-3d 14:20", "-5h", "+12d 10:00"; empty is the zero time.
func moment(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if d, err := time.ParseDuration(s); err == nil {
		return now.Add(d), nil
	}
	day, clock, _ := strings.Cut(s, " ")
	n, err := strconv.Atoi(strings.TrimSuffix(day, "d"))
	at, err2 := time.Parse("15:04", clock)
	if err != nil || err2 != nil || !strings.HasSuffix(day, "d") {
		return time.Time{}, fmt.Errorf("time %q: want -5h or -3d 14:20", s)
	}
	t := now.In(zone)
	return time.Date(t.Year(), t.Month(), t.Day()+n, at.Hour(), at.Minute(), 0, 0, zone), nil
}
