package expr

import (
	"math/big"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
)

// comparisons lists = <> < <= > >=, which no value can make fail.
func comparisons() []function {
	var pairs [][2]catalog.Kind
	family := func(ks ...catalog.Kind) {
		for _, a := range ks {
			for _, b := range ks {
				pairs = append(pairs, [2]catalog.Kind{a, b})
			}
		}
	}
	family(i2, i4, i8)
	family(f4, f8)
	family(dat, ts, tz)
	for _, k := range kinds(num, txt, catalog.Bpchar, boo, tim, itv, catalog.UUID, catalog.Bytea, catalog.JSONB, catalog.OID, catalog.Name) {
		pairs = append(pairs, [2]catalog.Kind{k, k})
	}
	var list []function
	for _, op := range []string{"=", "<>", "<", "<=", ">", ">="} {
		for _, pair := range pairs {
			list = append(list, function{name: op, args: kinds(pair[0], pair[1]), result: boo, build: buildCompare(op), fold: foldCompare(op)})
		}
	}
	return list
}

func buildCompare(op string) func(n *node) error {
	return func(n *node) error {
		for i, a := range n.args {
			// Dates and timestamps meet as timestamps of one kind, in UTC whatever the session's zone.
			if other := n.args[1-i].Type(); a.Type().IsDateTime() && other.Kind > a.Type().Kind {
				e, err := (&Builder{Mode: n.mode}).Coerce(a, catalog.Of(other.Kind), n.pos)
				if err != nil {
					return err
				}
				n.shown[i] = e
				n.dom.Nullable = n.dom.Nullable || e.Domain().Nullable
			}
		}
		n.shown[0], n.shown[1] = withoutClamp(n.shown[0], n.shown[1], op)
		n.write = writeCompare(op)
		return nil
	}
}

func writeCompare(op string) func(p *Printer, n *node) {
	return func(p *Printer, n *node) {
		p.WriteByte('(')
		p.alike(n.shown[0], n.shown)
		p.WriteString(" " + op + " ")
		p.alike(n.shown[1], n.shown)
		p.WriteByte(')')
	}
}

// alike prints one of several operands that the engine brings to one type: DuckDB fails where DECIMALs have no common
// one of 38 digits, so those become DOUBLE.
func (p *Printer) alike(e Expr, all []Expr) {
	if p.Dialect == DuckDB && e.Type().Kind == num && !fitTogether(all) {
		p.double(e)
		return
	}
	p.Expr(e)
}

func fitTogether(es []Expr) bool {
	before, after := 0, 0
	for _, e := range es {
		if e.Type().Kind != num {
			continue
		}
		w, s, ok := decimalOf(e)
		if !ok {
			return true // a DOUBLE already, and so all become one
		}
		before, after = max(before, w-s), max(after, s)
	}
	return before+after <= maxDigits
}

// withoutClamp takes the clamp off a column that is compared with a constant within its bounds: clamping is monotone, so
// the outcome is the same for every value (NaN and infinities sort as they clamp, NULL stays NULL), and an index can be
// used. At the bounds themselves only those operators stay right whose answer there does not change.
func withoutClamp(l, r Expr, op string) (Expr, Expr) {
	if at, ok := constRat(r); ok {
		return unclamped(l, at, op), r
	}
	if at, ok := constRat(l); ok {
		return l, unclamped(r, at, mirrored(op))
	}
	return l, r
}

func mirrored(op string) string {
	switch op {
	case "<":
		return ">"
	case "<=":
		return ">="
	case ">":
		return "<"
	case ">=":
		return "<="
	}
	return op
}

// unclamped is the bare form of `e op at`'s left side where that is the same.
func unclamped(e Expr, at *big.Rat, op string) Expr {
	s := reported(e)
	if s.lo != nil {
		// Values below lo count as lo: `> at` and `<= at` must see lo and them alike, so at ≥ lo; the others at > lo.
		if c := at.Cmp(s.lo); c < 0 || (c == 0 && op != ">" && op != "<=") {
			return e
		}
	}
	if s.hi != nil {
		if c := at.Cmp(s.hi); c > 0 || (c == 0 && op != "<" && op != ">=") {
			return e
		}
	}
	return bareOf(e)
}

// bareOf takes the clamp off a column, also under a widening cast that keeps its order.
func bareOf(e Expr) Expr {
	switch x := e.(type) {
	case Column:
		return x.unclamped()
	case *node:
		if !x.widening || len(x.args) != 1 {
			return e
		}
		if c, ok := x.args[0].(Column); ok && c.Clamp {
			bare, err := (&Builder{Mode: x.mode}).convert(c.unclamped(), x.typ, x.pos)
			if err == nil {
				return bare
			}
		}
	}
	return e
}

// unclamped is the column as it is stored, of which no bounds are known.
func (c Column) unclamped() Column {
	if c.Clamp {
		c.Clamp, c.Dom.Lo, c.Dom.Hi = false, nil, nil
	}
	return c
}

