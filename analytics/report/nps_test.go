package report_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"yingda/analytics"
	"yingda/analytics/report"
	"yingda/dialogue"
)

// score is a net promoter score that the oracle expects.
type score struct{ promoters, passives, detractors int64 }

func (s *score) add(answer int32) {
	switch {
	case answer >= 9:
		s.promoters++
	case answer >= 7:
		s.passives++
	default:
		s.detractors++
	}
}

// addNPS adds a session to the cells of a row: sessions, score, response rate, promoters, passives, detractors.
func addNPS(row []any, answer *int32) {
	addCount(row, 0, 1)
	addRate(row, 2, answer != nil)
	if answer == nil {
		return
	}
	row[1].(*score).add(*answer)
	addRate(row, 3, *answer >= 9)
	addRate(row, 4, *answer == 7 || *answer == 8)
	addRate(row, 5, *answer <= 6)
}

func freshNPS() []any { return []any{new(int64), &score{}, &rate{}, &rate{}, &rate{}, &rate{}} }

func (a asked) nps() map[string][]any {
	g := group[string](freshNPS)
	for _, s := range a.list() {
		addNPS(g.at(a.day(s.started).Format(dayKey)), s.nps)
		addNPS(g.at(""), s.nps)
	}
	return g.rows
}

func (a asked) npsParts() map[string][]any {
	g := group[string](freshNPS)
	for _, s := range a.list() {
		for _, key := range []string{"=channel|" + s.channel, "=tier|" + s.tier, "=lang|" + s.lang, ""} {
			addNPS(g.at(key), s.nps)
		}
	}
	return g.rows
}

// TestNPS is worked by hand. Anna would recommend the shop, and says so with stars; Ben would not, two days after his session; Cleo changes her mind,
// and the last word counts; Dora only gives stars; Eve's session was in February, her answer comes in March and is of no session of March.
func TestNPS(t *testing.T) {
	s := &story{}
	answer := func(customer string, at time.Time, nps int) *dialogue.RatingBody {
		b := &dialogue.RatingBody{NPS: &nps}
		s.add(customer, at, dialogue.Rated).Rating = b
		return b
	}
	eve := time.Date(2026, 2, 28, 23, 50, 0, 0, time.UTC)
	s.turn("eve", eve, "order.status", dialogue.Answer, "")
	answer("eve", eve.Add(20*time.Minute), 0)
	for i, customer := range []string{"anna", "ben", "cleo", "dora"} {
		s.turn(customer, minutes(i), "order.status", dialogue.Answer, "")
	}
	answer("anna", minutes(5), 10).Score = 5
	s.rate("dora", minutes(6), 4, nil)
	answer("cleo", minutes(7), 3)
	answer("cleo", minutes(8), 8)
	answer("ben", minutes(1).Add(48*hour), 0)
	answer("ben", minutes(1).Add(49*hour), 11) // is none, and is refused
	r := s.ask(t, "nps", minutes(0).AddDate(0, 0, 20))
	if n, ok := total(t, r, "nps").(*analytics.Mean); !ok || n.N != 3 || n.Value != 0 || !near(n.Low, -n.High) || n.High < 50 {
		t.Errorf("%+v", n)
	}
	wantRate(t, r, "response_rate", 3, 4)
	wantRate(t, r, "promoters", 1, 3)
	wantRate(t, r, "passives", 1, 3)
	wantRate(t, r, "detractors", 1, 3)
	if csat := s.ask(t, "csat", minutes(0).AddDate(0, 0, 20)); true {
		wantRate(t, csat, "response_rate", 2, 4) // an answer to this question alone is no score
	}
}

// TestNewNPS: the interval of Agresti and Min, computed from its formula in another arrangement: the variance of a sum of +1, 0 and −1 with the
// half answers added.
func TestNewNPS(t *testing.T) {
	for _, c := range [][3]int64{{1, 0, 0}, {0, 0, 1}, {0, 5, 0}, {50, 30, 20}, {3, 0, 7}, {100000, 1, 0}, {7, 90, 12}} {
		got, err := report.NewNPS(c[0], c[1], c[2])
		if err != nil {
			t.Fatal(err)
		}
		cells := []struct{ x, n float64 }{{1, float64(c[0]) + 0.5}, {0, float64(c[1]) + 1}, {-1, float64(c[2]) + 0.5}}
		sum, n, squares := 0.0, 0.0, 0.0
		for _, cell := range cells {
			sum, n = sum+cell.x*cell.n, n+cell.n
		}
		for _, cell := range cells {
			squares += cell.n * (cell.x - sum/n) * (cell.x - sum/n)
		}
		half := 1.959963984540054 * math.Sqrt(squares/n/n)
		low, high := max(-100, 100*(sum/n-half)), min(100, 100*(sum/n+half))
		if !near(got.Low, low) || !near(got.High, high) || got.Low > got.Value || got.Value > got.High || !near(got.Value, 100*float64(c[0]-c[2])/float64(c[0]+c[1]+c[2])) {
			t.Errorf("%v: %+v, want %v–%v", c, *got, low, high)
		}
	}
	if none, err := report.NewNPS(0, 0, 0); err != nil || *none != (analytics.Mean{}) {
		t.Errorf("of nobody: %+v, %v", none, err)
	}
	if _, err := report.NewNPS(-1, 2, 3); err == nil {
		t.Error("a negative number is taken")
	}
}

// TestNewNPS_Coverage: about 95 of 100 intervals hold the truth, with few answers and with a score near the end too.
func TestNewNPS_Coverage(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 7))
	for _, c := range []struct {
		p, d float64
		n    int
	}{{0.5, 0.2, 400}, {0.5, 0.2, 30}, {0.9, 0.03, 60}, {0.1, 0.6, 25}, {0.05, 0.05, 200}} {
		const runs = 20_000
		held := 0
		for range runs {
			var k [3]int64
			for range c.n {
				switch u := rng.Float64(); {
				case u < c.p:
					k[0]++
				case u < c.p+c.d:
					k[2]++
				default:
					k[1]++
				}
			}
			if r, err := report.NewNPS(k[0], k[1], k[2]); err != nil {
				t.Fatal(err)
			} else if truth := 100 * (c.p - c.d); r.Low <= truth && truth <= r.High {
				held++
			}
		}
		if share := float64(held) / runs; share < 0.94 || share > 0.975 {
			t.Errorf("%.2f promoters, %.2f detractors, %d answers: %.4f of the intervals hold the truth", c.p, c.d, c.n, share)
		}
	}
}
