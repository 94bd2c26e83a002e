package value

import (
	"encoding/binary"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
)

// maxDims is PostgreSQL's MAXDIM.
const maxDims = 6

// element is one value of an array literal.
type element struct {
	text string
	null bool
}

// appendArray writes an array's binary form from its output text, e.g. {1,NULL,"a b"} or {{1,2},{3,4}}.
func appendArray(dst []byte, t catalog.Type, text string) ([]byte, error) {
	elem := t
	elem.Array = false
	dims, items, err := parseArray(text)
	if err != nil {
		return dst, err
	}
	start := len(dst)
	hasNull := uint32(0)
	for _, e := range items {
		if e.null {
			hasNull = 1
		}
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(dims)))
	dst = binary.BigEndian.AppendUint32(dst, hasNull)
	dst = binary.BigEndian.AppendUint32(dst, elem.OID())
	for _, n := range dims {
		dst = binary.BigEndian.AppendUint32(dst, uint32(n))
		dst = binary.BigEndian.AppendUint32(dst, 1) // lower bound
	}
	for _, e := range items {
		if e.null {
			dst = binary.BigEndian.AppendUint32(dst, 0xffffffff)
			continue
		}
		at := len(dst)
		dst = append(dst, 0, 0, 0, 0)
		if dst, err = AppendBinary(dst, elem, e.text); err != nil {
			return dst[:start], err
		}
		binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	}
	return dst, nil
}

// parseArray reads an array literal into its dimensions and its elements in row order. Bounds ("[2:3]={…}") are
// refused: no answer has them.
func parseArray(text string) (dims []int, items []element, err error) {
	p := arrayParser{text: strings.TrimSpace(text)}
	if err := p.level(1); err != nil {
		return nil, nil, err
	}
	if p.at != len(p.text) {
		return nil, nil, errCell
	}
	if len(p.items) == 0 {
		return nil, nil, nil // {} has no dimension
	}
	return p.dims, p.items, nil
}

type arrayParser struct {
	text  string
	at    int
	dims  []int
	items []element
}

func (p *arrayParser) peek() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

func (p *arrayParser) level(depth int) error {
	if depth > maxDims || p.peek() != '{' {
		return errCell
	}
	p.at++
	known := len(p.dims) >= depth
	if !known {
		p.dims = append(p.dims, 0)
	}
	count := 0
	for p.peek() != '}' {
		if count > 0 {
			if p.peek() != ',' {
				return errCell
			}
			p.at++
		}
		if p.peek() == '{' {
			if err := p.level(depth + 1); err != nil {
				return err
			}
		} else {
			if depth != len(p.dims) {
				return errCell
			}
			if err := p.item(); err != nil {
				return err
			}
		}
		count++
	}
	p.at++
	if known && p.dims[depth-1] != count {
		return errCell // ragged
	}
	p.dims[depth-1] = count
	return nil
}

func (p *arrayParser) item() error {
	if p.peek() == '"' {
		var b strings.Builder
		for p.at++; p.peek() != '"'; p.at++ {
			if p.peek() == '\\' {
				p.at++
			}
			if p.at >= len(p.text) {
				return errCell
			}
			b.WriteByte(p.text[p.at])
		}
		p.at++
		p.items = append(p.items, element{text: b.String()})
		return nil
	}
	end := strings.IndexAny(p.text[p.at:], ",{}\"")
	if end <= 0 {
		return errCell
	}
	word := strings.TrimSpace(p.text[p.at : p.at+end])
	p.at += end
	p.items = append(p.items, element{text: word, null: strings.EqualFold(word, "NULL")})
	return nil
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
	total, dims := 1, make([]int, n)
	for i := range dims {
		dims[i] = int(binary.BigEndian.Uint32(raw[8*i:]))
		if dims[i] > len(raw) { // each element has at least its length, so this bounds the product too
			return "", errBinary
		}
		if total *= dims[i]; total > len(raw) {
			return "", errBinary
		}
	}
	raw = raw[8*n:]
	if n == 0 || total == 0 {
		if len(raw) != 0 {
			return "", errBinary
		}
		return "{}", nil
	}
	w := arrayWriter{elem: elem, raw: raw}
	if err := w.level(dims); err != nil {
		return "", err
	}
	if len(w.raw) != 0 {
		return "", errBinary
	}
	return w.out.String(), nil
}

type arrayWriter struct {
	elem catalog.Type
	raw  []byte
	out  strings.Builder
}

func (w *arrayWriter) level(dims []int) error {
	w.out.WriteByte('{')
	for i := range dims[0] {
		if i > 0 {
			w.out.WriteByte(',')
		}
		next := w.item
		if len(dims) > 1 {
			next = func() error { return w.level(dims[1:]) }
		}
		if err := next(); err != nil {
			return err
		}
	}
	w.out.WriteByte('}')
	return nil
}

func (w *arrayWriter) item() error {
	if len(w.raw) < 4 {
		return errBinary
	}
	size := int(int32(binary.BigEndian.Uint32(w.raw)))
	w.raw = w.raw[4:]
	if size == -1 {
		w.out.WriteString("NULL")
		return nil
	}
	if size < 0 || size > len(w.raw) {
		return errBinary
	}
	text, err := binaryText(w.elem, w.raw[:size])
	if err != nil {
		return err
	}
	w.raw = w.raw[size:]
	w.out.WriteString(quoteElement(text))
	return nil
}

// quoteElement quotes an array element where PostgreSQL does.
func quoteElement(s string) string {
	if s != "" && !strings.EqualFold(s, "NULL") && !strings.ContainsAny(s, "{}\",\\ \t\n\r\v\f") {
		return s
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
