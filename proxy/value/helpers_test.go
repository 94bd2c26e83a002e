package value

import (
	"strings"

	"github.com/dpproxy/dpproxy/refusal"
)

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func code(err error) string {
	if r, ok := refusal.As(err); ok {
		return string(r.Code)
	}
	return ""
}
