package expr

import (
	"unicode/utf8"

	"math/big"
	"strconv"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
)

// textFunctions lists the functions over text. Over private rows, operands of unknown length are cut to a million
// characters where a function copies them, since both memory and time would tell of one row's length.
func textFunctions() []function {
	t := func(n int) []catalog.Kind { return []catalog.Kind{txt, txt, txt, txt}[:n] }
	onlyPublic := publicOnly("Use it over the released values.")
	list := []function{
		{name: "lower", args: t(1), result: txt, build: buildText(3), fold: foldASCII(strings.ToLower)},
		{name: "upper", args: t(1), result: txt, build: buildText(3), fold: foldASCII(strings.ToUpper)},
		{name: "initcap", args: t(1), result: txt, build: buildText(3), fold: foldASCII(initials),
			duck: `array_to_string(list_transform(regexp_extract_all($1, '[\p{L}\p{N}]+|[^\p{L}\p{N}]+'), lambda w: upper(w[1]) || lower(w[2:])), '')`},
		{name: "reverse", args: t(1), result: txt, build: buildText(1)},
		{name: "replace", args: t(3), result: txt, build: buildReplace, fold: foldReplace},
		{name: "translate", args: t(3), result: txt, build: buildText(1)},
		{name: "starts_with", args: t(2), result: boo, fold: foldStarts},
		{name: "strpos", args: t(2), result: i4, build: buildPosition, pg: "strpos($1, $2)", duck: "CAST(strpos($1, $2) AS INTEGER)"},
		{name: "position", args: t(2), result: i4, build: buildPosition, pg: "strpos($1, $2)", duck: "CAST(strpos($1, $2) AS INTEGER)"},
		{name: "octet_length", args: t(1), result: i4, build: buildLength(4), pg: "octet_length($1)", duck: "CAST(strlen($1) AS INTEGER)"},
		{name: "bit_length", args: t(1), result: i4, build: onlyPublic, pg: "bit_length($1)"},
		{name: "left", args: kinds(txt, i4), result: txt, build: buildEnd, fold: foldEnd(true)},
		{name: "right", args: kinds(txt, i4), result: txt, build: buildEnd, fold: foldEnd(false)},
		{name: "split_part", args: kinds(txt, txt, i4), result: txt, build: buildSplit, fold: foldSplit},
		{name: "repeat", args: kinds(txt, i4), result: txt, build: buildRepeat},
		{name: "lpad", args: kinds(txt, i4), result: txt, build: buildPad, pg: "lpad($1, $2, ' ')"},
		{name: "rpad", args: kinds(txt, i4), result: txt, build: buildPad, pg: "rpad($1, $2, ' ')"},
		{name: "lpad", args: kinds(txt, i4, txt), result: txt, build: buildPad},
		{name: "rpad", args: kinds(txt, i4, txt), result: txt, build: buildPad},
		{name: "concat", args: kinds(anyKind), rest: true, result: txt, build: buildConcat(0), fold: foldConcat},
		{name: "concat_ws", args: kinds(txt, anyKind), rest: true, result: txt, build: buildConcat(1)},
		{name: "md5", args: t(1), result: txt, build: buildDigest},
		{name: "ascii", args: t(1), result: i4, build: buildCode, duck: "CASE WHEN $1 = '' THEN 0 ELSE unicode($1) END"},
		{name: "chr", args: kinds(i4), result: txt, build: buildCharacter},
		{name: "to_hex", args: kinds(i4), result: txt, build: onlyPublic, duck: "lower(to_hex($1))"},
		{name: "to_hex", args: kinds(i8), result: txt, build: onlyPublic, duck: "lower(to_hex($1))"},
		{name: "regexp_replace", args: t(3), result: txt, build: buildRegexReplace},
		{name: "regexp_replace", args: t(4), result: txt, build: buildRegexReplace},
	}
	for name, duck := range map[string]string{"btrim": "trim", "ltrim": "ltrim", "rtrim": "rtrim"} {
		list = append(list,
			function{name: name, args: t(1), result: txt, build: buildText(1), pg: name + "($1)", duck: duck + "($1, ' ')", fold: foldTrim(name)},
			function{name: name, args: t(2), result: txt, build: buildText(1), pg: name + "($1, $2)", duck: duck + "($1, $2)", fold: foldTrim(name)})
	}
	for _, name := range []string{"length", "char_length", "character_length"} {
		list = append(list, function{name: name, args: t(1), result: i4, build: buildLength(1), pg: "length($1)", duck: "CAST(length($1) AS INTEGER)", fold: foldLength})
	}
	for _, name := range []string{"substring", "substr"} {
		list = append(list,
			function{name: name, args: kinds(txt, i4), result: txt, build: buildSubstring, fold: foldSubstring},
			function{name: name, args: kinds(txt, i4, i4), result: txt, build: buildSubstring, fold: foldSubstring})
	}
	return append(list, function{name: "substring", args: t(2), result: txt, build: buildSubstringPattern, pg: "substring($1 FROM $2)"})
}

