package mechanism

import (
	"errors"
	"math/big"
	"strconv"
	"strings"
	"testing"
)

// cellTables have an entry of P that names its row and column, so that a look-up tells where it looked.
func cellTables(smallC, smallN int) *CellTables {
	t := &CellTables{BigN: 1766976779, SmallC: smallC, SmallN: smallN, M: []*big.Rat{big.NewRat(1, 2), big.NewRat(1, 4)}}
	for i := range cellRows {
		row, s := make([]int64, smallC+smallN), make([]*big.Rat, cellKeyColumns+smallC)
		for j := range row {
			row[j] = int64(i*1000 + j + 1)
		}
		for j := range s {
			s[j] = big.NewRat(int64(i*1000+j+1), 1)
		}
		t.P, t.S = append(t.P, row), append(t.S, s)
	}
	return t
}

// The columns of counts as SuperSERVER's manual lists them for a table of 30 columns of which ten are used again: counts up to 20
// have their own; 31 is looked up in column 22, 32 in 23, 39 in 30, 40 in 21 and 41 in 22.
func TestCellColumnsAsPublished(t *testing.T) {
	tables := cellTables(20, 10)
	for n, column := range map[int64]int64{1: 1, 8: 8, 20: 20, 31: 22, 32: 23, 39: 30, 40: 21, 41: 22} {
		if got := tables.Adjustment(big.NewInt(n), big.NewInt(0)) % 1000; got != column {
			t.Errorf("count %d is looked up in column %d, want %d", n, got, column)
		}
	}
}

func TestCellRows(t *testing.T) {
	tables := cellTables(5, 8)
	for _, c := range []struct{ keys, row int64 }{
		{0, 0}, {1, 1}, {0x01020304, 1 ^ 2 ^ 3 ^ 4}, {1766976779, 0}, {1766976779 + 0x10, 0x10}, {0x0f0f0f0f, 0},
	} {
		if got := tables.Adjustment(big.NewInt(3), big.NewInt(c.keys)) / 1000; got != c.row {
			t.Errorf("keys %d are looked up in row %d, want %d", c.keys, got, c.row)
		}
	}
	if tables.Adjustment(big.NewInt(0), big.NewInt(7)) != 0 {
		t.Error("an empty cell was changed")
	}
}

func TestCellDeviation(t *testing.T) {
	tables := cellTables(5, 8)
	for _, c := range []struct{ n, keys, record, want int64 }{
		{6, 33, 0x102, 2*1000 + 2},    // low five bits of the cell key are 1: column 2; bit 9 is set: up
		{6, 33, 0x002, -2*1000 - 2},   // clear: down
		{3, 33, 0x1ff, 255*1000 + 35}, // a small cell: column 32 + 3
	} {
		if got := tables.Deviation(big.NewInt(c.n), big.NewInt(c.keys), c.record, 0); got.Cmp(big.NewRat(c.want, 1)) != 0 {
			t.Errorf("%+v: got %s", c, got.RatString())
		}
	}
	for i := range tables.S {
		tables.S[i] = tables.S[i][:2] // one column for each rank
	}
	if got := tables.Deviation(big.NewInt(6), big.NewInt(33), 0x002, 1); got.Cmp(big.NewRat(2002, 1)) != 0 {
		t.Errorf("by rank: got %s", got.RatString())
	}
}

func TestCellTablesValidate(t *testing.T) {
	if err := cellTables(5, 8).Validate(); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*CellTables){
		"row 3, column 2 of the p table is -3": func(c *CellTables) { c.P[2][1] = -3 },
		"makes a count of 8 negative":          func(c *CellTables) { c.P[0][5] = -9 }, // 8 is the least count of residue 0 above 5
		"has 255 rows":                         func(c *CellTables) { c.P = c.P[1:] },
		"row 1 of the p table has 12 columns":  func(c *CellTables) { c.P[0] = c.P[0][1:] },
		"row 9 of the s table has 36 columns":  func(c *CellTables) { c.S[8] = c.S[8][1:] },
		"big_n must be":                        func(c *CellTables) { c.BigN = 0 },
		"small_c and small_n must be":          func(c *CellTables) { c.SmallN = 0 },
		"m is empty":                           func(c *CellTables) { c.M = nil },
	} {
		tables := cellTables(5, 8)
		change(tables)
		if err := tables.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	least := cellTables(5, 8)
	least.P[0][1], least.P[7][5] = -2, -8
	if err := least.Validate(); err != nil {
		t.Errorf("counts of 0 are possible: %v", err)
	}
}

// exactCells are cells named a, b, … with n records each, whose keys add up to 0.
func exactCells(t *testing.T, counts ...int) *Exact {
	e := NewExact(2)
	for i, n := range counts {
		if err := e.Add([]Cell{{Text: string(rune('a' + i))}}, "", []string{strconv.Itoa(n), "0"}); err != nil {
			t.Fatal(err)
		}
	}
	return e
}

func TestReleaseCellsSparsity(t *testing.T) {
	spec := CellSpec{Tables: cellTables(5, 8), Measures: []CellMeasure{{Name: "count(*)"}}, Outputs: []CellOutput{{Kind: CellCount}},
		Sparsity: &Sparsity{big.NewRat(1, 4), big.NewRat(1, 2)}}
	for _, c := range []struct {
		counts []int
		sparse bool
	}{
		{[]int{1, 9, 9, 9}, false}, // a quarter is not more than a quarter
		{[]int{1, 1, 9, 9, 9}, true},
		{[]int{2, 2, 9, 9}, false},
		{[]int{2, 2, 2, 9, 9}, true},
		{[]int{1, 2, 9, 9}, false},
		{[]int{9}, false},
	} {
		_, err := ReleaseCells(exactCells(t, c.counts...), spec, nil)
		if errors.Is(err, ErrSparse) != c.sparse || err != nil && !c.sparse {
			t.Errorf("%v: %v", c.counts, err)
		}
	}
}

func TestReleaseCellsSuppresses(t *testing.T) {
	tables := cellTables(5, 8)
	tables.P[0][0] = -1 // one record becomes none
	spec := CellSpec{Tables: tables, Measures: []CellMeasure{{Valued: true, Step: big.NewRat(1, 100)}},
		Outputs: []CellOutput{{Kind: CellSum}, {Kind: CellMean}, {Kind: CellCount}}, Padded: true}
	e := NewExact(spec.Width())
	if err := e.Add([]Cell{{Text: "a"}}, "", []string{"1", "0", "700", "700", "0", "0", "0"}); err != nil {
		t.Fatal(err)
	}
	noisy, err := ReleaseCells(e, spec, [][]Cell{{{Text: "z"}}, {{Text: "a"}}})
	if err != nil {
		t.Fatal(err)
	}
	if len(noisy.Groups) != 2 || noisy.Groups[0].Keys[0].Text != "z" {
		t.Fatalf("got %v", noisy.Groups)
	}
	for _, g := range noisy.Groups {
		if CellValue(g.Values, 0) != nil || CellValue(g.Values, 1) != nil || CellValue(g.Values, 2).Sign() != 0 {
			t.Errorf("cell %v: a sum or a mean of no records, or a count that is not 0", g.Keys)
		}
	}
	if _, err := ReleaseCells(e, spec, nil); !errors.Is(err, ErrReleased) {
		t.Errorf("released twice: %v", err)
	}
}
