package config

import (
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/dpproxy/dpproxy/catalog"
)

// value is a node of a file with everything that a fault needs to name its place.
type value struct {
	l    *loader
	file string
	path string
	node *yaml.Node
}

// fields maps the keys of an object to what reads their values.
type fields map[string]func(value)

func (v value) position() catalog.Position {
	return catalog.Position{File: v.file, Line: v.node.Line, Column: v.node.Column}
}

// fault records a mistake at this value.
func (v value) fault(format string, args ...any) *Fault {
	return v.l.add(v.position().Fault(v.path, format, args...))
}

// at names a part of this value.
func (v value) at(node *yaml.Node, suffix string) value {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	path := v.path + suffix
	return value{l: v.l, file: v.file, path: strings.TrimPrefix(path, "."), node: node}
}

// isNull tells that nothing is written: an empty value, ~ or null.
func (v value) isNull() bool {
	return v.node.Kind == yaml.ScalarNode && v.node.Tag == "!!null"
}

// form names the node's form for messages.
func (v value) form() string {
	switch {
	case v.isNull():
		return "nothing"
	case v.node.Kind == yaml.MappingNode:
		return "a mapping"
	case v.node.Kind == yaml.SequenceNode:
		return "a list"
	}
	return "a single value"
}

// pairs calls f for each key and value of a mapping, in the order of the file. Null counts as an empty mapping. False
// means that it is no mapping.
func (v value) pairs(f func(key, val value)) bool {
	if v.isNull() {
		return true
	}
	if v.node.Kind != yaml.MappingNode {
		v.fault("must be a mapping (key: value), not %s", v.form())
		return false
	}
	seen := map[string]*yaml.Node{}
	for i := 0; i+1 < len(v.node.Content); i += 2 {
		keyNode := v.node.Content[i]
		key := v.at(keyNode, "")
		if keyNode.Kind != yaml.ScalarNode {
			key.fault("a key must be a single value, not %s", key.form())
			continue
		}
		if keyNode.Tag == "!!merge" {
			key.fault("merge keys (<<) are not supported").Hint = "write the keys out, or use `includes`"
			continue
		}
		name := keyNode.Value
		key.path = strings.TrimPrefix(v.path+"."+name, ".")
		if first, dup := seen[name]; dup {
			key.fault("the key occurs twice; the first is in line %d", first.Line)
			continue
		}
		seen[name] = keyNode
		f(key, v.at(v.node.Content[i+1], "."+name))
	}
	return true
}

// object reads a mapping with a closed set of keys.
func (v value) object(known fields) {
	v.pairs(func(key, val value) {
		read, ok := known[key.node.Value]
		if !ok {
			unknownKey(key, known)
			return
		}
		read(val)
	})
}

func unknownKey(key value, known fields) {
	names := sortedKeys(known)
	f := key.fault("unknown key %q", key.node.Value)
	if near := catalog.Nearest(key.node.Value, names); near != "" {
		f.Hint = fmt.Sprintf("did you mean %s?", near)
	} else {
		f.Hint = "known keys are " + strings.Join(names, ", ")
	}
}

// each calls f for each item of a list. Null counts as an empty list.
func (v value) each(f func(item value)) {
	if v.isNull() {
		return
	}
	if v.node.Kind != yaml.SequenceNode {
		v.fault("must be a list, not %s", v.form())
		return
	}
	for i, item := range v.node.Content {
		f(v.at(item, fmt.Sprintf("[%d]", i)))
	}
}

// oneOrMany is each, but a single value counts as a list of one.
func (v value) oneOrMany(f func(item value)) {
	if v.node.Kind == yaml.ScalarNode && !v.isNull() {
		f(v)
		return
	}
	v.each(f)
}

// text reads a scalar and expands ${ENV} in it. False means that a fault was recorded.
func (v value) text() (string, bool) {
	if v.node.Kind != yaml.ScalarNode {
		v.fault("must be a single value, not %s", v.form())
		return "", false
	}
	if v.isNull() {
		v.fault("is empty")
		return "", false
	}
	return v.expand(v.node.Value, nil)
}

// urlText reads a URL. What ${ENV} puts before the @ is a name or a password, and is percent-encoded as a URL needs it;
// what is encoded already (%40) stays as it is.
func (v value) urlText() (string, bool) {
	if v.node.Kind != yaml.ScalarNode || v.isNull() {
		return v.text()
	}
	return v.expand(v.node.Value, func(before, value, after string) string {
		if !strings.Contains(before, "://") || !strings.Contains(after, "@") {
			return value
		}
		return encodeUserinfo(value)
	})
}

// encodeUserinfo percent-encodes all bytes but letters, digits, the marks of RFC 3986 and whole escapes.
func encodeUserinfo(s string) string {
	isHex := func(c byte) bool { return strings.IndexByte("0123456789abcdefABCDEF", c) >= 0 }
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		escape := c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2])
		if escape || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("-._~!$&'()*+,;=", c) >= 0 {
			out.WriteByte(c)
		} else {
			fmt.Fprintf(&out, "%%%02X", c)
		}
	}
	return out.String()
}

// expand replaces ${NAME} by the environment's value; $${ is a literal ${. It works on values after parsing, so that
// a password with characters that YAML gives a meaning is safe. The result is not expanded again. encode, if not nil,
// fits a value into the text around it.
func (v value) expand(s string, encode func(before, value, after string) string) (string, bool) {
	var out strings.Builder
	ok := true
	for {
		i := strings.Index(s, "${")
		if i < 0 {
			out.WriteString(s)
			return out.String(), ok
		}
		if i > 0 && s[i-1] == '$' {
			out.WriteString(s[:i-1] + "${")
			s = s[i+2:]
			continue
		}
		end := strings.IndexByte(s[i:], '}')
		if end < 0 {
			v.fault("${ has no closing brace").Hint = "write $${ for a literal ${"
			return "", false
		}
		name := s[i+2 : i+end]
		found, set := v.l.env(name)
		if !isEnvName(name) {
			v.fault("${%s} is no name of an environment variable", name).Hint = "write $${ for a literal ${"
			ok = false
		} else if !set {
			v.fault("the environment variable %s is not set", name)
			ok = false
		}
		out.WriteString(s[:i])
		s = s[i+end+1:]
		if encode != nil {
			found = encode(out.String(), found, s)
		}
		out.WriteString(found)
	}
}

func isEnvName(s string) bool {
	for i, c := range s {
		letter := c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}
