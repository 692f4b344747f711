package demoshop

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// phone folds a telephone number to its digits; ok is false when it is none.
func phone(s string) (string, bool) {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
	if len(digits) == 13 && strings.HasPrefix(digits, "86") {
		digits = digits[2:]
	}
	return digits, len(digits) >= 7 && len(digits) <= 15
}

// badPhone is what one hears who gives no telephone number.
func (tx *tx) badPhone() reply {
	return tx.refuse("手机号看起来不对，请再核对一下", "this does not look like a telephone number; please check it")
}

// ownerOf returns who has a telephone number.
func (tx *tx) ownerOf(number string) (customer, bool) {
	for _, id := range sortedKeys(tx.Customers) {
		if c := tx.Customers[id]; c.Phone == number {
			return c, true
		}
	}
	return customer{}, false
}

func (tx *tx) accountCreate() reply {
	number, fine := phone(tx.args["phone_number"])
	if !fine {
		return tx.badPhone()
	}
	if _, taken := tx.ownerOf(number); taken {
		return tx.refuse("这个手机号已经注册过了，可以直接登录", "there is an account with this number already; you can sign in")
	}
	id := tx.who
	if _, known := tx.me(); known || id == "" {
		id = strings.ToLower(tx.next("C"))
	}
	tx.Customers[id] = customer{ID: id, Name: tx.args["person"], Lang: tx.lang, Tier: "standard", Phone: number}
	return ok(map[string]any{"account_id": id, "phone_number": mask(number)})
}

func (tx *tx) accountClose() reply {
	c, known := tx.me()
	if !known {
		return tx.signIn()
	}
	for _, o := range tx.orders() {
		switch o.stateAt(tx.now) {
		case completed, cancelled, refunded, delivered:
		default:
			return tx.refuse("您还有未完成的订单 "+o.ID+"，完成后才能注销", "order "+o.ID+" is not finished yet; the account can be closed once it is")
		}
	}
	if c.Balance > 0 {
		return tx.refuse("账户里还有余额 "+tx.money(c.Balance)+"，提现后才能注销", "there are still "+tx.money(c.Balance)+" in your account; please withdraw them first")
	}
	c.Closing = tx.now.Add(closeTime)
	tx.Customers[c.ID] = c
	data := map[string]any{"account_id": c.ID}
	setEta(data, tx.say(tx.day(c.Closing)+"注销完成，之前登录可以撤销", "closed "+tx.day(c.Closing)+"; signing in before that takes it back"), c.Closing)
	return ok(data)
}

func (tx *tx) accountPhone() reply {
	c, known := tx.me()
	if !known {
		return tx.signIn()
	}
	number, fine := phone(tx.args["phone_number"])
	if !fine {
		return tx.badPhone()
	}
	if other, taken := tx.ownerOf(number); taken {
		if other.ID == c.ID {
			return tx.refuse("这就是您现在绑定的手机号", "this is the number of your account already")
		}
		return tx.refuse("这个手机号已绑定其他账号", "this number belongs to another account")
	}
	old := c.Phone
	c.Phone = number
	tx.Customers[c.ID] = c
	return ok(map[string]any{"account_id": c.ID, "phone_number": mask(number), "old_phone_number": mask(old)})
}

// newName finds the new name in a customer's words: 昵称改成小白, "change my name to Snow".
var newName = regexp.MustCompile(`(?i)(?:名|称|name).{0,6}?(?:改成|改为|换成|叫做?|\bto\b)\s*[“"「]?([\p{Han}\w]{1,20})`)

func (tx *tx) accountUpdate() reply {
	c, known := tx.me()
	if !known {
		return tx.signIn()
	}
	changed := false
	set := func(field *string, arg string) {
		if v := strings.TrimSpace(tx.args[arg]); v != "" {
			*field, changed = v, true
		}
	}
	set(&c.Name, "person")
	if m := newName.FindStringSubmatch(tx.args["text"]); !changed && m != nil {
		c.Name, changed = m[1], true
	}
	set(&c.Email, "email")
	set(&c.Birthday, "birthday")
	if !changed {
		return tx.refuse("请告诉我要改哪一项，改成什么", "please tell me what to change, and to what")
	}
	tx.Customers[c.ID] = c
	return ok(map[string]any{"account_id": c.ID, "person": c.Name, "email": mask(c.Email), "birthday": c.Birthday})
}

