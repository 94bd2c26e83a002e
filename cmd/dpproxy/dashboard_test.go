package main

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// TestSameQuestionIsFree: a chart that is asked again in other words is the release that was paid for, and only then.
func TestSameQuestionIsFree(t *testing.T) {
	s := newSite(t)
	_, address, _ := s.start(t)
	config, err := pgx.ParseConfig("postgres://alice:secret@" + address + "/census?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	var heard string
	config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { heard += n.Message }
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	free := func(sql string, args ...any) bool {
		t.Helper()
		heard = ""
		if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		return strings.Contains(heard, "spent nothing")
	}
	if free("SELECT sex, count(*), avg(age) FROM persons WHERE age BETWEEN 18 AND 60 GROUP BY sex") {
		t.Fatal("the first look was free")
	}
	for _, c := range []struct {
		sql  string
		args []any
	}{
		{"select  sex , count( * ) as n, avg( age ) a from persons where age between 18 and 60 group by sex -- chart 7", nil},
		{`SELECT avg("p"."age"), count(*), p.sex FROM "public"."persons" AS "p" WHERE (p.age >= 18 AND 60 >= p.age) GROUP BY 3 ORDER BY 2 DESC LIMIT 100`, nil},
		{"SELECT sex, count(1), avg(age) FROM persons WHERE age <= $1 AND age >= $2 GROUP BY sex", []any{int16(60), int64(18)}},
		{"SELECT sex, count(*), avg(age) FROM persons WHERE age BETWEEN $1 AND $2 GROUP BY sex", []any{18, 60}},
		{"SELECT sex, count(*), avg(age) FROM persons WHERE NOT (age < 18) AND NOT (60 < age) GROUP BY sex HAVING count(*) > 1", nil},
		{`SELECT "sex" AS "sex", COUNT(*) AS "count", AVG("age") AS "AVG(age)" FROM (SELECT * FROM persons WHERE age >= 18
) AS "virtual_table" WHERE "age" <= 60 GROUP BY "sex" ORDER BY "count" DESC
LIMIT 1000`, nil},
		{`SELECT "source"."sex" AS "sex", count(*) AS "count", avg("source"."age") AS "avg" FROM (SELECT "public"."persons"."sex" AS "sex", "public"."persons"."age" AS "age" FROM "public"."persons") AS "source" WHERE ("source"."age" >= $1) AND ("source"."age" <= $2) GROUP BY "source"."sex" ORDER BY "source"."sex" ASC`, []any{18, 60}},
		{`WITH grown AS (SELECT * FROM persons WHERE age BETWEEN 18 AND 60) SELECT count(*), avg(age), sex FROM grown GROUP BY sex`, nil},
		{"SELECT 100.0 * count(*), avg(age) FROM persons WHERE age >= 18 AND age <= 60 GROUP BY sex", nil},
	} {
		if !free(c.sql, c.args...) {
			t.Errorf("paid again: %s", c.sql)
		}
	}
	// The rest of the budget is for one more question, which is another one by a value.
	if free("SELECT sex, count(*), avg(age) FROM persons WHERE age BETWEEN 18 AND 61 GROUP BY sex") {
		t.Error("another question was free")
	}
}
