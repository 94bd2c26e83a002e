package expr

import (
	"regexp/syntax"
	"strings"
	"unicode/utf8"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
)

// matchOperator is ~~ and its relatives, as LIKE and regular expressions are spelled in the syntax tree.
func (b *Builder) matchOperator(op string, left, right Expr, pos int) (Expr, error) {
	not := strings.HasPrefix(op, "!")
	kind := map[string]string{"~~": "like", "~~*": "ilike", "~": "regex", "~*": "iregex"}[strings.TrimPrefix(op, "!")]
	return b.Like(left, right, nil, kind, not, pos)
}

// Like builds a pattern match; kind is "like", "ilike", "similar to", "regex" or "iregex" (case does not matter), escape may
// be nil (a backslash).
//
// Over private rows the pattern must be a constant that both engines read alike and match in linear time: an error in it
// would show only if there are rows, and backtracking would tell by time what they hold.
func (b *Builder) Like(e, pattern, escape Expr, kind string, not bool, pos int) (Expr, error) {
	args := []Expr{e, pattern}
	if escape != nil {
		args = append(args, escape)
	}
	args, err := b.coerceAll(args, catalog.Of(txt), pos)
	if err != nil {
		return nil, noOperator("~~", []Expr{e, pattern}, pos, false)
	}
	if e.Type().Kind == catalog.Bpchar {
		args[0] = e // its blanks at the end count here
	}
	n := b.newNode(kind, catalog.Of(boo), args, pos, func(args []Expr) (Expr, error) {
		if len(args) == 3 {
			return b.Like(args[0], args[1], args[2], kind, not, pos)
		}
		return b.Like(args[0], args[1], nil, kind, not, pos)
	})
	if b.Mode == Private {
		n.shown[0] = capText(args[0])
	}
	switch kind {
	case "like", "ilike":
		err = n.buildLike(strings.ToUpper(kind), not)
	case "similar to":
		err = n.buildSimilar(not)
	case "regex", "iregex":
		err = n.buildRegex(kind == "iregex", not)
	default:
		err = refusal.New(refusal.NotSupported, "%s is not supported", strings.ToUpper(kind)).At(pos)
	}
	if err != nil {
		return nil, err
	}
	return n.finish()
}

func (n *node) constantText(i int, what string) (string, bool, error) {
	c, ok := Fold(n.args[i])
	if ok && !c.Null {
		return c.Text, true, nil
	}
	if n.mode == Private && !ok {
		return "", false, refusal.New(refusal.NotSupported, "the %s must be a constant over private rows", what).At(n.pos)
	}
	return "", false, nil
}

func negate(template string, not bool) string {
	if not {
		return "(NOT " + template + ")"
	}
	return template
}

func (n *node) buildLike(word string, not bool) error {
	pattern, ok, err := n.constantText(1, "pattern")
	if err != nil {
		return err
	}
	mark := `\`
	if len(n.args) == 3 {
		var known bool
		if mark, known, err = n.constantText(2, "escape character"); err != nil {
			return err
		}
		if known && utf8.RuneCountInString(mark) > 1 {
			return refusal.New("22025", "invalid escape string").At(n.pos).WithHint("Escape string must be empty or one character.")
		}
	}
	if ok {
		if err := n.checkLike(pattern, mark); err != nil {
			return err
		}
	}
	pg := "($1 " + word + " $2)"
	duck := pg
	if len(n.args) == 3 {
		pg = "($1 " + word + " $2 ESCAPE $3)"
		duck = pg
	} else if !ok || strings.Contains(pattern, `\`) {
		duck = "($1 " + word + ` $2 ESCAPE '\')` // it has no escape character otherwise
	}
	n.write = templates(negate(pg, not), negate(duck, not))
	return nil
}

func (n *node) checkLike(pattern, mark string) error {
	runes := []rune(pattern)
	wild := 0
	for i := 0; i < len(runes); i++ {
		switch {
		case mark != "" && string(runes[i]) == mark:
			if i++; i == len(runes) {
				return refusal.New("22025", "LIKE pattern must not end with escape character").At(n.pos)
			}
		case runes[i] == '%':
			wild++
		}
	}
	if n.mode == Private && (len(runes) > 1000 || wild > 10) {
		return refusal.New(refusal.NotSupported, "the pattern is too long").At(n.pos).
			WithHint("Use at most 1000 characters and 10 per cent signs.")
	}
	return nil
}

