package duckdb

import (
	"encoding/hex"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"unsafe"

	native "github.com/duckdb/duckdb-go-bindings"

	"github.com/dpproxy/dpproxy/catalog"
)

// column reads one column of a result out of DuckDB's memory. Its type is DuckDB's; want is the type whose text it
// prints (Unknown: that which fits DuckDB's best).
type column struct {
	kind    native.Type
	storage native.Type // of DECIMAL and ENUM
	scale   int         // of DECIMAL
	labels  []string    // of ENUM
	element *column     // of LIST
	want    catalog.Type

	data, valid unsafe.Pointer // of the current chunk
}

// newColumn makes a reader. Structures, maps, unions, bits and arrays of fixed length have no text here.
func newColumn(t native.LogicalType) (column, error) {
	c := column{kind: native.GetTypeId(t)}
	switch c.kind {
	case native.TypeDecimal:
		c.scale, c.storage = int(native.DecimalScale(t)), native.DecimalInternalType(t)
	case native.TypeEnum:
		c.storage = native.EnumInternalType(t)
		for i := range native.EnumDictionarySize(t) {
			c.labels = append(c.labels, native.EnumDictionaryValue(t, native.IdxT(i)))
		}
	case native.TypeList:
		inner := native.ListTypeChildType(t)
		defer native.DestroyLogicalType(&inner)
		element, err := newColumn(inner)
		if err != nil {
			return c, err
		}
		c.element = &element
	case native.TypeStruct, native.TypeMap, native.TypeUnion, native.TypeArray, native.TypeBit, native.TypeTimeTZ,
		native.TypeTimeNS, native.TypeVariant, native.TypeGeometry, native.TypeInvalid:
		return c, errNoText
	}
	return c, nil
}

var errNoText = fmt.Errorf("values of this type cannot be printed")

// read points the reader to a vector of a new chunk.
func (c *column) read(v native.Vector) {
	c.data, c.valid = native.VectorGetData(v), native.VectorGetValidity(v)
	if c.element != nil {
		c.element.read(native.ListVectorGetChild(v))
	}
}

// isNull reads the validity mask: bit 1 is a value; no mask means that all are.
func (c *column) isNull(row int) bool {
	if c.kind == native.TypeSQLNull {
		return true
	}
	if c.valid == nil {
		return false
	}
	mask := *(*uint64)(unsafe.Add(c.valid, row/64*8))
	return mask>>(row%64)&1 == 0
}

// at reads a fixed-size value.
func at[T any](c *column, row int) T {
	var zero T
	return *(*T)(unsafe.Add(c.data, uintptr(row)*unsafe.Sizeof(zero)))
}

type (
	hugeint  struct{ lower, upper uint64 } // two's complement
	interval struct {
		months, days int32
		micros       int64
	}
	listEntry struct{ offset, length uint64 }
)

// text prints the value in a row that is not NULL.
func (c *column) text(row int) (string, error) {
	if c.want.Array != (c.kind == native.TypeList) && c.want.Kind != catalog.Unknown {
		return "", fmt.Errorf("an array where a value is expected, or the other way round")
	}
	if n, ok := c.integer(row); ok {
		return wholeText(n, c.want)
	}
	switch c.kind {
	case native.TypeBoolean:
		return map[bool]string{true: "t", false: "f"}[at[bool](c, row)], nil
	case native.TypeHugeInt, native.TypeUHugeInt:
		return decimalText(at[hugeint](c, row).big(c.kind == native.TypeHugeInt).String(), 0, c.want)
	case native.TypeUBigInt: // beyond int64
		return decimalText(strconv.FormatUint(at[uint64](c, row), 10), 0, c.want)
	case native.TypeDecimal:
		return decimalText(c.unscaled(row), c.scale, c.want)
	case native.TypeFloat:
		return floatText(float64(at[float32](c, row)), 32, c.want)
	case native.TypeDouble:
		return floatText(at[float64](c, row), 64, c.want)
	case native.TypeDate:
		return dateText(at[int32](c, row), c.want)
	case native.TypeTimestamp, native.TypeTimestampTZ:
		return timestampText(at[int64](c, row), c.kind == native.TypeTimestampTZ, c.want)
	case native.TypeTimestampS:
		return scaledTimestamp(at[int64](c, row), 1_000_000, c.want)
	case native.TypeTimestampMS:
		return scaledTimestamp(at[int64](c, row), 1_000, c.want)
	case native.TypeTime:
		return timeText(at[int64](c, row)), nil
	case native.TypeInterval:
		return intervalText(at[interval](c, row)), nil
	case native.TypeUUID:
		return uuidText(at[hugeint](c, row)), nil
	case native.TypeEnum:
		return c.labels[c.index(row)], nil
	case native.TypeVarchar:
		return strings.Clone(c.bytes(row)), nil
	case native.TypeBlob:
		return `\x` + hex.EncodeToString([]byte(c.bytes(row))), nil
	case native.TypeList:
		return c.arrayText(row)
	}
	return "", errNoText
}

