package rewrite

import (
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/expr"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// constantArray is ARRAY[…] of constants, as drivers write their lists; to is the array's type, or zero where the
// elements decide.
func (c *exprContext) constantArray(a *syntax.A_ArrayExpr, to catalog.Type) (expr.Expr, error) {
	loc := a.Location
	items, err := c.all(a.Elements)
	if err != nil {
		return nil, err
	}
	elem := to
	switch {
	case to.Kind != catalog.Unknown:
	case len(items) == 0:
		return nil, c.fail(refusal.NotSupported, loc, "cannot determine type of empty array").
			WithHint("Explicitly cast to the desired type, for example ARRAY[]::integer[].")
	default:
		common, err := c.b.Coalesce(items, int(loc))
		if err != nil {
			return c.done(nil, err, loc)
		}
		if elem = common.Type(); elem.Kind == catalog.Unknown {
			elem = catalog.Of(catalog.Text)
		}
	}
	if elem.Array = false; to.Kind == catalog.Unknown && items[0].Type().Array {
		return nil, c.fail(refusal.NotSupported, loc, "arrays of arrays are not supported")
	}
	var texts []string
	for _, item := range items {
		cast, err := c.b.Cast(item, elem, int(loc))
		if err != nil {
			return c.done(nil, err, loc)
		}
		k, ok := expr.Fold(cast)
		if !ok {
			return nil, c.fail(refusal.NotSupported, loc, "arrays are supported with constant elements only")
		}
		texts = append(texts, arrayItem(k))
	}
	elem.Array = true
	return expr.Const{Typ: elem, Text: "{" + strings.Join(texts, ",") + "}", Pos: int(loc)}, nil
}

// arrayItem prints an element as PostgreSQL's array output does.
func arrayItem(k expr.Const) string {
	switch {
	case k.Null:
		return "NULL"
	case k.Text != "" && !strings.EqualFold(k.Text, "null") && !strings.ContainsAny(k.Text, "{}\",\\ \t\n\r\v\f"):
		return k.Text
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(k.Text) + `"`
}

// plainName is a type's name without modifiers, as pg_typeof gives it.
func plainName(t catalog.Type) string {
	switch plain := (catalog.Type{Kind: t.Kind, Array: t.Array}); plain.Kind {
	case catalog.Bpchar:
		return map[bool]string{false: "character", true: "character[]"}[plain.Array]
	default:
		return plain.String()
	}
}

// parseArray reads PostgreSQL's text form of a one-dimensional array: {1,2,NULL,"a,b"}.
func parseArray(s string) ([]mechanism.Cell, bool) {
	s = strings.TrimSpace(s)
	if len(s) < 2 || s[0] != '{' || s[len(s)-1] != '}' {
		return nil, false
	}
	s = s[1 : len(s)-1]
	var out []mechanism.Cell
	if strings.TrimSpace(s) == "" {
		return out, true
	}
	for i := 0; ; {
		for i < len(s) && s[i] == ' ' {
			i++
		}
		var b strings.Builder
		quoted := i < len(s) && s[i] == '"'
		if quoted {
			for i++; i < len(s) && s[i] != '"'; i++ {
				if s[i] == '\\' {
					i++
				}
				if i < len(s) {
					b.WriteByte(s[i])
				}
			}
			if i >= len(s) {
				return nil, false
			}
			i++
		} else {
			for ; i < len(s) && s[i] != ','; i++ {
				switch s[i] {
				case '{', '}', '"':
					return nil, false // nested arrays are not supported
				case '\\':
					i++
				}
				if i < len(s) {
					b.WriteByte(s[i])
				}
			}
		}
		text := b.String()
		if !quoted {
			text = strings.TrimSpace(text)
			if text == "" {
				return nil, false
			}
		}
		out = append(out, mechanism.Cell{Text: text, Null: !quoted && strings.EqualFold(text, "NULL")})
		for i < len(s) && s[i] == ' ' {
			i++
		}
		if i >= len(s) {
			return out, true
		}
		if s[i] != ',' {
			return nil, false
		}
		i++
	}
}
