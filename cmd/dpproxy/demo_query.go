package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// demoSQL is the first query of the demonstration.
const demoSQL = `SELECT region, count(*) AS patients, avg(age) AS mean_age, avg(income) AS mean_income
FROM patients
GROUP BY region
ORDER BY patients DESC`

// firstAnswer connects as an analyst does, asks, and shows the answer, its expected error and what was charged.
func firstAnswer(ctx context.Context, out, messages io.Writer, address string) error {
	ctx, cancel := context.WithTimeout(ctx, firstAnswerTime)
	defer cancel()
	defer progress(messages, "asking the first query")()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	c, err := pgx.ParseConfig(fmt.Sprintf("host=%s port=%s user=%s password=%s dbname=%s sslmode=disable application_name=dpproxy-demo",
		host, port, demoUser, demoPassword, demoDataset))
	if err != nil {
		return err
	}
	var notices []*pgconn.Notice
	c.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { notices = append(notices, n) }
	conn, err := pgx.ConnectConfig(ctx, c)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)

	_, plan, err := demoRows(ctx, conn, "EXPLAIN "+demoSQL)
	if err != nil {
		return err
	}
	columns, rows, err := demoRows(ctx, conn, demoSQL)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\n%s;\n\n%s\n", demoSQL, table(columns, rows))
	printExpected(out, plan)
	for _, n := range notices {
		fmt.Fprintf(out, "%s:  %s\n", n.Severity, n.Message)
	}
	fmt.Fprintf(out, `
These are differentially private answers: what one patient adds or takes away is hidden in the noise.
Ask on, in another terminal (the password is %q):

  psql "host=%s port=%s user=%s dbname=%s"

  =# SELECT d.name, count(*), avg(v.cost) FROM visits v JOIN departments d USING (department_id) GROUP BY d.name;
  =# EXPLAIN SELECT sex, avg(income) FROM patients WHERE age >= 40 GROUP BY sex;   -- the price, for free
  =# SELECT * FROM dp.budget;

Serving on %s until it is stopped (Ctrl-C).
`, demoPassword, host, port, demoUser, demoDataset, address)
	return nil
}

// demoRows runs a query in the simple protocol, whose values are text, as psql shows them.
func demoRows(ctx context.Context, conn *pgx.Conn, sql string) ([]column, [][]string, error) {
	results, err := conn.PgConn().Exec(ctx, sql).ReadAll()
	if err != nil {
		return nil, nil, err
	}
	var columns []column
	var rows [][]string
	for _, r := range results {
		for _, f := range r.FieldDescriptions {
			numeric := f.DataTypeOID == 20 || f.DataTypeOID == 23 || f.DataTypeOID == 701 || f.DataTypeOID == 1700
			columns = append(columns, column{title: f.Name, name: f.Name, right: numeric})
		}
		for _, row := range r.Rows {
			cells := make([]string, len(row))
			for i, v := range row {
				cells[i] = shortNumber(string(v))
			}
			rows = append(rows, cells)
		}
	}
	return columns, rows, nil
}

// shortNumber cuts the many decimals of an average to two, for the eye.
func shortNumber(s string) string {
	whole, decimals, ok := strings.Cut(s, ".")
	if !ok || len(decimals) <= 2 || strings.Trim(whole+decimals, "-0123456789") != "" {
		return s
	}
	return whole + "." + decimals[:2]
}

// printExpected shows the lines of EXPLAIN about the error.
func printExpected(out io.Writer, plan [][]string) {
	showing := false
	for _, row := range plan {
		line := row[0]
		switch {
		case strings.HasPrefix(line, "Expected error"):
			showing = true
		case showing && !strings.HasPrefix(line, "  "):
			return
		}
		if showing {
			fmt.Fprintln(out, line)
		}
	}
}
