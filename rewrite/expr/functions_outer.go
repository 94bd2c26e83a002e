package expr

import (
	"regexp"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
)

// This file makes public expressions on DuckDB what they are on PostgreSQL: division by zero is an error there, formats of
// dates are translated, and what has no translation is marked, so that a plan can be refused instead of failing.

// DivisionByZero is what DuckDB is told to fail with where PostgreSQL would say 22012.
const DivisionByZero = "dpproxy:22012"

func divides(name string) bool {
	switch name {
	case "/", "%", "div", "mod":
		return true
	}
	return false
}

// failOnZero makes a divisor of 0 an error in DuckDB, where it gives NULL.
func (n *node) failOnZero(i int) {
	e := n.shown[i]
	nullable := e.Domain().Nullable
	g := guarded(e, "$1", "CASE WHEN $1 = 0 THEN error('"+DivisionByZero+"') ELSE $1 END", 2)
	g.dom.Nullable = nullable
	n.shown[i] = g
}

// Lacks names what an expression's own node, without its operands, needs that an engine does not have; "" if nothing.
func Lacks(e Expr, d Dialect) string {
	if n, ok := e.(*node); ok && d == DuckDB {
		return n.lacks
	}
	return ""
}

// releasedOnly refuses a function over private rows.
func releasedOnly(n *node) error { return n.refusePrivate("Use it over the released values.") }

// postgresOnly is releasedOnly for what DuckDB lacks.
func postgresOnly(n *node) error {
	n.lacks = n.title()
	return releasedOnly(n)
}

// dateFields are the fields of formats that both engines write alike, the longer ones first. Names are in English.
func dateFields() [][2]string {
	return [][2]string{{"YYYY", "%Y"}, {"FMMonth", "%B"}, {"FMDay", "%A"}, {"FMMM", "%-m"}, {"FMDD", "%-d"}, {"HH24", "%H"}, {"HH12", "%I"}, {"IYYY", "%G"}, {"DDD", "%j"},
		{"Mon", "%b"}, {"Dy", "%a"}, {"AM", "%p"}, {"PM", "%p"}, {"MM", "%m"}, {"DD", "%d"}, {"HH", "%I"}, {"MI", "%M"}, {"SS", "%S"}, {"MS", "%g"}, {"US", "%f"},
		{"YY", "%y"}, {"IW", "%V"}, {"ID", "%u"}}
}

// duckFormat translates a format of to_char, to_date and to_timestamp; ok is false where there is more in it.
func duckFormat(format string) (string, bool) {
	var b strings.Builder
next:
	for format != "" {
		for _, f := range dateFields() {
			if rest, ok := strings.CutPrefix(format, f[0]); ok {
				b.WriteString(f[1])
				format = rest
				continue next
			}
		}
		if rest, ok := strings.CutPrefix(format, `"`); ok {
			text, after, closed := strings.Cut(rest, `"`)
			if !closed || strings.ContainsAny(text, `\%`) {
				return "", false
			}
			b.WriteString(text)
			format = after
			continue
		}
		if !strings.Contains("-/:. _,;()", format[:1]) {
			return "", false
		}
		b.WriteString(format[:1])
		format = format[1:]
	}
	return b.String(), true
}

// buildFromText is to_date and to_timestamp of text with a format.
func buildFromText(n *node) error {
	if err := releasedOnly(n); err != nil {
		return err
	}
	duck, ok := "", false
	if c, isConst := Fold(n.args[1]); isConst && !c.Null {
		duck, ok = duckFormat(c.Text)
	}
	if !ok {
		n.lacks = "this format of " + n.title()
		return nil
	}
	parsed := "strptime($1, '" + duck + "')"
	if n.typ.Kind == tz {
		n.write = templates(n.name+"($1, $2)", "(CAST("+parsed+" AS TIMESTAMP) AT TIME ZONE 'UTC')")
		return nil
	}
	n.write = templates(n.name+"($1, $2)", "CAST("+parsed+" AS DATE)")
	return nil
}

// capture finds an opening bracket of a group that captures.
var capture = regexp.MustCompile(`(^|[^\\])\((\?P?<|[^?])`)

// buildSubstringPattern: the first group if there is one, else the whole match; NULL without a match.
func buildSubstringPattern(n *node) error {
	if err := n.refusePrivate("Use substring(text, start, length)."); err != nil {
		return err
	}
	c, ok := Fold(n.args[1])
	if !ok || c.Null || strings.Contains(c.Text, "[(") {
		n.lacks = "this pattern of function substring"
		return nil
	}
	group := "0"
	if capture.MatchString(c.Text) {
		group = "1"
	}
	n.times = 2
	n.write = templates("substring($1 FROM $2)", "CASE WHEN regexp_matches($1, $2) THEN regexp_extract($1, $2, "+group+") END")
	return nil
}

// outerFunctions are mostly for published values alone.
func outerFunctions() []function {
	return []function{
		{name: "sinh", args: []catalog.Kind{f8}, result: f8, build: releasedOnly},
		{name: "cosh", args: []catalog.Kind{f8}, result: f8, build: releasedOnly},
		{name: "tanh", args: []catalog.Kind{f8}, result: f8, build: releasedOnly},
		{name: "lcm", args: []catalog.Kind{i4, i4}, result: i4, build: buildDivisor},
		{name: "lcm", args: []catalog.Kind{i8, i8}, result: i8, build: buildDivisor},
		{name: "lcm", args: []catalog.Kind{num, num}, result: num, build: releasedOnly, duck: "lcm(CAST($1 AS HUGEINT), CAST($2 AS HUGEINT))"},
		{name: "quote_ident", args: []catalog.Kind{txt}, result: txt, build: releasedOnly,
			duck: `CASE WHEN regexp_full_match($1, '[a-z_][a-z0-9_]*') THEN $1 ELSE '"' || replace($1, '"', '""') || '"' END`},
		{name: "date_bin", args: []catalog.Kind{itv, ts, ts}, result: ts, build: buildBin, duck: "time_bucket($1, $2, $3)"},
		{name: "date_bin", args: []catalog.Kind{itv, tz, tz}, result: tz, build: buildBin,
			duck: "(time_bucket($1, ($2 AT TIME ZONE 'UTC'), ($3 AT TIME ZONE 'UTC')) AT TIME ZONE 'UTC')"},
		{name: "overlay", args: []catalog.Kind{txt, txt, i4, i4}, result: txt, build: releasedOnly, duck: "(left($1, $3 - 1) || $2 || substring($1, $3 + $4))"},
		{name: "overlay", args: []catalog.Kind{txt, txt, i4}, result: txt, build: releasedOnly, duck: "(left($1, $3 - 1) || $2 || substring($1, $3 + length($2)))"},
	}
}
