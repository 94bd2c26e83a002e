package rewrite

import (
	"slices"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/mechanism"
)

// Shown is the plan for an analyst's eyes: its texts of SQL name tables and columns as they are declared, and not as the source
// has them. It is for printing alone. What a user may not see is "…".
func (p *Plan) Shown(ds *catalog.Dataset) *Plan {
	out := *p
	out.Post.SQL = readAliases(ds, p.Post.SQL).shown(p.Post.SQL)
	out.Blocks = append([]Measurement{}, p.Blocks...)
	for i := range out.Blocks {
		m := &out.Blocks[i]
		texts := []string{m.SQL}
		for _, h := range m.Histograms {
			texts = append(texts, h.SQL)
		}
		names := readAliases(ds, texts...)
		m.SQL = names.shown(m.SQL)
		m.Specs = append([]mechanism.Spec{}, m.Specs...)
		for j := range m.Specs {
			m.Specs[j].Name = names.shown(m.Specs[j].Name)
		}
		m.KeyReads = slices.Clone(m.KeyReads)
		for j := range m.KeyReads {
			r := &m.KeyReads[j]
			r.SQL = readAliases(ds, r.SQL).shown(r.SQL)
		}
		m.Histograms = append([]Histogram{}, m.Histograms...)
		for j := range m.Histograms {
			h := &m.Histograms[j]
			h.SQL, h.Name, h.Spec.Name = names.shown(h.SQL), names.shown(h.Name), names.shown(h.Spec.Name)
		}
	}
	return &out
}

// ShownText is the text of the plan for an analyst's eyes.
func (p *Plan) ShownText(ds *catalog.Dataset) string {
	if p.filled != nil && p.filled.t.dataset == ds {
		return p.filled.shownText(p)
	}
	return p.Shown(ds).String()
}

// unseen stands for a name that is not shown.
const unseen = `"…"`

// aliases are the tables of a statement by their aliases, quoted. In SQL that this package printed, a table of the source is
// "schema"."name" AS its alias, an alias is one of a statement, and a column of the source has its table's alias before it.
type aliases map[string]*catalog.Table

func readAliases(ds *catalog.Dataset, texts ...string) aliases {
	out := aliases{}
	for _, text := range texts {
		tokens := Tokens(text)
		for i := range tokens {
			if isTable(tokens[i:]) {
				out[tokens[i+4]] = tableOf(ds, tokens[i], tokens[i+2])
			}
		}
	}
	return out
}

// isPair says that tokens begin with one name, a point, and another.
func isPair(tokens []string) bool {
	return len(tokens) > 2 && tokens[0][0] == '"' && tokens[1] == "." && tokens[2][0] == '"'
}

func isTable(tokens []string) bool {
	return isPair(tokens) && len(tokens) > 4 && tokens[3] == " AS " && isScanAlias(tokens[4])
}

// shown is a text with the declared names.
func (s aliases) shown(text string) string {
	if !strings.Contains(text, `"."`) {
		return text
	}
	var b strings.Builder
	tokens := Tokens(text)
	for i := 0; i < len(tokens); i++ {
		switch {
		case isTable(tokens[i:]):
			b.WriteString(shownTable(s[tokens[i+4]]))
			i += 2
		case isPair(tokens[i:]) && isScanAlias(tokens[i]):
			b.WriteString(tokens[i] + "." + shownColumn(s[tokens[i]], tokens[i+2]))
			i += 2
		default:
			b.WriteString(tokens[i])
		}
	}
	return b.String()
}

// isScanAlias tells the aliases that tables of the source have: "t1", "t2", …, and "m" in pipeline tbe.
func isScanAlias(token string) bool {
	name := strings.Trim(token, `"`)
	return name == "m" || strings.HasPrefix(name, "t") && len(name) > 1 && strings.Trim(name[1:], "0123456789") == ""
}

func tableOf(ds *catalog.Dataset, schema, name string) *catalog.Table {
	for _, t := range ds.Tables {
		if quotedName(t.Schema) == schema && quotedName(t.SourceName) == name {
			return t
		}
	}
	return nil
}

func shownTable(t *catalog.Table) string {
	if t == nil {
		return unseen
	}
	return quotedName(t.Name)
}

func shownColumn(t *catalog.Table, name string) string {
	if t != nil {
		for _, c := range t.Columns {
			if quotedName(c.SourceName) == name {
				return quotedName(c.Name)
			}
		}
	}
	return unseen
}

func quotedName(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// Tokens cuts SQL that this package printed into quoted names, quoted texts, and what stands between them.
func Tokens(sql string) []string {
	var out []string
	start := 0
	for i := 0; i < len(sql); {
		if sql[i] != '\'' && sql[i] != '"' {
			i++
			continue
		}
		if start < i {
			out = append(out, sql[start:i])
		}
		n := quotedLength(sql[i:])
		out = append(out, sql[i:i+n])
		i += n
		start = i
	}
	if start < len(sql) {
		out = append(out, sql[start:])
	}
	return out
}

// quotedLength is the length of the quoted token that s begins with; a doubled quote is part of it.
func quotedLength(s string) int {
	for i := 1; i < len(s); i++ {
		if s[i] != s[0] {
			continue
		}
		if i+1 < len(s) && s[i+1] == s[0] {
			i++
			continue
		}
		return i + 1
	}
	return len(s)
}
