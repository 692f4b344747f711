package report

import (
	"errors"
	"fmt"
	"math"

	"yingda/analytics"
	"yingda/analytics/drift"
	"yingda/analytics/query"
)

var specDrift = &spec{
	name: "drift", file: "drift_mix", more: []string{"drift_scores"}, fill: fillDrift,
	title: text("漂移", "Drift"), about: text("与基准期相比，客户与模型的表现变了多少", "How far customers and the model have moved from a base"),
	columns: []column{
		col("measure", analytics.Label, "对象", "Measure", "意图、情绪、语言、渠道、等级、识别与否各占多少；把握与范围外得分的分布", "Shares of intents, emotions, languages, channels, tiers, recognition; distributions of the confidence and of the out-of-scope score"),
		col("base", analytics.Count, "基准消息", "Base", "基准期的消息", "Messages of the base"),
		col("now", analytics.Count, "本期消息", "Now", "本期的消息", "Messages of the period"),
		col("psi", analytics.Number, "PSI", "PSI", "群体稳定性指数 Σ(本期−基准)·ln(本期/基准)：< 0.1 稳定，0.1–0.2 有变化，≥ 0.2 告警", "Population stability index Σ (now − base)·ln(now/base): below 0.1 stable, to 0.2 moderate, from 0.2 alarm"),
		col("jensen_shannon", analytics.Number, "JS 距离", "Jensen–Shannon", "0–1，以比特计散度的平方根", "0–1, the root of the divergence in bits"),
		col("wasserstein", analytics.Number, "Wasserstein", "Wasserstein", "得分平均移动了多少个基准标准差（按二十分之一分箱）；≥ 0.1 告警。类别没有", "By how many standard deviations of the base scores moved, in bins of a twentieth; alarm from 0.1. None for categories"),
		col("verdict", analytics.Label, "判断", "Verdict", "stable、moderate、alarm；任一期不足 100 条为 few，不判断", "stable, moderate, alarm; few where a side has fewer than 100 messages, which says nothing"),
		col("mover", analytics.Findings, "变化最大", "Moved most", "占比变化最大的一项", "The item whose share changed most"),
	},
	charts: []analytics.Chart{{Type: "bar", Title: text("PSI", "PSI"), X: "measure", Y: []string{"psi"}}},
	notes:  []analytics.Text{text("基准默认为之前四周。周有形状：整周与整周比，周一与周一比。", "The base are the four weeks before by default. Weeks have a shape: compare whole weeks with whole weeks, a Monday with Mondays.")},
}

// fewMessages is below how many messages on a side nothing is judged.
const fewMessages = 100

// distanceAlarm is from where on a normed Wasserstein distance is an alarm (Evidently's default).
const distanceAlarm = 0.1

// mix is how one measure is divided in both periods.
type mix struct {
	name      string
	items     []string
	steps     []float64 // of scores: the middle of each bin; nil for categories
	base, now []float64
}

func fillDrift(a *asker, r *analytics.Report) error {
	if !wholeHours(a.ask.Filter) {
		return &query.FilterError{Field: "from, to", Reason: "must be whole hours for drift, in a zone with whole hours"}
	}
	if !a.params.BaseFrom().Before(a.ask.Filter.From) {
		return &query.FilterError{Field: "base", Reason: "must be before from"}
	}
	var all []*mix
	for _, file := range []struct{ name, by, item string }{{"drift_mix", "dimension", "item"}, {"drift_scores", "score", "step"}} {
		t, err := a.read(file.name)
		if err != nil {
			return err
		}
		if all, err = t.mixes(all, file.by, file.item); err != nil {
			return err
		}
	}
	for _, m := range all {
		row, err := m.row()
		if err != nil {
			return err
		}
		if row != nil {
			r.Rows = append(r.Rows, row)
		}
	}
	return nil
}

// mixes adds the measures of a file, whose rows are sorted by measure.
func (t *table) mixes(all []*mix, by, item string) ([]*mix, error) {
	for _, row := range t.rows {
		name := fmt.Sprint(row[t.at[by]])
		if len(all) == 0 || all[len(all)-1].name != name {
			all = append(all, &mix{name: name})
		}
		m := all[len(all)-1]
		base, err := count(row[t.at["base_n"]])
		if err != nil {
			return nil, err
		}
		now, err := count(row[t.at["now_n"]])
		if err != nil {
			return nil, err
		}
		label := fmt.Sprint(row[t.at[item]])
		if step, ok := row[t.at[item]].(int64); ok {
			label = fmt.Sprintf("%.2f–%.2f", float64(step)/20, float64(step+1)/20)
			m.steps = append(m.steps, (float64(step)+0.5)/20)
		}
		m.items, m.base, m.now = append(m.items, label), append(m.base, float64(base)), append(m.now, float64(now))
	}
	return all, nil
}

// row measures and judges; nil when neither side has anything.
func (m *mix) row() ([]any, error) {
	base, now := total(m.base), total(m.now)
	if base+now == 0 {
		return nil, nil
	}
	row := []any{m.name, int64(base), int64(now), nil, nil, nil, "few", nil}
	if base == 0 || now == 0 {
		return row, nil
	}
	psi, err := drift.PSI(m.base, m.now)
	js, err2 := drift.JensenShannon(m.base, m.now)
	if err := errors.Join(err, err2); err != nil {
		return nil, fmt.Errorf("measure %s: %w", m.name, err)
	}
	row[3], row[4], row[7] = psi, js, m.mover(base, now)
	level := drift.PSILevel(psi)
	if m.steps != nil {
		d, err := drift.NormedWasserstein(weighted(m.steps, m.base), weighted(m.steps, m.now))
		if err != nil {
			return nil, fmt.Errorf("measure %s: %w", m.name, err)
		}
		row[5] = d
		if d >= distanceAlarm {
			level = drift.Alarm
		}
	}
	if base >= fewMessages && now >= fewMessages {
		row[6] = string(level)
	}
	return row, nil
}

func weighted(values, weights []float64) []drift.Weighted {
	ws := make([]drift.Weighted, len(values))
	for i := range ws {
		ws[i] = drift.Weighted{Value: values[i], Weight: weights[i]}
	}
	return ws
}

func total(xs []float64) (sum float64) {
	for _, x := range xs {
		sum += x
	}
	return sum
}

// mover names the item whose share changed most.
func (m *mix) mover(base, now float64) string {
	best := 0
	change := func(i int) float64 { return math.Abs(m.now[i]/now - m.base[i]/base) }
	for i := range m.items {
		if change(i) > change(best) {
			best = i
		}
	}
	return fmt.Sprintf("%s: %.1f %% → %.1f %%", m.items[best], m.base[best]/base*100, m.now[best]/now*100)
}
