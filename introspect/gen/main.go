// Command gen writes introspect/static/catalog.tsv.gz from a running PostgreSQL of the major version 16.
// See README.md beside it.
package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/jackc/pgx/v5"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: gen postgres://… OUT.tsv.gz")
		os.Exit(2)
	}
	if err := run(context.Background(), os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

type relation struct {
	schema, name, kind string
	oid                uint32
	columns            []column
}

type column struct{ name, typ string }

func run(ctx context.Context, url, out string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	relations, err := readRelations(ctx, conn)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	for _, r := range relations {
		writeHeader(&text, r)
		if where, ok := rows[r.name]; ok && r.schema == "pg_catalog" || r.schema == "information_schema" && smallViews[r.name] {
			if err := copyRows(ctx, conn, &text, r, where); err != nil {
				return fmt.Errorf("%s: %w", r.name, err)
			}
		}
	}
	for _, e := range extras {
		fmt.Fprintf(&text, "!rel\tdpproxy\t%s\tx\t0\n", e.name)
		for _, c := range e.columns {
			fmt.Fprintf(&text, "!col\t%s\t%s\n", c.name, c.typ)
		}
		if _, err := conn.PgConn().CopyTo(ctx, &text, "COPY ("+e.sql+") TO STDOUT"); err != nil {
			return fmt.Errorf("%s: %w", e.name, err)
		}
	}
	return compress(out, text.Bytes())
}

func compress(out string, data []byte) error {
	var z bytes.Buffer
	w, err := gzip.NewWriterLevel(&z, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := w.Write(data); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return os.WriteFile(out, z.Bytes(), 0o644)
}

func readRelations(ctx context.Context, conn *pgx.Conn) ([]*relation, error) {
	q, err := conn.Query(ctx, `SELECT n.nspname, c.relname, c.relkind::text, c.oid, a.attname, t.typname,
	       CASE WHEN a.atttypmod >= 0 THEN format_type(a.atttypid, a.atttypmod) ELSE '' END
	  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
	  JOIN pg_type t ON t.oid = a.atttypid
	 WHERE n.nspname IN ('pg_catalog', 'information_schema') AND c.relkind IN ('r', 'v') AND a.attnum > 0 AND NOT a.attisdropped
	 ORDER BY n.nspname, c.relname, a.attnum`)
	if err != nil {
		return nil, err
	}
	defer q.Close()
	var all []*relation
	for q.Next() {
		var schema, name, kind, col, typ, mod string
		var oid uint32
		if err := q.Scan(&schema, &name, &kind, &oid, &col, &typ, &mod); err != nil {
			return nil, err
		}
		if len(all) == 0 || all[len(all)-1].oid != oid {
			all = append(all, &relation{schema: schema, name: name, kind: kind, oid: oid})
		}
		r := all[len(all)-1]
		r.columns = append(r.columns, column{col, typ})
	}
	return all, q.Err()
}

func writeHeader(w *bytes.Buffer, r *relation) {
	fmt.Fprintf(w, "!rel\t%s\t%s\t%s\t%d\n", r.schema, r.name, r.kind, r.oid)
	for _, c := range r.columns {
		fmt.Fprintf(w, "!col\t%s\t%s\n", c.name, c.typ)
	}
}

// copyRows writes a relation's rows in COPY's text format, object identifiers as numbers.
func copyRows(ctx context.Context, conn *pgx.Conn, w *bytes.Buffer, r *relation, where string) error {
	exprs := make([]string, len(r.columns))
	for i, c := range r.columns {
		quoted := `"` + c.name + `"`
		switch over, ok := overrides[r.name+"."+c.name]; {
		case ok:
			exprs[i] = over
		case strings.HasPrefix(c.typ, "reg"):
			exprs[i] = quoted + "::oid"
		case c.typ == "_aclitem": // the superuser's name is not kept
			exprs[i] = "replace(" + quoted + "::text, (SELECT quote_ident(rolname) FROM pg_roles WHERE oid = 10), 'dpproxy')"
		case c.typ == "pg_node_tree":
			exprs[i] = "NULL"
		default:
			exprs[i] = quoted
		}
	}
	sql := "SELECT " + strings.Join(exprs, ", ") + ` FROM "` + r.schema + `"."` + r.name + `" t ` + where
	_, err := conn.PgConn().CopyTo(ctx, w, "COPY ("+sql+") TO STDOUT")
	return err
}
