package expr

import (
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
)

// Coerce converts an expression without being asked, as PostgreSQL does for operands and branches: untyped literals
// become what is needed, numbers go up int → bigint → numeric → float8, dates become timestamps. Else the error is 42804.
func (b *Builder) Coerce(e Expr, to catalog.Type, pos int) (Expr, error) {
	from := e.Type()
	if c, ok := e.(Const); ok && from.Kind == catalog.Unknown {
		return literal(c, plain(to))
	}
	if from.Kind == to.Kind && from.Array == to.Array {
		return e, nil
	}
	if !implicit(from, to) {
		return nil, refusal.New(refusal.DatatypeMismatch, "expression is of type %s, but type %s is needed", bareName(from), bareName(to)).
			At(pos).WithHint("You will need to rewrite or cast the expression.")
	}
	return b.convert(e, plain(to), pos)
}

// Cast converts an expression as CAST(e AS to) and e::to do.
//
// Over private rows a cast cannot fail: a number out of the type's range, and text that does not read as the type, give NULL.
func (b *Builder) Cast(e Expr, to catalog.Type, pos int) (Expr, error) {
	from := e.Type()
	if to.Kind == catalog.Unsupported || to.Kind == catalog.Unknown {
		return nil, refusal.New(refusal.NotSupported, "type %s is not supported", to).At(pos)
	}
	if c, ok := e.(Const); ok && from.Kind == catalog.Unknown {
		typed, err := literal(c, plain(to))
		if err != nil {
			return nil, err
		}
		return b.modify(typed, to, pos)
	}
	if from.Array || to.Array {
		return b.castArray(e, to, pos)
	}
	if from.Kind == to.Kind {
		return b.modify(e, to, pos)
	}
	if castBetween(from.Kind, to.Kind) == castNone {
		return nil, refusal.New(refusal.CannotCoerce, "cannot cast type %s to %s", bareName(from), bareName(to)).At(pos)
	}
	converted, err := b.convert(e, plain(to), pos)
	if err != nil {
		return nil, err
	}
	return b.modify(converted, to, pos)
}

// castArray leaves arrays, which only public values are, to the engine.
func (b *Builder) castArray(e Expr, to catalog.Type, pos int) (Expr, error) {
	from := e.Type()
	if from.Array != to.Array && !from.IsText() && !to.IsText() {
		return nil, refusal.New(refusal.CannotCoerce, "cannot cast type %s to %s", from, to).At(pos)
	}
	if b.Mode == Private {
		return nil, refusal.New(refusal.NotSupported, "arrays cannot be used over private rows").At(pos)
	}
	if from == to {
		return e, nil
	}
	n := b.castNode(e, to, pos)
	n.write = writeCast(to)
	return n.finish()
}

// literal reads an untyped literal as a type's input function would.
func literal(c Const, to catalog.Type) (Expr, error) {
	if c.Null {
		return Const{Typ: to, Null: true, Pos: c.Pos}, nil
	}
	text, err := readAs(c.Text, to, c.Pos)
	if err != nil {
		return nil, err
	}
	return Const{Typ: to, Text: text, Pos: c.Pos}, nil
}

// readAs reads text as a type's input function would. Intervals are this package's own.
func readAs(text string, to catalog.Type, pos int) (string, error) {
	if to.Kind == itv && to.Array {
		return readIntervals(text, pos)
	}
	if to.Kind == itv {
		d, ok := parseInterval(text)
		if !ok {
			return "", refusal.New(refusal.InvalidDatetime, "invalid input syntax for type interval: \"%s\"", text).At(pos)
		}
		return d.text(), nil
	}
	value, err := catalog.Input(to, text)
	if r, ok := refusal.As(err); ok {
		return "", r.At(pos)
	}
	return value, err
}

func readIntervals(text string, pos int) (string, error) {
	a, err := catalog.ParseArray(text)
	if err != nil {
		return "", refusal.New(refusal.InvalidTextRepresent, "malformed array literal: \"%s\"", text).At(pos)
	}
	for i, item := range a.Items {
		if item.Null {
			continue
		}
		if a.Items[i].Text, err = readAs(item.Text, catalog.Of(itv), pos); err != nil {
			return "", err
		}
	}
	return a.String(), nil
}
