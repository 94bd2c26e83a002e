package expr

import (
	"math/big"
	"slices"
	"sort"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
)

// Canonical is an expression's text in one form of the several that mean the same: for every row, NULL included, two
// expressions of one canonical text have one value. It names things, and is never sent to an engine. Beside what Text does, it
//
//   - sorts the operands of AND and OR, and the numbers of + and *, and takes each condition once;
//   - writes > and >= as < and <= with the sides exchanged, and sorts the sides of = and <>;
//   - takes NOT inward: over comparisons, IN, IS NULL, AND and OR;
//   - writes IN as the comparisons that it stands for;
//   - compares with a constant by its value, in whichever type it was written: 5, 5.0, '5', 1.50 and 1.5; what has whole places (see places)
//     by the nearest one, through its dates and years;
//   - writes what a column is clamped to beside its name.
func Canonical(e Expr) string {
	p := Printer{Dialect: PostgreSQL, canonical: true}
	p.Expr(e)
	return p.String()
}

// Conjuncts are the canonical texts of the terms of a condition, sorted, each once: a row passes the condition where it passes
// all of them. A condition that always holds has none.
func Conjuncts(e Expr) []string {
	if n, ok := e.(*node); ok && (n.affirms || n.name == "AND") { // what is not known does not pass either
		var out []string
		for _, a := range n.args {
			out = append(out, Conjuncts(a)...)
		}
		return Once(out)
	}
	return without(Once(terms(e, "AND", false)), "TRUE")
}

// canonical writes the node in its one form, and tells whether there is one beside the node's own.
func (n *node) canonical(p *Printer) bool {
	switch {
	case n.typ.Kind == boo && !n.typ.Array:
		text, ok := n.truthText(false)
		p.WriteString(text)
		return ok
	case (n.name == "+" || n.name == "*") && len(n.args) == 2 && n.args[0].Type().IsNumeric() && n.args[1].Type().IsNumeric():
		sides := []string{Canonical(n.shown[0]), Canonical(n.shown[1])} // guarded each by itself, and commutative then, floats too
		sort.Strings(sides)
		p.WriteString("(" + strings.Join(sides, " "+n.name+" ") + ")")
		return true
	}
	return false
}

// truthText is the canonical text of a condition, or of its negation. ok is false where the node's own form is to be taken.
func (n *node) truthText(negated bool) (text string, ok bool) {
	switch n.name {
	case "AND", "OR", "NOT", "IN":
		word := "AND"
		if (n.name == "OR" || n.name == "IN" && !n.negated) != negated {
			word = "OR"
		}
		parts := without(Once(terms(n, word, negated)), map[string]string{"AND": "TRUE", "OR": "FALSE"}[word])
		switch len(parts) {
		case 0: // nothing but the word's own neutral value
			return map[string]string{"AND": "TRUE", "OR": "FALSE"}[word], true
		case 1:
			return parts[0], true
		}
		return "(" + strings.Join(parts, " "+word+" ") + ")", true
	case "IS NULL":
		word := " IS NULL)"
		if n.negated != negated {
			word = " IS NOT NULL)"
		}
		return "(" + Canonical(n.shown[0]) + word, true
	}
	if len(n.args) == 2 && opposites(n.name) != "" {
		op := n.name
		if negated {
			op = opposites(op)
		}
		return comparisonText(op, n.args[0], n.args[1]), true
	}
	return "", false
}

// opposites gives the comparison that holds where op does not, of values that are not NULL: NaN has a place in the order.
func opposites(op string) string {
	switch op {
	case "=":
		return "<>"
	case "<>":
		return "="
	case "<":
		return ">="
	case ">=":
		return "<"
	case ">":
		return "<="
	case "<=":
		return ">"
	}
	return ""
}

// terms are the canonical texts of the operands that a chain of one word has, of a condition or of its negation.
func terms(e Expr, word string, negated bool) []string {
	n, ok := e.(*node)
	if !ok {
		return []string{literalTruth(e, negated)}
	}
	switch n.name {
	case "NOT":
		return terms(n.args[0], word, !negated)
	case "AND", "OR":
		if (n.name == word) == negated {
			break
		}
		var out []string
		for _, a := range n.args {
			out = append(out, terms(a, word, negated)...)
		}
		return out
	case "IN":
		op, is := "=", "OR"
		if n.negated != negated {
			op, is = "<>", "AND"
		}
		if is != word && len(n.args) > 2 {
			break
		}
		var out []string
		for _, item := range n.args[1:] {
			out = append(out, comparisonTerms(op, n.args[0], item, word)...)
		}
		return out
	}
	if len(n.args) == 2 && opposites(n.name) != "" {
		if _, constant := Fold(n); !constant {
			op := n.name
			if negated {
				op = opposites(op)
			}
			if of, is, ok := ofBoolean(op, n.args[0], n.args[1]); ok {
				return terms(of, word, !is)
			}
			return comparisonTerms(op, n.args[0], n.args[1], word)
		}
	}
	if k, ok := Fold(n); ok {
		return []string{literalTruth(k, negated)}
	}
	if text, ok := n.truthText(negated); ok {
		return []string{text}
	}
	return []string{literalTruth(n, negated)}
}

