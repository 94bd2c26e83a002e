package ownerpage

import (
	"html/template"
	"net/url"
	"time"

	"github.com/dpproxy/dpproxy/budget"
)

// functions are those of the templates.
func functions() template.FuncMap {
	return template.FuncMap{
		"time": func(t time.Time) string {
			if t.IsZero() {
				return "never"
			}
			return t.UTC().Format("2006-01-02 15:04:05")
		},
		"price": func(e budget.Entry) string {
			switch {
			case e.Loss.Rho > 0:
				return "ρ " + e.Loss.Rho.String()
			case e.Loss.Epsilon > 0:
				return "ε " + e.Loss.Epsilon.String()
			}
			return ""
		},
		"what": func(e budget.Entry) string {
			if e.SQL == "" {
				return e.Note
			}
			return e.SQL
		},
		"link": func(path string, pairs ...string) string {
			v := url.Values{}
			for i := 0; i+1 < len(pairs); i += 2 {
				if pairs[i+1] != "" {
					v.Set(pairs[i], pairs[i+1])
				}
			}
			return path + "?" + v.Encode()
		},
		"ms": func(d time.Duration) int64 { return d.Milliseconds() },
	}
}