// buildText caps text operands; the result has at most `growth` times the first one's characters.
func buildText(growth int) func(n *node) error {
	return func(n *node) error {
		n.capTexts()
		n.dom.MaxLen = textLimit(n.args[0]) * growth
		return nil
	}
}

func (n *node) capTexts() {
	if n.mode == Public {
		return
	}
	for i, a := range n.args {
		if a.Type().IsText() {
			n.shown[i] = capText(n.shown[i])
		}
	}
}

// maxBuilt is how many characters a private expression may put together.
const maxBuilt = 10 * maxText

func (n *node) limitBuilt(length int) error {
	if n.mode == Private && length > maxBuilt {
		return refusal.New(refusal.NotSupported, "the text that %s builds can be too long", n.title()).At(n.pos).
			WithHint("Cut its operands with left(%s, 100).", Source(n.args[0]))
	}
	n.dom.MaxLen = length
	return nil
}

// shownLimit is the length of operand i as printed.
func (n *node) shownLimit(i int) int {
	if l := textLimit(n.shown[i]); l > 0 {
		return l
	}
	return maxText
}

func buildReplace(n *node) error {
	n.capTexts()
	if n.mode == Public {
		return nil
	}
	from, ok1 := Fold(n.args[1])
	to, ok2 := Fold(n.args[2])
	if !ok1 || !ok2 {
		return n.limitBuilt(n.shownLimit(0) * max(n.shownLimit(2), 1))
	}
	old, grown := utf8.RuneCountInString(from.Text), utf8.RuneCountInString(to.Text)
	if old == 0 || grown <= old { // nothing is found, or nothing grows
		return n.limitBuilt(n.shownLimit(0))
	}
	return n.limitBuilt(n.shownLimit(0) * ((grown + old - 1) / old))
}

// buildPosition: 0 where it is not found.
func buildPosition(n *node) error {
	n.dom.Step = rat(1)
	n.in = &span{lo: rat(0), hi: rat(1 << 30)}
	return nil
}

// buildLength counts characters (or bytes, at most `bytes` for each character). Where the text's length is known to the
// owner or by its type, the count is cut there, so that it is a bound.
func buildLength(bytes int) func(n *node) error {
	return func(n *node) error {
		n.dom.Step, n.dom.Lo = rat(1), rat(0)
		limit := textLimit(n.args[0])
		if d := n.args[0].Domain().MaxLen; limit == 0 || (d > 0 && d < limit) {
			limit = d
		}
		n.in = &span{lo: rat(0), hi: rat(1 << 30)}
		if limit == 0 || n.mode == Public {
			return nil
		}
		top := int64(limit) * int64(bytes)
		if top > 1<<30 {
			return nil
		}
		n.dom.Lo, n.dom.Hi = rat(0), rat(top)
		n.in = &span{lo: rat(0), hi: rat(top)}
		if top < 1000 {
			n.dom.Values = between(0, top, *n.in)
		}
		inner := n.write
		n.times = 2
		n.write = func(p *Printer, n *node) {
			p.WriteString("CASE WHEN ")
			inner(p, n)
			p.WriteString(" > " + itoa(top) + " THEN " + itoa(top) + " ELSE ")
			inner(p, n)
			p.WriteString(" END")
		}
		return nil
	}
}

