package demoshop

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"yingda/dialogue"
	"yingda/dialogue/action"
)

// request is the body of a call; see docs/conversation/actions.md.
type request struct {
	Call     string            `json:"call"`
	Args     map[string]string `json:"args"`
	Tenant   string            `json:"tenant"`
	Customer string            `json:"customer"`
	Lang     string            `json:"lang"`
}

// answer is the body of an answer.
type answer struct {
	Status  dialogue.CallStatus `json:"status"`
	Data    json.RawMessage     `json:"data,omitempty"`
	Message string              `json:"message,omitempty"`
}

// reply is an answer before it is written.
type reply struct {
	status  dialogue.CallStatus
	data    map[string]any
	message string
}

// tx is one call being answered. Its state is a copy unless the call only reads; nothing counts until the call has succeeded.
type tx struct {
	*state
	goods  *catalogue
	invent bool
	now    time.Time
	lang   string // zh or en
	who    string // customer's id; empty = nobody said
	args   map[string]string
}

// op answers one call.
type op struct {
	read bool
	run  func(*tx) reply
}

// CallNames lists the names of the calls that the shop answers, sorted.
func CallNames() []string { return sortedKeys(ops()) }

// ReadOnly tells whether a call changes nothing.
func ReadOnly(name string) bool { return ops()[name].read }

// ops is the table of all calls.
var ops = sync.OnceValue(func() map[string]op {
	return map[string]op{
		"order.get": {true, (*tx).orderGet}, "order.list": {true, (*tx).orderList}, "order.cancel": {false, (*tx).orderCancel},
		"order.change_address": {false, (*tx).orderAddress}, "order.change_items": {false, (*tx).orderItems},
		"order.place": {false, (*tx).orderPlace}, "order.urge": {false, (*tx).orderUrge},
		"parcel.track": {true, (*tx).parcelTrack}, "parcel.urge": {false, (*tx).parcelUrge},
		"return.create": {false, (*tx).returnCreate}, "exchange.create": {false, (*tx).exchangeCreate},
		"refund.create": {false, (*tx).refundCreate}, "refund.get": {true, (*tx).refundGet},
		"price_protection.create": {false, (*tx).priceProtection},
		"invoice.create":          {false, (*tx).invoiceCreate}, "invoice.change": {false, (*tx).invoiceChange},
		"account.create": {false, (*tx).accountCreate}, "account.close": {false, (*tx).accountClose},
		"account.change_phone": {false, (*tx).accountPhone}, "account.update": {false, (*tx).accountUpdate},
		"account.balance": {true, (*tx).accountBalance}, "password.reset": {false, (*tx).passwordReset}, "code.send": {false, (*tx).codeSend},
		"membership.join": {false, (*tx).memberJoin}, "membership.cancel": {false, (*tx).memberCancel}, "membership.get": {true, (*tx).memberGet},
		"points.get": {true, (*tx).pointsGet}, "points.redeem": {false, (*tx).pointsRedeem},
		"coupon.list": {true, (*tx).couponList}, "coupon.claim": {false, (*tx).couponClaim}, "coupon.check": {true, (*tx).couponCheck},
		"appointment.create": {false, (*tx).bookingCreate}, "appointment.change": {false, (*tx).bookingChange},
		"appointment.cancel": {false, (*tx).bookingCancel},
		"plan.list":          {true, (*tx).planList}, "plan.change": {false, (*tx).planChange}, "topup.create": {false, (*tx).topUp},
		"product.search": {true, (*tx).productSearch}, "product.get": {true, (*tx).productGet}, "product.compare": {true, (*tx).productCompare},
		"promotion.list": {true, (*tx).promotionList}, "shipping.quote": {true, (*tx).shippingQuote}, "store.find": {true, (*tx).storeFind},
		"bill.get": {true, (*tx).billGet}, "payment.check": {false, (*tx).paymentCheck}, "ticket.create": {false, (*tx).ticketCreate},
		"device.guide": {true, (*tx).deviceGuide},
	}
})

// Bounds of requests.
const (
	maxRequest = 64 << 10
	maxValue   = 4096 // bytes of an argument
)