// buildSimilar turns SIMILAR TO into the regular expression that it means.
func (n *node) buildSimilar(not bool) error {
	pattern, ok, err := n.constantText(1, "pattern")
	if err != nil {
		return err
	}
	mark := `\`
	if len(n.args) == 3 {
		if mark, _, err = n.constantText(2, "escape character"); err != nil {
			return err
		}
	}
	if !ok {
		return refusal.New(refusal.NotSupported, "SIMILAR TO needs a constant pattern").At(n.pos)
	}
	regex := similarRegex(pattern, mark)
	if n.mode == Private {
		if err := checkRegex(regex, n.pos); err != nil {
			return err
		}
	}
	n.shown[1] = Const{Typ: catalog.Of(txt), Text: regex, Pos: -1}
	n.write = regexTemplates(false, not)
	return nil
}

// similarRegex: % is any text, _ any character, the rest as in regular expressions with . ^ $ taken literally.
func similarRegex(pattern, mark string) string {
	var b strings.Builder
	b.WriteString("^(?:")
	escaped, inClass := false, false
	for _, r := range pattern {
		switch c := string(r); {
		case escaped:
			b.WriteString(`\` + c)
			escaped = false
		case mark != "" && c == mark:
			escaped = true
		case inClass:
			b.WriteString(c)
			inClass = c != "]"
		case c == "[":
			b.WriteString(c)
			inClass = true
		case c == "%":
			b.WriteString(".*")
		case c == "_":
			b.WriteString(".")
		case c == "(":
			b.WriteString("(?:")
		case strings.Contains(`\.^$`, c):
			b.WriteString(`\` + c)
		default:
			b.WriteString(c)
		}
	}
	return b.String() + ")$"
}

func (n *node) buildRegex(fold, not bool) error {
	pattern, ok, err := n.constantText(1, "pattern")
	if err != nil {
		return err
	}
	if ok && n.mode == Private {
		if err := checkRegex(pattern, n.pos); err != nil {
			return err
		}
	}
	n.write = regexTemplates(fold, not)
	return nil
}

// regexTemplates: DuckDB's own ~ matches the whole text, and its dot no line end.
func regexTemplates(fold, not bool) func(*Printer, *node) {
	if fold {
		return templates(negate("($1 ~* $2)", not), negate("regexp_matches($1, $2, 'is')", not))
	}
	return templates(negate("($1 ~ $2)", not), negate("regexp_matches($1, $2, 's')", not))
}

// checkRegex accepts the part of regular expressions that means the same to PostgreSQL and RE2, compiles in both, and
// needs no backtracking: literals, dot, classes, ^ $, groups, alternatives, and quantifiers that are not nested.
func checkRegex(pattern string, pos int) error {
	bad := func(what string) error {
		return refusal.New(refusal.NotSupported, "the regular expression %s", what).At(pos).
			WithHint("Over private rows use literals, classes, groups, alternatives and quantifiers that are not nested, at most 200 characters.")
	}
	if len(pattern) > 200 {
		return bad("is too long")
	}
	if _, err := syntax.Parse(pattern, syntax.Perl|syntax.DotNL); err != nil {
		return bad("cannot be read")
	}
	c := regexChecker{rest: pattern}
	if what := c.alternatives(0); what != "" {
		return bad(what)
	}
	if c.rest != "" {
		return bad("has unbalanced parentheses")
	}
	return nil
}

type regexChecker struct {
	rest     string
	repeated bool // a quantifier was seen in the group being read
}

func (c *regexChecker) take(prefix string) bool {
	rest, ok := strings.CutPrefix(c.rest, prefix)
	if ok {
		c.rest = rest
	}
	return ok
}

// alternatives reads up to a closing parenthesis or the end; "" or what is wrong.
func (c *regexChecker) alternatives(depth int) string {
	if depth > 10 {
		return "is nested too deeply"
	}
	quantifiable := false
	inner := false // the last atom is a group with a quantifier inside
	for c.rest != "" && c.rest[0] != ')' {
		first := c.rest[0]
		switch {
		case first == '|':
			c.rest = c.rest[1:]
			quantifiable = false
		case first == '^' || first == '$':
			c.rest = c.rest[1:]
			quantifiable = false
		case strings.IndexByte("*+?{", first) >= 0:
			if !quantifiable {
				return "has a quantifier with nothing to repeat"
			}
			if inner {
				return "has nested quantifiers"
			}
			if what := c.quantifier(); what != "" {
				return what
			}
			quantifiable, c.repeated = false, true
		default:
			outer := c.repeated
			c.repeated = false
			if what := c.atom(depth); what != "" {
				return what
			}
			inner = c.repeated
			c.repeated = c.repeated || outer
			quantifiable = true
		}
	}
	return ""
}

func (c *regexChecker) quantifier() string {
	if first := c.rest[0]; first != '{' {
		c.rest = c.rest[1:]
		if strings.HasPrefix(c.rest, "?") || strings.HasPrefix(c.rest, "+") {
			return "has a lazy or possessive quantifier"
		}
		return ""
	}
	text, rest, ok := strings.Cut(c.rest[1:], "}")
	low, high, ranged := strings.Cut(text, ",")
	if !ok || low == "" || len(low) > 2 || len(high) > 2 || strings.Trim(low+high, "0123456789") != "" {
		return "has a repetition that is not {n}, {n,} or {n,m} with n and m below 100"
	}
	if ranged && high != "" && (len(high) < len(low) || (len(high) == len(low) && high < low)) {
		return "has an empty repetition"
	}
	c.rest = rest
	if strings.HasPrefix(rest, "?") {
		return "has a lazy or possessive quantifier"
	}
	return ""
}

func (c *regexChecker) atom(depth int) string {
	switch {
	case c.take("("):
		if !c.take("?:") && strings.HasPrefix(c.rest, "?") {
			return "looks around or sets options"
		}
		if what := c.alternatives(depth + 1); what != "" {
			return what
		}
		if !c.take(")") {
			return "has unbalanced parentheses"
		}
	case c.take("["):
		return c.class()
	case c.take(`\`):
		return c.escape(`dwsDWS`)
	case c.rest[0] == ']' || c.rest[0] == '}':
		return "has an unbalanced bracket"
	default:
		_, size := utf8.DecodeRuneInString(c.rest)
		c.rest = c.rest[size:]
	}
	return ""
}

// escape reads what follows a backslash: one of the letters, or punctuation.
func (c *regexChecker) escape(letters string) string {
	if c.rest == "" {
		return "ends with a backslash"
	}
	b := c.rest[0]
	if strings.IndexByte(letters, b) < 0 && strings.IndexByte(`.^$*+?()[]{}|\/-_ ,:;"'!@#%&=<>~`, b) < 0 {
		return "has an escape that is no punctuation, or refers back"
	}
	c.rest = c.rest[1:]
	return ""
}

