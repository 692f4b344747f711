package demodata

import (
	"math"
	"time"
)

// hours is when customers write, by hour of the shop's day: a rise before noon, a second one in the evening.
var hours = [24]float64{0.9, 0.5, 0.3, 0.2, 0.2, 0.3, 0.8, 1.8, 3.6, 5.6, 6.6, 6.2, 5.0, 5.2, 5.8, 5.9, 5.5, 5.0, 5.2, 6.3, 7.2, 7.0, 4.9, 2.4}

// weekdays is how busy days are, from Sunday on.
var weekdays = [7]float64{1.12, 1.06, 0.96, 0.94, 0.95, 0.97, 1.10}

// special is a day of the year that is not like others.
type special struct {
	month time.Month
	day   int
	days  int
	busy  float64
	sale  bool // what is asked about differs too
	name  string
}

// specials are sales and holidays, by the calendar of 2026 where the moon decides.
var specials = []special{
	{time.November, 10, 4, 2.6, true, "双十一 Singles' Day"},
	{time.November, 27, 4, 1.5, true, "Black Friday"},
	{time.December, 11, 3, 1.7, true, "双十二 Double Twelve"},
	{time.January, 1, 1, 0.8, false, "元旦 New Year"},
	{time.February, 16, 7, 0.45, false, "春节 Spring Festival"},
	{time.March, 7, 2, 1.3, true, "三八 Women's Day"},
	{time.May, 1, 5, 0.8, false, "五一 Labour Day"},
	{time.June, 16, 4, 2.1, true, "618"},
	{time.October, 1, 7, 0.75, false, "国庆 National Day"},
}

// plan is what lies where in the year: days from the first one, half open.
type plan struct {
	from     time.Time
	days     int
	launch   int // day of the new product
	measure  int // from here on the second pool of wordings
	rebundle int // day on which a new bundle took over
}

func newPlan(from time.Time, days int) plan {
	at := func(share float64) int { return int(math.Round(share * float64(days))) }
	return plan{from: from, days: days, launch: at(0.60), measure: at(0.85), rebundle: at(0.20)}
}

// day is midnight at which the day begins.
func (p *plan) day(n int) time.Time { return p.from.AddDate(0, 0, n) }

// busy is how many come on a day, 1 on average, and whether a sale is on.
func (p *plan) busy(n int) (factor float64, sale bool) {
	d := p.day(n)
	factor = weekdays[d.Weekday()] * (0.93 + 0.14*float64(n)/float64(p.days)) // the shop grows
	for _, s := range specials {
		first := time.Date(d.Year(), s.month, s.day, 0, 0, 0, 0, d.Location())
		if passed := d.Sub(first); passed >= 0 && passed < time.Duration(s.days)*24*time.Hour {
			return factor * s.busy, s.sale
		}
	}
	return factor, false
}

// novelty is the share of sessions that are about what nobody taught the robot: none before the launch, then a rise of two weeks (less in a short
// year) to a height from which it falls slowly.
func (p *plan) novelty(n int) float64 {
	if n < p.launch {
		return 0
	}
	rise := math.Min(14, float64(p.days)/20)
	since := float64(n-p.launch) + 1
	return 0.20 * math.Min(1, since/rise) * math.Exp(-since/(0.9*float64(p.days)))
}
