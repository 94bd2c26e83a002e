package value

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
)

// appendNamed appends a value of a reg… type, or an array of them, in text format: without the objects' numbers.
func appendNamed(dst []byte, text string) []byte {
	for {
		name, rest, marked := strings.Cut(text, catalog.NumberMark)
		dst = append(dst, name...)
		if !marked {
			return dst
		}
		text = strings.TrimLeft(rest, "0123456789;")
	}
}

// appendSystem is AppendBinary for the types that only the catalogs have.
func appendSystem(dst []byte, t catalog.Type, text string) ([]byte, error) {
	if t.IsReg() {
		_, number := catalog.CutNumber(text)
		return appendInt(dst, catalog.OID, number)
	}
	switch t.Kind {
	case catalog.Xid, catalog.Cid:
		return appendInt(dst, catalog.OID, text)
	case catalog.Xid8:
		return appendInt(dst, catalog.Int8, text)
	case catalog.Int2vector:
		return appendVector(dst, catalog.Int2, text)
	case catalog.Oidvector:
		return appendVector(dst, catalog.OID, text)
	case catalog.Tid:
		return appendTID(dst, text)
	case catalog.Inet:
		return appendInet(dst, text)
	case catalog.NodeTree, catalog.Aclitem: // PostgreSQL has no binary form of an aclitem; clients that ask take its text
		return append(dst, text...), nil
	case catalog.Record:
		return appendRecord(dst, text)
	case catalog.Void:
		return dst, nil
	}
	return dst, fmt.Errorf("value: no binary form of %s", t)
}

// appendVector writes "1 2" as an array of one dimension whose subscripts start at 0.
func appendVector(dst []byte, elem catalog.Kind, text string) ([]byte, error) {
	items := strings.Fields(text)
	start := len(dst)
	dst = binary.BigEndian.AppendUint32(dst, 1)
	dst = binary.BigEndian.AppendUint32(dst, 0)
	dst = binary.BigEndian.AppendUint32(dst, catalog.Of(elem).OID())
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(items)))
	dst = binary.BigEndian.AppendUint32(dst, 0)
	for _, item := range items {
		dst = binary.BigEndian.AppendUint32(dst, uint32(catalog.Of(elem).Size()))
		var err error
		if dst, err = appendInt(dst, elem, item); err != nil {
			return dst[:start], err
		}
	}
	return dst, nil
}

// appendRecord writes "(1,"a b",)" with the numbers of its fields' types behind it.
func appendRecord(dst []byte, text string) ([]byte, error) {
	text, numbers := catalog.CutNumber(text)
	fields, ok := recordFields(text)
	oids := strings.Split(numbers, ";")
	if !ok || len(fields) != len(oids) {
		return dst, errCell
	}
	start := len(dst)
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(fields)))
	for i, f := range fields {
		oid, err := strconv.ParseUint(oids[i], 10, 32)
		if err != nil {
			return dst[:start], errCell
		}
		t, ok := catalog.FromOID(uint32(oid), -1)
		if !ok {
			t, _ = catalog.SystemFromOID(uint32(oid))
		}
		dst = binary.BigEndian.AppendUint32(dst, uint32(oid))
		if f.null {
			dst = binary.BigEndian.AppendUint32(dst, 0xffffffff)
			continue
		}
		at := len(dst)
		if dst, err = AppendBinary(append(dst, 0, 0, 0, 0), t, f.text); err != nil {
			return dst[:start], err
		}
		binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	}
	return dst, nil
}

// field is one value of a record.
type field struct {
	text string
	null bool
}

// recordFields reads a record's output text: an empty field that is not quoted is NULL.
func recordFields(text string) ([]field, bool) {
	if len(text) < 2 || text[0] != '(' || text[len(text)-1] != ')' {
		return nil, false
	}
	var fields []field
	var b strings.Builder
	body := text[1 : len(text)-1]
	quoted, inside := false, false
	for i := 0; i <= len(body); i++ {
		switch {
		case i == len(body) || body[i] == ',' && !inside:
			fields = append(fields, field{text: b.String(), null: b.Len() == 0 && !quoted})
			b.Reset()
			quoted = false
		case body[i] == '\\' && i+1 < len(body):
			i++
			b.WriteByte(body[i])
		case body[i] == '"' && inside && i+1 < len(body) && body[i+1] == '"':
			i++
			b.WriteByte('"')
		case body[i] == '"':
			inside, quoted = !inside, true
		default:
			b.WriteByte(body[i])
		}
	}
	return fields, !inside
}

// appendTID writes "(block,row)".
func appendTID(dst []byte, text string) ([]byte, error) {
	block, row, _ := strings.Cut(strings.Trim(text, "()"), ",")
	b, err := strconv.ParseUint(block, 10, 32)
	if err != nil {
		return dst, errCell
	}
	r, err := strconv.ParseUint(row, 10, 16)
	if err != nil {
		return dst, errCell
	}
	return binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint32(dst, uint32(b)), uint16(r)), nil
}

// appendInet writes an address: its family, bits, whether it is a cidr, its length and its bytes.
func appendInet(dst []byte, text string) ([]byte, error) {
	if !strings.Contains(text, "/") {
		a, err := netip.ParseAddr(text)
		if err != nil {
			return dst, errCell
		}
		text += "/" + strconv.Itoa(a.BitLen())
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return dst, errCell
	}
	const v4, v6 = 2, 3 // PGSQL_AF_INET and PGSQL_AF_INET6
	family, raw := byte(v4), p.Addr().AsSlice()
	if p.Addr().Is6() {
		family = v6
	}
	return append(append(dst, family, byte(p.Bits()), 0, byte(len(raw))), raw...), nil
}
