package heads

import "math"

// chain is the linear-chain conditional random field over the tags of a text: Lafferty, McCallum and Pereira 2001, "Conditional Random Fields:
// Probabilistic Models for Segmenting and Labeling Sequence Data". The score of a tag sequence is the sum of its tags' logits and of the transitions between
// neighbours; sequences with an illegal transition have no probability. What may begin a text is what may follow tag 0.
//
// Forward and backward sums are scaled to 1 at each token (Rabiner 1989), so that nothing over- or underflows.
type chain struct {
	tags        int
	legal       [][]bool
	step        []float64 // exp of the legal transitions, tags × tags, 0 = illegal
	emit        []float64 // tokens × tags: exp of logits less their largest
	alpha, beta []float64
	scale       []float64 // a token
	next        []float64 // scratch: emit·beta of the token after
}

// refresh takes over the transitions; it must be called when they have changed.
func (c *chain) refresh(transitions []float32) {
	c.step = resize64(c.step, c.tags*c.tags)
	for a := range c.tags {
		for b := range c.tags {
			if i := a*c.tags + b; c.legal[a][b] {
				c.step[i] = math.Exp(float64(transitions[i]))
			} else {
				c.step[i] = 0
			}
		}
	}
}

// loss returns −log p of the gold tags and replaces the logits (tokens × tags) by their gradient; dTransitions is added to. A text whose own tags are
// illegal has no probability under any weights: it is told by ok = false, and nothing is changed.
func (c *chain) loss(logits []float32, gold []int, transitions, dTransitions []float32) (loss float64, ok bool) {
	for t, b := range gold {
		if a := before(gold, t); !c.legal[a][b] {
			return 0, false
		}
	}
	z := c.forward(logits, len(gold))
	c.backward(len(gold))
	score := 0.0
	for t, b := range gold {
		score += float64(logits[t*c.tags+b])
		if t > 0 {
			i := gold[t-1]*c.tags + b
			score += float64(transitions[i])
			dTransitions[i]--
			c.expect(t, dTransitions)
		}
	}
	for i := range logits[:len(gold)*c.tags] {
		logits[i] = float32(c.alpha[i] * c.beta[i])
	}
	for t, b := range gold {
		logits[t*c.tags+b]--
	}
	return z - score, true
}

// before is the tag before token t; a text begins as after tag 0.
func before(gold []int, t int) int {
	if t == 0 {
		return 0
	}
	return gold[t-1]
}

// forward fills emit, alpha and scale, and returns the logarithm of the sum over all legal sequences.
func (c *chain) forward(logits []float32, tokens int) (logZ float64) {
	n := c.tags
	c.emit, c.alpha, c.scale = resize64(c.emit, tokens*n), resize64(c.alpha, tokens*n), resize64(c.scale, tokens)
	for t := range tokens {
		row, emit, alpha := logits[t*n:(t+1)*n], c.emit[t*n:(t+1)*n], c.alpha[t*n:(t+1)*n]
		c.reach(t, alpha)
		peak := math.Inf(-1) // of the tags that can stand here: others may be far above them
		for b, v := range row {
			if alpha[b] > 0 {
				peak = max(peak, float64(v))
			}
		}
		sum := 0.0
		for b, v := range row {
			if emit[b] = 0; alpha[b] > 0 {
				emit[b] = math.Exp(float64(v) - peak)
			}
			alpha[b] *= emit[b]
			sum += alpha[b]
		}
		for b := range alpha {
			alpha[b] /= sum
		}
		c.scale[t] = sum
		logZ += peak + math.Log(sum)
	}
	return logZ
}

// reach sets in to the sum over what may stand before token t, without its own logits.
func (c *chain) reach(t int, in []float64) {
	n := c.tags
	for b := range in {
		if in[b] = 0; t == 0 && c.legal[0][b] {
			in[b] = 1
		}
	}
	if t == 0 {
		return
	}
	for a, p := range c.alpha[(t-1)*n : t*n] {
		for b, s := range c.step[a*n : (a+1)*n] {
			in[b] += p * s
		}
	}
}

// backward fills beta: alpha·beta is then the probability of each tag.
func (c *chain) backward(tokens int) {
	n := c.tags
	c.beta, c.next = resize64(c.beta, tokens*n), resize64(c.next, n)
	for t := tokens - 1; t >= 0; t-- {
		beta := c.beta[t*n : (t+1)*n]
		if t == tokens-1 {
			for a := range beta {
				beta[a] = 1
			}
			continue
		}
		for b := range c.next {
			c.next[b] = c.emit[(t+1)*n+b] * c.beta[(t+1)*n+b] / c.scale[t+1]
		}
		for a := range beta {
			beta[a] = dot64(c.step[a*n:(a+1)*n], c.next)
		}
	}
}

// expect adds the probability of each transition into token t.
func (c *chain) expect(t int, d []float32) {
	n := c.tags
	for b := range n {
		c.next[b] = c.emit[t*n+b] * c.beta[t*n+b] / c.scale[t]
	}
	for a, p := range c.alpha[(t-1)*n : t*n] {
		for b, v := range c.next {
			d[a*n+b] += float32(p * c.step[a*n+b] * v)
		}
	}
}

func dot64(a, b []float64) float64 {
	sum := 0.0
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
}

func resize64(s []float64, n int) []float64 {
	if cap(s) < n {
		return make([]float64, n)
	}
	return s[:n]
}
