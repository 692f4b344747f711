package demoshop

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

func (tx *tx) promotionList() reply {
	items, lines := []map[string]any{}, []string{}
	for _, p := range tx.goods.promotions {
		if w := tx.args["product"]; w != "" && p.Words != "" && !slices.ContainsFunc(strings.Fields(p.Words), func(x string) bool { return strings.Contains(fold(w), fold(x)) }) {
			continue
		}
		end := tx.now.AddDate(0, 0, p.Days)
		item := map[string]any{"title": p.Title.in(tx.lang), "text": p.Text.in(tx.lang)}
		setEta(item, tx.say(tx.day(end)+"截止", "until "+tx.day(end)), end)
		items = append(items, item)
		lines = append(lines, p.Title.in(tx.lang)+tx.say("：", ": ")+p.Text.in(tx.lang))
	}
	if len(items) == 0 {
		return notFound(tx.say("这款目前没有活动", "there is no promotion for this just now"))
	}
	return ok(map[string]any{"count": len(items), "text": strings.Join(lines, "\n"), "items": items})
}

// freeFrom is the amount from which shipping costs nothing.
const freeFrom = 99_00

func (tx *tx) shippingQuote() reply {
	fee, days := yuan(10_00), 3
	place := tx.args["location"]
	for _, far := range []string{"新疆", "西藏", "内蒙古", "青海", "xinjiang", "tibet", "qinghai"} {
		if strings.Contains(fold(place), far) {
			fee, days = 20_00, 6
		}
	}
	for _, near := range []string{"上海", "杭州", "苏州", "南京", "shanghai", "hangzhou", "suzhou", "nanjing"} {
		if strings.Contains(fold(place), near) {
			fee, days = 8_00, 1
		}
	}
	if ids := tx.goods.match(tx.args["product"]); len(ids) > 0 && tx.goods.byID[ids[0]].Price >= freeFrom {
		fee = 0
	}
	there := midnight(tx.now.In(zone)).AddDate(0, 0, days).Add(18 * time.Hour)
	data := map[string]any{"location": place, "fee": tx.money(fee), "fee_cny": fee.number(), "carrier": tx.say("顺丰速运", "SF Express"), "free_from": tx.money(freeFrom)}
	if fee == 0 {
		data["fee"] = tx.say("包邮", "free of charge")
	}
	setEta(data, tx.say(fmt.Sprintf("约 %d 天，预计%s前送达", days, tx.day(there)), fmt.Sprintf("about %d days, by %s", days, tx.day(there))), there)
	return ok(data)
}

func (tx *tx) storeFind() reply {
	w := fold(tx.args["location"])
	items := []map[string]any{}
	for _, s := range tx.goods.stores {
		about := fold(s.City.ZH + s.City.EN + s.Name.ZH + s.Name.EN + s.Address.ZH + s.Address.EN)
		if w == "" || strings.Contains(about, w) || strings.Contains(w, fold(s.City.ZH)) || strings.Contains(w, fold(s.City.EN)) {
			items = append(items, map[string]any{"store": s.Name.in(tx.lang), "address": s.Address.in(tx.lang), "hours": s.Hours.in(tx.lang), "phone_number": s.Phone})
		}
	}
	if len(items) == 0 {
		return notFound(tx.say("这个城市还没有门店，可以网上购买", "there is no store there yet; you can order online"))
	}
	data := map[string]any{"count": len(items), "items": items}
	for _, k := range []string{"store", "address", "hours", "phone_number"} {
		data[k] = items[0][k]
	}
	return ok(data)
}
