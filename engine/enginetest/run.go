package enginetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/engine"
	"github.com/dpproxy/dpproxy/mechanism"
)

// people is the fixture of most tests.
func people() []string {
	return []string{
		"CREATE TABLE people (id bigint PRIMARY KEY, sex text, age integer, income numeric(10,2), email text UNIQUE)",
		`INSERT INTO people VALUES (1, 'f', 30, 1000.50, 'a'), (2, 'f', 40, 2000.00, 'b'), (3, 'm', 50, NULL, 'c'),
			(4, NULL, NULL, NULL, NULL)`,
	}
}

func (h Harness) table(name string) string { return h.Schema + "." + name }

func (h Harness) testRun(t *testing.T) {
	e := h.Open(t, people(), 0)
	queries := []engine.Query{
		{
			SQL: "SELECT sex, count(DISTINCT id), count(*), sum(age) FROM " + h.table("people") +
				" GROUP BY sex ORDER BY sex NULLS LAST",
			Keys: of(catalog.Text), Units: true, Width: 2,
		},
		{SQL: "SELECT count(*) FROM " + h.table("people"), Width: 1},
		{SQL: "SELECT sex, age FROM " + h.table("people") + " WHERE age > 100 GROUP BY sex, age", Keys: of(catalog.Text, catalog.Int4)},
		{SQL: "SELECT count(*), sum(age) FROM " + h.table("people") + " WHERE age > 100", Units: true, Width: 1},
	}
	exact, err := e.Run(t.Context(), queries)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][][]string{
		{{"f", "2", "2", "70"}, {"m", "1", "1", "50"}, {"NULL", "1", "1", "0"}},
		{{"4"}},
		{},
		{{"0", "0"}}, // NULL counts as 0
	} {
		expect(t, queries[i].SQL, Values(exact[i]), want)
	}
	if none, err := e.Run(t.Context(), nil); err != nil || len(none) != 0 {
		t.Errorf("no queries give %v, %v", none, err)
	}
	if e.Kind() != catalog.Postgres && e.Kind() != catalog.DuckDB {
		t.Errorf("kind is %q", e.Kind())
	}
	if err := e.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

// testSalt runs one text with several salts: it is a bound parameter, never text.
func (h Harness) testSalt(t *testing.T) {
	e := h.Open(t, people(), 0)
	for _, salt := range []int64{0, -1, 1<<63 - 1, -1 << 63} {
		got := measure(t, e, engine.Query{
			SQL: "SELECT $1, $1 FROM " + h.table("people") + " WHERE id = 1 AND $1 = $1", Salted: true, Salt: salt, Width: 2,
		})
		text := fmt.Sprint(salt)
		expect(t, "salt", got, [][]string{{text, text}})
	}
}

// testNumbers reads whole numbers of any length in the types that sums come in.
func (h Harness) testNumbers(t *testing.T) {
	e := h.Open(t, nil, 0)
	const big = "12345678901234567890123456789012345678"
	got := measure(t, e, engine.Query{
		SQL:  "SELECT CAST('" + big + "' AS numeric(38,0)), CAST(-7 AS smallint), CAST(5 AS numeric(10,0)), NULL, sum(x) FROM (SELECT 9223372036854775807 AS x UNION ALL SELECT 9223372036854775807) q",
		Keys: nil, Width: 5,
	})
	expect(t, "numbers", got, [][]string{{big, "-7", "5", "0", "18446744073709551614"}})
}

// testFaultyMeasurements gives the engine what a plan never holds. Nothing may come back, not even the first result.
func (h Harness) testFaultyMeasurements(t *testing.T) {
	e := h.Open(t, people(), 0)
	good := engine.Query{SQL: "SELECT count(*) FROM " + h.table("people"), Width: 1}
	for name, bad := range map[string]engine.Query{
		"a fraction":           {SQL: "SELECT CAST(1.5 AS numeric(10,2))", Width: 1},
		"NaN":                  {SQL: "SELECT CAST('NaN' AS double precision)", Width: 1},
		"text":                 {SQL: "SELECT 'many'", Width: 1},
		"too many columns":     {SQL: "SELECT 1, 2", Width: 1},
		"too few columns":      {SQL: "SELECT 1", Width: 1, Units: true},
		"no rows but columns":  {SQL: "SELECT 1, 2 FROM " + h.table("people") + " WHERE id < 0", Width: 1},
		"two statements":       {SQL: "SELECT 1; SELECT 2", Width: 1},
		"a syntax error":       {SQL: "SELEC 1", Width: 1},
		"an unknown table":     {SQL: "SELECT count(*) FROM nowhere", Width: 1},
		"a zero byte":          {SQL: "SELECT 1\x00", Width: 1},
		"no statement":         {SQL: "", Width: 1},
		"an error in a row":    {SQL: "SELECT CAST(email AS integer) FROM " + h.table("people"), Width: 1},
		"a missing parameter":  {SQL: "SELECT $1", Width: 1},
		"the end of the block": {SQL: "COMMIT", Width: 1},
	} {
		exact, err := e.Run(t.Context(), []engine.Query{good, bad})
		if err == nil || exact != nil {
			t.Errorf("%s: got %v, %v", name, exact, err)
		}
		if errors.Is(err, engine.ErrUnavailable) {
			t.Errorf("%s: %v would not be charged, though the source was asked", name, err)
		}
	}
	expect(t, "after the errors", measure(t, e, good), [][]string{{"4"}})
}

