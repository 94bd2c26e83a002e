package rewrite

import (
	"strings"

	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// MaxStatements is the largest number of statements in one message.
const MaxStatements = 100

// Parse splits a message into statements and names the kind of each; what is on no list is refused here, and what is
// inside a SELECT is checked when it is resolved. An empty message has no statements. Errors are *refusal.Error.
func Parse(sql string) ([]*Statement, error) {
	raw, err := syntax.Parse(sql)
	if err != nil {
		return nil, err
	}
	if len(raw) > MaxStatements {
		return nil, refusal.New(refusal.ProgramLimitExceeded, "the message has %d statements, the limit is %d", len(raw), MaxStatements)
	}
	out := make([]*Statement, 0, len(raw))
	for _, r := range raw {
		start, end := int(r.StmtLocation), len(sql)
		if r.StmtLen > 0 {
			end = start + int(r.StmtLen)
		}
		text := sql[start:end]
		trimmed := strings.TrimLeft(text, " \t\r\n\f\v")
		p := parser{source: sql, offset: start + len(text) - len(trimmed), text: strings.TrimSpace(trimmed)}
		moveSeries(r.Stmt.ProtoReflect())
		st, err := p.statement(r.Stmt)
		if err != nil {
			return out, err
		}
		out = append(out, st)
	}
	return out, nil
}

// parser turns one raw statement into a Statement.
type parser struct {
	source, text string
	offset       int
}

func (p parser) new(kind StatementKind, n *syntax.Node) *Statement {
	return &Statement{Kind: kind, Text: p.text, Offset: p.offset, tree: n, source: p.source, Options: map[string]string{}}
}

// refuse makes a refusal at a node's byte offset, in characters of the whole message.
func (p parser) refuse(code refusal.Code, loc int32, format string, args ...any) *refusal.Error {
	return refusal.New(code, format, args...).At(syntax.CharOffset(p.source, int(loc)))
}

func (p parser) statement(n *syntax.Node) (*Statement, error) {
	switch s := n.GetNode().(type) {
	case *syntax.Node_SelectStmt:
		return p.selectStatement(n, s.SelectStmt)
	case *syntax.Node_ExplainStmt:
		return p.explain(n, s.ExplainStmt)
	case *syntax.Node_VariableSetStmt:
		return p.set(n, s.VariableSetStmt)
	case *syntax.Node_VariableShowStmt:
		st := p.new(Show, n)
		st.Name = syntax.Setting(s.VariableShowStmt.Name)
		return st, nil
	case *syntax.Node_DiscardStmt:
		st := p.new(Discard, n)
		st.Options["target"] = map[syntax.DiscardMode]string{syntax.DISCARD_ALL: "all", syntax.DISCARD_PLANS: "plans",
			syntax.DISCARD_SEQUENCES: "sequences", syntax.DISCARD_TEMP: "temp"}[s.DiscardStmt.Target]
		return st, nil
	case *syntax.Node_TransactionStmt:
		return p.transaction(n, s.TransactionStmt)
	case *syntax.Node_PrepareStmt:
		return p.prepare(n, s.PrepareStmt)
	case *syntax.Node_ExecuteStmt:
		return p.execute(n, s.ExecuteStmt)
	case *syntax.Node_DeallocateStmt:
		st := p.new(Deallocate, n)
		st.Name = s.DeallocateStmt.Name
		return st, nil
	case *syntax.Node_DeclareCursorStmt:
		return p.declare(n, s.DeclareCursorStmt)
	case *syntax.Node_FetchStmt:
		return p.fetch(n, s.FetchStmt)
	case *syntax.Node_ClosePortalStmt:
		st := p.new(ClosePortal, n)
		st.Name = s.ClosePortalStmt.Portalname
		return st, nil
	case *syntax.Node_CopyStmt:
		return p.copyOut(n, s.CopyStmt)
	case *syntax.Node_UnlistenStmt:
		return p.new(Listen, n), nil
	case *syntax.Node_InsertStmt, *syntax.Node_UpdateStmt, *syntax.Node_DeleteStmt, *syntax.Node_MergeStmt, *syntax.Node_CreateTableAsStmt:
		return nil, p.refuse(refusal.InsufficientPrivilege, int32(p.offset), "dpproxy answers queries and never writes").
			WithHint("Write SELECT with aggregates, such as SELECT count(*) FROM a_table.")
	default:
		return nil, p.refuse(refusal.NotSupported, int32(p.offset), "this kind of statement is not supported").
			WithHint("dpproxy answers SELECT, EXPLAIN, SET, SHOW, transactions, prepared statements, cursors and COPY (SELECT …) TO STDOUT.")
	}
}

func (p parser) selectStatement(n *syntax.Node, s *syntax.SelectStmt) (*Statement, error) {
	if into := intoClause(s); into {
		return nil, p.refuse(refusal.InsufficientPrivilege, int32(p.offset), "SELECT INTO writes, and dpproxy never writes").
			WithHint("Remove INTO.")
	}
	st := p.new(Select, n)
	for _, s := range slotsOf(n) {
		if s.param > 0 {
			st.slots = append(st.slots, s)
		}
	}
	st.elsewhere = parametersElsewhere(n, st.slots)
	return st, nil
}

func intoClause(s *syntax.SelectStmt) bool {
	for ; s != nil; s = s.Larg {
		if s.IntoClause != nil {
			return true
		}
	}
	return false
}

// inner makes the Statement of a SELECT inside another statement.
func (p parser) inner(n *syntax.Node, what string) (*Statement, error) {
	s := n.GetSelectStmt()
	if s == nil {
		return nil, p.refuse(refusal.NotSupported, int32(p.offset), "%s is supported for SELECT only", what)
	}
	st, err := p.selectStatement(n, s)
	if err != nil {
		return nil, err
	}
	// The grammar does not tell where it begins; printed from the tree, its text stands alone.
	if text, err := syntax.Deparse(n); err == nil {
		st.Text = text
	}
	return st, nil
}

func (p parser) explain(n *syntax.Node, s *syntax.ExplainStmt) (*Statement, error) {
	st := p.new(Explain, n)
	for _, o := range s.Options {
		d := o.GetDefElem()
		v, ok := optionText(d.GetArg())
		if !ok {
			v = "true"
		}
		name := strings.ToLower(d.GetDefname())
		switch name {
		case "format":
			if v = strings.ToLower(v); v != "text" && v != "json" {
				return nil, p.refuse(refusal.NotSupported, d.Location, "EXPLAIN has the formats TEXT and JSON")
			}
		case "analyze":
			if isTrue(v) {
				return nil, p.refuse(refusal.NotSupported, d.Location, "EXPLAIN ANALYZE would run the query outside of any budget").
					WithHint("EXPLAIN without ANALYZE shows the plan, the price and the expected error of each column.")
			}
		case "verbose", "costs", "settings", "buffers", "wal", "timing", "summary", "generic_plan":
		default:
			return nil, p.refuse(refusal.SyntaxError, d.Location, "unrecognized EXPLAIN option %q", d.Defname)
		}
		st.Options[name] = v
	}
	q := s.Query
	if e := q.GetExecuteStmt(); e != nil { // the session knows what is prepared
		inner, err := p.execute(q, e)
		st.Query = inner
		return st, err
	}
	if d := q.GetDeclareCursorStmt(); d != nil {
		q = d.Query // postgres_fdw and others explain cursors
	}
	inner, err := p.inner(q, "EXPLAIN")
	st.Query = inner
	return st, err
}
