package demoshop

import (
	"cmp"
	"fmt"
	"maps"
	"strings"
	"time"
)

func (tx *tx) memberData(c customer) map[string]any {
	m, isMember := tx.goods.membership(c.Member)
	state := "none"
	switch {
	case isMember && c.Ends:
		state = "ending"
	case isMember:
		state = "active"
	}
	data := map[string]any{"plan": m.Name.in(tx.lang), "price": tx.money(m.Price), "status": tx.words(state), "state": state, "benefits": m.Text.in(tx.lang)}
	if isMember {
		w := tx.say(tx.day(c.Renews)+"续费", "renews "+tx.day(c.Renews))
		if c.Ends {
			w = tx.say(tx.day(c.Renews)+"到期", "ends "+tx.day(c.Renews))
		}
		setEta(data, w, c.Renews)
	}
	return data
}

func (tx *tx) memberGet() reply {
	c, known := tx.me()
	if !known {
		return tx.signIn()
	}
	return ok(tx.memberData(c))
}

func (tx *tx) memberJoin() reply {
	c, known := tx.me()
	if !known {
		return tx.signIn()
	}
	m, there := tx.goods.findMembership(tx.args["plan"])
	if !there {
		return notFound(tx.say("没有这种会员", "there is no such membership"))
	}
	if c.Member == m.ID && !c.Ends {
		return tx.refuse("您已经是"+m.Name.ZH+"了", "you have "+m.Name.EN+" already")
	}
	if c.Balance < m.Price {
		return tx.refuse("账户余额不足，"+m.Name.ZH+"每月 "+tx.money(m.Price)+"，请先充值", "your balance does not cover "+tx.money(m.Price)+" a month; please top up first")
	}
	c.Balance -= m.Price
	c.Member, c.Ends, c.Renews = m.ID, false, tx.now.AddDate(0, 1, 0)
	tx.Customers[c.ID] = c
	return ok(tx.memberData(c))
}

func (tx *tx) memberCancel() reply {
	c, known := tx.me()
	if !known {
		return tx.signIn()
	}
	switch {
	case c.Member == "":
		return tx.refuse("您没有开通会员", "you have no membership")
	case c.Ends:
		return tx.refuse("自动续费之前已经取消了", "the renewal was cancelled before")
	}
	c.Ends = true
	tx.Customers[c.ID] = c
	return ok(tx.memberData(c))
}

func (tx *tx) pointsGet() reply {
	c, known := tx.me()
	if !known {
		return tx.signIn()
	}
	t := tx.now.In(zone)
	end := time.Date(t.Year(), t.Month()+1, 1, 0, 0, 0, 0, zone).Add(-time.Minute)
	data := map[string]any{"points": c.Points, "expiring": min(c.Expiring, c.Points)}
	setEta(data, tx.say(tx.day(end)+"到期", "expire "+tx.day(end)), end)
	return ok(data)
}

// pointsAYuan is how many points are worth one yuan in a coupon.
const pointsAYuan = 100

func (tx *tx) pointsRedeem() reply {
	c, known := tx.me()
	if !known {
		return tx.signIn()
	}
	used, gift := 0, ""
	if words := tx.args["product"]; words != "" {
		g, there := tx.goods.findGift(words)
		if !there {
			return notFound(tx.say("积分商城里没有这个", "the points shop does not have this"))
		}
		used, gift = g.Points, g.Name.in(tx.lang)
	} else if used = parseCount(cmp.Or(tx.value("points"), tx.value("quantity"), tx.args["number"])); used < pointsAYuan {
		return tx.refuse(fmt.Sprintf("满 %d 积分可以兑换", pointsAYuan), fmt.Sprintf("points are redeemed from %d up", pointsAYuan))
	}
	if used > c.Points {
		return tx.refuse(fmt.Sprintf("积分不够，需要 %d，您有 %d", used, c.Points), fmt.Sprintf("this takes %d points and you have %d", used, c.Points))
	}
	c.Points -= used
	data := map[string]any{"points": c.Points, "used": used}
	if gift != "" {
		data["product"] = gift
	} else {
		used -= used % pointsAYuan
		code := fmt.Sprintf("PT%d", used/pointsAYuan)
		c.Points = c.Points + data["used"].(int) - used
		tx.addCoupon(&c, code)
		data["points"], data["used"], data["coupon_code"] = c.Points, used, code
	}
	tx.Customers[c.ID] = c
	return ok(data)
}

// couponCheck is what came of looking at a coupon.
type couponCheck struct {
	coupon coupon
	state  string // usable, expired, used, minimum, other_product, unknown
}

// findCoupon looks up a code; those made from points ("PT5") carry their amount.
func (tx *tx) findCoupon(code string) (coupon, bool) {
	code = orderID(code)
	if n := strings.TrimPrefix(code, "PT"); n != code {
		var v int
		if _, err := fmt.Sscanf(n, "%d", &v); err == nil && v > 0 && v <= 10_000 {
			return coupon{Code: code, Title: text{fmt.Sprintf("%d 元积分券", v), fmt.Sprintf("¥%d from points", v)}, Amount: yuan(v) * 100, Days: 30}, true
		}
	}
	for _, c := range tx.goods.coupons {
		if c.Code == code {
			return c, true
		}
	}
	return coupon{}, false
}

