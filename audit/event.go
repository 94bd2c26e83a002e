package audit

import (
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
)

// Found is what the answers of two databases prove.
type Found struct {
	Epsilon float64 // at least, but for the given odds; 0 proves nothing
	Event   string  // its kind; where the line was drawn is not told
}

// event is a question with the answer yes or no about one answer.
type event struct {
	kind string
	is   func(f features) bool
}

// compare bounds ε from below by the answers of two neighbouring databases. Half of them choose the event, the other
// half prove: the result is too high with probability at most odds.
//
// aims are columns of which the true values are known; they only choose.
func compare(a, b []sampled, c claim, odds float64, aims []aim) Found {
	chooseA, proveA := halves(extract(a))
	chooseB, proveB := halves(extract(b))
	best, score, flip := event{}, 0.0, false
	for _, e := range events(chooseA, chooseB, aims) {
		ka, kb := count(e, chooseA), count(e, chooseB)
		for _, turn := range []bool{false, true} {
			x, n, y, m := ka, len(chooseA), kb, len(chooseB)
			if turn {
				x, n, y, m = y, m, x, n
			}
			for _, not := range []bool{false, true} {
				if not {
					x, y = n-x, m-y
				}
				if s := c.proves(guess(x, n, -1), guess(y, m, 1)); s > score {
					score, flip = s, turn
					best = e
					if not {
						yes := e.is
						best = event{"not " + e.kind, func(f features) bool { return !yes(f) }}
					}
				}
			}
		}
	}
	if best.is == nil {
		return Found{Event: "none"}
	}
	if flip {
		proveA, proveB = proveB, proveA
	}
	low := lower(count(best, proveA), len(proveA), odds/2)
	high := upper(count(best, proveB), len(proveB), odds/2)
	return Found{Epsilon: c.proves(low, high), Event: best.kind}
}

func halves(f []features) (first, second []features) {
	for i := range f {
		if i%2 == 0 {
			first = append(first, f[i])
		} else {
			second = append(second, f[i])
		}
	}
	return first, second
}

func count(e event, in []features) (n int) {
	for _, f := range in {
		if e.is(f) {
			n++
		}
	}
	return n
}

// guess is about where a Clopper–Pearson bound lies, cheaply: Wilson's interval at six standard deviations.
func guess(k, n int, side float64) float64 {
	const z2 = 36
	p, m := float64(k)/float64(n), float64(n)
	mid := (p + z2/(2*m)) / (1 + z2/m)
	half := math.Sqrt(z2*(p*(1-p)/m+z2/(4*m*m))) / (1 + z2/m)
	return min(max(mid+side*half, 1e-12), 1)
}

// features are what can be asked of one answer: numbers by name, and texts.
type features struct {
	numbers map[string]float64
	texts   map[string]string
}

// extract reads answers: each cell is named by its row and column. A row is named by its texts that are no numbers, where
// they name it alone in its answer, else by its place.
func extract(in []sampled) []features {
	out := make([]features, len(in))
	for i, rows := range in {
		f := features{numbers: map[string]float64{"rows": float64(len(rows))}, texts: map[string]string{}}
		seen := map[string]bool{}
		for place, row := range rows {
			name := rowName(row)
			if name == "" || seen[name] {
				name = fmt.Sprint("#", place)
			}
			seen[name] = true
			f.numbers["present "+name] = 1
			for column, cell := range row {
				key := fmt.Sprintf("column %d of %s", column+1, name)
				if cell == nil {
					f.texts[key] = "\x00NULL"
					continue
				}
				f.texts[key] = *cell
				if x, err := strconv.ParseFloat(*cell, 64); err == nil && !math.IsNaN(x) && !math.IsInf(x, 0) {
					f.numbers[key] = x
				}
			}
		}
		out[i] = f
	}
	return out
}

func rowName(row []*string) string {
	var parts []string
	for _, c := range row {
		if c == nil {
			parts = append(parts, "NULL")
		} else if _, err := strconv.ParseFloat(*c, 64); err != nil {
			parts = append(parts, strconv.Quote(*c))
		}
	}
	return strings.Join(parts, " ")
}

// maxNames bounds the cells that are looked at: those that differ most between the two databases.
const maxNames = 40

// events lists the candidates that the choosing halves suggest.
func events(a, b []features, aims []aim) []event {
	names := numberNames(a, b)
	var out []event
	for _, name := range names {
		out = append(out, numberEvents(name, a, b)...)
		out = append(out, latticeEvents(name, a, b)...)
	}
	out = append(out, textbookEvents(names, aims)...)
	out = append(out, textEvents(a, b)...)
	return append(out, classifier(names, a, b)...)
}

// numberNames are the numbers, those first whose means lie farthest apart.
func numberNames(a, b []features) []string {
	apart := map[string]float64{}
	for _, side := range [][]features{a, b} {
		for _, f := range side {
			for name := range f.numbers {
				apart[name] = 0
			}
		}
	}
	names := make([]string, 0, len(apart))
	for name := range apart {
		m, v := moments(name, a)
		n, w := moments(name, b)
		apart[name] = math.Abs(m-n) / math.Sqrt(v+w+1e-300)
		names = append(names, name)
	}
	sort.Slice(names, func(i, j int) bool {
		if apart[names[i]] != apart[names[j]] {
			return apart[names[i]] > apart[names[j]]
		}
		return names[i] < names[j]
	})
	return names[:min(len(names), maxNames)]
}