// buildEnd is left and right; a negative count leaves so many characters out.
func buildEnd(n *node) error {
	n.narrowInts()
	if count, ok := constInt(n.args[1]); ok && count > 0 && count < 1<<30 {
		n.dom.MaxLen = int(count)
	} else {
		n.dom.MaxLen = textLimit(n.args[0])
		if n.mode == Private {
			n.shown[0] = capText(n.shown[0])
		}
	}
	return nil
}

// narrowInts brings operands that were widened inside back to integer.
func (n *node) narrowInts() {
	for i, a := range n.args {
		if n.mode == Private && a.Type().Kind == i4 && reprOf(a) != i4 {
			n.shown[i] = narrowed(a, i4)
			n.dom.Nullable = true
		}
	}
}

// buildSubstring: a negative length is NULL. DuckDB counts a start below 1 from the end, so there it is moved to 1.
func buildSubstring(n *node) error {
	n.narrowInts()
	n.dom.MaxLen = textLimit(n.args[0])
	if len(n.args) == 3 {
		if length, ok := constInt(n.args[2]); ok && length > 0 && length < 1<<30 {
			n.dom.MaxLen = int(length)
		}
		if s := spanOf(n.args[2]); n.mode == Private && (s.lo == nil || s.lo.Sign() < 0) {
			n.guard(2, "$1 >= 0")
		}
	}
	pg, duck := "substring($1, $2)", "substring($1, greatest($2, 1))"
	if len(n.args) == 3 {
		pg = "substring($1, $2, $3)"
		duck = "substring($1, greatest($2, 1), greatest(CAST($3 AS BIGINT) + least($2, 1) - 1, 0))"
	}
	if anyNullable(n.args[1:]) || (len(n.args) == 3 && n.shown[2].Domain().Nullable) {
		cond := "$2 IS NOT NULL"
		if len(n.args) == 3 {
			cond += " AND $3 IS NOT NULL"
		}
		duck = "CASE WHEN " + cond + " THEN " + duck + " END"
	}
	if start, ok := constInt(n.args[1]); ok && start >= 1 {
		duck = pg
	}
	n.times = 2
	n.write = templates(pg, duck)
	return nil
}

// buildSplit: field 0 does not exist, so it is NULL.
func buildSplit(n *node) error {
	n.narrowInts()
	n.capTexts()
	n.dom.MaxLen = textLimit(n.args[0])
	if n.mode == Private && spanOf(n.args[2]).has(rat(0)) {
		n.nullIfZero(2)
	}
	// An empty delimiter splits nothing in PostgreSQL.
	duck := "CASE WHEN $2 = '' THEN CASE WHEN $3 IN (1, -1) THEN $1 WHEN $1 IS NOT NULL AND $3 IS NOT NULL THEN '' END ELSE split_part($1, $2, $3) END"
	if c, ok := Fold(n.args[1]); ok && !c.Null && c.Text != "" {
		duck = "split_part($1, $2, $3)"
	}
	n.times = 2
	n.write = templates("split_part($1, $2, $3)", duck)
	return nil
}

func buildRepeat(n *node) error {
	if n.mode == Public {
		return nil
	}
	n.capTexts()
	count, ok := constInt(n.args[1])
	if !ok || count > maxBuilt {
		return refusal.New(refusal.NotSupported, "repeat needs a constant count over private rows").At(n.pos)
	}
	return n.limitBuilt(n.shownLimit(0) * int(max(count, 1)))
}

