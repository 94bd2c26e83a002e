package expr

import (
	"math/big"

	"github.com/dpproxy/dpproxy/catalog"
)

// convertText goes between text types. varchar and name are texts to every operator; char(n) loses its blanks.
func (n *node) convertText() {
	e := n.args[0]
	n.dom.Values, n.dom.MaxLen = nil, e.Domain().MaxLen
	if n.typ.Kind == catalog.Name {
		n.dom.MaxLen = 63
		n.write = templates("CAST($1 AS name)", "left($1, 63)")
		return
	}
	n.widening = true
	switch {
	case e.Type().Kind == catalog.Bpchar:
		n.write = func(p *Printer, n *node) {
			if p.Dialect == DuckDB {
				p.template("rtrim($1, ' ')", n.shown)
			} else {
				p.cast(n.shown[0], postgresType(n.typ))
			}
		}
	case n.typ.Kind == catalog.Bpchar, e.Type().Kind == catalog.Name:
		n.write = writeCast(n.typ)
	default:
		n.write = func(p *Printer, n *node) { p.Expr(n.shown[0]) } // binary alike
	}
}

// toText prints a value as PostgreSQL's output function does.
func (n *node) toText() error {
	e := n.args[0]
	name := postgresType(n.typ)
	duck := "CAST($1 AS VARCHAR)"
	switch k := e.Type().Kind; k {
	case i2, i4, i8:
		n.dom.MaxLen = 40
		if n.mode == Private && reprOf(e) != k {
			n.dom.MaxLen = 80
		}
	case boo:
		n.dom.MaxLen = 5
		if n.typ.Kind == txt {
			n.write = templates("CAST($1 AS text)", duck)
			return nil
		}
	case num:
		n.dom.MaxLen = 0
	case f4, f8:
		n.dom.MaxLen = 24
		// DuckDB writes 5.0 where PostgreSQL writes 5.
		duck = `regexp_replace(CAST($1 AS VARCHAR), '\.0$', '')`
		if spanOf(e).odd() {
			duck = `CASE WHEN isnan($1) THEN 'NaN' WHEN isinf($1) THEN CASE WHEN $1 > 0 THEN 'Infinity' ELSE '-Infinity' END ELSE ` + duck + ` END`
			n.times = 4
		}
	case dat, ts, catalog.UUID, tim:
		n.dom.MaxLen = 40
	case tz:
		n.dom.MaxLen = 40
		n.write = templates("CAST((CAST(($1 AT TIME ZONE 'UTC') AS text) || '+00') AS "+name+")", "(CAST(($1 AT TIME ZONE 'UTC') AS VARCHAR) || '+00')")
		return nil
	default:
		if err := n.refusePrivate("Cast the released values instead."); err != nil {
			return err
		}
	}
	n.write = templates("CAST($1 AS "+name+")", duck)
	return nil
}

// The patterns of text that certainly reads as a type, in the part of regular expressions that both engines share.
const (
	wholePattern = `^ *[+-]?0*[0-9]{1,18} *$`
	bigPattern   = `^ *[+-]?0*[0-9]{1,19} *$`
	realPattern  = `^ *[+-]?([0-9]{1,100}(\.[0-9]{0,100})?|\.[0-9]{1,100})([eE][+-]?[0-9]{1,2})? *$`
	clockPattern = `([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?`
	yearPattern  = `([0-9]{3}[1-9]|[0-9]{2}[1-9][0-9]|[0-9][1-9][0-9]{2}|[1-9][0-9]{3})`
	leapPattern  = `([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)`
	dayPattern   = `(` + yearPattern + `-((0?[13578]|1[02])-(0?[1-9]|[12][0-9]|3[01])|(0?[469]|11)-(0?[1-9]|[12][0-9]|30)|0?2-(0?[1-9]|1[0-9]|2[0-8]))|` + leapPattern + `-0?2-29)`
	datePattern  = `^ *` + dayPattern + ` *$`
	stampPattern = `^ *` + dayPattern + `([ T]` + clockPattern + `)? *$`
	timePattern  = `^ *` + clockPattern + ` *$`
	uuidPattern  = `^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`
)

