package expr

import (
	"context"
	"fmt"
	"math/rand"
	"testing"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
)

// generator builds random private expressions over columns: whatever Builder accepts must be total, however it is nested.
type generator struct {
	r       *rand.Rand
	b       *Builder
	columns []Expr
}

func (g *generator) pick(es []Expr) Expr { return es[g.r.Intn(len(es))] }

// expr is a random expression of at most the given depth.
func (g *generator) expr(depth int) Expr {
	for range 20 {
		e, err := g.try(depth)
		if err == nil {
			return e
		}
	}
	return g.pick(g.columns)
}

func (g *generator) try(depth int) (Expr, error) {
	if depth == 0 {
		if g.r.Intn(4) == 0 {
			return g.constant(), nil
		}
		return g.pick(g.columns), nil
	}
	x := g.expr(depth - 1)
	y := func() Expr { return g.expr(g.r.Intn(depth)) }
	switch g.r.Intn(22) {
	case 0, 1, 2, 3:
		ops := []string{"+", "-", "*", "/", "%", "^", "||", "=", "<", ">=", "&", "|"}
		return g.b.Op(ops[g.r.Intn(len(ops))], x, y(), -1)
	case 4:
		return g.b.Op([]string{"-", "+", "@", "~"}[g.r.Intn(4)], nil, x, -1)
	case 5, 6, 7:
		names := []string{"abs", "ceil", "floor", "round", "trunc", "sign", "sqrt", "cbrt", "ln", "log", "exp", "lower", "upper", "btrim", "length", "reverse"}
		return g.b.Call(names[g.r.Intn(len(names))], []Expr{x}, -1)
	case 8:
		switch g.r.Intn(6) {
		case 0:
			return g.b.Call("replace", []Expr{x, untyped("a"), y()}, -1)
		case 1:
			return g.b.Call("lpad", []Expr{x, integer(5), untyped("xy")}, -1)
		case 2:
			return g.b.Call("substring", []Expr{x, y(), y()}, -1)
		case 3:
			return g.b.Like(x, untyped("a%[1]"), nil, []string{"like", "ilike", "similar to"}[g.r.Intn(3)], g.r.Intn(2) == 0, -1)
		}
		names := []string{"left", "right", "mod", "div", "power", "round", "trunc", "strpos", "concat", "starts_with", "age", "substring"}
		return g.b.Call(names[g.r.Intn(len(names))], []Expr{x, y()}, -1)
	case 9:
		to := []string{"int2", "int4", "int8", "numeric", "numeric(6,2)", "float4", "float8", "text", "varchar(3)", "boolean", "date", "timestamp", "timestamptz"}
		return castTo(to[g.r.Intn(len(to))])(g.b, []Expr{x})
	case 10:
		cond, err := g.b.Op("<", x, y(), -1)
		if err != nil {
			return nil, err
		}
		return g.b.Case(nil, []When{{Cond: cond, Result: y()}}, y(), -1)
	case 11:
		return g.b.Coalesce([]Expr{x, y()}, -1)
	case 12:
		low, err := g.b.Greatest([]Expr{x, integer(-50)}, -1)
		if err != nil {
			return nil, err
		}
		return g.b.Least([]Expr{low, integer(1000)}, -1)
	case 13:
		return g.b.NullIf(x, y(), -1)
	case 14:
		fields := []string{"year", "month", "day", "epoch", "second", "hour", "dow"}
		return g.b.Extract(fields[g.r.Intn(len(fields))], x, -1)
	}
	switch g.r.Intn(6) {
	case 0:
		return g.b.In(x, []Expr{y(), g.constant()}, g.r.Intn(2) == 0, -1)
	case 1:
		return g.b.IsDistinct(x, y(), false, -1)
	case 2:
		return g.b.Between(x, y(), g.constant(), false, true, -1)
	case 3:
		return g.b.Call("split_part", []Expr{x, untyped(","), y()}, -1)
	case 4:
		return g.b.Call("width_bucket", []Expr{x, integer(0), integer(50), integer(5)}, -1)
	case 5:
		if key, err := GroupKey(x); err == nil {
			return key, nil
		}
	}
	units := []string{"month", "day", "hour", "century", "week"}
	return g.b.Call("date_trunc", []Expr{untyped(units[g.r.Intn(len(units))]), x}, -1)
}

func (g *generator) constant() Expr {
	list := []Expr{integer(0), integer(1), integer(-7), integer(100), integer(2147483647), decimalConst("2.5"), decimalConst("0.001"),
		float8("1e300"), float8("-0.5"), literalOf(itv, "1 mon"), literalOf(dat, "2020-02-29"), untyped("12"), untyped("abc"),
		literalOf(i8, "9223372036854775807"), decimalConst("100000000000000000000")}
	return g.pick(list)
}

