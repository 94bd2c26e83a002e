package mechanism

import (
	"math/big"
	"math/bits"
)

// laplace draws from the discrete Laplace distribution of scale b, P(X = x) = (1−a)/(1+a)·a^|x| with a = exp(−1/b), for any
// rational b > 0, exactly.
//
// It follows Canonne, Kamath, Steinke 2020, Algorithm 2, with one change. They write b = t/s, draw a multiple of t and a
// remainder below t, and divide by s. We write X = q·V + U with q = ⌈b⌉, where U in [0, q) has weight exp(−U/b) and V is
// geometric with ratio exp(−q/b): the same distribution, but the numbers stay as small as b itself, whatever the numerator
// and denominator are (ε is in nano-units, so that t has 30 bits more than it need have).
//
//	U:  uniform in [0, q), accepted with probability exp(−U/b); U/b < 1 because q − 1 < b
//	V:  number of successes of Bernoulli(exp(−q/b)) before the first failure; q/b ≥ 1
//	sign: a coin; "minus zero" starts again
//
// Time: a draw takes a number of steps that depends on the drawn noise (mostly on V, expected 0.6) and on rejected candidates,
// never on the value that the noise is added to. An observer who could time single draws would learn something about the
// noise; answers leave on a clock's bucket, and a release draws many.
type laplace struct {
	b *big.Rat

	// Small: q < 2⁶³. U/b·2⁶⁴ is U·w/2^shift with w = ⌊2^(64+shift)/b⌋ in [2⁶³, 2⁶⁴), less than 2 too small:
	// the rounding of w costs U/2^shift < b/2^shift < 2.
	small bool
	q, w  uint64
	shift uint
	bigQ  *big.Int

	// q/b = step + stepRest. For a whole b they are 1 and 0.
	step     *big.Int
	stepWord uint64 // step, where it fits; else 0
	stepRest *ratio
	rest     fraction

	u uint64 // the candidate whose exponent is asked for
}

// newLaplace prepares a sampler for scale b > 0. A sampler serves one goroutine.
func newLaplace(b *big.Rat) *laplace {
	l := &laplace{b: b, bigQ: ceil(b)}
	step := new(big.Rat).Quo(new(big.Rat).SetInt(l.bigQ), b)
	rest := new(big.Int)
	l.step, rest = new(big.Int).QuoRem(step.Num(), step.Denom(), rest)
	if l.step.IsUint64() {
		l.stepWord = l.step.Uint64()
	}
	l.stepRest = &ratio{rest, step.Denom()}
	l.rest = l.stepRest.fraction()
	if l.bigQ.BitLen() > 63 {
		return l
	}
	l.small, l.q = true, l.bigQ.Uint64()
	if l.q == 1 {
		return l // U is always 0
	}
	inverse := new(big.Int)
	for l.shift = uint(max(l.bigQ.BitLen()-2, 0)); ; l.shift++ {
		inverse.Lsh(b.Denom(), 64+l.shift)
		if inverse.Quo(inverse, b.Num()).BitLen() == 64 {
			l.w = inverse.Uint64()
			return l
		}
	}
}

// draw sets z to a fresh sample and returns it.
func (l *laplace) draw(s *stream, z *big.Int) *big.Int {
	if !l.small {
		return l.drawBig(s, z)
	}
	magnitude, negative, ok := l.drawSmall(s)
	return l.join(z, magnitude, negative, ok)
}

// join sets z to the sample that drawSmall gave.
func (l *laplace) join(z *big.Int, magnitude uint64, negative, ok bool) *big.Int {
	z.SetUint64(magnitude)
	if !ok { // q·V + U has more than 64 bits; V is in magnitude
		z.Mul(z, l.bigQ)
		z.Add(z, new(big.Int).SetUint64(l.u))
	}
	if negative {
		z.Neg(z)
	}
	return z
}

// drawSmall gives |X| and its sign. ok is false if |X| does not fit: then it gives V, and U is in l.u.
func (l *laplace) drawSmall(s *stream) (magnitude uint64, negative, ok bool) {
	for {
		u := l.candidate(s)
		v := l.multiple(s)
		negative = s.coin()
		if negative && u == 0 && v == 0 {
			continue
		}
		high, low := bits.Mul64(v, l.q)
		sum, carry := bits.Add64(low, u, 0)
		if high != 0 || carry != 0 {
			l.u = u
			return v, negative, false
		}
		return sum, negative, true
	}
}

// candidate draws U.
func (l *laplace) candidate(s *stream) uint64 {
	if l.q == 1 {
		return 0
	}
	for {
		u := s.below(l.q)
		if u == 0 {
			return u
		}
		l.u = u
		if s.bernoulliExp(l.scaled(u), l) {
			return u
		}
	}
}

// scaled bounds u/b.
func (l *laplace) scaled(u uint64) fraction {
	high, low := bits.Mul64(u, l.w)
	lo := high<<(64-l.shift) | low>>l.shift
	hi := lo + 3
	if hi < lo {
		hi = 1<<64 - 1 // u/b < 1
	}
	return fraction{lo, hi}
}

// exact is u/b for the last candidate.
func (l *laplace) exact() *big.Rat {
	return new(big.Rat).Quo(new(big.Rat).SetInt(new(big.Int).SetUint64(l.u)), l.b)
}

// multiple draws V.
func (l *laplace) multiple(s *stream) uint64 {
	v := uint64(0)
	for l.oneStep(s) {
		v++
	}
	return v
}

// oneStep draws Bernoulli(exp(−q/b)).
func (l *laplace) oneStep(s *stream) bool {
	if l.stepWord != 0 {
		if !s.bernoulliExpWord(l.stepWord) {
			return false
		}
	} else if !s.bernoulliExpWhole(l.step) {
		return false
	}
	return l.stepRest.num.Sign() == 0 || s.bernoulliExp(l.rest, l.stepRest)
}

// drawBig is draw for scales of 2⁶³ and more.
func (l *laplace) drawBig(s *stream, z *big.Int) *big.Int {
	for {
		u := s.belowBig(l.bigQ)
		x := &ratio{new(big.Int).Mul(u, l.b.Denom()), l.b.Num()}
		if !s.bernoulliExp(x.fraction(), x) {
			continue
		}
		v := l.multiple(s)
		negative := s.coin()
		if negative && v == 0 && u.Sign() == 0 {
			continue
		}
		z.SetUint64(v)
		z.Mul(z, l.bigQ)
		z.Add(z, u)
		if negative {
			z.Neg(z)
		}
		return z
	}
}

// belowBig gives a uniform number in [0, n) by rejection: as many bits as n − 1 has.
func (s *stream) belowBig(n *big.Int) *big.Int {
	size := new(big.Int).Sub(n, big.NewInt(1)).BitLen()
	u, word := new(big.Int), new(big.Int)
	for {
		u.SetInt64(0)
		for have := 0; have < size; have += 64 {
			w := s.uint64()
			if left := size - have; left < 64 {
				w >>= 64 - uint(left)
			}
			u.Or(u, word.Lsh(word.SetUint64(w), uint(have)))
		}
		if u.Cmp(n) < 0 {
			return u
		}
	}
}

// ceil is ⌈x⌉ for x ≥ 0.
func ceil(x *big.Rat) *big.Int {
	n, rest := new(big.Int).QuoRem(x.Num(), x.Denom(), new(big.Int))
	if rest.Sign() > 0 {
		n.Add(n, big.NewInt(1))
	}
	return n
}
