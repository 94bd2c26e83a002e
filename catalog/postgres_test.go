package catalog

import (
	"context"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/dpproxy/dpproxy/internal/testservers"
)

// server is a connection to a real PostgreSQL with the settings under which its texts are ours.
func server(t *testing.T) *pgx.Conn {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, testservers.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(ctx) })
	if _, err := conn.Exec(ctx, "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, MDY'"); err != nil {
		t.Fatal(err)
	}
	return conn
}

// ask runs a query of one text; an error of the server is returned as text.
func ask(conn *pgx.Conn, sql string, args ...any) string {
	var text string
	if err := conn.QueryRow(context.Background(), sql, args...).Scan(&text); err != nil {
		return err.Error()
	}
	return text
}

// outputOf is a value's text as a client receives it. (A cast of char(n) to text would cut its blanks off.)
func outputOf(expression string) string { return "SELECT format('%s', " + expression + ")" }

// Numeric without a scale keeps the zeros that were written; ParseValue does not, and says so.
func TestPostgresAgreesOnValues(t *testing.T) {
	conn := server(t)
	for _, c := range parseCases() {
		expression := "CAST($1::text AS " + c.typ + ")"
		if c.typ == "numeric" {
			expression = "trim_scale(" + expression + ")"
		}
		if got := ask(conn, outputOf(expression), c.in); got != c.want {
			t.Errorf("PostgreSQL prints %q::%s as %q, the test wants %q", c.in, c.typ, got, c.want)
		}
	}
}

func TestPostgresAgreesOnTypes(t *testing.T) {
	conn := server(t)
	for k := Bool; k <= Char; k++ {
		if k == Unsupported {
			continue
		}
		for _, typ := range []Type{Of(k), {Kind: k, Array: true}} {
			name := typ.String()
			got := ask(conn, `SELECT format('%s %s %s', format_type(oid, -1), oid::int8, typlen) FROM pg_type WHERE oid = $1::text::regtype`, name)
			if want := fmt.Sprintf("%s %d %d", name, typ.OID(), typ.Size()); got != want {
				t.Errorf("PostgreSQL has %q, want %q", got, want)
			}
		}
	}
	for _, typ := range []Type{
		{Kind: Numeric, Precision: 10, Scale: 2, HasScale: true}, {Kind: Numeric, Precision: 3, Scale: -2, HasScale: true},
		{Kind: Numeric, Precision: 5, HasScale: true}, {Kind: Varchar, Length: 20}, {Kind: Bpchar, Length: 3},
	} {
		got := ask(conn, "SELECT format_type($1, $2)", typ.OID(), typ.Typmod())
		if got != typ.String() {
			t.Errorf("PostgreSQL reads type modifier %d as %q, want %q", typ.Typmod(), got, typ)
		}
	}
}

// Random numbers and points in time print as the server prints them.
func TestPostgresAgreesOnFormats(t *testing.T) {
	conn := server(t)
	random := rand.New(rand.NewPCG(1, 2))
	check := func(what, got, sql string, args ...any) {
		t.Helper()
		if want := ask(conn, sql, args...); got != want {
			t.Errorf("%s prints as %q, PostgreSQL prints %q", what, got, want)
		}
	}
	for range 300 {
		a, b := random.Int64N(1<<random.IntN(62)+1)-random.Int64N(1<<30), random.Int64N(1<<random.IntN(40)+1)+1
		r := big.NewRat(a, b)
		if quotientScaleIsExact(a, b) {
			check(fmt.Sprintf("%d/%d", a, b), FormatQuotient(r), "SELECT ($1::numeric / $2::numeric)::text", fmt.Sprint(a), fmt.Sprint(b))
		}
		check(r.String(), FormatDecimal(r, 3), "SELECT round($1::numeric / $2::numeric, 3)::text", fmt.Sprint(a)+".00000000000000000000000000", fmt.Sprint(b))

		f := math.Float64frombits(random.Uint64())
		check(fmt.Sprint(f), FormatFloat(f, 64), "SELECT $1::float8::text", f)
		g := math.Float32frombits(random.Uint32())
		check(fmt.Sprint(g), FormatFloat(float64(g), 32), "SELECT $1::float4::text", g)

		days := minDate + random.Int64N(6_000_000)
		check(fmt.Sprint(days), FormatDate(days), "SELECT (date '1970-01-01' + $1::int)::text", days)
		micros := random.Int64N(1<<60) - 1<<57
		check(fmt.Sprint(micros), FormatTimestamp(micros, false),
			"SELECT (timestamp '1970-01-01' + $1::int8 * interval '1 day' + $2::int8 * interval '1 microsecond')::text", micros/microsPerDay, micros%microsPerDay)
	}
}

// quotientScaleIsExact leaves out quotients for which PostgreSQL's estimate of the scale, from the first four digits
// of both numbers, is not that of the quotient: FormatQuotient knows the quotient only.
func quotientScaleIsExact(a, b int64) bool {
	group := func(n int64) (weight int, first int64) {
		if n < 0 {
			n = -n
		}
		for n >= 10_000 {
			n, weight = n/10_000, weight+1
		}
		return weight, n
	}
	wa, fa := group(a)
	wb, fb := group(b)
	if fa == fb && a != 0 {
		return false
	}
	weight := wa - wb
	if fa <= fb {
		weight--
	}
	return quotientScale(big.NewRat(a, b)) == max(16-4*weight, 0)
}
