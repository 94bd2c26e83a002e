package value

import (
	"encoding/binary"
	"math"

	"github.com/dpproxy/dpproxy/catalog"
)

// maxDims is PostgreSQL's MAXDIM.
const maxDims = 6

// appendArray writes an array's binary form from its output text, e.g. {1,NULL,"a b"} or {{1,2},{3,4}}.
func appendArray(dst []byte, t catalog.Type, text string) ([]byte, error) {
	elem := t
	elem.Array = false
	a, err := catalog.ParseArray(text)
	if err != nil {
		return dst, errCell
	}
	start := len(dst)
	hasNull := uint32(0)
	for _, item := range a.Items {
		if item.Null {
			hasNull = 1
		}
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(a.Dims)))
	dst = binary.BigEndian.AppendUint32(dst, hasNull)
	dst = binary.BigEndian.AppendUint32(dst, elem.OID())
	for i, n := range a.Dims {
		dst = binary.BigEndian.AppendUint32(dst, uint32(n))
		dst = binary.BigEndian.AppendUint32(dst, uint32(a.Lower[i]))
	}
	for _, item := range a.Items {
		if item.Null {
			dst = binary.BigEndian.AppendUint32(dst, 0xffffffff)
			continue
		}
		at := len(dst)
		dst = append(dst, 0, 0, 0, 0)
		if dst, err = AppendBinary(dst, elem, item.Text); err != nil {
			return dst[:start], err
		}
		binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	}
	return dst, nil
}

// arrayText reads an array's binary form into its output text.
func arrayText(t catalog.Type, raw []byte) (string, error) {
	if len(raw) < 12 {
		return "", errBinary
	}
	n := int(binary.BigEndian.Uint32(raw))
	elem, ok := catalog.FromOID(binary.BigEndian.Uint32(raw[8:]), -1)
	raw = raw[12:]
	if n > maxDims || !ok || elem.Array || elem.Kind != t.Kind || len(raw) < 8*n {
		return "", errBinary
	}
	var a catalog.Array
	total := 1
	for i := range n {
		count, lower := int(int32(binary.BigEndian.Uint32(raw[8*i:]))), int(int32(binary.BigEndian.Uint32(raw[8*i+4:])))
		// Each element has at least its length, so the message's bounds the product too.
		if count < 0 || count > len(raw) || total*count > len(raw) || lower > math.MaxInt32-count {
			return "", errBinary
		}
		total *= count
		a.Dims, a.Lower = append(a.Dims, count), append(a.Lower, lower)
	}
	raw = raw[8*n:]
	if n == 0 || total == 0 {
		if len(raw) != 0 {
			return "", errBinary
		}
		return "{}", nil
	}
	for range total {
		item, rest, err := itemText(elem, raw)
		if err != nil {
			return "", err
		}
		a.Items, raw = append(a.Items, item), rest
	}
	if len(raw) != 0 {
		return "", errBinary
	}
	return a.String(), nil
}

// itemText reads one element of an array's binary form, and returns what is behind it.
func itemText(elem catalog.Type, raw []byte) (catalog.Item, []byte, error) {
	if len(raw) < 4 {
		return catalog.Item{}, nil, errBinary
	}
	size := int(int32(binary.BigEndian.Uint32(raw)))
	raw = raw[4:]
	if size == -1 {
		return catalog.Item{Null: true}, raw, nil
	}
	if size < 0 || size > len(raw) {
		return catalog.Item{}, nil, errBinary
	}
	text, err := binaryText(elem, raw[:size])
	return catalog.Item{Text: text}, raw[size:], err
}