// moments are mean and variance; a missing number is 0.
func moments(name string, in []features) (mean, variance float64) {
	for _, f := range in {
		mean += f.numbers[name] / float64(len(in))
	}
	for _, f := range in {
		d := f.numbers[name] - mean
		variance += d * d / float64(len(in))
	}
	return mean, variance
}

// numberEvents are half lines, single outcomes, residues and low bits of one number.
func numberEvents(name string, a, b []features) []event {
	values := pooled(name, a, b)
	if len(values) == 0 {
		return nil
	}
	if strings.HasPrefix(name, "present ") {
		return []event{{"a group is present", func(f features) bool { return f.numbers[name] > 0 }}}
	}
	var out []event
	for i := 1; i < 40; i++ {
		t := values[i*len(values)/40]
		out = append(out, event{"half line", func(f features) bool { x, ok := f.numbers[name]; return ok && x <= t }})
	}
	for _, v := range commonest(values, 30) {
		out = append(out, event{"single outcome", func(f features) bool { x, ok := f.numbers[name]; return ok && x == v }})
	}
	for _, m := range []float64{2, 3, 4, 5, 7, 10, 16} {
		for r := range int(min(m, 4)) {
			out = append(out, event{"residue", func(f features) bool {
				x, ok := f.numbers[name]
				return ok && x == math.Trunc(x) && math.Mod(math.Abs(x), m) == float64(r)
			}})
		}
	}
	for bit := range 8 {
		out = append(out, event{"low bit", func(f features) bool {
			x, ok := f.numbers[name]
			return ok && math.Float64bits(x)>>bit&1 == 1
		}})
	}
	return append(out, event{"whole number", func(f features) bool { x, ok := f.numbers[name]; return ok && x == math.Trunc(x) }})
}

func pooled(name string, sides ...[]features) []float64 {
	var out []float64
	for _, side := range sides {
		for _, f := range side {
			if x, ok := f.numbers[name]; ok {
				out = append(out, x)
			}
		}
	}
	sort.Float64s(out)
	return out
}

// commonest are up to n of the values that occur most often; values are sorted.
func commonest(values []float64, n int) []float64 {
	type run struct {
		v float64
		n int
	}
	var runs []run
	for _, v := range values {
		if len(runs) > 0 && runs[len(runs)-1].v == v {
			runs[len(runs)-1].n++
			continue
		}
		runs = append(runs, run{v, 1})
	}
	sort.SliceStable(runs, func(i, j int) bool { return runs[i].n > runs[j].n })
	var out []float64
	for _, r := range runs[:min(n, len(runs))] {
		out = append(out, r.v)
	}
	return out
}

// textEvents are the length, the last character and the presence of texts.
func textEvents(a, b []features) []event {
	seen := map[string]map[string]int{}
	for _, side := range [][]features{a, b} {
		for _, f := range side {
			for name, text := range f.texts {
				if seen[name] == nil && len(seen) >= maxNames {
					continue
				}
				if seen[name] == nil {
					seen[name] = map[string]int{}
				}
				seen[name][text]++
			}
		}
	}
	var out []event
	for name, texts := range seen {
		lengths, ends := map[int]bool{}, map[byte]bool{}
		for text := range texts {
			lengths[len(text)] = true
			if text != "" {
				ends[text[len(text)-1]] = true
			}
		}
		for n := range lengths {
			out = append(out, event{"length of a text", func(f features) bool { t, ok := f.texts[name]; return ok && len(t) == n }})
		}
		for c := range ends {
			out = append(out, event{"last character", func(f features) bool { t := f.texts[name]; return t != "" && t[len(t)-1] == c }})
		}
		if len(texts) > 40 {
			continue
		}
		for text := range texts {
			out = append(out, event{"a text", func(f features) bool { t, ok := f.texts[name]; return ok && t == text }})
		}
	}
	return out
}

// classifier looks at all numbers together: half lines of the direction in which the means differ, each in the size of its noise; and
// the same with each number cut off at the two means, which is the best that can be done against Laplace noise.
func classifier(names []string, a, b []features) []event {
	type weighed struct {
		name              string
		weight, low, high float64
	}
	var weights []weighed
	for _, name := range names {
		m, v := moments(name, a)
		n, w := moments(name, b)
		if v+w > 0 && m != n {
			weights = append(weights, weighed{name, (m - n) / (v + w), min(m, n), max(m, n)})
		}
	}
	var out []event
	for _, cut := range []bool{false, true} {
		score := func(f features) (s float64) {
			for _, w := range weights {
				x := f.numbers[w.name]
				if !cut {
					s += w.weight * x
					continue
				}
				// The logarithm of the odds: the part of the way between the means, in the size of the noise.
				x = (min(max(x, w.low), w.high) - w.low) / (w.high - w.low)
				s += math.Copysign(x*math.Sqrt(math.Abs(w.weight)*(w.high-w.low)), w.weight)
			}
			return s
		}
		var all []float64
		for _, side := range [][]features{a, b} {
			for _, f := range side {
				all = append(all, score(f))
			}
		}
		sort.Float64s(all)
		for i := 1; i < 30; i++ {
			t := all[i*len(all)/30]
			out = append(out, event{"linear classifier", func(f features) bool { return score(f) <= t }})
		}
	}
	return out
}
