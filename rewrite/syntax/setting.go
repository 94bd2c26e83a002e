package syntax

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v5"
)

// authorization is a reserved word, so that PostgreSQL's grammar has no SET dp.authorization. Its twin of the same length is
// none; who reads a setting's name takes one for the other (Setting).
const (
	authorization = "authorization"
	authorisation = "authorisation"
)

// plainSettings replaces the word in the name dp.authorization, token by token: never in a literal, a comment or another
// name. Every position stays.
func plainSettings(sql string) string {
	if !strings.Contains(strings.ToLower(sql), "dp."+authorization) {
		return sql
	}
	scan, err := pg.Scan(sql)
	if err != nil {
		return sql // the parser says what is wrong
	}
	text := func(i int) string {
		if i < 0 {
			return ""
		}
		return strings.ToLower(sql[scan.Tokens[i].Start:scan.Tokens[i].End])
	}
	out := []byte(sql)
	for i, t := range scan.Tokens {
		command := text(i - 3)
		if text(i) != authorization || text(i-1) != "." || text(i-2) != "dp" ||
			command != "set" && command != "session" && command != "local" && command != "show" && command != "reset" {
			continue
		}
		copy(out[t.Start:t.End], authorisation)
	}
	return string(out)
}

// Setting is a setting's name as it was meant.
func Setting(name string) string {
	name = strings.ToLower(name)
	if name == "dp."+authorisation {
		return "dp." + authorization
	}
	return name
}
