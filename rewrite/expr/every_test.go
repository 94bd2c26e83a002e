package expr

import (
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"github.com/dpproxy/dpproxy/catalog"
)

// TestEveryFunctionIsTotal takes every overload of every function and operator of the closed list, feeds it random expressions (two
// levels deep, constants among them) of its own operand kinds, and runs what is accepted over rows of worst values: neither engine fails,
// and values lie in their domains. A row that is added to the table is tested here by itself.
func TestEveryFunctionIsTotal(t *testing.T) {
	h := newHarness(t)
	types := []catalog.Type{catalog.Of(i4), named(t, "numeric(10,2)"), catalog.Of(f8), catalog.Of(txt), catalog.Of(ts), catalog.Of(i8), catalog.Of(dat), catalog.Of(num), catalog.Of(f4),
		catalog.Of(i2), catalog.Of(boo), catalog.Of(tim), catalog.Of(tz)}
	table := h.mixed(types, 120)
	var names []string
	for name := range catalogOfFunctions() {
		names = append(names, name)
	}
	slices.Sort(names)
	var never []string
	for _, name := range names {
		accepted := 0
		for i, f := range catalogOfFunctions()[name] {
			r := rand.New(rand.NewSource(int64(i)))
			for try := range 12 {
				g := &generator{r: r, b: &Builder{Mode: Private}, columns: columnsFor(types, try%4)}
				e, err := g.call(f)
				if err != nil || e.Type().Kind == catalog.Unknown || len(Text(e, DuckDB)) > 50_000 {
					continue
				}
				accepted++
				for _, d := range []Dialect{PostgreSQL, DuckDB} {
					values, err := h.run(d, e, table)
					if err != nil {
						t.Errorf("%s, overload %d, try %d: %s fails: %.300v\n%s\n%.2000s", name, i, try, d, err, Source(e), Text(e, d))
						continue
					}
					for j, v := range values {
						if what := outside(e, v, d); what != "" {
							t.Errorf("%s, overload %d, try %d, row %q: %s gives %s, %s\n%s\n%.2000s", name, i, try, brief(h.rows[table][j]), d, show(v), what, Source(e), Text(e, d))
							break
						}
					}
				}
				if accepted > 3 {
					break
				}
			}
		}
		if accepted == 0 {
			never = append(never, name)
		}
	}
	if !slices.Equal(never, outerOnly()) {
		t.Errorf("never accepted over private rows: %q", never)
	}
}

// outerOnly are the names that are answered over public and released rows alone, and width_bucket, whose bounds must
// be constants (TestTotal and the other random test have it).
func outerOnly() []string {
	return strings.Fields(`bit_length cosh justify_days justify_hours justify_interval make_time make_timestamp
		overlay quote_ident sinh tanh to_date to_hex to_number width_bucket`)
}

// call is a random call of one overload.
func (g *generator) call(f *function) (Expr, error) {
	n := len(f.args)
	if f.rest {
		n += g.r.Intn(3)
	}
	var args []Expr
	for i := range n {
		args = append(args, g.operand(f.kind(i), i))
	}
	switch {
	case letter(f.name):
		return g.b.Call(f.name, args, -1)
	case len(f.name) == 2 && f.name[1] == 'x':
		return g.b.Op(f.name[:1], nil, args[0], -1)
	case len(args) == 1:
		return g.b.Op(f.name, nil, args[0], -1)
	}
	return g.b.Op(f.name, args[0], args[1], -1)
}

// operand is a random expression of a kind, or a constant of it: some operands must be one.
func (g *generator) operand(k catalog.Kind, place int) Expr {
	if place > 0 && g.r.Intn(3) == 0 {
		switch k {
		case txt:
			return untyped([]string{"a", "year", "month", "day", ",", "YYYY-MM-DD", "UTC", "9"}[g.r.Intn(8)])
		case i4, i8, i2:
			return integer(int64(g.r.Intn(7)) - 1)
		case num, f8:
			return decimalConst([]string{"0", "2.5", "100", "-1"}[g.r.Intn(4)])
		case itv:
			return literalOf(itv, []string{"1 mon", "3 days", "-04:05"}[g.r.Intn(3)])
		}
	}
	if k == txt && place == 0 && g.r.Intn(4) == 0 {
		return untyped([]string{"year", "month", "hour", "week"}[g.r.Intn(4)])
	}
	for range 10 {
		e := g.expr(g.r.Intn(3))
		if k == anyKind || e.Type().Kind == k {
			return e
		}
		if out, err := g.b.Coerce(e, catalog.Of(k), -1); err == nil {
			return out
		}
		if out, err := g.b.Cast(e, catalog.Of(k), -1); err == nil {
			return out
		}
	}
	if k == itv {
		return literalOf(itv, fmt.Sprint(1+g.r.Intn(400), " days"))
	}
	return g.pick(g.columns)
}