func buildPad(n *node) error {
	if len(n.args) == 2 {
		n.write = templates(n.name+"($1, $2, ' ')", n.name+"($1, $2, ' ')")
	}
	if n.mode == Public {
		return nil
	}
	n.capTexts()
	length, ok := constInt(n.args[1])
	if !ok || length < 0 || length > 10_000 {
		return refusal.New(refusal.NotSupported, "%s needs a constant length from 0 to 10000 over private rows", n.name).At(n.pos)
	}
	if len(n.args) == 3 {
		if c, ok := Fold(n.args[2]); !ok || c.Null || c.Text == "" {
			return refusal.New(refusal.NotSupported, "%s needs a constant fill text over private rows", n.name).At(n.pos)
		}
	}
	n.dom.MaxLen = max(int(length), 1)
	return nil
}

// buildConcat is concat and concat_ws: NULL operands are left out, so the result is not NULL (but for a NULL separator).
func buildConcat(from int) func(n *node) error {
	return func(n *node) error {
		n.dom.Nullable = from == 1 && n.args[0].Domain().Nullable
		total := 0
		for i, a := range n.args {
			e, err := n.asOutput(a)
			if err != nil {
				return err
			}
			if n.mode == Private {
				e = capText(e)
			}
			n.shown[i] = e
			total += max(textLimit(e), 1)
		}
		if from == 1 {
			total += max(textLimit(n.shown[0]), 1) * len(n.args)
		}
		n.write = func(p *Printer, n *node) {
			p.WriteString(n.name + "(")
			p.list(n.shown)
			p.WriteByte(')')
		}
		if n.mode == Public {
			return nil
		}
		return n.limitBuilt(total)
	}
}

// asOutput is an operand as its output function prints it, in which true is "t".
func (n *node) asOutput(a Expr) (Expr, error) {
	if a.Type().IsText() {
		return a, nil
	}
	if a.Type().Kind == boo && !a.Type().Array {
		text := "CASE WHEN $1 THEN 't' WHEN NOT $1 THEN 'f' END"
		g := guarded(a, text, text, 2)
		g.typ, g.dom = catalog.Of(txt), Domain{Nullable: a.Domain().Nullable, MaxLen: 1}
		return g, nil
	}
	return (&Builder{Mode: n.mode}).Cast(a, catalog.Of(txt), n.pos)
}

// concatOperator is ||: text with anything, and arrays or jsonb over public values.
func (b *Builder) concatOperator(left, right Expr, pos int) (Expr, error) {
	if left == nil {
		return nil, noOperator("||", []Expr{right}, pos, false)
	}
	args := []Expr{left, right}
	l, r := left.Type(), right.Type()
	remake := func(args []Expr) (Expr, error) { return b.concatOperator(args[0], args[1], pos) }
	switch {
	case l.Array || r.Array || l.Kind == catalog.JSONB || r.Kind == catalog.JSONB || l.Kind == catalog.Bytea || r.Kind == catalog.Bytea:
		return b.concatOther(args, pos, remake)
	case !l.IsText() && !r.IsText() && !isUnknown(left) && !isUnknown(right),
		isUnknown(left) && !r.IsText() && !isUnknown(right), isUnknown(right) && !l.IsText() && !isUnknown(left):
		if !isUnknown(left) && !isUnknown(right) {
			return nil, noOperator("||", args, pos, false)
		}
	}
	for i, a := range args {
		e, err := b.Cast(a, catalog.Of(txt), pos)
		if err != nil {
			return nil, err
		}
		args[i] = e
	}
	n := b.newNode("||", catalog.Of(txt), args, pos, remake)
	n.capTexts()
	n.write = templates("($1 || $2)", "($1 || $2)")
	n.fold = func(args []Const) (Const, bool) {
		return Const{Typ: catalog.Of(txt), Text: args[0].Text + args[1].Text}, true
	}
	if b.Mode == Private {
		if err := n.limitBuilt(n.shownLimit(0) + n.shownLimit(1)); err != nil {
			return nil, err
		}
	}
	n.enumerate()
	return n.finish()
}

