package report

import (
	"fmt"
	"math"

	"yingda/analytics"
)

// NewNPS makes a net promoter score, in points from −100 to 100: the share of promoters less that of detractors. Its 95 % interval is the adjusted
// Wald interval for the difference of two shares of one multinomial sample, in which half an answer is added to either and one to the passives
// (A. Agresti and Y. Min, Statistics in Medicine 24, 2005, where the two shares are those of the pairs that differ; B. Rocks, The American
// Statistician 70, 2016, finds adjusted Wald among the best for this score). Without answers N is 0. Negative counts are an error.
func NewNPS(promoters, passives, detractors int64) (*analytics.Mean, error) {
	if promoters < 0 || passives < 0 || detractors < 0 {
		return nil, fmt.Errorf("%d promoters, %d passives, %d detractors: counts are not negative", promoters, passives, detractors)
	}
	n := promoters + passives + detractors
	if n == 0 {
		return &analytics.Mean{}, nil
	}
	p, d, m := float64(promoters)+0.5, float64(detractors)+0.5, float64(n)+2
	centre := (p - d) / m
	half := z * math.Sqrt((p+d)/m-centre*centre) / math.Sqrt(m)
	return &analytics.Mean{
		Value: 100 * float64(promoters-detractors) / float64(n), N: n,
		Low: 100 * max(-1, centre-half), High: 100 * min(1, centre+half),
	}, nil
}

// nps makes a score of the numbers of promoters, passives and detractors.
func nps(vs []any) (any, error) {
	var n [3]int64
	for i, v := range vs {
		var err error
		if n[i], err = count(v); err != nil {
			return nil, err
		}
	}
	return NewNPS(n[0], n[1], n[2])
}

// npsColumns are those of both reports, after what their rows are about.
func npsColumns(of ...column) []column {
	score := col("nps", analytics.Number, "NPS", "NPS",
		"净推荐值，−100 到 100：推荐者（9–10 分）占比减贬损者（0–6 分）占比，乘以 100；n 为回答了的会话。区间：同一样本两个比例之差的 95 % 修正 Wald 区间（Agresti 与 Min，2005）",
		"Net promoter score, −100 to 100: share of promoters (9–10) less share of detractors (0–6), times 100; n are the sessions with an answer. Interval: adjusted Wald, 95 %, for the difference of two shares of one sample (Agresti and Min 2005)",
		"promoters", "passives", "detractors")
	score.make = nps
	return append(of, sessionsColumn, score,
		col("response_rate", analytics.Share, "回答率", "Response rate", "分子：回答了“您有多大可能推荐我们”的会话；分母：已结束的会话", "Of sessions that are over, those with an answer to how likely the customer is to recommend the shop", "answered", "sessions"),
		col("promoters", analytics.Share, "推荐者", "Promoters", "分子：9 或 10 分；分母：回答了的会话", "Of sessions with an answer, those with 9 or 10", "promoters", "answered"),
		col("passives", analytics.Share, "被动者", "Passives", "分子：7 或 8 分；分母：回答了的会话", "Of sessions with an answer, those with 7 or 8", "passives", "answered"),
		col("detractors", analytics.Share, "贬损者", "Detractors", "分子：0 到 6 分；分母：回答了的会话", "Of sessions with an answer, those with 0 to 6", "detractors", "answered"),
	)
}

var npsNotes = []analytics.Text{
	noteOpen,
	text("推荐意愿是对商家的看法，不只是对这次会话；回答者并非随机，回答率低时只代表愿意回答的客户。区间重叠的两个 NPS 不能说有高低。",
		"Whether customers would recommend is about the shop, not the conversation alone. Who answers is not chosen at random: at a low response rate the score speaks for those who answer. Of two scores whose intervals overlap neither can be called higher."),
}

// specsNPS are the reports of what customers say to how likely they are to recommend the shop.
var specsNPS = []*spec{
	{
		name: "nps", file: "nps", sum: true,
		title: text("净推荐值", "Net promoter score"), about: text("客户有多愿意推荐，有多少人回答", "Whether customers would recommend the shop, and how many say so"),
		columns: npsColumns(dayColumn),
		charts: []analytics.Chart{
			{Type: "line", Title: text("每天的 NPS", "NPS a day"), X: "day", Y: []string{"nps"}},
			{Type: "line", Title: text("推荐者、贬损者与回答率", "Promoters, detractors and response rate"), X: "day", Y: []string{"promoters", "detractors", "response_rate"}},
		},
		notes: npsNotes,
	},
	{
		name: "nps-parts", file: "nps_parts", fill: fillParts,
		title: text("净推荐值构成", "Net promoter score by group"), about: text("各渠道、客户等级和语言的净推荐值", "The score of each channel, tier and language"),
		columns: npsColumns(
			col("part", analytics.Label, "划分", "By", "按什么划分：渠道、客户等级、语言；每种划分都是全部会话", "What sessions are divided by: channel, tier, language. Each division has all sessions"),
			col("item", analytics.Label, "组", "Group", "会话的渠道、等级或语言；空 = 未知", "The session's channel, tier or language; empty = not known")),
		charts: []analytics.Chart{{Type: "bar", Title: text("各组的 NPS", "NPS by group"), X: "item", Y: []string{"nps"}, Series: "part"}},
		notes:  npsNotes,
	},
}

// fillParts fills a report whose rows divide the same sessions in several ways, by its first column: the total is that of the first way.
func fillParts(a *asker, r *analytics.Report) error {
	t, err := a.read(a.spec.file)
	if err != nil {
		return err
	}
	first := &table{at: t.at}
	for _, row := range t.rows {
		cells, err := a.spec.cells(t, row)
		if err != nil {
			return err
		}
		if len(r.Rows) == 0 || cells[0] == r.Rows[0][0] {
			first.rows = append(first.rows, row)
		}
		r.Rows = append(r.Rows, cells)
	}
	if len(r.Rows) == 0 {
		return nil
	}
	return addTotal(a.spec, first, r)
}
