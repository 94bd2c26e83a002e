package config

import (
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
)

func (v value) tables(decl *catalog.Declaration) {
	v.pairs(func(key, val value) {
		if !key.checkName(key.node.Value) {
			return
		}
		t := catalog.TableDeclaration{Position: key.position(), Path: val.path, Name: key.node.Value}
		view := catalog.ViewDeclaration{Position: key.position(), Path: val.path, Name: key.node.Value}
		val.object(fields{
			"view":        setText(&view.SQL),
			"public":      setBool(&t.Public),
			"source":      func(v value) { v.tableSource(&t.Source) },
			"description": setText(&t.Description),
			"unit":        func(v value) { t.Unit = v.unit() },
			"weight": func(v value) {
				if s, ok := v.scalar(); ok {
					t.Weight = &s
				}
			},
			"dummy":   func(v value) { t.Dummy = v.dummy() },
			"columns": func(v value) { t.Columns = v.columns() },
		})
		if view.SQL == "" {
			decl.Tables = append(decl.Tables, t)
			return
		}
		if t.Public || t.Source != "" || t.Unit != nil || t.Weight != nil || len(t.Columns) > 0 {
			val.fault("a view has a `view` and a `description` alone").Hint = "its columns, units and bounds are those of the tables that it reads"
		}
		view.Description = t.Description
		decl.Views = append(decl.Views, view)
	})
}

func (v value) tableSource(to *string) {
	s, ok := v.text()
	if !ok {
		return
	}
	if schema, table, dotted := strings.Cut(s, "."); s == "" || dotted && (schema == "" || table == "") {
		v.fault("%q names no table", s).Hint = "write table, or schema.table"
		return
	}
	*to = s
}

// unit reads `column -> table.column`, or `column` alone.
func (v value) unit() *catalog.UnitDeclaration {
	s, ok := v.text()
	if !ok {
		return nil
	}
	u := &catalog.UnitDeclaration{Position: v.position(), Path: v.path}
	column, ref, arrow := strings.Cut(s, "->")
	u.Column = strings.TrimSpace(column)
	if arrow {
		table, refColumn, _ := strings.Cut(ref, ".")
		u.RefTable, u.RefColumn = strings.TrimSpace(table), strings.TrimSpace(refColumn)
	}
	if u.Column == "" || arrow && (u.RefTable == "" || u.RefColumn == "") || strings.ContainsAny(u.Column, " .") {
		v.fault("%q is no path to the privacy unit", s).Hint = "write column -> table.column"
		return u // a unit was written, so that it is not reported as missing
	}
	return u
}

func (v value) columns() []catalog.ColumnDeclaration {
	var columns []catalog.ColumnDeclaration
	v.pairs(func(key, val value) {
		if !key.checkName(key.node.Value) {
			return
		}
		columns = append(columns, val.column(key))
	})
	return columns
}

func (v value) column(key value) catalog.ColumnDeclaration {
	c := catalog.ColumnDeclaration{Position: key.position(), Path: v.path, Name: key.node.Value}
	setScalar := func(to **catalog.Scalar) func(value) {
		return func(v value) {
			if v.isNull() {
				v.fault("is empty").Hint = "it follows from what the column means, not from a look at the data"
				return
			}
			if s, ok := v.scalar(); ok {
				*to = &s
			}
		}
	}
	v.object(fields{
		"type":        setScalar(&c.Type),
		"lower":       setScalar(&c.Lower),
		"upper":       setScalar(&c.Upper),
		"values":      func(v value) { c.Values = v.values() },
		"nullable":    func(v value) { b := false; setBool(&b)(v); c.Nullable = &b },
		"key":         setBool(&c.Key),
		"hidden":      setBool(&c.Hidden),
		"use":         func(v value) { v.uses(&c.Uses) },
		"breaks":      func(v value) { c.Breaks = v.values() },
		"sentinels":   func(v value) { c.Sentinels = v.values() },
		"unique":      setBool(&c.Key),
		"source":      setText(&c.Source),
		"description": setText(&c.Description),
	})
	return c
}

// uses reads the ways in which a column may be used.
func (v value) uses(to *catalog.Uses) {
	*to = catalog.Uses{NoFilter: true, NoGroup: true, NoMeasure: true}
	v.oneOrMany(func(item value) {
		switch s, _ := item.choice("filter", "group", "measure"); s {
		case "filter":
			to.NoFilter = false
		case "group":
			to.NoGroup = false
		case "measure":
			to.NoMeasure = false
		}
	})
	if v.isNull() || v.form() == "a list" && len(v.node.Content) == 0 {
		v.fault("is an empty list, so that the column is of no use").Hint = "write hidden: true"
	}
}

// values reads the list; null in it is SQL's NULL. An empty list is not nil: the catalog reports it.
func (v value) values() []catalog.Scalar {
	list := []catalog.Scalar{}
	v.each(func(item value) {
		if s, ok := item.scalar(); ok {
			list = append(list, s)
		}
	})
	return list
}
