package parses

import (
	"context"
	"strconv"
	"time"

	"yingda/dialogue"
	"yingda/models"
	"yingda/nlu"
)

// Run writes until ctx is done, then what is ready.
func (r *Recorder) Run(ctx context.Context) error {
	tick := time.NewTicker(r.o.CountEvery)
	defer tick.Stop()
	w := writer{r: r}
	for {
		select {
		case req := <-r.ready:
			w.take(ctx, req)
			w.linger(ctx)
			w.flush(ctx)
		case <-tick.C:
			w.writeCounts(ctx)
		case <-ctx.Done():
			w.rest(ctx)
			return nil
		}
	}
}

// writer is one call of Run.
type writer struct {
	r    *Recorder
	pack []dialogue.Parsed
	of   []countKey           // which count each text of pack belongs to
	late *dialogue.ParsedPack // of counts, that the log has not taken yet; nil = none
	last time.Time            // when a pack of texts was written
}

// linger takes what comes soon: a little after a pause, more while many come.
func (w *writer) linger(ctx context.Context) {
	if len(w.pack) == 0 {
		return
	}
	t := time.NewTimer(max(w.r.o.Linger, w.r.o.Breath-time.Since(w.last)))
	defer t.Stop()
	for len(w.pack) > 0 {
		select {
		case req := <-w.r.ready:
			w.take(ctx, req)
		case <-t.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// rest writes what is ready, without waiting for more.
func (w *writer) rest(ctx context.Context) {
	for {
		select {
		case req := <-w.r.ready:
			w.take(ctx, req)
		default:
			w.flush(ctx)
			w.writeCounts(ctx)
			return
		}
	}
}

// take counts the texts of a request and packs those to be kept.
func (w *writer) take(ctx context.Context, req request) {
	r := w.r
	for place, a := range req.as {
		keep := r.wanted(a) && (r.o.Sample >= 1 || r.draw.Float64() < r.o.Sample)
		r.mu.Lock()
		r.count(&req, a)
		if !keep {
			r.stats.PassedOver++
		}
		r.mu.Unlock()
		if !keep {
			continue
		}
		w.pack, w.of = append(w.pack, r.parsed(&req, place, a)), append(w.of, keyOf(&req, a))
		if len(w.pack) == mostTexts {
			w.flush(ctx)
		}
	}
	r.waiting.Add(-int64(len(req.as)))
}

// parsed is what is kept of a text.
func (r *Recorder) parsed(req *request, place int, a *nlu.Analysis) dialogue.Parsed {
	p := dialogue.Parsed{
		Request: req.id, Place: place, Tenant: req.from.Tenant, Channel: req.from.Channel, Time: req.at, Redacted: r.o.Redact.Text(a.Text, a.Entities),
		Lang: a.Language, Intents: []nlu.Prediction{}, Ranking: a.Ranking[:min(kept, len(a.Ranking))], OOS: a.OOS, Entities: []string{}, Bundle: a.Bundle,
		Emotion: dialogue.Reaction{Label: a.Emotion.Label, Intensity: a.Emotion.Intensity}, Millis: float64(a.Timing.Total.Microseconds()) / 1000, Share: r.o.Sample,
	}
	if req.from.Customer != "" {
		p.Customer = r.o.Log.Alias(req.from.Tenant, req.from.Customer)
	}
	for _, in := range a.Intents {
		p.Intents = append(p.Intents, in.Prediction)
	}
	for _, ent := range a.Entities {
		p.Entities = append(p.Entities, ent.Type)
	}
	return p
}

// flush writes the pack that was begun.
func (w *writer) flush(ctx context.Context) {
	if len(w.pack) == 0 {
		return
	}
	err := w.r.append(ctx, w.r.named(&dialogue.ParsedPack{Parses: w.pack}))
	w.last = time.Now()
	w.r.mu.Lock()
	defer w.r.mu.Unlock()
	for _, k := range w.of {
		c := w.r.countOf(k)
		if err == nil {
			c.Kept++
		} else {
			c.Dropped++
		}
	}
	if n := int64(len(w.pack)); err == nil {
		w.r.stats.Kept += n
	} else {
		w.r.stats.Dropped += n
		w.r.warn("texts that were only analysed are not noted: the log does not take them", err)
	}
	w.pack, w.of = nil, w.of[:0]
}

// named gives a pack its id.
func (r *Recorder) named(p *dialogue.ParsedPack) *dialogue.ParsedPack {
	r.packs++
	p.ID = r.boot + "-" + strconv.FormatUint(r.packs, 36)
	return p
}

// append writes a pack. Its end does not cut a write off.
func (r *Recorder) append(ctx context.Context, p *dialogue.ParsedPack) error {
	writing, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTime)
	defer cancel()
	err := r.o.Log.AppendParses(writing, p)
	if err == nil {
		r.mu.Lock()
		r.stats.Packs++
		r.mu.Unlock()
	}
	return err
}

// countKey is what texts are counted by.
type countKey struct {
	tenant, channel string
	lang            nlu.Lang
	bundle          models.BundleID
}

func keyOf(req *request, a *nlu.Analysis) countKey {
	return countKey{req.from.Tenant, req.from.Channel, a.Language, a.Bundle}
}

// countOf returns the count of a key since the last was written. The caller holds mu.
func (r *Recorder) countOf(k countKey) *dialogue.ParsedCount {
	c := r.counts[k]
	if c == nil {
		c = &dialogue.ParsedCount{Tenant: k.tenant, Channel: k.channel, Lang: k.lang, Bundle: k.bundle, Time: r.o.Now()}
		r.counts[k] = c
		r.order = append(r.order, k)
	}
	return c
}

// count counts a text. The caller holds mu.
func (r *Recorder) count(req *request, a *nlu.Analysis) *dialogue.ParsedCount {
	c := r.countOf(keyOf(req, a))
	if req.at.Before(c.Time) {
		c.Time = req.at
	}
	c.Texts++
	r.stats.Texts++
	if len(a.Intents) > 0 {
		c.Understood++
		r.stats.Understood++
		if dialogue.Unsure(a.Ranking) {
			c.Unsure++
			r.stats.Unsure++
		}
	}
	return c
}

// writeCounts writes the counts. A pack that the log did not take, or may have taken, is written again as it is before any other: the log knows it
// by its id, so that nothing counts twice.
func (w *writer) writeCounts(ctx context.Context) {
	for {
		if w.late == nil {
			counts := w.r.takeCounts()
			if len(counts) == 0 {
				return
			}
			w.late = w.r.named(&dialogue.ParsedPack{Counts: counts})
		}
		if err := w.r.append(ctx, w.late); err != nil {
			w.r.mu.Lock()
			defer w.r.mu.Unlock()
			w.r.warn("counts of texts that were only analysed wait: the log does not take them", err)
			return
		}
		w.late = nil
	}
}

func (r *Recorder) takeCounts() (counts []dialogue.ParsedCount) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := min(len(r.order), mostCounts)
	for _, k := range r.order[:n] {
		counts = append(counts, *r.counts[k])
		delete(r.counts, k)
	}
	r.order = append([]countKey(nil), r.order[n:]...)
	return counts
}
