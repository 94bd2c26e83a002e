package hostile

import "strings"

// Construct is a text that grows: Head, n times Open, Middle, n times Close, Tail.
type Construct struct{ Name, Head, Open, Middle, Close, Tail string }

// SQL is the construct with n repetitions.
func (c Construct) SQL(n int) string {
	return c.Head + strings.Repeat(c.Open, n) + c.Middle + strings.Repeat(c.Close, n) + c.Tail
}

// Most is the largest n whose text has at most size bytes.
func (c Construct) Most(size int) int {
	return max(1, (size-len(c.Head)-len(c.Middle)-len(c.Tail))/(len(c.Open)+len(c.Close)))
}

// Constructs are all of them. Texts over a table name it t, with a column a.
func Constructs() []Construct {
	return append(append(chains(), nests()...), scanner()...)
}

// chains nest to the left, or not at all: no bracket tells how deep they are.
func chains() []Construct {
	chain := func(name, head, unit, tail string) Construct {
		return Construct{Name: name, Head: head, Open: unit, Tail: tail}
	}
	return []Construct{
		chain("plus", "SELECT 1", "+1", ""), chain("minus", "SELECT ", "- ", "1"), chain("plus prefixes", "SELECT ", "+ ", "1"),
		chain("operator", "SELECT 1", " OPERATOR(+) 1", ""), chain("schema operator", "SELECT 1", " OPERATOR(pg_catalog.+) 1", ""),
		chain("user operator", "SELECT 1", " @ 1", ""), chain("user prefix", "SELECT ", "@ ", "1"),
		chain("cast", "SELECT 1", "::int", ""), chain("array type", "SELECT 1::int", "[]", ""),
		chain("not", "SELECT ", "NOT ", "true"), chain("and", "SELECT true", " AND true", ""), chain("or", "SELECT true", " OR true", ""),
		chain("and or", "SELECT true", " AND true OR false", ""), chain("and columns", "SELECT count(*) FROM t WHERE a > 0", " AND a > 1", ""),
		chain("union", "SELECT 1", " UNION SELECT 1", ""), chain("union all", "SELECT 1", " UNION ALL SELECT 1", ""),
		chain("except", "SELECT 1", " EXCEPT SELECT 1", ""), chain("union of tables", "SELECT a FROM t", " UNION ALL SELECT a FROM t", ""),
		chain("cross join", "SELECT 1 FROM t", " CROSS JOIN t", ""), chain("natural join", "SELECT 1 FROM t", " NATURAL JOIN t", ""),
		chain("join on", "SELECT 1 FROM t", " JOIN t ON true", ""), chain("from list", "SELECT 1 FROM t", ", t", ""),
		chain("is null", "SELECT 1", " IS NULL", ""), chain("isnull", "SELECT 1", " ISNULL", ""), chain("notnull", "SELECT 1", " NOTNULL", ""),
		chain("is json", "SELECT 'a'", " IS JSON", ""), chain("collate", "SELECT 'a'", ` COLLATE "C"`, ""),
		chain("at time zone", "SELECT now()", " AT TIME ZONE 'UTC'", ""), chain("at time zone, short", "SELECT a", " at time zone b", ""),
		chain("in", "SELECT true", " IN (true)", ""), chain("like", "SELECT 'a'", " LIKE 'a'", ""), chain("between", "SELECT 1", " BETWEEN 1 AND 1", ""),
		chain("subscript", "SELECT a", "[1]", " FROM t"), chain("dots", "SELECT a", ".b", " FROM t"), chain("dots after brackets", "SELECT (a)", ".b", " FROM t"),
		chain("dots of a function", "SELECT a", ".a", "(1)"), chain("literals", "SELECT 'a'", "\n'a'", ""), chain("columns", "SELECT 1", ",1", ""),
		chain("arguments", "SELECT greatest(1", ",1", ")"), chain("named arguments", "SELECT f(a=>1", ",a=>1", ")"),
		chain("in list", "SELECT 1 IN (1", ",1", ")"), chain("case list", "SELECT CASE", " WHEN true THEN 1", " END"),
		chain("values", "VALUES (1)", ", (1)", ""), chain("window list", "SELECT 1 FROM t WINDOW w AS ()", ", w AS ()", ""),
		chain("over", "SELECT 1", ", count(*) OVER (PARTITION BY a)", " FROM t"), chain("with list", "WITH a AS (SELECT 1)", ", a AS (SELECT 1)", " SELECT 1"),
		chain("with chain", "WITH a AS (SELECT 1)", ", b AS (SELECT * FROM a)", " SELECT 1"),
		chain("lateral", "SELECT 1 FROM t", ", LATERAL (SELECT 1) a", ""), chain("statements", "SELECT 1", ";SELECT 1", ""),
		chain("set list", "SET search_path = a", ",a", ""), chain("order by", "SELECT 1 FROM t ORDER BY 1", ",1", ""), chain("group by", "SELECT 1 FROM t GROUP BY 1", ",1", ""),
		chain("create function", "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC ", "SELECT 1;", "END"), chain("create schema", "CREATE SCHEMA a ", "CREATE VIEW a AS SELECT 1 ", ""),
		chain("explain", "", "EXPLAIN ", "SELECT 1"), chain("prepare", "", "PREPARE a AS ", "SELECT 1"), chain("create view", "", "CREATE VIEW a AS ", "SELECT 1"),
	}
}

