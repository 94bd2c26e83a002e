package introspect

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/dpproxy/dpproxy/internal/testservers"
)

// TestSameColumnsAsPostgres runs the golden statements on a real PostgreSQL with the same tables: names and types of all
// columns must be the same.
func TestSameColumnsAsPostgres(t *testing.T) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, testservers.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	schema, err := os.ReadFile(goldenDir + "/schema.pg")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(ctx, string(schema)); err != nil {
		t.Fatal(err)
	}
	s, v := testService(t), testView()
	snap, err := s.view(ctx, v)
	if err != nil {
		t.Fatal(err)
	}
	numbers := sameObjects(t, ctx, conn, snap)
	compared, newer := 0, 0
	for _, file := range goldenFiles(t) {
		for _, c := range readGolden(t, file) {
			name := filepath.Base(file) + ": " + c.title
			there, err := conn.Prepare(ctx, "", numbers(c.sql))
			if err != nil { // a column of a newer version than this server's, or a role that it does not have
				newer++
				continue
			}
			_, columns, err := s.Describe(ctx, v, c.sql, nil)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			compared++
			compareColumns(t, name, s, columns, there.Fields)
		}
	}
	if compared < 280 || newer > 20 {
		t.Errorf("%d statements compared, %d are not for this server", compared, newer)
	}
}

// newerColumns have another type since version 16, or exist only there.
var newerColumns = map[string]bool{"attndims": true, "attinhcount": true, "attstattarget": true, "dimensions_number": true,
	"coninhcount": true}

func compareColumns(t *testing.T, name string, s *Service, ours []Column, theirs []pgconn.FieldDescription) {
	t.Helper()
	if len(ours) != len(theirs) {
		if len(ours) > len(theirs) && len(ours)-len(theirs) <= 3 { // SELECT * of a relation that has grown in 16
			return
		}
		t.Errorf("%s: %d columns, PostgreSQL has %d", name, len(ours), len(theirs))
		return
	}
	reordered := false
	for _, f := range theirs {
		reordered = reordered || newerColumns[f.Name]
	}
	for i, f := range theirs {
		if reordered {
			break // pg_attribute's columns stand in another order in 16
		}
		row, ok := s.static.types[f.DataTypeOID]
		if !ok {
			continue
		}
		want := sqlType(row.name)
		if row.base != 0 {
			want = sqlType(s.static.types[row.base].name)
		}
		if ours[i].Name != f.Name {
			t.Errorf("%s: column %d is %q, PostgreSQL calls it %q", name, i+1, ours[i].Name, f.Name)
		}
		if ours[i].Type.OID() != want.wire().OID() {
			t.Errorf("%s: column %q is %s, in PostgreSQL %s", name, f.Name, typeText(ours[i].Type), want)
		}
	}
}

// sameObjects replaces our numbers of tables and types by the server's.
func sameObjects(t *testing.T, ctx context.Context, conn *pgx.Conn, snap *snapshot) func(string) string {
	t.Helper()
	theirs := map[string]string{}
	for name, oid := range snap.classByName {
		var there uint32
		if err := conn.QueryRow(ctx, "SELECT $1::text::regclass::oid", name).Scan(&there); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		theirs[id32(oid)] = id32(there)
	}
	number := regexp.MustCompile(`\b\d{6,10}\b`)
	return func(sql string) string {
		return number.ReplaceAllStringFunc(sql, func(n string) string {
			if there, ok := theirs[n]; ok {
				return there
			}
			return n
		})
	}
}

// TestBuiltInTypes: each row of pg_type that a driver loads is the server's own.
func TestBuiltInTypes(t *testing.T) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, testservers.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	const sql = `SELECT oid::int8, typname::text, typlen, typtype::text, typcategory::text, typelem::int8, typarray::int8,
	  typreceive::oid::int8, typsend::oid::int8, typdelim::text, typbasetype::int8, typnotnull FROM pg_type
	  WHERE oid < 10000 AND typrelid = 0 AND typname <> 'aclitem' ORDER BY 1` // which is 16 bytes long since 16, 12 before
	s := testService(t)
	ours, err := s.Answer(ctx, testView(), sql, nil)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := conn.Query(ctx, sql, pgx.QueryResultFormats{0})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for ; rows.Next(); n++ {
		for i, raw := range rows.RawValues() {
			if n < len(ours.Rows) && ours.Rows[n][i].Text != string(raw) {
				t.Errorf("row %d, %s: %q, PostgreSQL has %q", n, ours.Columns[i].Name, ours.Rows[n][i].Text, raw)
			}
		}
	}
	if rows.Err() != nil || n != len(ours.Rows) || n < 150 {
		t.Errorf("%d types, PostgreSQL has %d (%v)", len(ours.Rows), n, rows.Err())
	}
}

// TestFormatType compares format_type with the server's for every built-in type and several modifiers.
func TestFormatType(t *testing.T) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, testservers.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	s, v := testService(t), testView()
	for _, mod := range []string{"NULL", "-1", "7", strconv.Itoa(12<<16 | 2 + 4)} {
		sql := "SELECT format_type(oid, " + mod + ") FROM pg_type WHERE oid < 10000 AND typrelid = 0 AND typname !~ 'interval' ORDER BY oid"
		ours, err := s.Answer(ctx, v, sql, nil)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := conn.Query(ctx, sql)
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range theirs {
			got := ours.Rows[i][0].Text
			if got != want && !strings.HasPrefix(want, got) { // modifiers of types that take none differ in their text
				t.Errorf("format_type(…, %s): %q, PostgreSQL has %q", mod, got, want)
			}
		}
	}
}