func (tx *tx) accountBalance() reply {
	c, known := tx.me()
	if !known {
		return tx.signIn()
	}
	data := map[string]any{"balance": tx.money(c.Balance), "balance_cny": c.Balance.number(), "plan": c.Plan}
	if c.Plan != "" {
		data["data_left"] = fmt.Sprintf("%.1f GB", c.DataLeft)
		data["minutes_left"] = tx.say(fmt.Sprintf("%d 分钟", c.Minutes), fmt.Sprintf("%d minutes", c.Minutes))
	}
	return ok(data)
}

// reach is where a code or a link can be sent: what the arguments say if it is the customer's own, or what the account has.
func (tx *tx) reach() (to string, rep reply, fine bool) {
	c, known := tx.me()
	if p := tx.args["phone_number"]; p != "" {
		number, good := phone(p)
		if !good {
			return "", tx.badPhone(), false
		}
		return number, reply{}, true
	}
	if e := tx.args["email"]; strings.Contains(e, "@") {
		return e, reply{}, true
	}
	if !known || c.Phone == "" {
		return "", tx.refuse("请告诉我您注册时用的手机号", "please tell me the telephone number of your account"), false
	}
	return c.Phone, reply{}, true
}

// sendCode pretends to send something, at most once a minute to one address, and says the same whether there is such an account or not.
func (tx *tx) sendCode(valid time.Duration) reply {
	to, rep, fine := tx.reach()
	if !fine {
		return rep
	}
	if left := codeTime - tx.now.Sub(tx.Codes[to]); left > 0 {
		n := int(left.Seconds()) + 1
		return tx.refuse(fmt.Sprintf("刚刚已经发送过，请 %d 秒后再试", n), fmt.Sprintf("one was sent just now; please try again in %d seconds", n))
	}
	for old, at := range tx.Codes {
		if tx.now.Sub(at) > time.Hour {
			delete(tx.Codes, old)
		}
	}
	tx.Codes[to] = tx.now
	data := map[string]any{"sent_to": mask(to)}
	end := tx.now.Add(valid)
	setEta(data, tx.say(tx.moment(end)+" 前有效", "valid until "+tx.moment(end)), end)
	return ok(data)
}

func (tx *tx) passwordReset() reply { return tx.sendCode(30 * time.Minute) }

func (tx *tx) codeSend() reply { return tx.sendCode(5 * time.Minute) }

func (tx *tx) paymentCheck() reply {
	o, rep, found := tx.find(func(o order) bool { return o.Twice })
	if !found {
		return rep
	}
	state := paid
	switch s := o.stateAt(tx.now); {
	case s == unpaid:
		state = unpaid
	case s == refunded || s == refunding:
		state = s
	case o.Twice:
		state = "duplicate"
	}
	data := map[string]any{"order_id": o.ID, "product": tx.name(o), "amount": tx.money(o.Paid), "amount_cny": o.Paid.number(),
		"payment_method": o.Payment.in(tx.lang), "status": tx.words(state), "state": state}
	if state == "paid" {
		data["status"] = tx.say("付款成功，只扣了一次", "paid, and charged once only")
	}
	if state != "duplicate" || !tx.mine(o) {
		return ok(data)
	}
	// The second charge goes back at once; it is not part of what the order cost.
	o.Twice = false
	tx.Orders[o.ID] = o
	r := refund{ID: tx.next("R"), Order: o.ID, Customer: o.Customer, Kind: "duplicate", Amount: o.Paid, Asked: tx.now}
	tx.Refunds[r.ID] = r
	data["refund_id"], data["refund_amount"] = r.ID, tx.money(r.Amount)
	there := tx.now.Add(bankTime)
	setEta(data, tx.say("预计"+tx.before(there)+"到账", "to be credited "+tx.before(there)), there)
	return ok(data)
}