// fromText reads private text as another type: where a fixed pattern says that the input function takes it, else NULL.
// What PostgreSQL reads besides ("NaN", "1e300", "today", years of five digits) is NULL too.
func (n *node) fromText() error {
	if n.mode == Public {
		return nil
	}
	n.dom.Nullable = true
	n.shown[0] = capText(n.args[0])
	name := postgresType(n.typ)
	duck := duckType(n.typ)
	read := func(pattern, pg string) {
		n.times = 3
		n.write = templates("CASE WHEN $1 ~ '"+pattern+"' THEN "+pg+" END",
			"CASE WHEN regexp_matches($1, '"+pattern+"') THEN TRY_CAST(trim($1, ' ') AS "+duck+") END")
	}
	direct := "CAST($1 AS " + name + ")"
	switch n.typ.Kind {
	case i2, i4:
		lo, hi, _ := n.typ.Range()
		read(wholePattern, "CASE WHEN CAST($1 AS bigint) BETWEEN "+lo.Num().String()+" AND "+hi.Num().String()+" THEN "+direct+" END")
		n.in = &span{lo: lo, hi: hi}
		n.dom.Step = rat(1)
	case i8:
		lo, hi, _ := n.typ.Range()
		read(bigPattern, "CASE WHEN CAST($1 AS numeric) BETWEEN "+lo.Num().String()+" AND "+hi.Num().String()+" THEN "+direct+" END")
		n.in = &span{lo: lo, hi: hi}
		n.dom.Step = rat(1)
	case num, f8:
		read(realPattern, direct)
		top := new(big.Rat).SetInt(pow10(200))
		n.in = &span{lo: new(big.Rat).Neg(top), hi: top}
	case boo:
		n.boolFromText()
	case dat:
		read(datePattern, direct)
	case ts:
		read(stampPattern, direct)
	case tz:
		n.times = 3
		n.write = templates("CASE WHEN $1 ~ '"+stampPattern+"' THEN (CAST($1 AS timestamp) AT TIME ZONE 'UTC') END",
			"CASE WHEN regexp_matches($1, '"+stampPattern+"') THEN (TRY_CAST(trim($1, ' ') AS TIMESTAMP) AT TIME ZONE 'UTC') END")
	case tim:
		read(timePattern, direct)
	case catalog.UUID:
		read(uuidPattern, direct)
	default:
		return errTextCast(n.typ, n.pos)
	}
	return nil
}

func (n *node) boolFromText() {
	const list = "CASE WHEN lower(trim($1)) IN ('t', 'tr', 'tru', 'true', 'y', 'ye', 'yes', 'on', '1') THEN TRUE " +
		"WHEN lower(trim($1)) IN ('f', 'fa', 'fal', 'fals', 'false', 'n', 'no', 'of', 'off', '0') THEN FALSE END"
	n.times = 2
	n.write = templates(list, list)
	n.dom = boolean(true)
}

// maxText is how long a private text may be, in characters, before functions that copy it see it cut: PostgreSQL cannot
// build values of 1 GB, and some functions take a multiple of their operand's size.
const maxText = 1_000_000

// textLimit is the length that a text certainly keeps to.
func textLimit(e Expr) int {
	if e.Type().Kind == catalog.Name {
		return 63
	}
	if n, ok := e.(*node); ok && n.dom.MaxLen > 0 {
		return n.dom.MaxLen
	}
	if c, ok := e.(Const); ok {
		return len([]rune(c.Text))
	}
	if t := e.Type(); t.Length > 0 {
		return t.Length
	}
	return 0
}

// capText cuts a text of unknown length to maxText.
func capText(e Expr) Expr {
	if n := textLimit(e); n > 0 && n <= maxText {
		return e
	}
	if _, ok := e.(Const); ok {
		return e
	}
	text := "left($1, " + itoa(maxText) + ")"
	g := guarded(e, text, text, 1)
	g.dom.Nullable = e.Domain().Nullable
	g.dom.MaxLen = maxText
	return g
}
