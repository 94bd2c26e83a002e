package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/spf13/cobra"

	"github.com/dpproxy/dpproxy/approval"
)

// dsnFlag adds --dsn: where a proxy listens.
func dsnFlag(cmd *cobra.Command) *string {
	return cmd.Flags().String("dsn", "", `the proxy, as "host=… port=6432 user=… dbname=…" or postgres://…; PGHOST, PGPASSWORD and the like are used too`)
}

// connectProxy opens a connection to a proxy.
func connectProxy(ctx context.Context, dsn string) (*pgconn.PgConn, error) {
	c, err := pgconn.ParseConfig(dsn)
	if err != nil {
		return nil, err
	}
	if c.RuntimeParams["application_name"] == "" {
		c.RuntimeParams["application_name"] = "dpproxy"
	}
	return pgconn.ConnectConfig(ctx, c)
}

// execText runs one statement with parameters in text.
func execText(ctx context.Context, conn *pgconn.PgConn, sql string, params []string) (*pgconn.Result, error) {
	values := make([][]byte, len(params))
	for i, p := range params {
		values[i] = []byte(p)
	}
	result := conn.ExecParams(ctx, sql, values, nil, nil, nil).Read()
	return result, result.Err
}

// oneValue runs a statement that has one value.
func oneValue(ctx context.Context, conn *pgconn.PgConn, sql string, params ...string) (string, error) {
	result, err := execText(ctx, conn, sql, params)
	if err != nil {
		return "", err
	}
	if len(result.Rows) != 1 || len(result.Rows[0]) != 1 {
		return "", fmt.Errorf("the server's answer to %.40q is not one value", sql)
	}
	return string(result.Rows[0][0]), nil
}

// set sets a session's setting.
func set(ctx context.Context, conn *pgconn.PgConn, name, value string) error {
	return conn.Exec(ctx, fmt.Sprintf("SET %s = '%s'", name, strings.ReplaceAll(value, "'", "''"))).Close()
}

// planned is what EXPLAIN (FORMAT JSON) tells of a statement.
type planned struct {
	Price struct {
		Epsilon, Rho, Delta string
	} `json:"price_if_nothing_was_paid_before"`
	Expected []struct {
		Column    string
		HalfWidth float64 `json:"half_width"`
		PerRow    bool    `json:"per_row"`
	} `json:"expected_error_95"`
	Plan        string
	Dataset     string
	Version     string `json:"dataset_version"`
	Schema      string
	Fingerprint string
	Settings    map[string]string
	Uses        []struct {
		Table, Column string
		Position      int
	}
	Columns, Groups, Filters []string
	Blocks                   []json.RawMessage `json:"measurements"`
}

// loss is the price as scripts have it.
func (p *planned) loss() approval.Loss {
	return approval.Loss{Epsilon: p.Price.Epsilon, Delta: p.Price.Delta, Rho: p.Price.Rho}
}

// explainPrefix stands before what is planned; positions of a plan count from its begin.
const explainPrefix = "EXPLAIN (FORMAT JSON) "

// explainJSON asks a proxy for a statement's plan. It is free.
func explainJSON(ctx context.Context, conn *pgconn.PgConn, sql string, params []string) (*planned, error) {
	text, err := oneValue(ctx, conn, explainPrefix+sql, params...)
	if err != nil {
		return nil, err
	}
	var out []planned
	if err := json.Unmarshal([]byte(text), &out); err != nil || len(out) != 1 {
		return nil, fmt.Errorf("the server's EXPLAIN cannot be read: it is no dpproxy, or another version")
	}
	return &out[0], nil
}

// lineOf is the line of a byte offset in a text.
func lineOf(text string, offset int) int {
	if offset < 0 || offset > len(text) {
		return 0
	}
	return 1 + strings.Count(text[:offset], "\n")
}