// Random nestings of what the table holds one by one, over the same worst values: no engine fails, and values lie in their
// domains. The seed is fixed, so that a failure comes again.
func TestRandomExpressionsAreTotal(t *testing.T) {
	h := newHarness(t)
	types := []catalog.Type{catalog.Of(i4), named(t, "numeric(10,2)"), catalog.Of(f8), catalog.Of(txt), catalog.Of(ts), catalog.Of(i8), catalog.Of(dat), catalog.Of(num), catalog.Of(f4)}
	table := h.mixed(types, 150)
	const count = 600
	deep, gridded := 0, 0
	for seed := range int64(count) {
		r := rand.New(rand.NewSource(seed))
		g := &generator{r: r, b: &Builder{Mode: Private}, columns: columnsFor(types, r.Intn(4))}
		e := g.expr(3)
		if e.Type().Kind == catalog.Unknown || len(Text(e, DuckDB)) > 100_000 {
			continue
		}
		if sizeOf(e) > 5 {
			deep++
		}
		for _, d := range []Dialect{PostgreSQL, DuckDB} {
			values, err := h.run(d, e, table)
			if err != nil {
				t.Errorf("seed %d: %s fails: %.300v\n%s\n%.3000s", seed, d, err, Source(e), Text(e, d))
				continue
			}
			for i, v := range values {
				if what := outside(e, v, d); what != "" {
					t.Errorf("seed %d, row %q: %s gives %s, %s\n%s\n%.3000s", seed, brief(h.rows[table][i]), d, show(v), what, Source(e), Text(e, d))
					break
				}
			}
			gridded += h.checkGrid(fmt.Sprint("seed ", seed), d, e, values, table)
		}
	}
	if deep < count/4 || gridded < count/20 {
		t.Errorf("only %d expressions were nested, %d on a grid", deep, gridded)
	}
}

// mixed makes a table of many columns whose rows are random picks of worst values.
func (h *harness) mixed(types []catalog.Type, count int) string {
	r := rand.New(rand.NewSource(1))
	rows := make([][]string, count)
	for i := range rows {
		for _, typ := range types {
			v := ""
			if values := worstValues(typ); r.Intn(10) > 0 {
				if v = values[r.Intn(len(values))]; v == "huge" {
					v = "abc"
				}
			}
			rows[i] = append(rows[i], v)
		}
	}
	h.rows["mixed"] = rows
	h.fill("mixed", types, rows)
	return "mixed"
}

// A statement cannot make the printed text grow without end: guards print operands twice, and that is limited.
func TestSizeIsLimited(t *testing.T) {
	b := &Builder{Mode: Private}
	var e Expr = Column{Alias: "w", Name: "x", Typ: catalog.Of(f8), Dom: Domain{Nullable: true, Lo: rat(1), Hi: rat(2)}, Clamp: true}
	for i := range 100 {
		next, err := b.Call("ln", []Expr{e}, 7)
		if err != nil {
			r, ok := refusal.As(err)
			if !ok || r.Code != refusal.StatementTooComplex || r.Position != 8 {
				t.Fatalf("after %d: %v", i, err)
			}
			if n := len(Text(e, PostgreSQL)); n > 1<<22 {
				t.Errorf("%d bytes were printed", n)
			}
			return
		}
		e = next
	}
	t.Error("100 nested guards were accepted: ", fmt.Sprint(len(Text(e, PostgreSQL))))
}

// Random regular expressions that checkRegex accepts: both engines compile them, and say the same of a few texts. (An error
// in a pattern would show only where there are rows.)
func TestAcceptedRegexesCompile(t *testing.T) {
	pg, duck := openPostgres(t), openDuck(t)
	pieces := []string{"a", "b", "0", ".", "*", "+", "?", "{2}", "{1,}", "{0,3}", "(", "(?:", ")", "|", "[a-c]", "[^a]", "[[:digit:]x]", `\d`, `\w`, `\s`, `\.`, `\-`, "^", "$", "é", "[", "]", "-", "{", ",", `\`}
	r := rand.New(rand.NewSource(7))
	accepted := 0
	for range 20_000 {
		pattern := ""
		for range 1 + r.Intn(7) {
			pattern += pieces[r.Intn(len(pieces))]
		}
		if checkRegex(pattern, -1) != nil {
			continue
		}
		accepted++
		if accepted%10 != 0 { // one in ten is asked of the engines
			continue
		}
		const texts = "unnest(ARRAY['', 'a', 'ab', 'b0', 'é.', E'a\\nb', 'abc-12', 'xx'])"
		var want string
		err := pg.QueryRow(context.Background(), "SELECT string_agg(CASE WHEN x ~ $1::text THEN 't' ELSE 'f' END, '') FROM "+texts+" x", pattern).Scan(&want)
		if err != nil {
			t.Errorf("%q: PostgreSQL: %v", pattern, err)
			continue
		}
		var got string
		err = duck.QueryRow("SELECT string_agg(CASE WHEN regexp_matches(x, $1, 's') THEN 't' ELSE 'f' END, '') FROM "+
			"(SELECT unnest(['', 'a', 'ab', 'b0', 'é.', 'a' || chr(10) || 'b', 'abc-12', 'xx']) AS x)", pattern).Scan(&got)
		if err != nil {
			t.Errorf("%q: DuckDB: %v", pattern, err)
			continue
		}
		if got != want {
			t.Errorf("%q: PostgreSQL matches %s, DuckDB %s", pattern, want, got)
		}
	}
	if accepted < 2000 {
		t.Errorf("only %d patterns were accepted", accepted)
	}
}
