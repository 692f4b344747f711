package demoshop

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// catalogue is what the shop sells and offers. It is not changed.
type catalogue struct {
	list        []product
	byID        map[string]product
	coupons     []coupon
	memberships []offer
	plans       []plan
	gifts       []offer
	extras      []offer // lines of the demo bill
	promotions  []promotion
	stores      []store
	guide       []text // for devices without a guide of their own
}

// product is something that is sold.
type product struct {
	ID         string `yaml:"id"`
	Name       text   `yaml:"name"`
	Words      string `yaml:"words"` // other names, divided by spaces
	Category   string `yaml:"category"`
	Brand      string `yaml:"brand"`
	Price      yuan   `yaml:"price"`
	Stock      int    `yaml:"stock"`
	Attributes []text `yaml:"attributes"` // what it comes in
	Text       text   `yaml:"text"`
	Warranty   text   `yaml:"warranty"`
	Guide      []text `yaml:"guide"`
}

type coupon struct {
	Code     string `yaml:"code"`
	Title    text   `yaml:"title"`
	Amount   yuan   `yaml:"amount"`
	Minimum  yuan   `yaml:"minimum"`
	Category string `yaml:"category"`
	Days     int    `yaml:"days"`   // until it expires; negative = it has
	Public   bool   `yaml:"public"` // anyone may claim it
}

// offer is a membership, a gift for points or a line of a bill.
type offer struct {
	ID     string `yaml:"id"`
	Name   text   `yaml:"name"`
	Price  yuan   `yaml:"price"`
	Points int    `yaml:"points"`
	Text   text   `yaml:"text"`
}

type plan struct {
	Name    text `yaml:"name"`
	Price   yuan `yaml:"price"`
	GB      int  `yaml:"gb"`
	Minutes int  `yaml:"minutes"`
}

type promotion struct {
	Title text   `yaml:"title"`
	Text  text   `yaml:"text"`
	Days  int    `yaml:"days"`
	Words string `yaml:"words"` // products it is for; empty = all
}

type store struct {
	Name    text   `yaml:"name"`
	City    text   `yaml:"city"`
	Address text   `yaml:"address"`
	Hours   text   `yaml:"hours"`
	Phone   string `yaml:"phone"`
}

// match finds products by words, best first: the name in the words or the words in the name, longer agreement first.
func (c *catalogue) match(words string) []string {
	w := fold(words)
	if w == "" {
		return nil
	}
	type hit struct {
		id    string
		score int
	}
	var hits []hit
	for _, p := range c.list {
		best := 0
		for _, name := range append([]string{p.Name.ZH, p.Name.EN, p.ID, p.Brand}, strings.Fields(p.Words)...) {
			n := fold(name)
			switch {
			case n == w:
				best = max(best, 1000)
			case utf8.RuneCountInString(n) >= 2 && strings.Contains(w, n):
				best = max(best, 500+utf8.RuneCountInString(n))
			case utf8.RuneCountInString(w) >= 2 && strings.Contains(n, w):
				best = max(best, 100+utf8.RuneCountInString(w))
			}
		}
		if best > 0 {
			hits = append(hits, hit{p.ID, best})
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return cmp.Compare(b.score, a.score) })
	ids := make([]string, len(hits))
	for i, h := range hits {
		ids[i] = h.id
	}
	return ids
}

// sells tells whether the shop knows such a product.
func (c *catalogue) sells(words string) bool { return len(c.match(words)) > 0 }

// first is what one gets who asks for nothing special.
func (p product) first() string {
	if len(p.Attributes) == 0 {
		return ""
	}
	return p.Attributes[0].ZH
}

// attribute finds one of the choices by its name in either language. A product without choices has what is asked for.
func (p product) attribute(words string) (string, bool) {
	w := fold(words)
	for _, a := range p.Attributes {
		for _, n := range []string{fold(a.ZH), fold(a.EN)} {
			if n != "" && (strings.Contains(w, n) || utf8.RuneCountInString(w) >= 1 && strings.HasPrefix(n, w)) {
				return a.ZH, true
			}
		}
	}
	return words, len(p.Attributes) == 0
}

// choices lists what it comes in.
func (p product) choices(lang string) string {
	var names []string
	for _, a := range p.Attributes {
		names = append(names, a.in(lang))
	}
	if lang == "en" {
		return strings.Join(names, ", ")
	}
	return strings.Join(names, "、")
}

func (tx *tx) stockState(id string) string {
	switch n := tx.Stock[id]; {
	case n <= 0:
		return "out"
	case n <= 5:
		return "low"
	}
	return "in_stock"
}

func (tx *tx) productData(p product) map[string]any {
	state := tx.stockState(p.ID)
	data := map[string]any{"product": p.Name.in(tx.lang), "product_id": p.ID, "brand": p.Brand, "category": p.Category, "price": tx.money(p.Price), "price_cny": p.Price.number(),
		"stock": tx.Stock[p.ID], "status": tx.words(state), "state": state, "attributes": p.choices(tx.lang), "text": p.Text.in(tx.lang),
		"warranty": p.Warranty.in(tx.lang), "link": "https://shop.example/item/" + p.ID}
	if state == "out" {
		back := tx.now.AddDate(0, 0, 5)
		setEta(data, tx.say("预计"+tx.day(back)+"到货", "expected "+tx.day(back)), back)
	}
	if a := tx.args["attribute"]; a != "" {
		if got, has := p.attribute(a); has {
			data["attribute"] = got
		}
	}
	return data
}

