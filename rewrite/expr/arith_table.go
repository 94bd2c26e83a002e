package expr

import "github.com/dpproxy/dpproxy/catalog"

const (
	i2  = catalog.Int2
	i4  = catalog.Int4
	i8  = catalog.Int8
	num = catalog.Numeric
	f4  = catalog.Float4
	f8  = catalog.Float8
	txt = catalog.Text
	boo = catalog.Bool
	dat = catalog.Date
	tim = catalog.Time
	ts  = catalog.Timestamp
	tz  = catalog.Timestamptz
	itv = catalog.Interval
)

func kinds(k ...catalog.Kind) []catalog.Kind { return k }

// arithmetic lists + - * / % ^ and the prefix operators over numbers.
func arithmetic() []function {
	var list []function
	for _, op := range []string{"+", "-", "*", "/"} {
		for _, a := range kinds(i2, i4, i8) {
			for _, b := range kinds(i2, i4, i8) {
				list = append(list, function{name: op, args: kinds(a, b), result: max(a, b), build: buildInt(op), fold: foldExact(op)})
			}
		}
		list = append(list,
			function{name: op, args: kinds(num, num), result: num, build: buildNumeric(op), fold: foldExact(op)},
			function{name: op, args: kinds(f4, f4), result: f4, build: buildFloat(op), pg: "($1 " + op + " $2)"},
			function{name: op, args: kinds(f8, f8), result: f8, build: buildFloat(op), pg: "($1 " + op + " $2)", fold: foldFloat(op)},
			function{name: op, args: kinds(f4, f8), result: f8, build: buildFloat(op), pg: "($1 " + op + " $2)"},
			function{name: op, args: kinds(f8, f4), result: f8, build: buildFloat(op), pg: "($1 " + op + " $2)"})
	}
	for _, k := range kinds(i2, i4, i8) {
		for _, name := range []string{"%", "mod"} {
			list = append(list, function{name: name, args: kinds(k, k), result: k, build: buildInt("%"), fold: foldExact("%")})
		}
		list = append(list,
			function{name: "-x", args: kinds(k), result: k, build: buildIntSign(neg, "(- $1)"), fold: foldSign("negate")},
			function{name: "abs", args: kinds(k), result: k, build: buildIntSign(abs, "abs($1)"), fold: foldSign("abs")},
			function{name: "@", args: kinds(k), result: k, build: buildIntSign(abs, "abs($1)"), fold: foldSign("abs")})
	}
	for _, name := range []string{"%", "mod"} {
		list = append(list, function{name: name, args: kinds(num, num), result: num, build: buildNumeric("%"), fold: foldExact("%")})
	}
	for _, k := range kinds(num, f4, f8) {
		list = append(list,
			function{name: "-x", args: kinds(k), result: k, build: keepStep(neg), pg: "(- $1)", fold: foldSign("negate")},
			function{name: "abs", args: kinds(k), result: k, build: keepStep(abs), pg: "abs($1)", fold: foldSign("abs")},
			function{name: "@", args: kinds(k), result: k, build: keepStep(abs), pg: "abs($1)", fold: foldSign("abs")})
	}
	for _, k := range kinds(i2, i4, i8, num, f4, f8) {
		list = append(list, function{name: "+x", args: kinds(k), result: k, build: identity, pg: "(+ $1)"})
	}
	return append(list,
		function{name: "div", args: kinds(num, num), result: num, build: buildNumeric("div"), fold: foldExact("div")},
		function{name: "^", args: kinds(f8, f8), result: f8, build: buildPower, pg: "power($1, $2)"},
		function{name: "^", args: kinds(num, num), result: num, build: buildPower, pg: "power($1, $2)", duck: "power(#1, #2)"},
		function{name: "power", args: kinds(f8, f8), result: f8, build: buildPower},
		function{name: "power", args: kinds(num, num), result: num, build: buildPower},
		function{name: "pow", args: kinds(f8, f8), result: f8, build: buildPower},
		function{name: "pow", args: kinds(num, num), result: num, build: buildPower})
}

// bitFunctions lists the operators on bits of whole numbers.
func bitFunctions() []function {
	var list []function
	for _, a := range kinds(i2, i4, i8) {
		for _, b := range kinds(i2, i4, i8) {
			if a != b {
				continue
			}
			list = append(list,
				function{name: "&", args: kinds(a, b), result: a, build: buildBits, pg: "($1 & $2)"},
				function{name: "|", args: kinds(a, b), result: a, build: buildBits, pg: "($1 | $2)"},
				function{name: "#", args: kinds(a, b), result: a, build: buildBits, pg: "($1 # $2)", duck: "xor($1, $2)"})
		}
		list = append(list,
			function{name: "~x", args: kinds(a), result: a, build: buildBits, pg: "(~ $1)", duck: "(~ $1)"},
			function{name: "<<", args: kinds(a, i4), result: a, build: buildShiftBits(true), pg: "($1 << $2)"},
			function{name: ">>", args: kinds(a, i4), result: a, build: buildShiftBits(false), pg: "($1 >> $2)"})
	}
	return list
}
