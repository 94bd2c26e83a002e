package expr

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
)

// Fold evaluates a constant expression where the result is certain to be what PostgreSQL gives: literals, their casts,
// arithmetic on whole numbers and numeric, comparisons, CASE, and the functions with a fold in the table. ok is false for
// all else: the engine does it.
func Fold(e Expr) (result Const, ok bool) {
	switch x := e.(type) {
	case Const:
		return x, true
	case *node:
		return x.evaluate(x.args)
	}
	return Const{}, false
}

// evaluate folds the node over other operands than its own.
func (n *node) evaluate(args []Expr) (Const, bool) {
	if n.fold == nil {
		return Const{}, false
	}
	values := make([]Const, len(args))
	for i, a := range args {
		c, ok := Fold(a)
		if !ok {
			return Const{}, false
		}
		values[i] = c
	}
	return n.foldConsts(values)
}

func (n *node) foldConsts(values []Const) (Const, bool) {
	if !n.nullAware() {
		for _, v := range values {
			if v.Null {
				return Const{Typ: n.typ, Null: true, Pos: n.pos}, true
			}
		}
	}
	c, ok := n.fold(values)
	if ok && c.Typ.Kind == catalog.Unknown {
		c.Typ = n.typ
	}
	c.Pos = n.pos
	return c, ok
}

// nullAware names the nodes whose fold looks at NULL itself.
func (n *node) nullAware() bool {
	switch n.name {
	case "CASE", "COALESCE", "GREATEST", "LEAST", "AND", "OR", "IS NULL", "IS", "IS DISTINCT FROM", "IN", "concat", "concat_ws", "NULLIF":
		return true
	}
	return false
}

// maxValues is the longest list of values that is worked out.
const maxValues = 10_000

// enumerate works out the list of the node's values from those of its operands, where each is a constant or has a list.
func (n *node) enumerate() {
	if n.dom.Values != nil || n.fold == nil || n.typ.Array || len(n.args) == 0 {
		return
	}
	lists := make([][]Const, len(n.args))
	total, varies := 1, false
	for i, a := range n.args {
		list, ok := valuesOf(a)
		if !ok {
			return
		}
		if _, isConst := a.(Const); !isConst {
			varies = true
		}
		if total *= max(len(list), 1); total > maxValues {
			return
		}
		lists[i] = list
	}
	if !varies {
		return // a constant expression: Fold tells its value
	}
	values := []string{}
	pick := make([]Const, len(lists))
	if !n.combine(lists, pick, 0, &values) {
		return
	}
	if n.typ.Kind == catalog.Numeric && !allShort(n.typ, values) {
		return // engines round such numbers differently
	}
	n.dom.Values = catalog.SortValues(n.typ, values)
}

func allShort(t catalog.Type, values []string) bool {
	for _, v := range values {
		if r, ok := ratOf(Const{Typ: plain(t), Text: v}); ok && !shortDecimal(r) {
			return false
		}
	}
	return true
}

// valuesOf are an operand's possible values, NULL among them where it is nullable.
func valuesOf(e Expr) ([]Const, bool) {
	if c, ok := Fold(e); ok {
		return []Const{c}, true
	}
	d := e.Domain()
	if d.Values == nil {
		return nil, false
	}
	var list []Const
	for _, v := range d.Values {
		list = append(list, Const{Typ: e.Type(), Text: v, Pos: -1})
	}
	if d.Nullable {
		list = append(list, Const{Typ: e.Type(), Null: true, Pos: -1})
	}
	return list, true
}

func (n *node) combine(lists [][]Const, pick []Const, i int, values *[]string) bool {
	if i == len(lists) {
		c, ok := n.foldConsts(pick)
		if !ok {
			return false
		}
		if !c.Null {
			*values = append(*values, c.Text)
		}
		return true
	}
	for _, c := range lists[i] {
		pick[i] = c
		if !n.combine(lists, pick, i+1, values) {
			return false
		}
	}
	return true
}

func truth(b bool) (Const, bool) {
	text := "f"
	if b {
		text = "t"
	}
	return Const{Typ: catalog.Of(boo), Text: text, Pos: -1}, true
}

// whole makes a whole number of a kind; not if it is out of range.
func whole(k catalog.Kind, r *big.Rat) (Const, bool) {
	lo, hi, ok := catalog.Of(k).Range()
	if !r.IsInt() || !ok || r.Cmp(lo) < 0 || r.Cmp(hi) > 0 {
		return Const{}, false
	}
	return Const{Typ: catalog.Of(k), Text: r.Num().String(), Pos: -1}, true
}

func decimal(r *big.Rat, scale int) (Const, bool) {
	return Const{Typ: catalog.Of(num), Text: catalog.FormatDecimal(r, max(scale, 0)), Pos: -1}, true
}

// scaleOf counts the decimals that a numeric constant shows.
func scaleOf(c Const) (int, bool) {
	if strings.ContainsAny(c.Text, "eENI") {
		return 0, false
	}
	_, fraction, _ := strings.Cut(c.Text, ".")
	return len(fraction), true
}

