package rewrite

import (
	"math/big"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/expr"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// quantileAsk is what makes a call one of quantiles.
type quantileAsk struct{ ranks []mechanism.Rank }

// text names the ranks within a call's text.
func (q *quantileAsk) text() string {
	if q == nil {
		return ""
	}
	var parts []string
	for _, r := range q.ranks {
		parts = append(parts, r.String())
	}
	return "[" + strings.Join(parts, ", ") + "] of "
}

// maxRanks bounds the ranks of one call.
const maxRanks = 100

// asMedian writes median(x) as percentile_cont(0.5) WITHIN GROUP (ORDER BY x).
func asMedian(f *syntax.FuncCall) (*syntax.FuncCall, string) {
	half := &syntax.Node{Node: &syntax.Node_AConst{AConst: &syntax.A_Const{Val: &syntax.A_Const_Fval{Fval: &syntax.Float{Fval: "0.5"}}, Location: f.Location}}}
	by := &syntax.Node{Node: &syntax.Node_SortBy{SortBy: &syntax.SortBy{Node: f.Args[0], SortbyDir: syntax.SORTBY_DEFAULT,
		SortbyNulls: syntax.SORTBY_NULLS_DEFAULT, Location: f.Location}}}
	return &syntax.FuncCall{Funcname: f.Funcname, Args: []*syntax.Node{half}, AggOrder: []*syntax.Node{by}, AggFilter: f.AggFilter,
		AggWithinGroup: true, Location: f.Location}, "percentile_cont"
}

// notWithinGroup refuses a call that is written in the other of the two ways.
func (c *exprContext) notWithinGroup(f *syntax.FuncCall, name string, kind aggregateKind) error {
	if kind.ordered {
		return c.fail(refusal.UndefinedFunction, f.Location, "WITHIN GROUP is required for ordered-set aggregate %s", name).
			WithHint("Write %s(0.5) WITHIN GROUP (ORDER BY x).", name)
	}
	return c.fail(refusal.UndefinedFunction, f.Location, "%s is not an ordered-set aggregate, so it cannot have WITHIN GROUP", name)
}

// quantile fills in a call of quantiles from the aggregate as it was written.
func (c *exprContext) quantile(f *syntax.FuncCall, a aggregateCall, k *call) error {
	k.quantile = &quantileAsk{}
	switch a.fn {
	case "min", "max":
		q := new(big.Rat)
		if a.fn == "max" {
			q.SetInt64(1)
		}
		k.quantile.ranks = []mechanism.Rank{{Q: q}}
		if t := k.arg.Type(); t.Kind == catalog.Bool {
			return c.fail(refusal.UndefinedFunction, f.Location, "function %s(%s) does not exist", k.name, t).
				WithHint("Count the rows: count(*) FILTER (WHERE %s).", k.written)
		}
	case "percentile_cont", "percentile_disc":
		if len(a.order) != 1 {
			return c.fail(refusal.SyntaxError, f.Location, "%s takes one expression in WITHIN GROUP (ORDER BY …)", k.name)
		}
		k.arg, k.written = a.order[0].e, written(f.AggOrder[0].GetSortBy().GetNode())
		if err := c.r.ranksOf(f, a, k); err != nil {
			return err
		}
	default:
		return c.r.notMeasured(f, k.name)
	}
	if k.arg.Type().Kind == catalog.Unknown {
		return c.fail(refusal.NotSupported, f.Location, "%s of a constant is not supported over private rows", k.name)
	}
	if u := c.group.draft.unit; u.is(k.arg) {
		return c.fail(refusal.InsufficientPrivilege, f.Location, "%q names privacy units, whose values are not told", k.written).
			WithHint("Ask count(DISTINCT %s), or for another column.", k.written)
	}
	return nil
}

// ranksOf reads the constant percentiles, and where in the order of rows they are sought so that, without noise, the row
// would be PostgreSQL's: of n rows percentile_disc(q) takes row ⌈q·n⌉, percentile_cont the place q·(n − 1) counted from 0,
// between two rows where that is not whole.
func (r *resolver) ranksOf(f *syntax.FuncCall, a aggregateCall, k *call) error {
	if len(a.args) > maxRanks {
		return r.fail(refusal.ProgramLimitExceeded, f.Location, "%s has more than %d percentiles", k.name, maxRanks)
	}
	for _, e := range a.args {
		q, err := r.percentile(f, e, k)
		if err != nil {
			return err
		}
		shift := new(big.Rat).Sub(big.NewRat(1, 2), q)
		if a.fn == "percentile_disc" {
			// A little before q·n, less than the distance of two possible values of it, so that whole q·n is its own row.
			shift = big.NewRat(-1, 2000)
			if d := q.Denom(); d.IsInt64() && d.Int64() < 1000 {
				shift = big.NewRat(-1, 2*d.Int64())
			}
		}
		if a.order[0].desc {
			q = new(big.Rat).Sub(big.NewRat(1, 1), q)
			shift.Neg(shift)
		}
		k.quantile.ranks = append(k.quantile.ranks, mechanism.Rank{Q: q, Shift: shift, Between: a.fn == "percentile_cont"})
	}
	switch t := a.order[0].e.Type(); {
	case a.fn == "percentile_cont" && t.Kind == catalog.Interval:
		return r.fail(refusal.NotSupported, f.Location, "%s of intervals is not supported over private rows", k.name).
			WithHint("Take a number of it: extract(epoch from %s).", k.written)
	case a.fn == "percentile_cont" && (!t.IsNumeric() || t.Array):
		return r.fail(refusal.UndefinedFunction, f.Location, "function %s of %s does not exist", k.name, t).
			WithHint("percentile_disc(0.5) WITHIN GROUP (ORDER BY %s) answers over dates, timestamps and declared values.", k.written)
	case t.IsText() && k.typ.Array:
		return r.fail(refusal.NotSupported, f.Location, "%s of several percentiles is not supported over text", k.name).
			WithHint("Write one call for each percentile; they share one budget.")
	}
	return nil
}

// percentile reads one constant of [0, 1].
func (r *resolver) percentile(f *syntax.FuncCall, e expr.Expr, k *call) (*big.Rat, error) {
	constant, ok := expr.Fold(e)
	if r.describing && ok && constant.Null {
		return big.NewRat(1, 2), nil
	}
	if !ok || constant.Null {
		return nil, r.fail(refusal.NotSupported, f.Location, "the percentile of %s must be a constant between 0 and 1", k.name).
			WithHint("Write %s(0.5) WITHIN GROUP (ORDER BY x).", k.name)
	}
	q, err := catalog.ToRat(catalog.Of(catalog.Numeric), constant.Text)
	if err != nil || q == nil {
		return nil, r.fail(refusal.InvalidTextRepresent, f.Location, "the percentile of %s is no number", k.name)
	}
	if q.Sign() < 0 || q.Cmp(big.NewRat(1, 1)) > 0 {
		return nil, r.fail(refusal.NumericOutOfRange, f.Location, "percentile value %s is not between 0 and 1", constant.Text)
	}
	if q.Denom().BitLen() > 60 {
		return nil, r.fail(refusal.NotSupported, f.Location, "the percentile %s has too many digits", constant.Text)
	}
	return q, nil
}

// percentiles resolves the first argument of percentile_cont and percentile_disc: one number, or an array of constants.
func (c *exprContext) percentiles(n *syntax.Node) (list []expr.Expr, array bool, err error) {
	real8 := catalog.Of(catalog.Float8)
	if n.GetAArrayExpr() == nil && (n.GetTypeCast() == nil || len(n.GetTypeCast().TypeName.ArrayBounds) == 0) {
		e, err := c.resolve(n)
		if err != nil {
			return nil, false, err
		}
		if k, ok := e.(expr.Const); ok && k.Typ.Kind == catalog.Unknown {
			if k, ok := e.(expr.Const); ok && strings.HasPrefix(strings.TrimSpace(k.Text), "{") {
				list, err = c.arrayElements(n, real8)
				return list, true, err
			}
			if e, err = c.b.Coerce(e, real8, int(location(n))); err != nil {
				return nil, false, c.r.at(err, location(n))
			}
		}
		return []expr.Expr{e}, false, nil
	}
	list, err = c.arrayElements(n, real8)
	return list, true, err
}