func (b *Builder) concatOther(args []Expr, pos int, remake func([]Expr) (Expr, error)) (Expr, error) {
	t, err := CommonType(args, "||", pos)
	if err != nil {
		return nil, err
	}
	if args, err = b.coerceAll(args, t, pos); err != nil {
		return nil, err
	}
	n := b.newNode("||", t, args, pos, remake)
	if err := n.refusePrivate("Use it over the released values."); err != nil {
		return nil, err
	}
	n.write = templates("($1 || $2)", "($1 || $2)")
	return n.finish()
}

func textConst(s string) (Const, bool) { return Const{Typ: catalog.Of(txt), Text: s, Pos: -1}, true }

// foldASCII changes the case of ASCII text, which no locale (but Turkish ones, which nobody sets for a database) sees
// differently.
func foldASCII(f func(string) string) func([]Const) (Const, bool) {
	return func(args []Const) (Const, bool) {
		for _, c := range args[0].Text {
			if c > 126 {
				return Const{}, false
			}
		}
		return textConst(f(args[0].Text))
	}
}

func foldTrim(name string) func([]Const) (Const, bool) {
	return func(args []Const) (Const, bool) {
		set := " "
		if len(args) == 2 {
			set = args[1].Text
		}
		s := args[0].Text
		if name != "rtrim" {
			s = strings.TrimLeft(s, set)
		}
		if name != "ltrim" {
			s = strings.TrimRight(s, set)
		}
		return textConst(s)
	}
}

func foldReplace(args []Const) (Const, bool) {
	if args[1].Text == "" {
		return textConst(args[0].Text)
	}
	return textConst(strings.ReplaceAll(args[0].Text, args[1].Text, args[2].Text))
}

func foldStarts(args []Const) (Const, bool) {
	return truth(strings.HasPrefix(args[0].Text, args[1].Text))
}

func foldLength(args []Const) (Const, bool) {
	return whole(i4, new(big.Rat).SetInt64(int64(len([]rune(args[0].Text)))))
}

func foldEnd(left bool) func([]Const) (Const, bool) {
	return func(args []Const) (Const, bool) {
		r := []rune(args[0].Text)
		count, err := strconv.Atoi(args[1].Text)
		if err != nil {
			return Const{}, false
		}
		if count < 0 {
			count = max(len(r)+count, 0)
		}
		count = min(count, len(r))
		if left {
			return textConst(string(r[:count]))
		}
		return textConst(string(r[len(r)-count:]))
	}
}

func foldSubstring(args []Const) (Const, bool) {
	r := []rune(args[0].Text)
	start, err := strconv.Atoi(args[1].Text)
	if err != nil {
		return Const{}, false
	}
	end := len(r) + 1
	if len(args) == 3 {
		length, err := strconv.Atoi(args[2].Text)
		if err != nil || length < 0 {
			return Const{}, false
		}
		end = min(end, start+length)
	}
	start = max(start, 1)
	if start >= end {
		return textConst("")
	}
	return textConst(string(r[start-1 : end-1]))
}

func foldSplit(args []Const) (Const, bool) {
	field, err := strconv.Atoi(args[2].Text)
	if err != nil || field < 1 || args[1].Text == "" {
		return Const{}, false
	}
	parts := strings.Split(args[0].Text, args[1].Text)
	if field > len(parts) {
		return textConst("")
	}
	return textConst(parts[field-1])
}

func foldConcat(args []Const) (Const, bool) {
	var b strings.Builder
	for _, a := range args {
		if a.Null {
			continue
		}
		if !a.Typ.IsText() && !a.Typ.IsInteger() {
			return Const{}, false
		}
		b.WriteString(a.Text)
	}
	return textConst(b.String())
}
