package abtest

// CupedSums are a number per unit with the same unit's number from before the experiment.
type CupedSums struct {
	Post  Sums    `json:"post"`
	Pre   Sums    `json:"pre"`   // 0 for units that were not seen before
	Cross float64 `json:"cross"` // sum of post · pre
	// Binary says that both are 0 or 1, so that population variances are used as in [Proportion].
	Binary bool `json:"binary,omitempty"`
}

// Add counts a unit.
func (c *CupedSums) Add(post, pre float64) { c.Post.Add(post); c.Pre.Add(pre); c.Cross += post * pre }

func (c CupedSums) moments() (vy, vx, cov float64) {
	vy, vx, cov = c.Post.variance(), c.Pre.variance(), covariance(c.Post.N, c.Post.Sum, c.Pre.Sum, c.Cross)
	if c.Binary && c.Post.N > 1 {
		k := (c.Post.N - 1) / c.Post.N
		vy, vx, cov = vy*k, vx*k, cov*k
	}
	return vy, vx, cov
}

// CUPED reduces two arms with θ = cov/var over both arms together (Deng et al., WSDM 2013), which cuts the variance by the squared correlation
// of before and after. It returns the estimates and θ; with nothing known before, θ is 0 and they are those of [Mean] or [Proportion].
func CUPED(control, treatment CupedSums) (a, b Estimate, theta float64) {
	joint := CupedSums{control.Post.Plus(treatment.Post), control.Pre.Plus(treatment.Pre), control.Cross + treatment.Cross, control.Binary}
	vy, vx, cov := joint.moments()
	if vx > 0 && vy > 0 {
		theta = cov / vx
	}
	return control.adjust(theta), treatment.adjust(theta), theta
}

func (c CupedSums) adjust(theta float64) Estimate {
	vy, vx, cov := c.moments()
	return adjusted(c.Post.N, c.Post.mean(), c.Pre.mean(), vy, vx, cov, theta)
}

// adjusted makes the estimate y − θx.
func adjusted(n, y, x, vy, vx, cov, theta float64) Estimate {
	e := plain(n, y, vy)
	e.Value = y - theta*x
	e.Cov, e.CovarSq = theta*cov, theta*theta*vx
	e.Var = max(0, e.RawVar-2*e.Cov+e.CovarSq)
	return e
}

// CupedRatioSums are a ratio's sums with those of the time before, of the same units.
type CupedRatioSums struct {
	Post, Pre RatioSums
	// Sums of products of a unit's: numerators, denominators, numerator after · denominator before, denominator after · numerator before.
	NumNum, DenDen, NumDen, DenNum float64
}

// Add counts a unit.
func (c *CupedRatioSums) Add(num, den, numBefore, denBefore float64) {
	c.Post.Add(num, den)
	c.Pre.Add(numBefore, denBefore)
	c.NumNum += num * numBefore
	c.DenDen += den * denBefore
	c.NumDen += num * denBefore
	c.DenNum += den * numBefore
}

// moments returns the ratios after and before, their variances and their covariance, all by the delta method.
func (c CupedRatioSums) moments() (y, x, vy, vx, cov float64) {
	n, m, d, p, q := c.Post.Num.N, c.Post.Num.mean(), c.Post.Den.mean(), c.Pre.Num.mean(), c.Pre.Den.mean()
	if d == 0 || n <= 1 {
		return 0, 0, 0, 0, 0
	}
	post := Ratio(c.Post)
	if q == 0 {
		return post.Value, 0, post.Var, 0, 0
	}
	pre := Ratio(c.Pre)
	mp := covariance(n, c.Post.Num.Sum, c.Pre.Num.Sum, c.NumNum)
	mq := covariance(n, c.Post.Num.Sum, c.Pre.Den.Sum, c.NumDen)
	dp := covariance(n, c.Post.Den.Sum, c.Pre.Num.Sum, c.DenNum)
	dq := covariance(n, c.Post.Den.Sum, c.Pre.Den.Sum, c.DenDen)
	// gradients: of m/d (1/d, −m/d²), of p/q (1/q, −p/q²)
	cov = mp/(d*q) - mq*p/(d*q*q) - dp*m/(d*d*q) + dq*m*p/(d*d*q*q)
	return post.Value, pre.Value, post.Var, pre.Var, cov
}

// CUPEDRatio is [CUPED] for ratios, with θ = Σ cov / Σ var over the arms.
func CUPEDRatio(control, treatment CupedRatioSums) (a, b Estimate, theta float64) {
	ya, xa, vya, vxa, ca := control.moments()
	yb, xb, vyb, vxb, cb := treatment.moments()
	// An arm without any past would be shifted by the other's: then nothing is adjusted.
	if vxa > 0 && vxb > 0 {
		theta = (ca + cb) / (vxa + vxb)
	}
	a, b = adjusted(control.Post.Num.N, ya, xa, vya, vxa, ca, theta), adjusted(treatment.Post.Num.N, yb, xb, vyb, vxb, cb, theta)
	a.ofRatio, b.ofRatio = true, true
	return a, b, theta
}
