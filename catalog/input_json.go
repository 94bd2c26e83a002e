package catalog

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
)

// jsonbText is the output text of a JSON value as jsonb: keys by length and then by bytes, of equal keys the last one,
// numbers without exponents.
func jsonbText(text string) (string, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if !json.Valid([]byte(text)) {
		return "", errors.New("is no JSON")
	}
	if !pairedEscapes(text) || deepest(text) > maxJSONDepth {
		return "", errors.New("is no jsonb")
	}
	out, err := jsonbValue(nil, d)
	if err != nil {
		return "", err
	}
	if _, err := d.Token(); err != io.EOF {
		return "", errors.New("is more than one JSON value")
	}
	return string(out), nil
}

// maxJSONDepth bounds nested values: each object's text is copied into the one around it.
const maxJSONDepth = 1000

// deepest is how deep arrays and objects of a valid JSON text are nested.
func deepest(text string) int {
	depth, most, quoted := 0, 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
			most = max(most, depth)
		case c == '}' || c == ']':
			depth--
		}
	}
	return most
}

// pairedEscapes tells that the \u escapes of a valid JSON text are characters that jsonb can hold. The decoder takes U+FFFD for
// half a surrogate pair, which is another value; PostgreSQL refuses it, and \u0000.
func pairedEscapes(text string) bool {
	unit := func(at int) uint64 { // the escape at this place, or 0
		if at+6 > len(text) || text[at:at+2] != `\u` {
			return 0
		}
		n, _ := strconv.ParseUint(text[at+2:at+6], 16, 16)
		return n
	}
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		if i+1 < len(text) && text[i+1] != 'u' {
			i++
			continue
		}
		switch n := unit(i); {
		case n == 0 || n >= 0xDC00 && n <= 0xDFFF:
			return false
		case n >= 0xD800 && n <= 0xDBFF:
			if low := unit(i + 6); low < 0xDC00 || low > 0xDFFF {
				return false
			}
			i += 6
		}
		i += 5
	}
	return true
}

func jsonbValue(dst []byte, d *json.Decoder) ([]byte, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch v := token.(type) {
	case json.Delim:
		if v == '{' {
			return jsonbObject(dst, d)
		}
		return jsonbArray(dst, d)
	case string:
		return appendJSONString(dst, v), nil
	case json.Number:
		number, err := inputNumeric(v.String())
		return append(dst, number...), err
	case bool:
		if v {
			return append(dst, "true"...), nil
		}
		return append(dst, "false"...), nil
	}
	return append(dst, "null"...), nil
}

func jsonbArray(dst []byte, d *json.Decoder) ([]byte, error) {
	dst = append(dst, '[')
	for n := 0; d.More(); n++ {
		if n > 0 {
			dst = append(dst, ", "...)
		}
		var err error
		if dst, err = jsonbValue(dst, d); err != nil {
			return nil, err
		}
	}
	_, err := d.Token()
	return append(dst, ']'), err
}

func jsonbObject(dst []byte, d *json.Decoder) ([]byte, error) {
	values := map[string][]byte{}
	var keys []string
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		key, _ := token.(string)
		value, err := jsonbValue(nil, d)
		if err != nil {
			return nil, err
		}
		if _, twice := values[key]; !twice {
			keys = append(keys, key)
		}
		values[key] = value
	}
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	slices.SortFunc(keys, func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
	dst = append(dst, '{')
	for i, key := range keys {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(append(append(dst, jsonString(key)...), ": "...), values[key]...)
	}
	return append(dst, '}'), nil
}

func jsonString(s string) []byte { return appendJSONString(nil, s) }

// appendJSONString quotes what must be quoted, and nothing else, as PostgreSQL does.
func appendJSONString(dst []byte, s string) []byte {
	const controls = "\b\f\n\r\t\"\\"
	dst = append(dst, '"')
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch at := bytes.IndexByte([]byte(controls), c); {
		case at >= 0:
			dst = append(dst, '\\', `bfnrt"\`[at])
		case c < 0x20:
			dst = append(dst, `\u00`...)
			dst = append(dst, "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
