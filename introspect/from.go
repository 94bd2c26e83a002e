package introspect

import (
	"strings"

	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// from compiles one entry of FROM and adds what it brings to the scope.
func (c *compiler) from(n *syntax.Node, sc *scope) error {
	if err := c.enter(); err != nil {
		return err
	}
	defer func() { c.depth-- }()
	switch v := n.GetNode().(type) {
	case *syntax.Node_RangeVar:
		return c.rangeVar(n, v.RangeVar, sc)
	case *syntax.Node_RangeSubselect:
		return c.rangeSubselect(v.RangeSubselect, sc)
	case *syntax.Node_RangeFunction:
		return c.rangeFunction(n, v.RangeFunction, sc)
	case *syntax.Node_JoinExpr:
		return c.join(v.JoinExpr, sc)
	}
	return unsupported("entry in FROM")
}

func (c *compiler) join(j *syntax.JoinExpr, sc *scope) error {
	if j.Alias != nil || j.JoinUsingAlias != nil {
		return unsupported("alias of a join")
	}
	if err := c.from(j.Larg, sc); err != nil {
		return err
	}
	left := len(sc.items)
	if err := c.from(j.Rarg, sc); err != nil {
		return err
	}
	for _, name := range names(j.UsingClause) {
		sc.using = append(sc.using, name)
	}
	if j.IsNatural {
		for _, l := range sc.items[:left] {
			for _, r := range sc.items[left:] {
				sc.using = append(sc.using, shared(l.cols, r.cols)...)
			}
		}
	}
	return c.condition(j.Quals, sc)
}

func shared(a, b []col) []string {
	var both []string
	for _, x := range a {
		for _, y := range b {
			if x.name == y.name {
				both = append(both, x.name)
			}
		}
	}
	return both
}

// merged says that a column occurs once in * because of USING.
func (s *scope) merged(name string) bool {
	for _, u := range s.using {
		if u == name {
			return true
		}
	}
	return false
}

// rangeVar replaces a catalog relation by its tables in the engine.
func (c *compiler) rangeVar(n *syntax.Node, v *syntax.RangeVar, sc *scope) error {
	alias, colnames := v.Relname, []string(nil)
	if v.Alias != nil {
		alias, colnames = v.Alias.Aliasname, names(v.Alias.Colnames)
	}
	if cols, ok := sc.cte(v.Relname); ok && v.Schemaname == "" {
		sc.items = append(sc.items, &item{alias: alias, cols: rename(cols, colnames)})
		return nil
	}
	if v.Catalogname != "" && v.Catalogname != c.view.Database {
		return refusal.New(refusal.NotSupported, "cross-database references are not implemented: \"%s\"",
			strings.Join([]string{v.Catalogname, v.Schemaname, v.Relname}, ".")).At(int(v.Location))
	}
	rel := c.relation(v.Schemaname, v.Relname)
	if rel == nil {
		return refusal.New(refusal.UndefinedTable, "relation \"%s\" does not exist", joinNonEmpty(".", v.Schemaname, v.Relname)).
			At(int(v.Location))
	}
	sc.items = append(sc.items, &item{alias: alias, cols: rename(rel.columns2(), colnames), rel: rel})
	query, err := c.source(rel)
	if err != nil {
		return err
	}
	a := &syntax.Alias{Aliasname: alias}
	if v.Alias != nil {
		a.Colnames = v.Alias.Colnames
	}
	if query == nil {
		v.Catalogname, v.Schemaname, v.Relname, v.Inh, v.Alias = "", "s", rel.table(), true, a
		return nil
	}
	n.Node = subselect(query, a)
	return nil
}

// relation finds a catalog relation: unqualified names are those of pg_catalog.
func (c *compiler) relation(schema, name string) *relation {
	switch schema {
	case "", "pg_catalog":
		return c.static.catalog[name]
	case "information_schema":
		return c.static.schema[name]
	}
	return nil
}

// columns2 are the relation's columns as a scope holds them.
func (r *relation) columns2() []col {
	cols := make([]col, len(r.columns))
	for i, cl := range r.columns {
		cols[i] = col(cl)
	}
	return cols
}

func subselect(query *syntax.Node, a *syntax.Alias) *syntax.Node_RangeSubselect {
	return &syntax.Node_RangeSubselect{RangeSubselect: &syntax.RangeSubselect{Subquery: query, Alias: a}}
}

// source is the query that stands for a relation, nil where its static table does.
func (c *compiler) source(r *relation) (*syntax.Node, error) {
	if r.schema == "pg_catalog" && r.name == "pg_settings" {
		return c.settings(r)
	}
	switch {
	case r.schema != "pg_catalog":
	case r.name == "pg_stat_activity", r.name == "pg_prepared_statements", r.name == "pg_cursors":
		return c.sessionRows(r)
	}
	if r.schema == "pg_catalog" && r.name == "pg_timezone_names" {
		return parseSelect("SELECT name, NULL::text AS abbrev, NULL::interval AS utc_offset, NULL::bool AS is_dst FROM s.timezones")
	}
	if _, ok := c.snap.byName[r.name]; ok && r.schema == "pg_catalog" {
		if len(r.rows) == 0 {
			return parseSelect("SELECT * FROM " + c.snap.schema() + "." + r.name)
		}
		return parseSelect("SELECT * FROM s." + r.name + " UNION ALL SELECT * FROM " + c.snap.schema() + "." + r.name)
	}
	if r.schema != "information_schema" {
		return nil, nil
	}
	template, ok := schemaViews[r.name]
	if !ok {
		return nil, nil
	}
	return parseSelect(c.fill(template, r))
}

// settings is pg_settings with the session's own values.
func (c *compiler) settings(r *relation) (*syntax.Node, error) {
	c.perSession = true
	var b strings.Builder
	b.WriteString("SELECT ")
	for i, cl := range r.columns {
		if i > 0 {
			b.WriteString(", ")
		}
		switch {
		case cl.name == "sourcefile" || cl.name == "sourceline" || cl.name == "source": // those of whoever made the static rows
			b.WriteString(map[string]string{"sourcefile": "NULL::text", "sourceline": "NULL::int4", "source": "'default'"}[cl.name] + " AS " + cl.name)
			continue
		case cl.name == "boot_val" || cl.name == "reset_val":
			b.WriteString(c.fixedSetting(cl.name))
			continue
		case cl.name != "setting" || c.view.Settings == nil:
			b.WriteString(cl.name)
			continue
		}
		b.WriteString("CASE name")
		for _, row := range r.rows {
			if v, ok := c.setting(row[0]); ok {
				b.WriteString(" WHEN " + literal(row[0]) + " THEN " + literal(v))
			}
		}
		b.WriteString(" WHEN '' THEN '' ELSE setting END AS setting")
	}
	b.WriteString(" FROM s.pg_settings")
	own, err := c.sessionValues(r)
	if err != nil {
		return nil, err
	}
	if own != "" {
		b.WriteString(" UNION ALL " + own)
	}
	return parseSelect(b.String())
}

// fixedSetting is the value that a setting starts with: what is the proxy's own is the session's.
func (c *compiler) fixedSetting(column string) string {
	var b strings.Builder
	b.WriteString("CASE name")
	for _, name := range []string{"server_version", "server_version_num", "server_encoding"} {
		if v, ok := c.setting(name); ok {
			b.WriteString(" WHEN " + literal(name) + " THEN " + literal(v))
		}
	}
	return b.String() + " WHEN 'client_encoding' THEN 'UTF8' WHEN 'DateStyle' THEN 'ISO, MDY' WHEN 'TimeZone' THEN 'UTC' ELSE " + column + " END AS " + column
}

// setting reads one of the session's settings. The version's number follows from its text.
func (c *compiler) setting(name string) (string, bool) {
	if c.view.Settings == nil {
		return "", false
	}
	name = strings.ToLower(name)
	if v, ok := c.view.Settings(name); ok || name != "server_version_num" {
		return v, ok
	}
	version, ok := c.view.Settings("server_version")
	if !ok {
		return "", false
	}
	number, _, _ := strings.Cut(version, " ")
	major, minor, _ := strings.Cut(number, ".")
	return formatInt(num(major)*10000 + num(minor)), true
}

// literal is a SQL string.
func literal(s string) string {
	s = strings.ReplaceAll(s, "'", "''")
	if strings.Contains(s, `\`) {
		return "E'" + strings.ReplaceAll(s, `\`, `\\`) + "'"
	}
	return "'" + s + "'"
}

func (c *compiler) rangeSubselect(r *syntax.RangeSubselect, sc *scope) error {
	outer := sc.parent
	if r.Lateral {
		outer = sc
	} else if len(sc.ctes) > 0 {
		outer = &scope{parent: sc.parent, ctes: sc.ctes}
	}
	query := r.Subquery.GetSelectStmt()
	cols, err := c.selectStmt(query, outer)
	if err != nil {
		return err
	}
	if r.Alias == nil {
		r.Alias = &syntax.Alias{Aliasname: "unnamed_" + formatInt(int64(len(sc.items)))}
	}
	colnames := names(r.Alias.Colnames)
	if query != nil && len(query.ValuesLists) > 0 {
		cols = rename(cols, colnames) // the engine names the columns of VALUES otherwise
		r.Alias.Colnames = nil
		for _, cl := range cols {
			r.Alias.Colnames = append(r.Alias.Colnames, str(cl.name))
		}
	}
	sc.items = append(sc.items, &item{alias: r.Alias.Aliasname, cols: rename(cols, colnames)})
	return nil
}

// rangeFunction turns a function in FROM into a sub-query that calls it in its select list.
func (c *compiler) rangeFunction(n *syntax.Node, r *syntax.RangeFunction, sc *scope) error {
	if len(r.Functions) != 1 || len(r.Coldeflist) > 0 {
		return unsupported("ROWS FROM or a column definition list")
	}
	parts := r.Functions[0].GetList().GetItems()
	if len(parts) == 0 {
		return unsupported("function in FROM")
	}
	name := columnName(parts[0])
	alias, colnames := name, []string(nil)
	if r.Alias != nil {
		alias, colnames = r.Alias.Aliasname, names(r.Alias.Colnames)
		if len(colnames) == 0 {
			name = alias
		}
	}
	cols, targets, from, err := c.functionRows(parts[0], name, sc)
	if err != nil {
		return err
	}
	if r.Ordinality {
		targets, from = ordinality(targets, from)
		cols = append(cols, col{"ordinality", "int8"})
	}
	cols = rename(cols, colnames)
	for i := range cols {
		if i < len(targets) {
			targets[i].GetResTarget().Name = cols[i].name
		}
	}
	sub := subselect(selectOf(targets, from), &syntax.Alias{Aliasname: alias})
	sub.RangeSubselect.Lateral = len(sc.items) > 0
	n.Node = sub
	sc.items = append(sc.items, &item{alias: alias, cols: cols})
	return nil
}
