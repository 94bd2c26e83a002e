package introspect

import (
	"context"
	"log/slog"
	"testing"
)

// describeTableSQL is the widest statement of psql's \d.
const describeTableSQL = `SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod),
  (SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid, true) FROM pg_catalog.pg_attrdef d
   WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.atthasdef),
  a.attnotnull,
  (SELECT c.collname FROM pg_catalog.pg_collation c, pg_catalog.pg_type t
   WHERE c.oid = a.attcollation AND t.oid = a.atttypid AND a.attcollation <> t.typcollation) AS attcollation,
  a.attidentity, a.attgenerated
FROM pg_catalog.pg_attribute a
WHERE a.attrelid = 'persons'::regclass AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum`

func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		s, err := New(slog.New(slog.DiscardHandler))
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFirstOfAView(b *testing.B) {
	s := testService(b)
	for b.Loop() {
		v := testView() // a new data set each time, as after a reload
		if _, err := s.Answer(context.Background(), v, describeTableSQL, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDescribeTable(b *testing.B) {
	s, v := testService(b), testView()
	for b.Loop() {
		if _, err := s.Answer(context.Background(), v, describeTableSQL, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHandles(b *testing.B) {
	s := testService(b)
	for b.Loop() {
		if !s.Handles(describeTableSQL) || s.Handles("SELECT sex, count(*) FROM persons GROUP BY sex") {
			b.Fatal("wrong")
		}
	}
}