// foldExact does arithmetic on whole numbers and on numeric, which keeps the scales that PostgreSQL shows.
func foldExact(op string) func([]Const) (Const, bool) {
	return func(args []Const) (Const, bool) {
		a, ok1 := ratOf(args[0])
		b, ok2 := ratOf(args[1])
		sa, ok3 := scaleOf(args[0])
		sb, ok4 := scaleOf(args[1])
		if !ok1 || !ok2 || !ok3 || !ok4 {
			return Const{}, false
		}
		if (op == "/" || op == "%" || op == "div") && b.Sign() == 0 {
			return Const{}, false
		}
		r := exactly(op, a, b)
		if args[0].Typ.IsInteger() {
			if op == "/" {
				r = truncRat(r)
			}
			return whole(max(args[0].Typ.Kind, args[1].Typ.Kind), r)
		}
		switch op {
		case "*":
			return decimal(r, sa+sb)
		case "/":
			c, _ := decimal(r, quotientScale(a, b))
			return c, sa == 0 && sb == 0
		case "div":
			return decimal(truncRat(r), 0)
		}
		return decimal(r, max(sa, sb))
	}
}

// quotientScale is how many decimals PostgreSQL gives the quotient of two whole numbers of type numeric: at least 16
// significant digits, counted in groups of four (select_div_scale).
func quotientScale(a, b *big.Rat) int {
	leading := func(r *big.Rat) (weight int, first string) {
		digits := new(big.Int).Abs(r.Num()).String()
		weight = (len(digits) - 1) / 4
		return weight, digits[:len(digits)-4*weight]
	}
	weightA, firstA := leading(a)
	weightB, firstB := leading(b)
	weight := weightA - weightB
	if len(firstA) < len(firstB) || (len(firstA) == len(firstB) && firstA <= firstB) {
		weight--
	}
	return max(16-4*weight, 0)
}

func exactly(op string, a, b *big.Rat) *big.Rat {
	r := new(big.Rat)
	switch op {
	case "+":
		return r.Add(a, b)
	case "-":
		return r.Sub(a, b)
	case "*":
		return r.Mul(a, b)
	case "%":
		q := truncRat(r.Quo(a, b))
		return new(big.Rat).Sub(a, q.Mul(q, b))
	}
	return r.Quo(a, b)
}

func foldFloat(op string) func([]Const) (Const, bool) {
	return func(args []Const) (Const, bool) {
		a, err1 := strconv.ParseFloat(args[0].Text, 64)
		b, err2 := strconv.ParseFloat(args[1].Text, 64)
		if err1 != nil || err2 != nil {
			return Const{}, false
		}
		var f float64
		switch op {
		case "+":
			f = a + b
		case "-":
			f = a - b
		case "*":
			f = a * b
		case "/":
			f = a / b
		}
		if math.IsInf(f, 0) || math.IsNaN(f) || (f == 0 && (op == "*" || op == "/") && a != 0) {
			return Const{}, false
		}
		return Const{Typ: catalog.Of(f8), Text: catalog.FormatFloat(f, 64), Pos: -1}, true
	}
}

func foldSign(op string) func([]Const) (Const, bool) {
	return func(args []Const) (Const, bool) {
		c := args[0]
		r, ok := ratOf(c)
		if !ok {
			return Const{}, false
		}
		switch {
		case op == "abs":
			r = new(big.Rat).Abs(r)
		default:
			r = new(big.Rat).Neg(r)
		}
		switch {
		case c.Typ.IsInteger():
			return whole(c.Typ.Kind, r)
		case c.Typ.IsFloat():
			if r.Sign() == 0 {
				return Const{}, false // −0
			}
			return Const{Typ: plain(c.Typ), Text: catalog.FormatRat(c.Typ, r), Pos: -1}, true
		}
		scale, ok := scaleOf(c)
		if !ok {
			return Const{}, false
		}
		return decimal(r, scale)
	}
}

func foldRound(f func(*big.Rat) *big.Rat, k catalog.Kind) func([]Const) (Const, bool) {
	return func(args []Const) (Const, bool) {
		r, ok := ratOf(args[0])
		if !ok {
			return Const{}, false
		}
		if r = f(r); k == num {
			return decimal(r, 0)
		}
		if r.Sign() == 0 {
			return Const{}, false // may be −0
		}
		return Const{Typ: catalog.Of(f8), Text: catalog.FormatRat(catalog.Of(f8), r), Pos: -1}, true
	}
}

func foldRoundTo(f func(*big.Rat) *big.Rat) func([]Const) (Const, bool) {
	return func(args []Const) (Const, bool) {
		r, ok := ratOf(args[0])
		digits, err := strconv.Atoi(args[1].Text)
		if !ok || err != nil || digits < -100 || digits > 100 {
			return Const{}, false
		}
		step := step10(digits)
		q := f(new(big.Rat).Quo(r, step))
		return decimal(q.Mul(q, step), digits)
	}
}

func foldBucket(args []Const) (Const, bool) {
	x, ok1 := ratOf(args[0])
	lo, ok2 := ratOf(args[1])
	hi, ok3 := ratOf(args[2])
	count, err := strconv.ParseInt(args[3].Text, 10, 64)
	if !ok1 || !ok2 || !ok3 || err != nil || lo.Cmp(hi) == 0 || count < 1 || count >= math.MaxInt32 {
		return Const{}, false
	}
	if lo.Cmp(hi) > 0 {
		x, lo, hi = new(big.Rat).Neg(x), new(big.Rat).Neg(lo), new(big.Rat).Neg(hi)
	}
	switch {
	case x.Cmp(lo) < 0:
		return whole(i4, rat(0))
	case x.Cmp(hi) >= 0:
		return whole(i4, rat(count+1))
	}
	q := new(big.Rat).Sub(x, lo)
	q.Quo(q, new(big.Rat).Sub(hi, lo)).Mul(q, rat(count))
	if args[0].Typ.IsFloat() && q.IsInt() && q.Sign() != 0 {
		return Const{}, false // on an edge between two buckets, a float's rounding decides
	}
	return whole(i4, new(big.Rat).Add(floorRat(q), rat(1)))
}
