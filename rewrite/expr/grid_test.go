package expr

import (
	"math/big"
	"strings"
	"testing"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
)

// checkGrid puts an expression on its grid and compares both whole numbers with the values that were read: within [0, G]
// and [L/step, U/step], half a step from the value, and apart by L/step. It returns 1 if there is a grid.
func (h *harness) checkGrid(name string, d Dialect, e Expr, values []*string, table string) int {
	h.t.Helper()
	return h.checkGridWithin(name, d, e, values, table, 0)
}

func (h *harness) checkGridWithin(name string, d Dialect, e Expr, values []*string, table string, bits int) int {
	h.t.Helper()
	g, err := GridWithin(e, 5, bits)
	if err != nil {
		return 0
	}
	if most := int64(1<<bits + 2); bits > 0 && g.G.Cmp(big.NewInt(most)) > 0 {
		h.t.Errorf("%s: a grid of %d bits has %s steps", name, bits, g.G)
	}
	normal, err := h.run(d, g.Normal(), table)
	if err != nil {
		h.t.Errorf("%s: %s fails on the grid: %.300v\n%.2000s", name, d, err, Text(g.Normal(), d))
		return 1
	}
	plain, err := h.run(d, g.Plain(), table)
	if err != nil {
		h.t.Errorf("%s: %s fails on the plain grid: %.300v\n%.2000s", name, d, err, Text(g.Plain(), d))
		return 1
	}
	for i, v := range values {
		if (v == nil) != (normal[i] == nil) || (v == nil) != (plain[i] == nil) {
			h.t.Errorf("%s, row %q: %s gives %s, on the grid %s and %s", name, brief(h.rows[table][i]), d, show(v), show(normal[i]), show(plain[i]))
			return 1
		}
		if v == nil {
			continue
		}
		if what := g.wrong(e, *v, *normal[i], *plain[i], d); what != "" {
			h.t.Errorf("%s, row %q: %s gives %s, normal %s, plain %s: %s\nL %s U %s step %s\n%.2000s", name, brief(h.rows[table][i]), d, *v, *normal[i], *plain[i],
				what, ratText(g.Lower), ratText(g.Upper), ratText(g.Step), Text(g.Normal(), d))
			return 1
		}
	}
	return 1
}

func (g Gridded) wrong(e Expr, value, normal, plain string, d Dialect) string {
	n, ok1 := new(big.Int).SetString(normal, 10)
	p, ok2 := new(big.Int).SetString(plain, 10)
	if !ok1 || !ok2 {
		return "no whole numbers"
	}
	if n.Sign() < 0 || n.Cmp(g.G) > 0 {
		return "the normal value is outside [0, " + g.G.String() + "]"
	}
	if new(big.Int).Abs(p).Cmp(g.PlainMax()) > 0 {
		return "the plain value is larger than " + g.PlainMax().String()
	}
	shift := new(big.Rat).Quo(g.Lower, g.Step)
	apart := new(big.Rat).SetInt(new(big.Int).Sub(p, n))
	if !shift.IsInt() {
		return "the lower bound is not on the grid"
	}
	slack := rat(0)
	if !g.exact {
		slack = rat(1) // rounded each for itself
	}
	if off := apart.Sub(apart, shift); off.Abs(off).Cmp(slack) > 0 {
		return "plain and normal are not apart by the lower bound"
	}
	t := catalog.Of(num)
	if e.Type().IsFloat() || strings.Contains(value, "e") {
		t = floatType(e.Type())
	}
	x, err := catalog.ToRat(t, value)
	if err != nil {
		return "the value cannot be read"
	}
	// Half a step, and what the doubles of the calculation lose.
	near := new(big.Rat).Mul(g.Step, big.NewRat(51, 100))
	if g.exact {
		near = rat(0)
	} else {
		if g.Step.Cmp(rat(1)) > 0 {
			near.Add(near, big.NewRat(1, 2)) // rounded before it is scaled, too
		}
		near.Add(near, new(big.Rat).Mul(new(big.Rat).Abs(x), pow2(-48)))
	}
	if off := new(big.Rat).Sub(x, new(big.Rat).Mul(new(big.Rat).SetInt(p), g.Step)); off.Abs(off).Cmp(near) > 0 {
		return "the plain value is not the value"
	}
	return ""
}

// floatType is the float type that a number is read as.
func floatType(t catalog.Type) catalog.Type {
	if t.Kind == f4 {
		return t
	}
	return catalog.Of(f8)
}