// literalTruth is the text of what has no other form.
func literalTruth(e Expr, negated bool) string {
	if k, ok := e.(Const); ok && k.Typ.Kind == boo && !k.Null {
		if (k.Text == "t") != negated {
			return "TRUE"
		}
		return "FALSE"
	}
	if !negated {
		return Canonical(e)
	}
	return "(NOT " + Canonical(e) + ")"
}

// Once sorts texts, each once.
func Once(texts []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(texts)))
}

// without leaves out a text that changes nothing.
func without(texts []string, neutral string) []string {
	var out []string
	for _, t := range texts {
		if t != neutral {
			out = append(out, t)
		}
	}
	return out
}

// ofBoolean reads the comparison of a condition with a constant truth: it is the condition, or its negation.
func ofBoolean(op string, l, r Expr) (of Expr, is, ok bool) {
	for _, sides := range [2][2]Expr{{l, r}, {r, l}} {
		k, isConst := Fold(sides[1])
		if isConst && k.Typ.Kind == boo && !k.Null && (op == "=" || op == "<>") && sides[0].Type().Kind == boo && !sides[0].Type().Array {
			return sides[0], (k.Text == "t") == (op == "="), true
		}
	}
	return nil, false, false
}

// comparisonTerms are the terms that l op r is in a chain of a word.
func comparisonTerms(op string, l, r Expr, word string) []string {
	if terms, is, ok := places(op, l, r); ok && (is == word || len(terms) == 1) {
		return terms
	}
	return []string{comparisonText(op, l, r)}
}

// comparisonText is the canonical text of l op r.
func comparisonText(op string, l, r Expr) string {
	if terms, word, ok := places(op, l, r); ok {
		return placesText(terms, word)
	}
	l, r = besideConstant(l, r), besideConstant(r, l)
	l, r = asDay(l, r), asDay(r, l)
	if of, is, ok := ofBoolean(op, l, r); ok {
		if n, isNode := of.(*node); isNode {
			if text, ok := n.truthText(!is); ok {
				return text
			}
		}
		return literalTruth(of, !is)
	}
	a, b := operandText(l), operandText(r)
	switch {
	case op == ">" || op == ">=":
		op, a, b = mirrored(op), b, a
	case (op == "=" || op == "<>") && b < a:
		a, b = b, a
	}
	return "(" + a + " " + op + " " + b + ")"
}

// besideConstant takes off what only brought a value to the type of the constant that it is compared with.
func besideConstant(e, other Expr) Expr {
	n, ok := e.(*node)
	if !ok || !n.widening || len(n.args) != 1 {
		return e
	}
	of := n.args[0]
	wider := n.typ.Kind == num || n.typ.IsInteger() && n.typ.Kind > of.Type().Kind
	k, ok := Fold(other)
	if !ok || !wider || !of.Type().IsInteger() || k.Null || k.Typ.Kind != num && !k.Typ.IsInteger() {
		return e
	}
	if _, finite := ratOf(k); !finite {
		return e
	}
	return besideConstant(of, other)
}

// asDay is the date that a constant timestamp at midnight is, beside a date. At the ends of the calendar dates and timestamps part.
func asDay(e, other Expr) Expr {
	k, ok := Fold(e)
	if !ok || k.Null || k.Typ.Kind != ts && k.Typ.Kind != tz || other.Type().Kind != dat {
		return e
	}
	at, ok := ratOf(k)
	if !ok {
		return e
	}
	days := new(big.Rat).Quo(at, big.NewRat(microsecondsPerDay, 1))
	if !days.IsInt() || days.Cmp(big.NewRat(-700_000, 1)) < 0 || days.Cmp(big.NewRat(2_900_000, 1)) > 0 { // years 54 to 9909
		return e
	}
	return Const{Typ: catalog.Of(dat), Text: catalog.FormatRat(catalog.Of(dat), days), Pos: k.Pos}
}

// microsecondsPerDay are the units of ratOf in a day.
const microsecondsPerDay = 86_400_000_000

// operandText is one side of a comparison. Whole numbers and decimals are told by their value: no comparison sees their type.
func operandText(e Expr) string {
	k, ok := Fold(e)
	if !ok {
		return Canonical(e)
	}
	if k.Typ.IsInteger() || k.Typ.Kind == num {
		if r, ok := ratOf(k); ok {
			return "#" + r.RatString()
		}
	}
	if k.Null {
		return "NULL"
	}
	kind := k.Typ.Kind
	if kind == catalog.Varchar {
		kind = catalog.Text // one to every operator
	}
	p := Printer{}
	p.Literal(k.Text)
	return bareName(catalog.Of(kind)) + " " + p.String()
}

// canonical writes a column with its clamp, as [lower, upper].
func (c Column) canonical(p *Printer) {
	c.bare(p)
	if !c.Clamp || c.Dom.Lo == nil && c.Dom.Hi == nil {
		return
	}
	ends := [2]string{}
	for i, r := range []*big.Rat{c.Dom.Lo, c.Dom.Hi} {
		if r != nil {
			ends[i] = r.RatString()
		}
	}
	p.WriteString("[" + ends[0] + ", " + ends[1] + "]")
}

// IsTrue tells that a condition is IS TRUE of another.
func IsTrue(e Expr) bool {
	n, ok := e.(*node)
	return ok && n.affirms
}

// Composed tells that an expression is an operator, a function or a cast of this package.
func Composed(e Expr) bool {
	_, ok := e.(*node)
	return ok
}