// class reads [...]: single characters, ranges of ASCII letters or digits, \d \w \s and [:names:].
func (c *regexChecker) class() string {
	c.take("^")
	for count := 0; ; count++ {
		switch {
		case c.rest == "":
			return "has an open class"
		case c.take("]"):
			if count == 0 {
				return "has an empty class"
			}
			return ""
		case c.take("[:"):
			name, rest, ok := strings.Cut(c.rest, ":]")
			if !ok || !strings.Contains(" alnum alpha digit lower punct space upper xdigit ", " "+name+" ") {
				return "has an unknown class name"
			}
			c.rest = rest
		case c.take(`\`):
			if what := c.escape(`dws`); what != "" {
				return what
			}
		case c.rest[0] == '[' || c.rest[0] == '&':
			return "has a bracket in a class"
		case len(c.rest) > 2 && c.rest[1] == '-' && c.rest[2] != ']':
			lo, hi := c.rest[0], c.rest[2]
			if !sameRange(lo, hi) {
				return "has a range that is not between letters or digits"
			}
			c.rest = c.rest[3:]
		case c.rest[0] == '-' && count > 0 && !strings.HasPrefix(c.rest, "-]"):
			return "has a hyphen inside a class"
		default:
			_, size := utf8.DecodeRuneInString(c.rest)
			c.rest = c.rest[size:]
		}
	}
}

func sameRange(lo, hi byte) bool {
	in := func(a, b byte) bool { return lo >= a && hi <= b && lo <= hi }
	return in('a', 'z') || in('A', 'Z') || in('0', '9')
}
