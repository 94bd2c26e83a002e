package config

import (
	"encoding/csv"
	"errors"
	"io"
	"math/big"
	"os"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/mechanism"
)

// Defaults of pipeline tbe, as the TableBuilder literature has them.
const (
	defaultBigN   = 1766976779
	defaultSmallC = 5
	defaultSmallN = 8
)

// maxLookupBytes bounds a lookup table's file.
const maxLookupBytes = 16 << 20

// cellKeyText is what a dataset says of pipeline tbe.
type cellKeyText struct {
	at    value // the dataset
	place value // of `tbe:`, or of the first of its keys
	any   bool  // something of tbe is written
	name  string
	decl  catalog.CellKeyDeclaration
	p, s  value
	judge bool
}

func newCellKeyText(dataset value) *cellKeyText {
	t := &cellKeyText{at: dataset, place: dataset, judge: true}
	t.decl.BigN, t.decl.SmallC, t.decl.SmallN, t.decl.WeightDecimals = defaultBigN, defaultSmallC, defaultSmallN, 6
	t.decl.M = []*big.Rat{big.NewRat(1, 2), big.NewRat(3, 10), big.NewRat(3, 20), big.NewRat(1, 20)}
	t.decl.Ones, t.decl.OnesAndTwos = big.NewRat(1, 4), big.NewRat(1, 2)
	return t
}

func (t *cellKeyText) written(v value) {
	if !t.any {
		t.place = v
	}
	t.any = true
}

func (t *cellKeyText) pipeline(v value) {
	if s, ok := v.choice("laplace", "tbe"); ok {
		t.name = s
	}
}

// fields are the keys of `tbe:`.
func (t *cellKeyText) fields() fields {
	d := &t.decl.CellKey
	return fields{
		"record_key":       setText(&d.RecordKey),
		"value_tiebreaker": setText(&d.Tiebreaker),
		"weight":           setText(&d.Weight),
		"weight_decimals":  setInt(&d.WeightDecimals, 0),
		"big_n":            setWhole(&d.BigN, 1),
		"small_c":          setInt(&d.SmallC, 1),
		"small_n":          setInt(&d.SmallN, 1),
		"m":                func(v value) { d.M = v.decimals() },
		"p_table":          func(v value) { t.p = v },
		"s_table":          func(v value) { t.s = v },
		"sparsity":         t.sparsity,
		"accept_mixing":    setBool(&d.Mixed),
	}
}

// beside lets the keys stand in the dataset itself, next to `pipeline`.
func (t *cellKeyText) beside(known fields) {
	for key, read := range t.fields() {
		if _, taken := known[key]; taken {
			continue // sparsity is the policy's there
		}
		known[key] = func(v value) { t.written(v); read(v) }
	}
}

// sparsity reads the largest shares of small cells, or off.
func (t *cellKeyText) sparsity(v value) {
	if v.form() != "a mapping" {
		if s, ok := v.choice("off", "on"); ok {
			t.judge = s == "on"
		}
		return
	}
	share := func(to **big.Rat) func(value) {
		return func(v value) {
			if x, ok := v.decimal(); ok {
				*to = x
			}
		}
	}
	v.object(fields{"ones": share(&t.decl.Ones), "ones_and_twos": share(&t.decl.OnesAndTwos)})
}

// declaration is what the dataset declares; nil for the pipeline of differential privacy.
func (t *cellKeyText) declaration() *catalog.CellKeyDeclaration {
	if t.name != "tbe" {
		if t.any {
			t.place.fault("belongs to pipeline: tbe, which the dataset does not have").Hint = "write pipeline: tbe, or remove it"
		}
		return nil
	}
	t.decl.Position, t.decl.Path = t.place.position(), t.place.path
	if t.decl.RecordKey == "" {
		t.place.fault("pipeline tbe needs record_key, a column of whole numbers").Hint = "dpproxy record-keys prints the SQL that makes one"
	}
	if t.decl.WeightDecimals > 9 {
		t.place.fault("weight_decimals must be at most 9")
	}
	if t.p.node == nil {
		t.place.fault("pipeline tbe needs p_table, a CSV file of 256 rows and small_c + small_n columns")
		return &t.decl
	}
	for _, row := range t.p.lookup() {
		whole := make([]int64, len(row))
		for j, x := range row {
			if !x.IsInt() || !x.Num().IsInt64() {
				t.p.fault("the p table has %s, and counts are changed by whole numbers only", x.RatString())
				return &t.decl
			}
			whole[j] = x.Num().Int64()
		}
		t.decl.P = append(t.decl.P, whole)
	}
	if t.s.node != nil {
		t.decl.S = t.s.lookup()
	}
	tables := mechanism.CellTables{BigN: t.decl.BigN, SmallC: t.decl.SmallC, SmallN: t.decl.SmallN, P: t.decl.P, S: t.decl.S, M: t.decl.M}
	if err := tables.Validate(); err != nil && len(t.decl.P) > 0 {
		t.place.fault("%s", err)
	}
	if !t.judge {
		t.decl.Ones, t.decl.OnesAndTwos = nil, nil
	}
	return &t.decl
}

