package demoshop

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// zone is where the shop is: its days begin and end there.
var zone = time.FixedZone("UTC+8", 8*60*60)

// in returns the text in a language, or in the other if that is all there is.
func (t text) in(lang string) string {
	if lang == "en" && t.EN != "" || t.ZH == "" {
		return t.EN
	}
	return t.ZH
}

func both(s string) text { return text{s, s} }

// stateWords are the states in words for customers.
var stateWords = map[string]text{
	unpaid:     {"待付款", "waiting for payment"},
	paid:       {"已付款，待发货", "paid and waiting to be shipped"},
	outOfStock: {"缺货，等待补货", "out of stock, waiting for new supply"},
	shipped:    {"已发货", "shipped"},
	onTheWay:   {"运输中", "on the way"},
	outNow:     {"派送中", "out for delivery"},
	stuck:      {"物流停滞，已在核查", "stuck on the way; we are looking into it"},
	badAddress: {"地址不详，暂停派送", "on hold because the address is incomplete"},
	delayed:    {"配送延误", "delayed"},
	delivered:  {"已签收", "delivered"},
	completed:  {"已完成", "completed"},
	cancelled:  {"已取消", "cancelled"},
	refunding:  {"退款中", "being refunded"},
	refunded:   {"已退款", "refunded"},
	returning:  {"退货中", "being returned"},
	exchanging: {"换货中", "being exchanged"},

	"reviewing": {"审核中", "under review"},
	"sending":   {"已打款，银行处理中", "sent, your bank is booking it"},
	"arrived":   {"已到账", "credited"},
	"active":    {"生效中", "active"},
	"ending":    {"已取消续费，到期前仍可使用", "not renewing; usable until it ends"},
	"none":      {"未开通", "none"},
	"usable":    {"可以使用", "usable"},
	"used":      {"已经用过了", "already used"},
	"expired":   {"已过期", "expired"},
	"minimum":   {"没有达到使用门槛", "the order is below the minimum"},
	"unknown":   {"没有这张券", "there is no such coupon"},
	"in_stock":  {"有货", "in stock"},
	"low":       {"库存紧张", "only a few left"},
	"out":       {"暂时缺货", "out of stock for now"},
	"writing":   {"开具中", "being issued"},
	"issued":    {"已开具", "issued"},
	"duplicate": {"重复扣款，多扣的已安排退回", "charged twice; the second charge is on its way back"},
	"open":      {"待支付", "open"},
	"booked":    {"已预约", "booked"},
}

// words returns a state in words.
func (tx *tx) words(state string) string {
	if t, ok := stateWords[state]; ok {
		return t.in(tx.lang)
	}
	return state
}

// say picks one of two wordings.
func (tx *tx) say(zh, en string) string { return text{zh, en}.in(tx.lang) }

// money writes an amount: 129 元, ¥129.50.
func (tx *tx) money(y yuan) string {
	n := strconv.FormatInt(int64(y)/100, 10)
	if c := int64(y) % 100; c != 0 {
		n += fmt.Sprintf(".%02d", c)
	}
	return tx.say(n+" 元", "¥"+n)
}

// number is an amount for programs.
func (y yuan) number() float64 { return float64(y) / 100 }

// day writes a day near now: 今天, 明天, 3月8日; today, tomorrow, 8 March.
func (tx *tx) day(t time.Time) string {
	t, now := t.In(zone), tx.now.In(zone)
	days := int(midnight(t).Sub(midnight(now)) / (24 * time.Hour))
	switch days {
	case -1:
		return tx.say("昨天", "yesterday")
	case 0:
		return tx.say("今天", "today")
	case 1:
		return tx.say("明天", "tomorrow")
	case 2:
		return tx.say("后天", "the day after tomorrow")
	}
	zh, en := fmt.Sprintf("%d月%d日", int(t.Month()), t.Day()), fmt.Sprintf("%d %s", t.Day(), t.Month())
	if t.Year() != now.Year() {
		zh, en = fmt.Sprintf("%d年%s", t.Year(), zh), fmt.Sprintf("%s %d", en, t.Year())
	}
	return tx.say(zh, en)
}

func midnight(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
}

// moment writes a day with the time: 明天 18:00, tomorrow at 18:00.
func (tx *tx) moment(t time.Time) string {
	clock := t.In(zone).Format("15:04")
	return tx.say(tx.day(t)+" "+clock, tx.day(t)+" at "+clock)
}

// before writes a limit: 明天 18:00 前, tomorrow by 18:00.
func (tx *tx) before(t time.Time) string {
	clock := t.In(zone).Format("15:04")
	return tx.say(tx.day(t)+" "+clock+" 前", tx.day(t)+" by "+clock)
}

// setEta writes a time in words and for programs.
func setEta(data map[string]any, words string, t time.Time) {
	data["eta"], data["eta_time"] = words, t.In(zone).Format(time.RFC3339)
}

// mask hides the middle of a telephone number or the name of a mail address.
func mask(s string) string {
	if name, host, ok := strings.Cut(s, "@"); ok {
		return string([]rune(name + "*")[:1]) + "***@" + host
	}
	if len(s) < 7 {
		return "***"
	}
	return s[:3] + "****" + s[len(s)-4:]
}

// parseMoney reads an amount as a customer or a normaliser writes it: 100, 100.5, ¥100, 100元, {"amount": 100, "currency": "CNY"}.
func parseMoney(s string) (yuan, bool) {
	if i := strings.Index(s, `"amount"`); i >= 0 {
		s = strings.TrimLeft(s[i+len(`"amount"`):], ": ")
		if j := strings.IndexAny(s, ",}"); j >= 0 {
			s = s[:j]
		}
	}
	s = strings.Trim(strings.ReplaceAll(s, ",", ""), "¥￥$元块钱人民币CNYRMByuancnyrmb ")
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || !(v > 0 && v <= 1e7) {
		return 0, false
	}
	return yuan(v*100 + 0.5), true
}

var hanDigits = map[rune]int{'一': 1, '二': 2, '两': 2, '俩': 2, '三': 3, '四': 4, '五': 5, '六': 6, '七': 7, '八': 8, '九': 9, '十': 10}

// parseCount reads a small number of pieces: 2, 两件, 3 pcs; 1 when there is none.
func parseCount(s string) int {
	digits := ""
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits += string(r)
		case digits != "":
			n, _ := strconv.Atoi(digits)
			return n
		case hanDigits[r] > 0:
			return hanDigits[r]
		}
	}
	if n, err := strconv.Atoi(digits); err == nil {
		return n
	}
	return 1
}
