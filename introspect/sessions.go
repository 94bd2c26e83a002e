package introspect

import (
	"context"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// sessionRows is a relation that tells of the user's own sessions.
func (c *compiler) sessionRows(r *relation) (*syntax.Node, error) {
	c.perSession = true
	own, err := c.sessionValues(r)
	if err != nil {
		return nil, err
	}
	if own != "" {
		return parseSelect(own)
	}
	return nil, nil // the static table, which is empty
}

// maxSessionText bounds what rows of sessions (prepared statements, cursors) add to a statement, in bytes.
const maxSessionText = 4 << 20

// sessionValues selects the rows that the session knows of a relation; "" is none.
func (c *compiler) sessionValues(r *relation) (string, error) {
	if c.view.Session == nil {
		return "", nil
	}
	var selects []string
	length := 0
	for _, row := range c.view.Session.Rows(r.name) {
		var items []string
		for _, cl := range r.columns {
			item := "NULL"
			v, ok := row[cl.name]
			if !ok {
				v, ok = c.numberOf(cl.name, row)
			}
			if ok {
				if cl.typ.base() == "timestamptz" {
					v = strings.TrimSuffix(v, "+00") // the engine's own type has no zone
				}
				item = literal(v)
			}
			items = append(items, item+"::"+cl.typ.engineType()+` AS "`+cl.name+`"`)
		}
		selects = append(selects, "SELECT "+strings.Join(items, ", "))
		if length += len(selects[len(selects)-1]); length > maxSessionText {
			return "", refusal.New(refusal.ProgramLimitExceeded, "the rows of %s hold more than %d bytes", r.name, maxSessionText)
		}
	}
	return strings.Join(selects, " UNION ALL "), nil
}

// numberOf is the object id of what a row of pg_stat_activity names.
func (c *compiler) numberOf(column string, row map[string]string) (string, bool) {
	names, name := map[uint32]string{}, ""
	switch column {
	case "datid":
		names, name = c.snap.databases, row["datname"]
	case "usesysid":
		names, name = c.snap.roles, row["usename"]
	}
	for oid, n := range names {
		if n == name && name != "" {
			return id32(oid), true
		}
	}
	return "", false
}

// act is a function that does something to sessions, in an output column: the engine computes its argument, and what
// is done follows once all rows are there.
type act struct {
	name   string
	node   *syntax.Node // the call, until its column is known
	column int
}

// actFunctions do something. They may be output columns alone, so that each is done once for each row.
func actFunctions() map[string]function {
	m := map[string]function{}
	for name, f := range map[string]function{
		"pg_cancel_backend":      {args: []sqlType{"int4"}, min: 1, ret: "bool", lookup: true},
		"pg_terminate_backend":   {args: []sqlType{"int4", "int8"}, min: 1, ret: "bool", lookup: true},
		"pg_sleep":               {args: []sqlType{"float8"}, min: 1, ret: "void", lookup: true},
		"pg_advisory_unlock_all": {ret: "void", lookup: true},
	} {
		f.emit = func(c *compiler, args []*syntax.Node, _ []sqlType) (*syntax.Node, error) {
			c.perSession = true
			argument := textConst("")
			if len(args) > 0 {
				argument = args[0]
			}
			out := cast(argument, "text")
			c.acts = append(c.acts, act{name: name, node: out})
			return out, nil
		}
		m[name] = f
	}
	return m
}

// placeActs finds the output columns that the acts are.
func (c *compiler) placeActs(root *syntax.SelectStmt) error {
	for i := range c.acts {
		a := &c.acts[i]
		a.column = -1
		for at, t := range root.GetTargetList() {
			if t.GetResTarget().GetVal().GetNode() == a.node.Node {
				a.column = at
			}
		}
		if a.column < 0 || len(root.SortClause) > 0 || len(root.DistinctClause) > 0 || root.Op != syntax.SETOP_NONE {
			return refusal.New(refusal.NotSupported, "%s is supported as an output column of a plain query only", a.name)
		}
		if len(root.FromClause) > 0 && !strings.HasSuffix(a.name, "_backend") {
			return refusal.New(refusal.NotSupported, "%s is supported in a query without FROM only", a.name)
		}
	}
	return nil
}

// maxSleep bounds one pg_sleep; the session's own time limits are shorter, as a rule.
const maxSleep = 24 * time.Hour

// perform does what the rows ask for, and puts what came of it in the place of the arguments.
func perform(ctx context.Context, v View, acts []act, rows [][]Cell) error {
	for _, row := range rows {
		for _, a := range acts {
			cell := &row[a.column]
			if cell.Null {
				continue
			}
			switch a.name {
			case "pg_cancel_backend", "pg_terminate_backend":
				pid, err := strconv.ParseInt(cell.Text, 10, 32)
				cell.Text = "f"
				if err == nil && v.Session != nil && v.Session.Signal(int32(pid), a.name == "pg_terminate_backend") {
					cell.Text = "t"
				}
			case "pg_sleep":
				if err := sleep(ctx, cell.Text); err != nil {
					return err
				}
				cell.Text = ""
			}
		}
	}
	return nil
}

// sleep waits a number of seconds, or until the query ends.
func sleep(ctx context.Context, seconds string) error {
	n, err := strconv.ParseFloat(seconds, 64)
	if err != nil || math.IsNaN(n) || n <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(time.Duration(min(n*float64(time.Second), float64(maxSleep))))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