// decimal reads an exact decimal number.
func (v value) decimal() (*big.Rat, bool) {
	s, ok := v.numberText()
	if !ok {
		return nil, false
	}
	x, err := exactDecimal(s)
	if err != nil {
		v.fault("must be a decimal number, not %q", s)
		return nil, false
	}
	return x, true
}

func (v value) decimals() []*big.Rat {
	var out []*big.Rat
	v.each(func(item value) {
		if x, ok := item.decimal(); ok {
			out = append(out, x)
		}
	})
	return out
}

var errDecimal = errors.New("is no decimal number")

// exactDecimal reads a decimal number without going through a binary one. Fractions are refused, exponents are small.
func exactDecimal(s string) (*big.Rat, error) {
	s = strings.TrimSpace(s)
	if len(s) > 60 || strings.ContainsAny(s, "/_xXpPbBoO") {
		return nil, errDecimal
	}
	if _, exponent, ok := strings.Cut(strings.ToLower(s), "e"); ok && len(strings.TrimLeft(exponent, "+-0")) > 2 {
		return nil, errDecimal
	}
	x, ok := new(big.Rat).SetString(s)
	if !ok {
		return nil, errDecimal
	}
	return x, nil
}

// lookup reads a lookup table: a CSV file of decimal numbers, which may begin with a line of names. Its shape is checked
// with the dataset.
func (v value) lookup() [][]*big.Rat {
	s, ok := v.text()
	if !ok {
		return nil
	}
	file, err := os.Open(resolve(v.file, s))
	if err != nil {
		v.fault("cannot be opened: %s", plainError(err))
		return nil
	}
	defer file.Close()
	r := csv.NewReader(io.LimitReader(file, maxLookupBytes))
	r.FieldsPerRecord, r.TrimLeadingSpace, r.ReuseRecord = -1, true, true
	var out [][]*big.Rat
	for line := 1; ; line++ {
		record, err := r.Read()
		if err == io.EOF {
			return out
		}
		if err != nil {
			v.fault("is no CSV file: %s", plainError(err))
			return nil
		}
		row := make([]*big.Rat, len(record))
		for j, text := range record {
			if row[j], err = exactDecimal(text); err != nil {
				break
			}
		}
		if err != nil && line > 1 {
			v.fault("line %d of %s has something that is no decimal number", line, s)
			return nil
		}
		if err == nil {
			out = append(out, row)
		}
	}
}

func plainError(err error) string {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return strings.Join(strings.Fields(err.Error()), " ")
}

// finishPipelines checks that no data are answered by both pipelines, unless the owner accepts the loss.
func (l *loader) finishPipelines() {
	for i := range l.config.Datasets {
		a := &l.config.Datasets[i]
		if a.Declaration.CellKey == nil {
			continue
		}
		if a.Declaration.UnitTable == "" {
			l.add(a.Declaration.CellKey.Fault(a.Declaration.Path+".privacy_unit", "pipeline tbe needs the key of the table that holds the record keys").
				WithHint("write privacy_unit: table.column"))
		}
		for j := range l.config.Datasets {
			b := &l.config.Datasets[j]
			if b.Declaration.CellKey != nil || !sameSource(a.Source, b.Source) || a.Declaration.CellKey.Mixed {
				continue
			}
			l.add(a.Declaration.CellKey.Fault(a.Declaration.Path+".pipeline",
				"is tbe, but dataset %q answers from the same source by differential privacy, which perturbed cells undo", b.Name).
				WithHint("write accept_mixing: true if you accept the loss, or remove one of the two"))
		}
	}
}

func sameSource(a, b Source) bool {
	if a.Kind != b.Kind || a.URL != b.URL || a.Path != b.Path {
		return false
	}
	if a.Kind != SourceFiles {
		return true
	}
	for _, f := range a.Files {
		for _, g := range b.Files {
			if f.Remote != nil && g.Remote != nil && f.Remote.Name() != g.Remote.Name() {
				continue
			}
			if f.Path == g.Path {
				return true
			}
		}
	}
	return false
}
