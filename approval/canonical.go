package approval

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// MaxBytes bounds a script, an act or a bundle, in bytes of JSON.
const MaxBytes = 1 << 20

// decode reads one JSON value strictly: unknown fields, keys that occur twice, and anything after the value are errors.
func decode(data []byte, into any) error {
	if len(data) > MaxBytes {
		return fmt.Errorf("is larger than %d bytes", MaxBytes)
	}
	if err := unique(json.NewDecoder(bytes.NewReader(data)), 0); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	var wrong *json.UnmarshalTypeError
	if err := d.Decode(into); errors.As(err, &wrong) {
		return fmt.Errorf("has a JSON %s where it must not stand (%s)", wrong.Value, cmp.Or(wrong.Field, "outermost"))
	} else if err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("has text after its end")
	}
	return nil
}

// maxDepth bounds how deep JSON may be nested.
const maxDepth = 32

// unique walks one value and refuses keys that occur twice, also where they differ in case alone: encoding/json takes such keys
// for one field.
func unique(d *json.Decoder, depth int) error {
	if depth > maxDepth {
		return errors.New("is nested too deeply")
	}
	t, err := d.Token()
	if err != nil {
		return err
	}
	open, ok := t.(json.Delim)
	if !ok {
		return nil
	}
	seen := map[string]bool{}
	for d.More() {
		if open == '{' {
			key, err := d.Token()
			if err != nil {
				return err
			}
			name := strings.ToLower(strings.ToUpper(key.(string))) // ſ and the Kelvin sign are s and k
			if seen[name] {
				return fmt.Errorf("has the key %q twice", key)
			}
			seen[name] = true
		}
		if err := unique(d, depth+1); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}

// canonical is the one encoding of a value: fields in the order of their type, map keys sorted, no spaces.
func canonical(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil // no type of this package can fail
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// message is what is signed: the name of its kind, a newline, and canonical bytes.
func message(kind string, v any) []byte {
	return append([]byte("dpproxy "+kind+" 1\n"), canonical(v)...)
}
