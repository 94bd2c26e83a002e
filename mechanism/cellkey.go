package mechanism

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
)

// CellTables are the public-to-the-owner parameters of the cell-key method (Thompson, Broadfoot and Elazar 2013): what
// is looked up for a cell. They are secret towards analysts. They are immutable once they are checked.
type CellTables struct {
	BigN           int64 // record keys and cell keys lie in [0, BigN)
	SmallC, SmallN int   // the widths of P: counts up to SmallC have a column each, larger ones share SmallN columns
	// P has 256 rows and SmallC + SmallN columns of whole numbers: what is added to a count.
	P [][]int64
	// S has 256 rows: how far one of the largest contributors is moved. Its number of columns says how it is read, see
	// Deviation. Nil where sums and means are not answered.
	S [][]*big.Rat
	// M are the weights of the largest contributors, the largest first.
	M []*big.Rat
}

// Digest names the tables: a release under other tables is another release.
func (t *CellTables) Digest() string {
	h := sha256.New()
	fmt.Fprintf(h, "%d %d %d %v", t.BigN, t.SmallC, t.SmallN, t.P)
	for _, row := range append([][]*big.Rat{t.M}, t.S...) {
		for _, x := range row {
			fmt.Fprint(h, " ", x.RatString())
		}
		fmt.Fprintln(h)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// cellRows is the number of rows of the lookup tables: one for each value of a byte.
const cellRows = 256

// cellKeyColumns is the number of columns of S, before those of small cells, that are chosen by the cell key's low five bits.
const cellKeyColumns = 32

// Validate tells what makes the tables impossible to use. Its errors name places in the tables, and no data.
func (t *CellTables) Validate() error {
	switch {
	case t.BigN < 1 || t.BigN > 1<<32:
		return fmt.Errorf("big_n must be between 1 and 2^32, not %d", t.BigN)
	case t.SmallC < 1 || t.SmallN < 1 || t.SmallC > 1000 || t.SmallN > 1000:
		return fmt.Errorf("small_c and small_n must be between 1 and 1000, not %d and %d", t.SmallC, t.SmallN)
	case len(t.P) != cellRows:
		return fmt.Errorf("the p table has %d rows, not %d", len(t.P), cellRows)
	case t.S != nil && len(t.S) != cellRows:
		return fmt.Errorf("the s table has %d rows, not %d", len(t.S), cellRows)
	case t.S != nil && len(t.M) == 0:
		return errors.New("m is empty: it weighs the largest contributors of a sum")
	}
	for i, row := range t.P {
		if len(row) != t.SmallC+t.SmallN {
			return fmt.Errorf("row %d of the p table has %d columns, not small_c + small_n = %d", i+1, len(row), t.SmallC+t.SmallN)
		}
		for j, p := range row {
			if least := t.leastCount(j + 1); p < -least {
				return fmt.Errorf("row %d, column %d of the p table is %d, which makes a count of %d negative", i+1, j+1, p, least)
			}
		}
	}
	for i, row := range t.S {
		if len(row) != len(t.S[0]) || !t.readsS(len(row)) {
			return fmt.Errorf("row %d of the s table has %d columns: it needs 32 + small_c = %d (chosen by cell key and count), or one for each of the %d numbers of m",
				i+1, len(row), cellKeyColumns+t.SmallC, len(t.M))
		}
	}
	return nil
}

func (t *CellTables) readsS(columns int) bool {
	return columns == cellKeyColumns+t.SmallC || columns == len(t.M)
}

// leastCount is the smallest count that is looked up in a column of P, counted from 1.
func (t *CellTables) leastCount(column int) int64 {
	if column <= t.SmallC {
		return int64(column)
	}
	residue := int64(column - t.SmallC - 1)
	least := int64(t.SmallC) + 1
	for least%int64(t.SmallN) != residue {
		least++
	}
	return least
}

// Adjustment is p: what the method adds to a cell of n > 0 records whose record keys add up to keys. The cell key is keys
// mod BigN. The row is the exclusive or of its four bytes. The column is n up to SmallC, and SmallC + 1 + (n mod SmallN) above,
// counted from 1. A cell without records is not changed.
func (t *CellTables) Adjustment(n, keys *big.Int) int64 {
	if n.Sign() < 1 {
		return 0
	}
	column := int64(t.SmallC) + new(big.Int).Mod(n, big.NewInt(int64(t.SmallN))).Int64()
	if n.Cmp(big.NewInt(int64(t.SmallC))) <= 0 {
		column = n.Int64() - 1
	}
	return t.P[fold(t.cellKey(keys))][column]
}

func (t *CellTables) cellKey(keys *big.Int) int64 {
	return new(big.Int).Mod(keys, big.NewInt(t.BigN)).Int64()
}

// fold is the exclusive or of a key's four bytes.
func fold(key int64) int64 {
	return (key ^ key>>8 ^ key>>16 ^ key>>24) & 0xff
}

// Deviation is s: how far, as a part of its weight, the contributor of rank k (0 is the largest) moves the sum of a cell with n
// records whose keys add up to keys. The row is the low byte of the contributor's record key.
//
// With 32 + SmallC columns, the column is 32 + n in cells of up to SmallC records, and otherwise the low five bits of the cell
// key, plus 1; the sign is that of bit 9 of the record key: set is up, clear is down. With one column for each rank, the
// column is the rank's, and the sign is the entry's own.
func (t *CellTables) Deviation(n, keys *big.Int, recordKey int64, k int) *big.Rat {
	row := t.S[recordKey&0xff]
	if len(row) != cellKeyColumns+t.SmallC {
		return row[k]
	}
	column := t.cellKey(keys) & (cellKeyColumns - 1)
	if n.Cmp(big.NewInt(int64(t.SmallC))) <= 0 {
		column = cellKeyColumns + n.Int64() - 1
	}
	if recordKey&0x100 != 0 {
		return row[column]
	}
	return new(big.Rat).Neg(row[column])
}