func (tx *tx) productGet() reply {
	ids := tx.goods.match(cmp.Or(tx.args["product"], tx.args["brand"]))
	if len(ids) == 0 {
		return notFound(tx.say("店里没有这款商品", "the shop does not sell this"))
	}
	p := tx.goods.byID[ids[0]]
	if a := tx.args["attribute"]; a != "" {
		if _, has := p.attribute(a); !has {
			data := tx.productData(p)
			data["attribute"], data["stock"], data["state"], data["status"] = a, 0, "out", tx.say("没有"+a+"，可选："+p.choices("zh"), "not in "+a+"; there are "+p.choices("en"))
			return ok(data)
		}
	}
	return ok(tx.productData(p))
}

// maxItems bounds lists that are read to customers.
const maxItems = 5

func (tx *tx) productSearch() reply {
	ids := tx.goods.match(tx.args["product"])
	if tx.args["product"] == "" {
		ids = tx.goods.match(tx.args["text"])
	}
	if len(ids) == 0 {
		for _, p := range tx.goods.list {
			about := fold(p.Category + p.Words + p.Text.ZH + p.Text.EN + p.Name.ZH + p.Name.EN)
			if w := fold(tx.args["product"] + tx.args["category"]); w == "" || strings.Contains(about, w) {
				ids = append(ids, p.ID)
			}
		}
	}
	most, limited := parseMoney(tx.value("money"))
	items := []map[string]any{}
	for _, id := range ids {
		p := tx.goods.byID[id]
		_, has := p.attribute(tx.args["attribute"])
		if limited && p.Price > most || tx.args["attribute"] != "" && !has || tx.args["category"] != "" && !strings.Contains(fold(p.Category), fold(tx.args["category"])) {
			continue
		}
		if len(items) < maxItems {
			items = append(items, map[string]any{"product": p.Name.in(tx.lang), "product_id": p.ID, "price": tx.money(p.Price), "price_cny": p.Price.number(),
				"stock": tx.Stock[id], "link": "https://shop.example/item/" + id, "text": p.Text.in(tx.lang)})
		}
	}
	if len(items) == 0 {
		return notFound(tx.say("没有找到合适的商品", "nothing was found that fits"))
	}
	return ok(map[string]any{"count": len(items), "product": items[0]["product"], "price": items[0]["price"], "items": items})
}

// twoOf divides "A和B", "A vs B".
var twoOf = regexp.MustCompile(`(?i)\s*(?:和|与|跟|还是|对比|、|,|，| vs\.? | and | or | with )\s*`)

// pair finds two products in the arguments: product and other, or two in one of them.
func (tx *tx) pair() (p, q product, found bool) {
	words := append(twoOf.Split(tx.args["product"], -1), twoOf.Split(tx.args["other"], -1)...)
	words = append(words, twoOf.Split(tx.args["text"], -1)...) // where the robot found one of the names only
	var ids []string
	for _, w := range words {
		for _, id := range tx.goods.match(w) {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
				break
			}
		}
	}
	if len(ids) < 2 {
		return p, q, false
	}
	return tx.goods.byID[ids[0]], tx.goods.byID[ids[1]], true
}

func (tx *tx) productCompare() reply {
	p, q, found := tx.pair()
	if !found {
		return notFound(tx.say("没有找到要比较的两款商品", "I did not find both products"))
	}
	items := []map[string]any{}
	for _, x := range []product{p, q} {
		d := tx.productData(x)
		delete(d, "attribute")
		items = append(items, d)
	}
	cheaper, gap := p, q.Price-p.Price
	if gap < 0 {
		cheaper, gap = q, -gap
	}
	summary := tx.say("两款价格相同", "both cost the same")
	if gap > 0 {
		summary = tx.say(cheaper.Name.ZH+"便宜 "+tx.money(gap), cheaper.Name.EN+" costs "+tx.money(gap)+" less")
	}
	summary += tx.say("；", "; ") + p.Name.in(tx.lang) + tx.say("：", ": ") + p.Text.in(tx.lang) + tx.say("；", "; ") + q.Name.in(tx.lang) + tx.say("：", ": ") + q.Text.in(tx.lang)
	return ok(map[string]any{"product": p.Name.in(tx.lang), "other": q.Name.in(tx.lang), "summary": summary, "text": summary, "count": 2, "items": items})
}

// membership finds one by id.
func (c *catalogue) membership(id string) (offer, bool) {
	for _, m := range c.memberships {
		if m.ID == id {
			return m, true
		}
	}
	return offer{}, false
}

// findMembership finds one by the customer's words; without words it is the first.
func (c *catalogue) findMembership(words string) (offer, bool) {
	return findOffer(c.memberships, words)
}

func (c *catalogue) findGift(words string) (offer, bool) { return findOffer(c.gifts, words) }

func findOffer(list []offer, words string) (offer, bool) {
	w := fold(words)
	for _, m := range list {
		if w == "" || overlap(w, fold(m.Name.ZH)) || overlap(w, fold(m.Name.EN)) || w == m.ID {
			return m, true
		}
	}
	return offer{}, false
}

func (c *catalogue) findPlan(words string) (plan, bool) {
	w := fold(words)
	if w == "" {
		return plan{}, false
	}
	for _, p := range c.plans {
		if overlap(w, fold(p.Name.ZH)) || overlap(w, fold(p.Name.EN)) {
			return p, true
		}
	}
	numbers := strings.FieldsFunc(w, func(r rune) bool { return r < '0' || r > '9' })
	for _, p := range c.plans { // by its price alone; 129 is not 29
		if slices.Contains(numbers, fmt.Sprint(p.Price.number())) {
			return p, true
		}
	}
	return plan{}, false
}

// overlap tells whether one of two texts contains the other.
func overlap(a, b string) bool { return strings.Contains(a, b) || strings.Contains(b, a) }
