package mechanism

import (
	"math/big"
	"math/bits"
)

// gaussian draws from the discrete Gaussian distribution, P(X = x) ∝ exp(−x²/(2σ²)) over the whole numbers, for any rational
// σ² > 0, exactly: Canonne, Kamath, Steinke 2020, Algorithm 3. A candidate Y is discrete Laplace of scale t = ⌊σ⌋ + 1 and is
// accepted with probability exp(−(|Y| − σ²/t)²/(2σ²)).
//
// As to time, what is said of laplace holds.
type gaussian struct {
	variance *big.Rat
	laplace  *laplace
	t        *big.Int

	// Fast path, for 1 ≤ σ² and t < 2⁶²: the exponent is κ·(|Y|/t − μ)² with μ = σ²/t² in (0, 1) and κ = t²/(2σ²) in (1/2, 2],
	// as fixed-point numbers that are rounded down: μ to 58 binary places, κ to 61.
	fast   bool
	mu, k  uint64
	tWord  uint64
	y      *big.Int // |Y| of the last candidate
	square *big.Rat // 2σ²
	shift  *big.Rat // σ²/t
}

const (
	muPlaces       = 58
	kappaPlaces    = 61
	exponentPlaces = 2*muPlaces - 64 + kappaPlaces - 64 // 49: what two high words of products keep
	maxFastMult    = 30                                 // |Y|/t beyond this takes the slow path, for lack of bits
)

// newGaussian prepares a sampler for variance σ² > 0. A sampler serves one goroutine.
func newGaussian(variance *big.Rat) *gaussian {
	floor := new(big.Int).Quo(variance.Num(), variance.Denom())
	t := floor.Sqrt(floor) // ⌊√⌊σ²⌋⌋ = ⌊σ⌋
	t.Add(t, big.NewInt(1))
	tRat := new(big.Rat).SetInt(t)
	g := &gaussian{
		variance: variance, t: t, laplace: newLaplace(tRat), y: new(big.Int),
		square: new(big.Rat).Add(variance, variance), shift: new(big.Rat).Quo(variance, tRat),
	}
	if t.BitLen() <= 62 && variance.Cmp(big.NewRat(1, 1)) >= 0 {
		tt := new(big.Rat).Mul(tRat, tRat)
		g.fast, g.tWord = true, t.Uint64()
		g.mu = fixed(new(big.Rat).Quo(variance, tt), muPlaces)
		g.k = fixed(new(big.Rat).Quo(tt, g.square), kappaPlaces)
	}
	return g
}

// fixed is ⌊x·2^places⌋.
func fixed(x *big.Rat, places uint) uint64 {
	n := new(big.Int).Lsh(x.Num(), places)
	return n.Quo(n, x.Denom()).Uint64()
}

// draw sets z to a fresh sample and returns it.
func (g *gaussian) draw(s *stream, z *big.Int) *big.Int {
	for {
		if !g.fast {
			g.laplace.draw(s, z)
			if g.y.Abs(z); g.acceptExact(s) {
				return z
			}
			continue
		}
		magnitude, negative, ok := g.laplace.drawSmall(s)
		if ok && g.acceptSmall(s, magnitude) {
			return g.laplace.join(z, magnitude, negative, ok)
		}
		if !ok { // more than 64 bits
			g.laplace.join(z, magnitude, negative, ok)
			if g.y.Abs(z); g.acceptExact(s) {
				return z
			}
		}
	}
}

// acceptSmall draws Bernoulli(exp(−x)) for the candidate |Y| = y.
func (g *gaussian) acceptSmall(s *stream, y uint64) bool {
	g.y.SetUint64(y)
	whole, rest, ok := g.bound(y)
	if !ok {
		return g.acceptExact(s)
	}
	return s.bernoulliExpWord(whole) && s.bernoulliExp(rest, g)
}

// bound gives x as a whole number and a fraction; !ok where the fixed-point numbers cannot tell the whole number.
func (g *gaussian) bound(y uint64) (whole uint64, rest fraction, ok bool) {
	v, u := y/g.tWord, y%g.tWord
	if v >= maxFastMult {
		return 0, fraction{}, false
	}
	part, _ := bits.Div64(u>>(64-muPlaces), u<<muPlaces, g.tWord)
	place := v<<muPlaces | part // ⌊|Y|/t·2⁵⁸⌋
	// |Y|/t − μ is within one last place of the difference of the rounded numbers.
	distance := place - g.mu
	if place < g.mu {
		distance = g.mu - place
	}
	near, far := distance, distance+1
	if near > 0 {
		near--
	}
	h, _ := bits.Mul64(near, near)
	lo, _ := bits.Mul64(h, g.k)
	h, _ = bits.Mul64(far, far)
	hi, _ := bits.Mul64(h+1, g.k+1)
	hi++

	const up = 64 - exponentPlaces
	whole = lo >> exponentPlaces
	return whole, fraction{lo << up, hi << up}, hi>>exponentPlaces == whole
}

// acceptExact is acceptSmall for any candidate, which is in g.y.
func (g *gaussian) acceptExact(s *stream) bool { return s.bernoulliExpRat(g.exponent()) }

// exponent is x = (|Y| − σ²/t)²/(2σ²).
func (g *gaussian) exponent() *big.Rat {
	x := new(big.Rat).SetInt(g.y)
	x.Sub(x, g.shift)
	x.Mul(x, x)
	return x.Quo(x, g.square)
}

// exact is the fraction of x.
func (g *gaussian) exact() *big.Rat {
	x := g.exponent()
	whole := new(big.Int).Quo(x.Num(), x.Denom())
	return x.Sub(x, new(big.Rat).SetInt(whole))
}