func foldCompare(op string) func([]Const) (Const, bool) {
	return func(args []Const) (Const, bool) {
		c, ok := compareConsts(args[0], args[1])
		if !ok || (c != 0 && args[0].Typ.IsText() && op != "=" && op != "<>") {
			return Const{}, false // the order of texts is the database's
		}
		switch op {
		case "=":
			return truth(c == 0)
		case "<>":
			return truth(c != 0)
		case "<":
			return truth(c < 0)
		case "<=":
			return truth(c <= 0)
		case ">":
			return truth(c > 0)
		}
		return truth(c >= 0)
	}
}

// compareConsts orders two constants of one family, texts by bytes.
func compareConsts(a, b Const) (int, bool) {
	if a.Null || b.Null || a.Typ.Array || b.Typ.Array {
		return 0, false
	}
	if a.Typ.Kind == b.Typ.Kind {
		switch a.Typ.Kind {
		case catalog.Interval, catalog.JSON, catalog.JSONB:
			return 0, false
		}
		return catalog.Compare(a.Typ, a.Text, b.Text), true
	}
	x, ok1 := ratOf(a)
	y, ok2 := ratOf(b)
	if !ok1 || !ok2 {
		return 0, false
	}
	if (a.Typ.Kind == dat) != (b.Typ.Kind == dat) {
		return 0, false
	}
	return x.Cmp(y), true
}

// Op builds an operator; left is nil for prefix operators. LIKE's operators (~~, !~~*, ~, …) take constant patterns
// over private rows.
func (b *Builder) Op(op string, left, right Expr, pos int) (Expr, error) {
	switch op {
	case "!=":
		op = "<>"
	case "~~", "!~~", "~~*", "!~~*", "~", "!~", "~*", "!~*":
		if left != nil {
			return b.matchOperator(op, left, right, pos)
		}
	case "||":
		return b.concatOperator(left, right, pos)
	}
	args := []Expr{left, right}
	name := op
	if left == nil {
		args = []Expr{right}
		switch op {
		case "-":
			name = "-x"
		case "+":
			name = "+x"
		case "~":
			name = "~x"
		}
		if c, ok := right.(Const); ok && name == "-x" && c.Typ.IsNumeric() && !c.Null {
			if folded, ok := foldSign("negate")([]Const{c}); ok {
				folded.Typ, folded.Pos = c.Typ, pos
				return folded, nil
			}
		}
	}
	f, ambiguous := resolveOperator(name, args)
	if f == nil {
		if comparable := compareArrays(op, args); comparable && b.Mode == Public {
			return b.compareArrays(op, args, pos)
		}
		return nil, noOperator(op, args, pos, ambiguous)
	}
	return b.apply(f, args, pos, func(args []Expr) (Expr, error) {
		if left == nil {
			return b.Op(op, nil, args[0], pos)
		}
		return b.Op(op, args[0], args[1], pos)
	})
}

// resolveOperator: with one untyped literal PostgreSQL first tries the operator of two operands of the known type.
func resolveOperator(name string, args []Expr) (*function, bool) {
	candidates := catalogOfFunctions()[name]
	if letter(name) {
		return nil, false
	}
	if len(args) == 2 && isUnknown(args[0]) != isUnknown(args[1]) {
		k := args[0].Type()
		if isUnknown(args[0]) {
			k = args[1].Type()
		}
		if k.Kind == catalog.Varchar && !k.Array {
			k = catalog.Of(txt)
		}
		for _, f := range candidates {
			if len(f.args) == 2 && f.args[0] == k.Kind && f.args[1] == k.Kind && !k.Array {
				return f, false
			}
		}
	}
	return resolve(candidates, args)
}

func compareArrays(op string, args []Expr) bool {
	switch op {
	case "=", "<>", "<", "<=", ">", ">=":
		return len(args) == 2 && (args[0].Type().Array || args[1].Type().Array)
	}
	return false
}

// compareArrays compares arrays of one type, over public values.
func (b *Builder) compareArrays(op string, args []Expr, pos int) (Expr, error) {
	t, err := CommonType(args, "array comparison", pos)
	if err != nil {
		return nil, err
	}
	if !t.Array {
		return nil, refusal.New(refusal.UndefinedFunction, "operator does not exist: %s", op).At(pos)
	}
	operands, err := b.coerceAll(args, t, pos)
	if err != nil {
		return nil, err
	}
	n := b.newNode(op, catalog.Of(boo), operands, pos, func(args []Expr) (Expr, error) { return b.Op(op, args[0], args[1], pos) })
	n.write = templates("($1 "+op+" $2)", "($1 "+op+" $2)")
	return n.finish()
}

func (b *Builder) coerceAll(es []Expr, t catalog.Type, pos int) ([]Expr, error) {
	out := make([]Expr, len(es))
	for i, e := range es {
		c, err := b.Coerce(e, t, pos)
		if err != nil {
			return nil, err
		}
		out[i] = c
	}
	return out, nil
}
