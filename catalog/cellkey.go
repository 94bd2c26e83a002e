package catalog

import (
	"math/big"
	"strings"
)

// CellKey says that a dataset is answered by cell-key perturbation (pipeline: tbe) and not by differential privacy. Its
// columns are those of the unit's table, by their names in the source; analysts see them only if they are declared too.
type CellKey struct {
	RecordKey  string // an integer column: each record's key in [0, BigN)
	Tiebreaker string // orders records of equal value; the unit's column where nothing is written
	Weight     string // what a record stands for; empty: 1
	// WeightDecimals is the number of decimals of the weight that count.
	WeightDecimals int

	BigN           int64
	SmallC, SmallN int
	M              []*big.Rat
	P              [][]int64    // 256 rows
	S              [][]*big.Rat // 256 rows; nil: sums and means are not answered
	// Ones and OnesAndTwos are the largest shares of small cells in a table; nil: not judged.
	Ones, OnesAndTwos *big.Rat
	// Mixed says that the owner accepts that the same data are answered by differential privacy too.
	Mixed bool
}

// CellKeyDeclaration is `pipeline: tbe` as the owner wrote it; package config has read the tables' files.
type CellKeyDeclaration struct {
	Position
	Path string
	CellKey
}

// cellKey matches the pipeline's columns with the source; nil where the dataset has none, or a fault was found.
func (b *builder) cellKey(ds *Dataset) *CellKey {
	d := b.d.CellKey
	if d == nil {
		return nil
	}
	out := d.CellKey
	if out.Tiebreaker == "" {
		out.Tiebreaker = b.d.UnitColumn
	}
	unit, ok := ds.column(b.d.UnitTable, b.d.UnitColumn)
	if !ok {
		return nil // reported where the unit is declared
	}
	if !unit.Unique {
		b.fault(b.d.UnitPosition.Fault(b.d.Path+".privacy_unit", "%s.%s must be unique: pipeline tbe needs one record key for each unit", b.d.UnitTable, b.d.UnitColumn).
			WithHint("add a primary key or a unique constraint to the source"))
	}
	src := b.sourceOf(b.d.UnitTable)
	if src == nil {
		return nil
	}
	find := func(key string, to *string, kind func(Type) bool, what string) {
		if *to == "" {
			return
		}
		name := strings.TrimPrefix(*to, b.d.UnitTable+".")
		for _, c := range src.Columns {
			if c.Name != name {
				continue
			}
			if !kind(c.Type) {
				b.fault(d.Fault(d.Path+"."+key, "column %q has type %s, and must be %s", name, c.Type, what))
			}
			*to = name
			return
		}
		b.fault(d.Fault(d.Path+"."+key, "table %s of the source has no column %q", b.d.UnitTable, name).
			WithHint("record keys, tie-breakers and weights are columns of the unit's table"))
	}
	find("record_key", &out.RecordKey, Type.IsInteger, "a whole number")
	find("value_tiebreaker", &out.Tiebreaker, func(t Type) bool { return !t.Array && t.Kind != JSON }, "a column that can be ordered")
	find("weight", &out.Weight, Type.IsNumeric, "a number")
	return &out
}

// sourceOf finds the source's table behind a declared one.
func (b *builder) sourceOf(table string) *SourceTable {
	for i := range b.d.Tables {
		if b.d.Tables[i].Name == table {
			return b.findTable(&b.d.Tables[i])
		}
	}
	return nil
}