// checkCoupon tells whether the customer can use a code for goods of that price. p may be zero.
func (tx *tx) checkCoupon(code string, amount yuan, p product) couponCheck {
	cp, there := tx.findCoupon(code)
	if !there {
		return couponCheck{state: "unknown"}
	}
	state := "usable"
	me, _ := tx.me()
	had, mine := me.Coupons[cp.Code]
	switch {
	case mine && had == "used":
		state = "used"
	case cp.Days < 0:
		state = "expired"
	case !mine && !cp.Public:
		state = "unknown"
	case cp.Category != "" && p.ID != "" && p.Category != cp.Category:
		state = "other_product"
	case amount > 0 && amount < cp.Minimum:
		state = "minimum"
	}
	return couponCheck{cp, state}
}

func (tx *tx) couponData(c couponCheck) map[string]any {
	data := map[string]any{"coupon_code": c.coupon.Code, "title": c.coupon.Title.in(tx.lang), "amount": tx.money(c.coupon.Amount),
		"status": tx.words(c.state), "state": c.state}
	switch c.state {
	case "minimum":
		data["status"] = tx.say("订单需满 "+tx.money(c.coupon.Minimum)+"才能用", "the order must come to "+tx.money(c.coupon.Minimum))
	case "other_product":
		data["status"] = tx.say("不适用于这件商品", "it is not for this product")
	}
	end := midnight(tx.now.In(zone)).AddDate(0, 0, c.coupon.Days+1).Add(-time.Minute)
	if c.coupon.Days < 0 {
		setEta(data, tx.say(tx.day(end)+"已过期", "expired "+tx.day(end)), end)
	} else {
		setEta(data, tx.say("有效期至"+tx.day(end), "valid until "+tx.day(end)), end)
	}
	return data
}

// addCoupon gives a code to the customer; the map is copied, as values of the tables are not changed in place.
func (tx *tx) addCoupon(c *customer, code string) { tx.setCoupon(c, code, "") }

func (tx *tx) useCoupon(c *customer, code string) {
	tx.setCoupon(c, code, "used")
	if c.ID != "" {
		tx.Customers[c.ID] = *c
	}
}

func (tx *tx) setCoupon(c *customer, code, state string) {
	m := maps.Clone(c.Coupons)
	if m == nil {
		m = map[string]string{}
	}
	m[code] = state
	c.Coupons = m
}

func (tx *tx) couponList() reply {
	c, known := tx.me()
	if !known {
		return tx.signIn()
	}
	items := []map[string]any{}
	for _, code := range sortedKeys(c.Coupons) {
		if ch := tx.checkCoupon(code, 0, product{}); ch.state == "usable" {
			items = append(items, tx.couponData(ch))
		}
	}
	return ok(map[string]any{"count": len(items), "items": items})
}

func (tx *tx) couponClaim() reply {
	c, known := tx.me()
	if !known {
		return tx.signIn()
	}
	for _, cp := range tx.goods.coupons {
		_, has := c.Coupons[cp.Code]
		code := orderID(tx.args["coupon_code"])
		switch {
		case code != "" && cp.Code != code, code == "" && (has || !cp.Public || cp.Days < 0):
			continue
		case !cp.Public || cp.Days < 0:
			return tx.refuse("这张券已经领完或过期了", "this coupon is no longer given out")
		case has:
			return tx.refuse("这张券您已经领过了", "you have had this coupon already")
		}
		tx.addCoupon(&c, cp.Code)
		tx.Customers[c.ID] = c
		return ok(tx.couponData(couponCheck{cp, "usable"}))
	}
	if tx.args["coupon_code"] != "" {
		return notFound(tx.say("没有这张券", "there is no such coupon"))
	}
	return tx.refuse("目前可以领的券您都领过了", "you have all the coupons there are just now")
}

func (tx *tx) couponCheck() reply {
	code := tx.args["coupon_code"]
	if code == "" {
		return tx.refuse("请告诉我优惠券的券码", "please tell me the code of the coupon")
	}
	var amount yuan
	var p product
	if tx.args["order_id"] != "" {
		o, rep, found := tx.find(anyOrder)
		if !found {
			return rep
		}
		amount, p = o.Paid, tx.goods.byID[o.Product]
	} else if ids := tx.goods.match(tx.args["product"]); len(ids) > 0 {
		p = tx.goods.byID[ids[0]]
		amount = p.Price
	}
	ch := tx.checkCoupon(code, amount, p)
	if ch.state == "unknown" {
		return notFound(tx.say("没有这张券，请核对券码", "there is no such coupon; please check the code"))
	}
	return ok(tx.couponData(ch))
}
