package expr

import (
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
)

// anyKind stands in a signature for an operand of any type.
const anyKind catalog.Kind = -1

// resolve chooses the overload for operands as PostgreSQL's func_select_candidate does (sections 10.2 and 10.3 of its
// manual): exact match; most exact matches; most exact or preferred matches; categories for untyped literals; and last
// the type of the known operands for the unknown ones.
func resolve(candidates []*function, args []Expr) (match *function, ambiguous bool) {
	var fit []*function
	for _, f := range candidates {
		if f.takes(args) {
			fit = append(fit, f)
		}
	}
	for _, f := range fit {
		if f.matches(args) == len(args) {
			return f, false
		}
	}
	if len(fit) > 1 {
		fit = best(fit, func(f *function) int { return f.matches(args) })
	}
	if len(fit) > 1 {
		fit = best(fit, func(f *function) int { return f.matchesOrPrefers(args) })
	}
	if len(fit) > 1 {
		fit = byCategory(fit, args)
	}
	if len(fit) > 1 {
		fit = byKnown(fit, args)
	}
	switch len(fit) {
	case 0:
		return nil, false
	case 1:
		return fit[0], false
	}
	return nil, true
}

// kind is the signature's kind for operand i.
func (f *function) kind(i int) catalog.Kind {
	if i >= len(f.args) {
		return f.args[len(f.args)-1]
	}
	return f.args[i]
}

func (f *function) takes(args []Expr) bool {
	if len(args) < len(f.args) || (len(args) > len(f.args) && !f.rest) {
		return false
	}
	for i, a := range args {
		if k := f.kind(i); k != anyKind && !implicit(a.Type(), catalog.Of(k)) {
			return false
		}
	}
	return true
}

func isUnknown(e Expr) bool { return e.Type().Kind == catalog.Unknown && !e.Type().Array }

// matches counts the operands that have the signature's very type.
func (f *function) matches(args []Expr) int {
	count := 0
	for i, a := range args {
		if k := f.kind(i); k == a.Type().Kind && !a.Type().Array || k == anyKind {
			count++
		}
	}
	return count
}

func (f *function) matchesOrPrefers(args []Expr) int {
	count := 0
	for i, a := range args {
		k := f.kind(i)
		if isUnknown(a) {
			continue
		}
		if k == a.Type().Kind || (preferred(catalog.Of(k)) && category(catalog.Of(k)) == category(a.Type())) {
			count++
		}
	}
	return count
}

func best(fit []*function, score func(*function) int) []*function {
	highest := -1
	var kept []*function
	for _, f := range fit {
		switch s := score(f); {
		case s > highest:
			highest, kept = s, []*function{f}
		case s == highest:
			kept = append(kept, f)
		}
	}
	return kept
}

// byCategory picks a category for each untyped literal: string where any candidate takes one, else the only one there is.
func byCategory(fit []*function, args []Expr) []*function {
	for i, a := range args {
		if !isUnknown(a) {
			continue
		}
		chosen, clash := category(catalog.Of(fit[0].kind(i))), false
		for _, f := range fit {
			switch c := category(catalog.Of(f.kind(i))); {
			case c == 'S':
				chosen, clash = 'S', false
			case c != chosen && chosen != 'S':
				clash = true
			}
		}
		if clash {
			return fit
		}
		fit = narrowTo(fit, i, chosen)
	}
	return fit
}

func narrowTo(fit []*function, i int, chosen byte) []*function {
	var inCategory, likes []*function
	for _, f := range fit {
		t := catalog.Of(f.kind(i))
		if category(t) != chosen {
			continue
		}
		inCategory = append(inCategory, f)
		if preferred(t) {
			likes = append(likes, f)
		}
	}
	switch {
	case len(likes) > 0:
		return likes
	case len(inCategory) > 0:
		return inCategory
	}
	return fit
}

// byKnown gives untyped literals the one type that all other operands have.
func byKnown(fit []*function, args []Expr) []*function {
	known := catalog.Unknown
	for _, a := range args {
		switch k := a.Type().Kind; {
		case k == catalog.Unknown:
		case known == catalog.Unknown:
			known = k
		case known != k:
			return fit
		}
	}
	if known == catalog.Unknown {
		return fit
	}
	var kept []*function
	for _, f := range fit {
		all := true
		for i := range args {
			all = all && castBetween(known, f.kind(i)) == castImplicit
		}
		if all {
			kept = append(kept, f)
		}
	}
	if len(kept) == 1 {
		return kept
	}
	return fit
}

func typeNames(args []Expr) string {
	names := make([]string, len(args))
	for i, a := range args {
		names[i] = bareName(a.Type())
	}
	return strings.Join(names, ", ")
}

const castHint = "You might need to add explicit type casts."

func noFunction(name string, args []Expr, pos int, ambiguous bool) error {
	if ambiguous {
		return refusal.New("42725", "function %s(%s) is not unique", name, typeNames(args)).At(pos).
			WithHint("Could not choose a best candidate function. " + castHint)
	}
	return refusal.New(refusal.UndefinedFunction, "function %s(%s) does not exist", name, typeNames(args)).At(pos).
		WithHint("No function matches the given name and argument types, or it is not on the list of functions that are answered. " + castHint)
}

func noOperator(op string, args []Expr, pos int, ambiguous bool) error {
	text := op + " " + bareName(args[0].Type())
	if len(args) == 2 {
		text = bareName(args[0].Type()) + " " + op + " " + bareName(args[1].Type())
	}
	if ambiguous {
		return refusal.New("42725", "operator is not unique: %s", text).At(pos).
			WithHint("Could not choose a best candidate operator. " + castHint)
	}
	return refusal.New(refusal.UndefinedFunction, "operator does not exist: %s", text).At(pos).
		WithHint("No operator matches the given name and argument types. " + castHint)
}
