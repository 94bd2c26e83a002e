package rewrite

import (
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/expr"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// functionName is a call's name without pg_catalog; another schema's name stays in front and matches nothing.
func functionName(f *syntax.FuncCall) string {
	var parts []string
	for _, n := range f.Funcname {
		parts = append(parts, n.GetString_().GetSval())
	}
	if len(parts) > 1 && parts[0] == "pg_catalog" {
		parts = parts[1:]
	}
	name := strings.Join(parts, ".")
	if own, ok := otherSpelling()[name]; ok {
		return own
	}
	return name
}

// otherSpelling gives PostgreSQL's name of functions as SmartNoise SQL and other systems write them.
func otherSpelling() map[string]string {
	return map[string]string{"var": "variance", "std": "stddev", "stdev": "stddev"}
}

// call resolves a function: an aggregate, a window function, one of the session's, or one of the closed list of scalars.
func (c *exprContext) call(f *syntax.FuncCall) (expr.Expr, error) {
	name, loc := functionName(f), f.Location
	if f.FuncVariadic {
		return nil, c.fail(refusal.NotSupported, loc, "VARIADIC calls are not supported")
	}
	if f.Over != nil {
		return c.windowCall(f, name)
	}
	if name == "dp_low" || name == "dp_high" {
		return c.intervalEnd(f, name)
	}
	if _, ok := aggregates()[name]; ok {
		return c.aggregate(f, name)
	}
	if f.AggStar || f.AggDistinct || f.AggFilter != nil || len(f.AggOrder) > 0 || f.AggWithinGroup {
		return nil, c.fail(refusal.NotSupported, loc, "aggregate function %q is not supported", name).
			WithHint("SELECT * FROM dp.functions lists what may be asked.")
	}
	if e, ok, err := c.sessionFunction(f, name); ok || err != nil {
		return e, err
	}
	defer c.buckets(f, name)()
	if name == "width_bucket" && len(f.Args) == 2 {
		return c.thresholds(f)
	}
	if e, ok, err := c.textBuilder(f, name); ok || err != nil {
		return e, err
	}
	if name == "make_interval" {
		return c.makeInterval(f)
	}
	args, err := c.all(f.Args)
	if err != nil {
		return nil, c.unknownFirst(f, name, err)
	}
	switch name {
	case "overlaps":
		if len(args) == 4 {
			return c.overlaps(args, loc)
		}
	case "age":
		if len(args) == 1 {
			return c.ageToday(args[0], loc)
		}
	case "regexp_like":
		if len(args) == 2 {
			out, err := c.b.Like(args[0], args[1], nil, "regex", false, int(loc))
			return c.done(out, err, loc)
		}
	case "num_nulls", "num_nonnulls":
		return c.countNulls(args, name == "num_nonnulls", loc)
	case "pg_typeof":
		if len(args) == 1 {
			return expr.Const{Typ: catalog.Of(catalog.Text), Text: plainName(args[0].Type()), Pos: int(loc)}, nil
		}
	case "extract", "date_part":
		if len(args) == 2 {
			if k, ok := args[0].(expr.Const); ok && !k.Null {
				out, err := c.b.Extract(strings.ToLower(k.Text), args[1], int(loc))
				if err == nil && name == "date_part" {
					out, err = c.b.Cast(out, catalog.Of(catalog.Float8), int(loc))
				}
				return c.done(out, err, loc)
			}
		}
	case "timezone":
		if len(args) == 2 {
			out, err := c.b.AtTimeZone(args[1], args[0], int(loc))
			return c.done(out, err, loc)
		}
	}
	if t, ok := castNamed(name); ok && len(args) == 1 {
		out, err := c.b.Cast(args[0], t, int(loc))
		return c.done(out, err, loc)
	}
	out, err := c.b.Call(name, args, int(loc))
	return c.done(out, err, loc)
}

// sessionFunction answers functions about the session with constants; none of them reaches the engine.
func (c *exprContext) sessionFunction(f *syntax.FuncCall, name string) (expr.Expr, bool, error) {
	r, pos := c.r, int(f.Location)
	constant := func(t catalog.Kind, text string) (expr.Expr, bool, error) {
		return expr.Const{Typ: catalog.Of(t), Text: text, Pos: pos}, true, nil
	}
	if len(f.Args) == 0 {
		switch name {
		case "current_database", "current_catalog":
			return constant(catalog.Name, r.set.Database)
		case "current_user", "session_user", "user", "current_role":
			return constant(catalog.Name, r.set.User)
		case "current_schema":
			return constant(catalog.Name, "public")
		case "now", "transaction_timestamp", "statement_timestamp", "clock_timestamp":
			e, err := c.now(catalog.Timestamptz, f.Location)
			return e, true, err
		}
	}
	if name == "current_setting" && (len(f.Args) == 1 || len(f.Args) == 2) {
		e, err := c.currentSetting(f)
		return e, true, err
	}
	if name == "set_config" && len(f.Args) == 3 {
		e, err := c.setConfig(f)
		return e, true, err
	}
	if r.set.Constants != nil && len(f.Args) == 0 {
		if cell, t, ok := r.set.Constants(name); ok {
			r.volatile = true
			return expr.Const{Typ: t, Text: cell.Text, Null: cell.Null, Pos: pos}, true, nil
		}
	}
	return nil, false, nil
}

func (c *exprContext) currentSetting(f *syntax.FuncCall) (expr.Expr, error) {
	arg, err := c.resolve(f.Args[0])
	if err != nil {
		return nil, err
	}
	k, ok := arg.(expr.Const)
	if !ok || k.Null {
		return nil, c.fail(refusal.NotSupported, f.Location, "current_setting takes a constant name")
	}
	c.r.volatile = true
	out := expr.Const{Typ: catalog.Of(catalog.Text), Pos: int(f.Location)}
	if c.r.set.Session != nil {
		if v, ok := c.r.set.Session(strings.ToLower(k.Text)); ok {
			out.Text = v
			return out, nil
		}
	}
	if len(f.Args) == 2 {
		if a, err := c.resolve(f.Args[1]); err == nil {
			if m, ok := a.(expr.Const); ok && isTrue(m.Text) || ok && m.Text == "t" {
				out.Null = true
				return out, nil
			}
		}
	}
	return nil, c.fail(refusal.UndefinedObject, f.Location, "unrecognized configuration parameter %q", k.Text)
}

// now is the time of the query, drawn once; a plan with it is not cached.
func (c *exprContext) now(kind catalog.Kind, loc int32) (expr.Expr, error) {
	if c.r.set.Now == nil {
		return nil, c.fail(refusal.NotSupported, loc, "the current time is not available here")
	}
	c.r.volatile = true
	t := c.r.set.Now().UTC()
	layout := map[catalog.Kind]string{catalog.Date: "2006-01-02", catalog.Timestamp: "2006-01-02 15:04:05.999999",
		catalog.Timestamptz: "2006-01-02 15:04:05.999999+00", catalog.Time: "15:04:05.999999"}[kind]
	return expr.Const{Typ: catalog.Of(kind), Text: t.Format(layout), Pos: int(loc)}, nil
}

func (c *exprContext) valueFunction(v *syntax.SQLValueFunction) (expr.Expr, error) {
	constant := func(text string) (expr.Expr, error) {
		return expr.Const{Typ: catalog.Of(catalog.Name), Text: text, Pos: int(v.Location)}, nil
	}
	switch v.Op {
	case syntax.SVFOP_CURRENT_DATE:
		return c.now(catalog.Date, v.Location)
	case syntax.SVFOP_CURRENT_TIMESTAMP, syntax.SVFOP_CURRENT_TIMESTAMP_N:
		return c.now(catalog.Timestamptz, v.Location)
	case syntax.SVFOP_LOCALTIMESTAMP, syntax.SVFOP_LOCALTIMESTAMP_N:
		return c.now(catalog.Timestamp, v.Location)
	case syntax.SVFOP_LOCALTIME, syntax.SVFOP_LOCALTIME_N:
		return c.now(catalog.Time, v.Location)
	case syntax.SVFOP_CURRENT_USER, syntax.SVFOP_USER, syntax.SVFOP_SESSION_USER, syntax.SVFOP_CURRENT_ROLE:
		return constant(c.r.set.User)
	case syntax.SVFOP_CURRENT_CATALOG:
		return constant(c.r.set.Database)
	case syntax.SVFOP_CURRENT_SCHEMA:
		return constant("public")
	}
	return nil, c.fail(refusal.NotSupported, v.Location, "CURRENT_TIME is not supported").WithHint("Use CURRENT_TIMESTAMP or LOCALTIME.")
}

// setConfig notes a call of set_config with constant arguments; it stands for its value.
func (c *exprContext) setConfig(f *syntax.FuncCall) (expr.Expr, error) {
	args, err := c.all(f.Args)
	if err != nil {
		return nil, err
	}
	var text [3]string
	for i, a := range args {
		k, ok := expr.Fold(a)
		if !ok || k.Null && !c.r.describing {
			return nil, c.fail(refusal.NotSupported, f.Location, "set_config takes constants")
		}
		text[i] = k.Text
	}
	c.r.volatile = true
	c.r.setConfigs = append(c.r.setConfigs, SetConfig{Name: strings.ToLower(text[0]), Value: text[1], Local: isTrue(text[2]) || text[2] == "t", position: int(f.Location)})
	return expr.Const{Typ: catalog.Of(catalog.Text), Text: text[1], Pos: int(f.Location)}, nil
}

// placeSetConfigs finds the output columns that the calls are; elsewhere they are refused, so that each is done once.
func (r *resolver) placeSetConfigs(q *query, post Post) ([]SetConfig, error) {
	for i := range r.setConfigs {
		call := &r.setConfigs[i]
		call.Column = -1
		for at, it := range q.items {
			if k, ok := it.e.(expr.Const); ok && k.Pos == call.position {
				call.Column = at
			}
		}
		if call.Column < 0 || len(post.Constants) != 1 {
			return nil, r.fail(refusal.NotSupported, int32(call.position), "set_config is supported as a column of a query without tables only")
		}
	}
	return r.setConfigs, nil
}