// integer reads the integers of up to 64 bits.
func (c *column) integer(row int) (int64, bool) {
	switch c.kind {
	case native.TypeTinyInt:
		return int64(at[int8](c, row)), true
	case native.TypeSmallInt:
		return int64(at[int16](c, row)), true
	case native.TypeInteger:
		return int64(at[int32](c, row)), true
	case native.TypeBigInt:
		return at[int64](c, row), true
	case native.TypeUTinyInt:
		return int64(at[uint8](c, row)), true
	case native.TypeUSmallInt:
		return int64(at[uint16](c, row)), true
	case native.TypeUInteger:
		return int64(at[uint32](c, row)), true
	case native.TypeUBigInt:
		n := at[uint64](c, row)
		return int64(n), n <= 1<<63-1
	}
	return 0, false
}

// unscaled is a decimal's value without its point.
func (c *column) unscaled(row int) string {
	switch c.storage {
	case native.TypeSmallInt:
		return strconv.FormatInt(int64(at[int16](c, row)), 10)
	case native.TypeInteger:
		return strconv.FormatInt(int64(at[int32](c, row)), 10)
	case native.TypeBigInt:
		return strconv.FormatInt(at[int64](c, row), 10)
	}
	return at[hugeint](c, row).big(true).String()
}

// index is an enumeration value's place in labels.
func (c *column) index(row int) int {
	switch c.storage {
	case native.TypeUTinyInt:
		return int(at[uint8](c, row))
	case native.TypeUSmallInt:
		return int(at[uint16](c, row))
	}
	return int(at[uint32](c, row))
}

// bytes is the content of a string or blob, valid as long as the chunk. A string_t has 16 bytes: the length, and then
// up to 12 bytes in place, or 4 bytes of prefix and a pointer (duckdb.h).
func (c *column) bytes(row int) string {
	entry := unsafe.Add(c.data, uintptr(row)*16)
	length := *(*uint32)(entry)
	if length <= 12 {
		return unsafe.String((*byte)(unsafe.Add(entry, 4)), int(length))
	}
	return unsafe.String(*(**byte)(unsafe.Add(entry, 8)), int(length))
}

// arrayText prints a list as PostgreSQL prints a one-dimensional array.
func (c *column) arrayText(row int) (string, error) {
	if c.element.kind == native.TypeList {
		return "", errNoText
	}
	c.element.want = catalog.Type{}
	if c.want.Kind != catalog.Unknown {
		c.element.want = c.want
		c.element.want.Array = false
	}
	entry := at[listEntry](c, row)
	var b strings.Builder
	b.WriteByte('{')
	for i := range int(entry.length) {
		if i > 0 {
			b.WriteByte(',')
		}
		at := int(entry.offset) + i
		if c.element.isNull(at) {
			b.WriteString("NULL")
			continue
		}
		text, err := c.element.text(at)
		if err != nil {
			return "", err
		}
		b.WriteString(arrayElement(text))
	}
	b.WriteByte('}')
	return b.String(), nil
}

// arrayElement quotes an element where array_out would.
func arrayElement(text string) string {
	if text != "" && !strings.ContainsAny(text, "{},\"\\ \t\n\r\v\f") && !strings.EqualFold(text, "NULL") {
		return text
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

// big is the number of 128 bits.
func (h hugeint) big(signed bool) *big.Int {
	n := new(big.Int).SetUint64(h.upper)
	if signed {
		n.SetInt64(int64(h.upper))
	}
	return n.Add(n.Lsh(n, 64), new(big.Int).SetUint64(h.lower))
}
