package expr

import (
	"context"
	"database/sql"
	"fmt"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/jackc/pgx/v5"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/internal/testservers"
)

// openPostgres connects to a fresh database, in UTC as the engine does.
func openPostgres(t *testing.T) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), testservers.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	if _, err := conn.Exec(context.Background(), "SET TimeZone = 'UTC'; SET extra_float_digits = 1"); err != nil {
		t.Fatal(err)
	}
	return conn
}

// openDuck opens an embedded database as the engine does.
func openDuck(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	for _, s := range []string{"SET integer_division = true", "SET TimeZone = 'UTC'"} {
		if _, err := db.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

// kindsHere are all kinds that an expression can have.
func kindsHere() []catalog.Kind {
	return kinds(boo, i2, i4, i8, num, f4, f8, txt, catalog.Varchar, catalog.Bpchar, dat, tim, ts, tz, itv, catalog.UUID)
}

// named is a type by its name.
func named(t testing.TB, name string) catalog.Type {
	t.Helper()
	typ, err := catalog.ParseType(name)
	if err != nil {
		t.Fatal(err)
	}
	return typ
}

// unbounded is a nullable column without declared bounds.
func unbounded(name string, typ catalog.Type) Column {
	return Column{Alias: "w", Name: name, Typ: typ, Dom: Domain{Nullable: true}}
}

// untyped is an untyped literal.
func untyped(text string) Const {
	return Const{Typ: catalog.Of(catalog.Unknown), Text: text, Pos: -1}
}

// integer is a constant as the parser types it.
func integer(n int64) Const { return Const{Typ: catalog.Of(i4), Text: fmt.Sprint(n), Pos: -1} }

// decimalConst is a numeric constant.
func decimalConst(text string) Const { return Const{Typ: catalog.Of(num), Text: text, Pos: -1} }
