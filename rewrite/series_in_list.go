package rewrite

import (
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

const seriesName = "generate_series"

// moveSeries writes SELECT generate_series(…) as SELECT generate_series FROM generate_series(…): the same rows, where a block
// has no FROM and its list has one such call. It is done when a text is parsed, before anybody else sees the tree.
func moveSeries(m protoreflect.Message) {
	if s, ok := m.Interface().(*syntax.SelectStmt); ok && len(s.FromClause) == 0 && len(s.GroupClause) == 0 {
		moveSeriesOf(s)
	}
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case fd.Kind() != protoreflect.MessageKind:
		case fd.IsList():
			for i, l := 0, v.List(); i < l.Len(); i++ {
				moveSeries(l.Get(i).Message())
			}
		default:
			moveSeries(v.Message())
		}
		return true
	})
}

func moveSeriesOf(s *syntax.SelectStmt) {
	var found []*syntax.Node
	other := false
	for _, t := range s.TargetList {
		walkTree(t, func(n *syntax.Node) bool {
			switch f := n.GetFuncCall(); {
			case f != nil && functionName(f) == seriesName && f.Over == nil:
				found = append(found, n)
				return false
			case n.GetSubLink() != nil:
				return false
			case f != nil && isAggregate(f), n.GetColumnRef() != nil:
				other = true
			}
			return true
		})
	}
	if len(found) != 1 || other {
		return
	}
	at := found[0]
	call := &syntax.Node{Node: at.Node}
	list := &syntax.Node{Node: &syntax.Node_List{List: &syntax.List{Items: []*syntax.Node{call, {}}}}}
	s.FromClause = []*syntax.Node{{Node: &syntax.Node_RangeFunction{RangeFunction: &syntax.RangeFunction{Functions: []*syntax.Node{list}}}}}
	at.Node = columnRef(call.GetFuncCall().Location, seriesName).Node
}