// nests have brackets, or a keyword that stands for one.
func nests() []Construct {
	nest := func(name, head, open, middle, end, tail string) Construct {
		return Construct{name, head, open, middle, end, tail}
	}
	return []Construct{
		nest("brackets", "SELECT ", "(", "1", ")", ""), nest("function", "SELECT ", "abs(", "1", ")", ""), nest("two arguments", "SELECT ", "greatest(1,", "1", ")", ""),
		nest("sub-query", "", "SELECT (", "SELECT 1", ")", ""), nest("sub-query in FROM", "", "SELECT 1 FROM (", "SELECT 1", ") a", ""),
		nest("star of sub-query", "", "SELECT * FROM (", "SELECT 1 AS x", ") a", ""), nest("sub-query over t", "", "SELECT * FROM (", "SELECT a FROM t", ") a", ""),
		nest("count of sub-query", "SELECT count(*) FROM (", "SELECT * FROM (", "SELECT a FROM t", ") a", ") a"),
		nest("exists", "SELECT ", "EXISTS(SELECT ", "1", ")", ""), nest("any", "SELECT ", "1 = ANY(SELECT ", "1", ")", ""), nest("in brackets", "SELECT ", "1 IN (", "1", ")", ""),
		nest("case", "SELECT ", "CASE WHEN ", "true", " THEN true END", ""), nest("case else", "SELECT ", "CASE WHEN false THEN 1 ELSE ", "1", " END", ""),
		nest("case with names", "SELECT ", "CASE WHEN a.end THEN ", "1", " END", " FROM t a"), nest("case of", "SELECT ", "CASE ", "true", " WHEN true THEN true END", ""),
		nest("row", "SELECT ", "ROW(", "1", ")", ""), nest("array", "SELECT ARRAY", "[", "1", "]", ""), nest("subscripts", "SELECT ", "a[", "1", "]", " FROM t"),
		nest("cast", "SELECT ", "CAST(", "1", " AS int)", ""), nest("coalesce", "SELECT ", "coalesce(", "1", ")", ""), nest("nullif", "SELECT ", "nullif(1,", "1", ")", ""),
		nest("treat", "SELECT ", "TREAT(", "1", " AS int)", ""), nest("xml", "SELECT ", "xmlconcat(", "1", ")", ""), nest("filter", "SELECT ", "count(*) FILTER (WHERE ", "true", ")", ""),
		nest("with", "", "WITH a AS (", "SELECT 1", ") SELECT 1", ""), nest("with used", "", "WITH a AS (", "SELECT 1", ") SELECT * FROM a", ""), nest("bracketed query", "", "(", "SELECT 1", ")", ""),
		nest("union right", "", "SELECT 1 UNION (", "SELECT 1", ")", ""), nest("union left", "", "(", "SELECT 1", " UNION SELECT 1)", ""),
		nest("join in brackets", "SELECT 1 FROM ", "(t CROSS JOIN ", "t", ")", ""), nest("grouping sets", "SELECT 1 FROM t GROUP BY GROUPING SETS(", "GROUPING SETS(", "a", ")", ")"),
		nest("labels that hide", "", "SELECT 1 AS end, (", "SELECT 1", ")", ""), nest("labels that hide case", "SELECT ", "CASE WHEN (SELECT 1 AS end) = 1 THEN ", "1", " END", ""),
		nest("rows from", "SELECT 1 FROM ", "ROWS FROM (", "f()", ")", ""), nest("copy", "COPY ", "(", "SELECT 1", ")", " TO STDOUT"),
	}
}

// scanner are texts that could keep the scanner busy: it reads some of them again and again.
func scanner() []Construct {
	text := func(name, head, unit, tail string) Construct {
		return Construct{Name: name, Head: head, Open: unit, Tail: tail}
	}
	return []Construct{
		text("operators in a row", "SELECT 1 ", "+", "1"), text("operator too long", "SELECT 1 ", "<", " 1"), text("operator mix", "SELECT 1 ", "+<", " 1"),
		text("operators and comments", "SELECT 1 ", "+/**/", " 1"), text("comments", "SELECT 1 ", "/**/", ""), text("comments apart", "SELECT 1 ", "/**/ ", ""),
		text("comments opened", "SELECT 1 ", "/*", ""), text("comments opened apart", "SELECT 1 ", "/* ", ""), {"comments nested", "SELECT 1 ", "/*", " ", "*/", ""},
		{"comments nested apart", "SELECT 1 ", "/* ", " ", "*/ ", ""}, text("stars", "SELECT 1 /*", "*", " */"), text("slashes", "SELECT 1 /*", "/", " */"), text("dashes", "SELECT 1 ", "--\n", ""),
		text("quotes", "SELECT '", "''", "'"), text("quoted name", `SELECT "`, `""`, `a"`), text("dollars", "SELECT $a$", "$", "$a$"), text("dollar quotes", "SELECT $a$", "$b$", "$a$"),
		text("escapes", "SELECT E'", `\n`, "'"), text("Unicode escapes", "SELECT E'", `\u0041`, "'"), text("U&", "SELECT U&'", `\0041`, "'"), text("bits", "SELECT x'", "a", "'"),
		text("name", "SELECT a", "a", ""), text("number", "SELECT 1", "1", ""), text("points", "SELECT ", "1.", ""), text("parameters", "SELECT 1", " $1", ""), text("runs", "SELECT 1 ", strings.Repeat("+", 500)+" ", "1"),
	}
}