// testReadOnly tries to write, in every way that an engine has.
func (h Harness) testReadOnly(t *testing.T) {
	e := h.Open(t, people(), 0)
	for _, sql := range []string{
		"INSERT INTO " + h.table("people") + " (id) VALUES (99) RETURNING id",
		"UPDATE " + h.table("people") + " SET age = 1 RETURNING id",
		"DELETE FROM " + h.table("people") + " RETURNING id",
		"CREATE TABLE " + h.table("other") + " AS SELECT 1 AS id",
		"DROP TABLE " + h.table("people"),
	} {
		if _, err := e.Run(t.Context(), []engine.Query{{SQL: sql, Width: 1}}); err == nil {
			t.Errorf("Run: %s is allowed", sql)
		}
		if rows, err := e.Finish(t.Context(), sql, nil, of(catalog.Int8)); err == nil {
			for rows.Next() {
			}
			if rows.Err() == nil {
				t.Errorf("Finish: %s is allowed", sql)
			}
			rows.Close()
		}
	}
	got := measure(t, e, engine.Query{SQL: "SELECT count(*), sum(age) FROM " + h.table("people"), Width: 2})
	expect(t, "afterwards", got, [][]string{{"4", "120"}})
}

// endless takes minutes on any machine, and both sources can be interrupted in it.
const endless = "SELECT sum(a.x * b.x % 7) FROM generate_series(1, 1000000) AS a(x), generate_series(1, 1000000) AS b(x)"

func (h Harness) testCancel(t *testing.T) {
	e := h.Open(t, people(), 0)
	for name, ask := range map[string]func(context.Context) error{
		"Run": func(ctx context.Context) error {
			_, err := e.Run(ctx, []engine.Query{{SQL: endless, Width: 1}})
			return err
		},
		"Finish": func(ctx context.Context) error {
			rows, err := e.Finish(ctx, endless, nil, of(catalog.Numeric))
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
			}
			return rows.Err()
		},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			for h.Busy(t) == 0 && t.Context().Err() == nil {
				<-time.After(time.Millisecond)
			}
			cancel()
		}()
		started := time.Now()
		err := ask(ctx)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: error is %v, want the context's", name, err)
		}
		if errors.Is(err, engine.ErrUnavailable) {
			t.Errorf("%s: %v would not be charged, though the source was asked", name, err)
		}
		if took := time.Since(started); took > 10*time.Second {
			t.Errorf("%s: came back after %v", name, took)
		}
		h.idle(t)
	}
	got := measure(t, e, engine.Query{SQL: "SELECT count(*) FROM " + h.table("people"), Width: 1})
	expect(t, "afterwards", got, [][]string{{"4"}})
}

func (h Harness) testTimeout(t *testing.T) {
	e := h.Open(t, people(), 100*time.Millisecond)
	_, err := e.Run(t.Context(), []engine.Query{{SQL: endless, Width: 1}})
	if !errors.Is(err, engine.ErrTimeout) || errors.Is(err, engine.ErrUnavailable) {
		t.Errorf("Run: error is %v", err)
	}
	rows, err := e.Finish(t.Context(), endless, nil, of(catalog.Numeric))
	if err == nil {
		for rows.Next() {
		}
		err = rows.Err()
		rows.Close()
	}
	if !errors.Is(err, engine.ErrTimeout) || errors.Is(err, engine.ErrUnavailable) {
		t.Errorf("Finish: error is %v", err)
	}
	h.idle(t)
	got := measure(t, e, engine.Query{SQL: "SELECT count(*) FROM " + h.table("people"), Width: 1})
	expect(t, "afterwards", got, [][]string{{"4"}})
}

// testClosedContext asks with a context that is over: certainly nothing reaches the source.
func (h Harness) testClosedContext(t *testing.T) {
	e := h.Open(t, people(), 0)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := e.Run(ctx, []engine.Query{{SQL: "SELECT 1", Width: 1}})
	if !errors.Is(err, engine.ErrUnavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("Run: error is %v", err)
	}
	_, err = e.Finish(ctx, "SELECT 1", nil, of(catalog.Int4))
	if !errors.Is(err, engine.ErrUnavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("Finish: error is %v", err)
	}
}

// testParallel mixes good, failing and abandoned queries on one engine; each gets its own answer.
func (h Harness) testParallel(t *testing.T) {
	e := h.Open(t, people(), 0)
	var group errgroup.Group
	for i := range 24 {
		group.Go(func() error {
			for j := range 10 {
				switch (i + j) % 3 {
				case 0:
					_, _ = e.Run(t.Context(), []engine.Query{{SQL: "SELECT count(*) FROM nowhere", Width: 1}})
				case 1:
					ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
					_, _ = e.Run(ctx, []engine.Query{{SQL: endless, Width: 1}})
					cancel()
				}
				exact, err := e.Run(t.Context(), []engine.Query{{
					SQL: "SELECT $1, count(*) FROM " + h.table("people"), Salted: true, Salt: int64(i*100 + j), Width: 2,
				}})
				if err != nil {
					return err
				}
				if got, want := strings.Join(Values(exact[0])[0], " "), fmt.Sprint(i*100+j, " 4"); got != want {
					return fmt.Errorf("answer is %s, want %s", got, want)
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	h.idle(t)
}

// cells makes a row of an input.
func cells(texts ...string) []mechanism.Cell {
	row := make([]mechanism.Cell, len(texts))
	for i, text := range texts {
		row[i] = mechanism.Cell{Text: text}
	}
	return row
}