func (s *Shop) serveCall(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		http.Error(w, "request is too long or was cut off", http.StatusRequestEntityTooLarge)
		return
	}
	id := r.Header.Get(action.HeaderID)
	if len(s.o.Secrets) > 0 {
		v := action.Verifier{Secrets: s.o.Secrets, Now: s.o.Now}
		if _, err := v.Request(r.Header, body); err != nil {
			s.o.Log.Warn("request refused", "path", r.URL.Path, "error", err)
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
	}
	var q request
	dec := json.NewDecoder(strings.NewReader(string(body)))
	if err := dec.Decode(&q); err != nil || dec.More() {
		http.Error(w, `the body is not {"call": …, "args": {…}}`, http.StatusBadRequest)
		return
	}
	if s.faults.spoil(w, r, q.Call) {
		return
	}
	a := s.answer(id, q)
	code := http.StatusOK
	if a.Status == dialogue.CallFailed {
		code = http.StatusBadRequest // the same again would fail again
		if a.Message == notSaved {
			code = http.StatusServiceUnavailable
		}
	}
	out, err := json.Marshal(a)
	if err != nil {
		http.Error(w, "the answer cannot be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if len(s.o.Secrets) > 0 {
		action.SignAnswer(w.Header(), s.o.Secrets, id, s.o.Now(), out)
	}
	w.WriteHeader(code)
	w.Write(out)
}

// What a caller hears whose call cannot be answered.
const (
	keyReused = "this idempotency key came with another request before"
	notSaved  = "the shop cannot write its state just now"
)

// answer runs a call, or gives the answer that its key had before.
func (s *Shop) answer(key string, q request) answer {
	o, known := ops()[q.Call]
	if !known {
		return answer{Status: dialogue.CallFailed, Message: fmt.Sprintf("there is no call %.64q", q.Call)}
	}
	for k, v := range q.Args {
		if len(v) > maxValue {
			return answer{Status: dialogue.CallFailed, Message: fmt.Sprintf("argument %.40q is longer than %d bytes", k, maxValue)}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.o.Now()
	if old, ok := s.answers.find(key, q, now); ok {
		return old
	}
	a, next := s.run(o, q, now)
	changed := !o.read && a.Status == dialogue.CallOK
	kept := s.answers
	s.answers.keep(key, q, a, now, changed)
	if changed {
		if err := s.save(next); err != nil {
			s.o.Log.Error("state could not be saved", "error", err)
			s.answers = kept
			s.answers.forget(key)
			return answer{Status: dialogue.CallFailed, Message: notSaved}
		}
	}
	s.state = next
	return a
}

// run answers a call on a copy of the state and returns what the state is afterwards.
func (s *Shop) run(o op, q request, now time.Time) (answer, *state) {
	next := s.state
	if !o.read || s.o.Invent {
		next = s.state.clone()
	}
	t := &tx{state: next, goods: &s.goods, invent: s.o.Invent, now: now, args: q.Args, who: person(q.Customer)}
	t.lang = t.language(q.Lang)
	rep := o.run(t)
	a := answer{Status: rep.status, Message: rep.message}
	if rep.data != nil {
		data, err := json.Marshal(rep.data)
		if err != nil {
			return answer{Status: dialogue.CallFailed, Message: "the answer cannot be written"}, s.state
		}
		a.Data = data
	}
	if rep.status != dialogue.CallOK && !s.o.Invent {
		next = s.state // whatever a refused call did is forgotten
	}
	return a, next
}

// person is who the call is for; anonymous visitors are nobody.
func person(customer string) string {
	who := strings.TrimSpace(customer)
	if strings.HasPrefix(who, "anonymous:") {
		return ""
	}
	return who
}

// language is the one asked for, else that of the customer.
func (tx *tx) language(asked string) string {
	if asked != "" {
		if strings.HasPrefix(strings.ToLower(asked), "en") {
			return "en"
		}
		return "zh"
	}
	if c, ok := tx.Customers[tx.who]; ok && c.Lang != "" {
		return c.Lang
	}
	return "zh"
}

func ok(data map[string]any) reply { return reply{status: dialogue.CallOK, data: data} }

func notFound(message string) reply { return reply{status: dialogue.CallNotFound, message: message} }

// refuse says no, with the reason in the customer's language.
func (tx *tx) refuse(zh, en string) reply {
	return reply{status: dialogue.CallRefused, message: tx.say(zh, en)}
}

// refuseFor is refuse with what the shop knows of the order beside it, and with what could be done instead: cancel, return, urge_parcel,
// urge_shipment, pay, agent, or nothing.
func (tx *tx) refuseFor(o order, next, zh, en string) reply {
	r := tx.refuse(zh, en)
	r.data = tx.orderData(o)
	r.data["next"] = next
	return r
}

// value returns an argument in its normalised form ("money_value", JSON) if there is one, else as the customer said it.
func (tx *tx) value(name string) string { return cmp.Or(tx.args[name+"_value"], tx.args[name]) }

// me returns the customer's account.
func (tx *tx) me() (customer, bool) {
	c, ok := tx.Customers[tx.who]
	return c, ok
}

// signIn is what a visitor without an account hears.
func (tx *tx) signIn() reply {
	return tx.refuse("这需要先登录您的账号", "please sign in to your account first")
}

// next makes an id: a letter and a number that grows.
func (tx *tx) next(letter string) string {
	tx.Number++
	return fmt.Sprintf("%s%d", letter, 20_000_000+tx.Number)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
