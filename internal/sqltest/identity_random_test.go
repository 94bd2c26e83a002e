package sqltest

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/rewrite"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// respeller changes trees of statements: into others of the same meaning, or of another.
type respeller struct {
	r  *rand.Rand
	ds *catalog.Dataset
}

// nodes lists the nodes of a tree, parents first.
func nodes(n *syntax.Node) []*syntax.Node {
	var out []*syntax.Node
	var visit func(m protoreflect.Message)
	visit = func(m protoreflect.Message) {
		if n, ok := m.Interface().(*syntax.Node); ok {
			out = append(out, n)
		}
		m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
			switch {
			case fd.Kind() != protoreflect.MessageKind:
			case fd.IsList():
				for i := range v.List().Len() {
					visit(v.List().Get(i).Message())
				}
			default:
				visit(v.Message())
			}
			return true
		})
	}
	visit(n.ProtoReflect())
	return out
}

func treeOf(sql string) *syntax.Node {
	raw, err := syntax.Parse(sql)
	if err != nil {
		panic(err)
	}
	return raw[0].Stmt
}

// condition parses a condition in which A and B are two nodes.
func condition(text string, a, b *syntax.Node) *syntax.Node {
	where := treeOf("SELECT 1 WHERE " + text).GetSelectStmt().WhereClause
	for _, n := range nodes(where) {
		if ref := n.GetColumnRef(); ref != nil {
			switch ref.Fields[0].GetString_().GetSval() {
			case "a":
				n.Node = a.Node
			case "b":
				n.Node = b.Node
			}
		}
	}
	return where
}

// plainOperator is the operator of an ordinary comparison, "" of all else.
func plainOperator(n *syntax.Node) string {
	a := n.GetAExpr()
	if a == nil || a.Kind != syntax.AEXPR_OP || a.Lexpr == nil || a.Rexpr == nil || a.Lexpr.GetRowExpr() != nil || len(a.Name) != 1 {
		return ""
	}
	switch op := a.Name[0].GetString_().GetSval(); op {
	case "=", "<>", "<", "<=", ">", ">=":
		return op
	}
	return ""
}

