package introspect

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/dpproxy/dpproxy/catalog"
)

// cell prints an engine's value as PostgreSQL prints type t.
func (s *snapshot) cell(v any, t sqlType) Cell {
	if v == nil {
		return Cell{Null: true}
	}
	if items, ok := v.([]any); ok && t.element().isReg() {
		named := make([]any, len(items))
		for i, item := range items {
			if named[i] = item; item != nil {
				named[i] = s.named(t.element(), item)
			}
		}
		v = named
	}
	if t.isReg() {
		v = s.named(t, v)
	}
	return Cell{Text: text(v, t)}
}

// named is a cell of a reg… type.
func (s *snapshot) named(t sqlType, v any) string {
	oid := uint32(integer(v))
	return s.regOut(t, oid) + catalog.NumberMark + id32(oid)
}

func text(v any, t sqlType) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		if t.isText() && t != "" {
			return strconv.FormatBool(v)
		}
		if v {
			return "t"
		}
		return "f"
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case float32:
		return strconv.FormatFloat(float64(v), 'g', -1, 32)
	case []byte:
		return string(v)
	case *big.Int:
		return v.String()
	case duckdb.Decimal:
		return v.String()
	case duckdb.Interval:
		return interval(v)
	case time.Time:
		return timeText(v, t)
	case []any:
		return list(v, t)
	case map[string]any:
		return fmt.Sprintf("(%s,%s)%s21;23", text(v["x"], ""), text(v["n"], ""), catalog.NumberMark) // smallint and integer
	case nil:
		return ""
	}
	return fmt.Sprint(v)
}

func timeText(v time.Time, t sqlType) string {
	switch t.base() {
	case "date":
		return v.Format("2006-01-02")
	case "timestamptz":
		return v.UTC().Format("2006-01-02 15:04:05.999999") + "+00"
	}
	return v.UTC().Format("2006-01-02 15:04:05.999999")
}

func interval(v duckdb.Interval) string {
	d := time.Duration(v.Micros) * time.Microsecond
	clock := fmt.Sprintf("%02d:%02d:%02d", int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60)
	switch {
	case v.Days == 0 && v.Months == 0:
		return clock
	case v.Micros == 0 && v.Months == 0 && v.Days == 1:
		return "1 day"
	}
	return fmt.Sprintf("%d mons %d days %s", v.Months, v.Days, clock)
}

// list prints an array: {a,"b c",NULL}, or a vector: 1 2.
func list(items []any, t sqlType) string {
	var b strings.Builder
	e := t.element()
	for i, item := range items {
		if i > 0 {
			if t.isVector() {
				b.WriteByte(' ')
			} else {
				b.WriteByte(',')
			}
		}
		if item == nil {
			b.WriteString("NULL")
			continue
		}
		s := text(item, e)
		if _, nested := item.([]any); nested || t.isVector() {
			b.WriteString(s)
			continue
		}
		b.WriteString(arrayItem(s))
	}
	if t.isVector() {
		return b.String()
	}
	return "{" + b.String() + "}"
}

// arrayItem quotes an element where PostgreSQL's array output does.
func arrayItem(s string) string {
	if s != "" && !strings.EqualFold(s, "null") && !strings.ContainsAny(s, "{}\",\\ \t\n\r\v\f") {
		return s
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// parseArray reads the text of a one-dimensional array; NULL elements become null.
func parseArray(s string) []string {
	s = strings.TrimSpace(s)
	if len(s) < 2 || s[0] != '{' || s[len(s)-1] != '}' {
		return nil
	}
	var items []string
	var b strings.Builder
	quoted, inside := false, false
	end := func() {
		item := b.String()
		if !quoted {
			item = strings.TrimSpace(item)
			if strings.EqualFold(item, "null") {
				item = null
			}
		}
		items = append(items, item)
		b.Reset()
		quoted = false
	}
	body := s[1 : len(s)-1]
	if strings.TrimSpace(body) == "" {
		return nil
	}
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case c == '\\' && i+1 < len(body):
			i++
			b.WriteByte(body[i])
		case c == '"':
			inside, quoted = !inside, true
		case c == ',' && !inside:
			end()
		default:
			b.WriteByte(c)
		}
	}
	end()
	return items
}

// quoteField quotes a field of a record where PostgreSQL's record output does.
func quoteField(s string) string {
	if s != "" && !strings.ContainsAny(s, "(),\"\\ \t\n\r\v\f") {
		return s
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `""`).Replace(s) + `"`
}

// toChar is to_char of a time in UTC, for the fields that monitoring queries print; other letters stand for themselves.
func toChar(at time.Time, format string) string {
	return strings.NewReplacer("YYYY", at.Format("2006"), "MM", at.Format("01"), "DD", at.Format("02"), "HH24", at.Format("15"),
		"HH12", at.Format("03"), "HH", at.Format("03"), "MI", at.Format("04"), "SS", at.Format("05"), "MS", at.Format("000"),
		"US", at.Format("000000"), "AM", at.Format("PM"), "PM", at.Format("PM"), "TZ", "UTC", "tz", "utc", "OF", "+00",
		"Mon", at.Format("Jan"), "Month", at.Format("January"), "Day", at.Format("Monday"), "Dy", at.Format("Mon")).Replace(format)
}
