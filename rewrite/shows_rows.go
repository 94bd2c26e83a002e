package rewrite

import (
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// ShowsRows says that a SELECT asks for rows, values or ends of columns of private tables as they are, as tools do to look at
// a table first: SELECT * … LIMIT 100, SELECT DISTINCT c, SELECT min(c), max(c). Such a statement is refused where it
// is planned; a caller may show rows that nobody lived in its place. A statement with any other aggregate, or with groups
// of min and max, asks for statistics, and those must never be made up: for it the answer is no.
func ShowsRows(st *Statement, ds *catalog.Dataset) bool {
	st = st.inside()
	s := st.node().GetSelectStmt()
	if s == nil {
		return false
	}
	private, ends, groups, other := false, false, false, false
	eachMessage(s.ProtoReflect(), func(m protoreflect.Message) {
		switch v := m.Interface().(type) {
		case *syntax.RangeVar:
			t, ok := ds.Table(v.Relname)
			view, isView := ds.DeclaredView(v.Relname)
			private = private || ok && !t.Public || !ok && isView && !view.Table.Public
		case *syntax.SelectStmt:
			groups = groups || len(v.GroupClause) > 0 || v.HavingClause != nil
		case *syntax.FuncCall:
			name := functionName(v)
			_, aggregate := aggregates()[name]
			switch {
			case (name == "min" || name == "max") && v.AggFilter == nil && v.Over == nil:
				ends = true
			case name == "row_number" && v.Over != nil: // a row's place tells nothing of the others
			case aggregate, name == "dp_low", name == "dp_high", v.AggStar, v.AggDistinct, v.AggWithinGroup, v.AggFilter != nil, v.Over != nil:
				other = true
			}
		}
	})
	return private && !other && !(ends && groups)
}

// eachMessage visits every message of a tree. The parser bounds its depth.
func eachMessage(m protoreflect.Message, visit func(protoreflect.Message)) {
	visit(m)
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case fd.Kind() != protoreflect.MessageKind:
		case fd.IsList():
			for i, l := 0, v.List(); i < l.Len(); i++ {
				eachMessage(l.Get(i).Message(), visit)
			}
		default:
			eachMessage(v.Message(), visit)
		}
		return true
	})
}