// respell changes the words of a tree here and there, and returns what it did.
func (s *respeller) respell(tree *syntax.Node) (did []string) {
	turned := map[string]string{"=": "=", "<>": "<>", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
	opposite := map[string]string{"=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
	conditions := conditionsOf(tree)
	for _, n := range nodes(tree) {
		if s.r.Intn(2) == 0 || n.GetBoolExpr() != nil && !conditions[n] || n.GetAExpr() != nil && !conditions[n] {
			continue
		}
		switch v := n.GetNode().(type) {
		case *syntax.Node_BoolExpr:
			if args := v.BoolExpr.Args; len(args) > 1 {
				s.r.Shuffle(len(args), func(i, j int) { args[i], args[j] = args[j], args[i] })
				did = append(did, "AND/OR")
			}
		case *syntax.Node_AExpr:
			a := v.AExpr
			if op := plainOperator(n); op != "" {
				if s.r.Intn(2) == 0 {
					n.Node = condition("b "+turned[op]+" a", a.Lexpr, a.Rexpr).Node
					did = append(did, "sides")
				} else {
					n.Node = condition("NOT (a "+opposite[op]+" b)", a.Lexpr, a.Rexpr).Node
					did = append(did, "NOT")
				}
			}
			if items := a.Rexpr.GetList().GetItems(); a.Kind == syntax.AEXPR_IN && len(items) > 0 {
				a.Rexpr.GetList().Items = append(items, items[s.r.Intn(len(items))])
				items = a.Rexpr.GetList().Items
				s.r.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
				did = append(did, "IN")
			}
			if ends := a.Rexpr.GetList().GetItems(); a.Kind == syntax.AEXPR_BETWEEN && len(ends) == 2 {
				above, below := condition("a >= b", a.Lexpr, ends[0]), condition("b >= a", a.Lexpr, ends[1])
				n.Node = condition("a AND b", below, above).Node
				did = append(did, "BETWEEN")
			}
		case *syntax.Node_JoinExpr:
			if j := v.JoinExpr; j.Jointype == syntax.JOIN_INNER && !j.IsNatural && len(j.UsingClause) == 0 && !strings.Contains(deparsed(tree), "*") {
				j.Larg, j.Rarg = j.Rarg, j.Larg
				did = append(did, "JOIN")
			}
		case *syntax.Node_RangeVar:
			if t, ok := s.ds.Table(v.RangeVar.Relname); ok && v.RangeVar.Schemaname == "" && v.RangeVar.Alias.GetColnames() == nil {
				alias := t.Name
				if v.RangeVar.Alias != nil {
					alias = v.RangeVar.Alias.Aliasname
				}
				n.Node = treeOf(fmt.Sprintf(`SELECT 1 FROM (SELECT * FROM "%s") AS "%s"`, t.Name, alias)).GetSelectStmt().FromClause[0].Node
				did = append(did, "wrapped "+t.Name)
			}
		case *syntax.Node_SelectStmt:
			did = append(did, s.lists(v.SelectStmt)...)
		}
	}
	return did
}

// conditionsOf are the nodes of WHERE, ON and FILTER: GROUP BY must have the words of the select list.
func conditionsOf(tree *syntax.Node) map[*syntax.Node]bool {
	out := map[*syntax.Node]bool{}
	for _, n := range nodes(tree) {
		for _, cond := range []*syntax.Node{n.GetSelectStmt().GetWhereClause(), n.GetJoinExpr().GetQuals(), n.GetFuncCall().GetAggFilter()} {
			if cond == nil {
				continue
			}
			for _, below := range nodes(cond) {
				out[below] = true
			}
		}
	}
	return out
}

// lists puts FROM and GROUP BY into other orders.
func (s *respeller) lists(v *syntax.SelectStmt) (did []string) {
	for _, n := range v.GroupClause {
		if n.GetGroupingSet() != nil || n.GetAConst() != nil {
			return nil
		}
	}
	if len(v.GroupClause) > 1 {
		s.r.Shuffle(len(v.GroupClause), func(i, j int) { v.GroupClause[i], v.GroupClause[j] = v.GroupClause[j], v.GroupClause[i] })
		did = append(did, "GROUP BY")
	}
	return did
}

func deparsed(n *syntax.Node) string {
	text, err := syntax.Deparse(n)
	if err != nil {
		return "*"
	}
	return text
}

// TestRandomSpellings respells every accepted case at random: what it releases has one name.
func TestRandomSpellings(t *testing.T) {
	tried := 0
	for _, source := range newSources(t, cleanRows()) {
		_, loaded := load(t, source)
		planner := rewrite.NewPlanner(1)
		s := &respeller{r: rand.New(rand.NewSource(7)), ds: loaded.Catalog}
		for _, c := range readCases(t, "queries/*.sql") {
			plan, err := planFor(planner, loaded.Catalog, c, c.sql)
			if err != nil || len(plan.Blocks) == 0 || c.options["spelling"] != "" || c.file == "lateral" || c.file == "read_keys" { // LATERAL has no canonical text; a public table's key is not seen through a sub-query
				continue
			}
			want := identitiesOf(plan)
			for range 2 {
				tree := treeOf(c.sql)
				did := s.respell(tree)
				text, err := syntax.Deparse(tree)
				if err != nil || len(did) == 0 {
					continue
				}
				again, err := planFor(planner, loaded.Catalog, c, text)
				if err != nil {
					t.Errorf("%s, %s/%s: refused (%s)\n%s\n%v", source.name, c.file, c.name, strings.Join(did, ", "), text, err)
					continue
				}
				tried++
				if got := identitiesOf(again); got != want {
					t.Errorf("%s, %s/%s: another release (%s)\n%s\n%s\n%s", source.name, c.file, c.name, strings.Join(did, ", "), c.sql, text, firstDifference(want, got))
				}
			}
		}
	}
	if tried < 1000 {
		t.Errorf("%d spellings were tried", tried)
	}
}

func planFor(p *rewrite.Planner, ds *catalog.Dataset, c sqlCase, sql string) (*rewrite.Plan, error) {
	st, err := parseOne(sql)
	if err != nil {
		return nil, err
	}
	set := settings(tight)
	if c.options["delta"] != "" {
		set.Delta = 0
	}
	return p.Plan(st, ds, set, c.params())
}

// another changes what a tree asks, in the WHERE of a block that reads private tables; "" where it finds nothing to change.
func (s *respeller) another(tree *syntax.Node) string {
	var list []*syntax.Node
	for _, n := range nodes(tree) {
		if v := n.GetSelectStmt(); v != nil && v.WhereClause != nil && s.readsPrivate(v.FromClause) {
			list = append(list, n)
		}
	}
	if len(list) == 0 {
		return ""
	}
	v := list[s.r.Intn(len(list))].GetSelectStmt()
	var comparisons, chains []*syntax.Node
	for _, n := range nodes(v.WhereClause) {
		if plainOperator(n) != "" {
			comparisons = append(comparisons, n)
		}
		if b := n.GetBoolExpr(); b != nil && len(b.Args) > 1 {
			chains = append(chains, n)
		}
	}
	next := map[string]string{"=": "<>", "<>": "=", "<": "<=", "<=": "<", ">": ">=", ">=": ">"}
	switch n := s.r.Intn(4); {
	case n == 0 && len(chains) > 0:
		b := chains[s.r.Intn(len(chains))].GetBoolExpr()
		if b.Boolop == syntax.AND_EXPR {
			b.Boolop = syntax.OR_EXPR
		} else {
			b.Boolop = syntax.AND_EXPR
		}
		return "AND for OR"
	case n == 1:
		v.WhereClause = condition("NOT (a)", v.WhereClause, v.WhereClause)
		return "NOT"
	case n == 2 && len(comparisons) > 0:
		a := comparisons[s.r.Intn(len(comparisons))].GetAExpr()
		for _, side := range []*syntax.Node{a.Rexpr, a.Lexpr} {
			if k := side.GetAConst().GetIval(); k != nil {
				k.Ival++
				return "another constant"
			}
		}
	}
	if len(comparisons) > 0 {
		n := comparisons[s.r.Intn(len(comparisons))]
		a := n.GetAExpr()
		n.Node = condition("a "+next[plainOperator(n)]+" b", a.Lexpr, a.Rexpr).Node
		return "another comparison"
	}
	for _, n := range nodes(v.WhereClause) {
		if n.GetColumnRef() != nil {
			v.WhereClause = nil
			return "no WHERE"
		}
	}
	return "" // TRUE
}

// readsPrivate tells that a FROM clause names a private table itself.
func (s *respeller) readsPrivate(from []*syntax.Node) bool {
	for _, n := range from {
		if v := n.GetRangeVar(); v != nil {
			if t, ok := s.ds.Table(v.Relname); ok && !t.Public {
				return true
			}
		}
		if j := n.GetJoinExpr(); j != nil && s.readsPrivate([]*syntax.Node{j.Larg, j.Rarg}) {
			return true
		}
	}
	return false
}

// TestRandomOthers changes every accepted case at random into another question: what that releases has another name.
func TestRandomOthers(t *testing.T) {
	tried := 0
	for _, source := range newSources(t, cleanRows()) {
		_, loaded := load(t, source)
		planner := rewrite.NewPlanner(1)
		s := &respeller{r: rand.New(rand.NewSource(11)), ds: loaded.Catalog}
		for _, c := range readCases(t, "queries/*.sql") {
			plan, err := planFor(planner, loaded.Catalog, c, c.sql)
			if err != nil || len(plan.Blocks) == 0 {
				continue
			}
			for range 4 {
				tree := treeOf(c.sql)
				did := s.another(tree)
				text, err := syntax.Deparse(tree)
				if err != nil || did == "" {
					continue
				}
				other, err := planFor(planner, loaded.Catalog, c, text)
				if err != nil {
					continue // as when the condition made the keys public
				}
				tried++
				if got := identitiesOf(other); got == identitiesOf(plan) {
					t.Errorf("%s, %s/%s: one release (%s)\n%s\n%s\n%s", source.name, c.file, c.name, did, c.sql, text, got)
				}
			}
		}
	}
	if tried < 500 {
		t.Errorf("%d others were tried", tried)
	}
}