// Each numeric type on its grid, over its worst values, on both engines.
func TestGrid(t *testing.T) {
	h := newHarness(t)
	for _, name := range []string{"int2", "int4", "int8", "numeric(10,2)", "numeric(38,20)", "numeric", "float4", "float8"} {
		types := []catalog.Type{named(t, name)}
		table := h.table(types)
		for profile := 1; profile < 4; profile++ {
			e := columnsFor(types, profile)[0]
			for _, d := range []Dialect{PostgreSQL, DuckDB} {
				values, err := h.run(d, e, table)
				if err != nil {
					t.Fatal(err)
				}
				if h.checkGrid(name, d, e, values, table) == 0 {
					t.Errorf("%s has no grid", name)
				}
				for _, bits := range []int{5, 14, 29} {
					h.checkGridWithin(name+" coarse", d, e, values, table, bits)
				}
			}
		}
	}
}

func TestGridSteps(t *testing.T) {
	bounded := func(name, lo, hi string) Expr {
		c := Column{Alias: "w", Name: "x", Typ: named(t, name), Dom: Domain{Nullable: true}, Clamp: true}
		c.Dom.Lo, _ = catalog.ToRat(plain(c.Typ), lo)
		c.Dom.Hi, _ = catalog.ToRat(plain(c.Typ), hi)
		return c
	}
	for _, c := range []struct {
		name, lo, hi, step, g string
	}{
		{"int4", "0", "110", "1", "110"},
		{"int8", "-5", "5", "1", "10"},
		{"numeric(10,2)", "0", "99.99", "1/100", "9999"},
		{"float8", "0", "1", "1/536870912", "536870912"}, // 2^29
		{"float8", "0", "100", "1/8388608", "838860800"}, // 100·2^23 lies in [2^29, 2^30)
		{"float8", "-1e9", "1e9", "4", "500000000"},      // 2e9/4 would be below 2^29
		{"float8", "5", "5", "1/134217728", "0"},
	} {
		g, err := Grid(bounded(c.name, c.lo, c.hi), 10)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if g.Step.RatString() != c.step && c.hi != "1e9" || g.G.String() != c.g && c.hi != "1e9" {
			t.Errorf("%s [%s, %s]: step %s, G %s, want %s and %s", c.name, c.lo, c.hi, g.Step.RatString(), g.G, c.step, c.g)
		}
		if width := new(big.Int).Sub(g.G, big.NewInt(0)); c.name == "float8" && c.hi != c.lo && (width.BitLen() != 30) {
			t.Errorf("%s [%s, %s]: G %s is not in [2^29, 2^30)", c.name, c.lo, c.hi, g.G)
		}
	}
}

func TestGridRefusals(t *testing.T) {
	for _, c := range []struct {
		e    Expr
		code refusal.Code
		hint string
	}{
		{unbounded("age", catalog.Of(i4)), refusal.NotSupported, "Write least(greatest(age, 0), 100) with limits that fit, or ask the owner of the data to declare bounds."},
		{unbounded("born", catalog.Of(dat)), refusal.NotSupported, "Take a number of it, such as extract(epoch from born) or a difference of dates."},
		{unbounded("name", catalog.Of(txt)), refusal.DatatypeMismatch, ""},
	} {
		_, err := Grid(c.e, 1)
		r, ok := refusal.As(err)
		if !ok || r.Code != c.code || r.Hint != c.hint {
			t.Errorf("%s: %v, hint %q", Source(c.e), err, r.Hint)
		}
	}
}

// What most queries send for an integer column is one CASE, or nothing where nothing can lie outside.
func TestGridPrintsTheCheapestSQL(t *testing.T) {
	age := Column{Alias: "t", Name: "age", Typ: catalog.Of(i4), Dom: Domain{Lo: rat(0), Hi: rat(110)}}
	g, err := Grid(age, 10)
	if err != nil {
		t.Fatal(err)
	}
	if got := Text(g.Plain(), PostgreSQL); got != `"t"."age"` {
		t.Errorf("plain prints %s", got)
	}
	age.Clamp = true
	if g, err = Grid(age, 10); err != nil {
		t.Fatal(err)
	}
	if got, want := Text(g.Normal(), PostgreSQL), `CASE WHEN "t"."age" > 110 THEN 110 WHEN "t"."age" < 0 THEN 0 ELSE "t"."age" END`; got != want {
		t.Errorf("normal prints %s, want %s", got, want)
	}
}
