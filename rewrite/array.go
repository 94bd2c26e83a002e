package rewrite

import (
	"strings"

	"github.com/dpproxy/dpproxy/mechanism"
)

// parseArray reads PostgreSQL's text form of a one-dimensional array: {1,2,NULL,"a,b"}.
func parseArray(s string) ([]mechanism.Cell, bool) {
	s = strings.TrimSpace(s)
	if len(s) < 2 || s[0] != '{' || s[len(s)-1] != '}' {
		return nil, false
	}
	s = s[1 : len(s)-1]
	var out []mechanism.Cell
	if strings.TrimSpace(s) == "" {
		return out, true
	}
	for i := 0; ; {
		for i < len(s) && s[i] == ' ' {
			i++
		}
		var b strings.Builder
		quoted := i < len(s) && s[i] == '"'
		if quoted {
			for i++; i < len(s) && s[i] != '"'; i++ {
				if s[i] == '\\' {
					i++
				}
				if i < len(s) {
					b.WriteByte(s[i])
				}
			}
			if i >= len(s) {
				return nil, false
			}
			i++
		} else {
			for ; i < len(s) && s[i] != ','; i++ {
				switch s[i] {
				case '{', '}', '"':
					return nil, false // nested arrays are not supported
				case '\\':
					i++
				}
				if i < len(s) {
					b.WriteByte(s[i])
				}
			}
		}
		text := b.String()
		if !quoted {
			text = strings.TrimSpace(text)
			if text == "" {
				return nil, false
			}
		}
		out = append(out, mechanism.Cell{Text: text, Null: !quoted && strings.EqualFold(text, "NULL")})
		for i < len(s) && s[i] == ' ' {
			i++
		}
		if i >= len(s) {
			return out, true
		}
		if s[i] != ',' {
			return nil, false
		}
		i++
	}
}
