package rewrite

import (
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// A slot is a value in a statement that decides nothing but which rows pass: a literal or a parameter that a condition of
// WHERE or ON compares with a column. Statements that differ in nothing but the values of their slots are planned once, where
// they read public tables alone (template.go).

// slot is such a value, where it stands in the tree.
type slot struct {
	at    int // byte offset in the message
	param int // of $param; 0 for a literal
}

// slotsOf finds the slots of a SELECT, in the order of the text.
func slotsOf(n *syntax.Node) []slot {
	var out []slot
	eachMessage(n.ProtoReflect(), func(m protoreflect.Message) {
		switch v := m.Interface().(type) {
		case *syntax.SelectStmt:
			conditionSlots(v.WhereClause, &out)
		case *syntax.JoinExpr:
			conditionSlots(v.Quals, &out)
		}
	})
	slices.SortFunc(out, func(a, b slot) int { return a.at - b.at })
	return out
}

// conditionSlots adds the values that a condition compares with a column.
func conditionSlots(n *syntax.Node, out *[]slot) {
	if b := n.GetBoolExpr(); b != nil {
		for _, a := range b.Args {
			conditionSlots(a, out)
		}
		return
	}
	e := n.GetAExpr()
	if e == nil {
		return
	}
	switch e.Kind {
	case syntax.AEXPR_OP:
		switch operator(e.Name) {
		case "=", "<>", "<", "<=", ">", ">=":
		default:
			return
		}
		if e.Lexpr.GetColumnRef() != nil {
			valueSlot(e.Rexpr, out)
		} else if e.Rexpr.GetColumnRef() != nil {
			valueSlot(e.Lexpr, out)
		}
	case syntax.AEXPR_IN, syntax.AEXPR_BETWEEN, syntax.AEXPR_NOT_BETWEEN:
		if e.Lexpr.GetColumnRef() != nil {
			for _, item := range e.Rexpr.GetList().GetItems() {
				valueSlot(item, out)
			}
		}
	}
}

func valueSlot(n *syntax.Node, out *[]slot) {
	if p := n.GetParamRef(); p != nil {
		*out = append(*out, slot{at: int(p.Location), param: int(p.Number)})
		return
	}
	if c := n.GetAConst(); c != nil && !c.Isnull {
		switch c.Val.(type) {
		case *syntax.A_Const_Ival, *syntax.A_Const_Sval:
			*out = append(*out, slot{at: int(c.Location)})
		}
	}
}

// parametersElsewhere are the parameters that stand at other places too, so that their values may decide more.
func parametersElsewhere(n *syntax.Node, slots []slot) map[int]bool {
	out := map[int]bool{}
	walkTree(n, func(n *syntax.Node) bool {
		if p := n.GetParamRef(); p != nil && !slices.Contains(slots, slot{at: int(p.Location), param: int(p.Number)}) {
			out[int(p.Number)] = true
		}
		return true
	})
	return out
}

// bindable tells the types of which a constant and a parameter are the same to PostgreSQL.
func bindable(t catalog.Type) bool {
	if t != catalog.Of(t.Kind) {
		return false // arrays, and types with a length or a scale
	}
	switch t.Kind {
	case catalog.Bool, catalog.Int2, catalog.Int4, catalog.Int8, catalog.Numeric, catalog.Float4, catalog.Float8, catalog.Text,
		catalog.Varchar, catalog.Date, catalog.Timestamp, catalog.Timestamptz, catalog.UUID:
		return true
	}
	return false
}
