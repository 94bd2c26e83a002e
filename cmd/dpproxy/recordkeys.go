package main

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// defaultBigN is TableBuilder's modulus, a prime.
const defaultBigN = 1766976779

func newRecordKeys() *cobra.Command {
	cmd := &cobra.Command{
		Use: "record-keys TABLE KEY", Short: "Print the SQL that gives each record its key, for pipeline tbe",
		Args: exactly("a table", "its primary key's column"),
		Long: `Prints SQL for the owner to run on the source: it adds a column of record keys, which are a hash of the secret and of the
primary key, modulo big_n. The same secret and primary key give the same record key, on PostgreSQL and on DuckDB, so
that a table that is loaded again keeps its perturbed answers. Who knows the secret and the lookup tables can undo the
perturbation. Without --secret-file a fresh one is drawn, and is in the SQL: keep it.`,
		Example: `  dpproxy record-keys persons person_id --secret-file record-keys.secret | psql census
  dpproxy record-keys persons person_id --engine duckdb`,
	}
	engine := cmd.Flags().String("engine", "postgres", "postgres or duckdb")
	column := cmd.Flags().String("column", "record_key", "the new column")
	bigN := cmd.Flags().Int64("big-n", defaultBigN, "the keys' modulus, big_n of the configuration")
	file := cmd.Flags().String("secret-file", "", "a file whose first line is the secret")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *engine != "postgres" && *engine != "duckdb" {
			return usagef("--engine is postgres or duckdb, not %q", *engine)
		}
		if *bigN < 1 || *bigN > 1<<32 {
			return usagef("--big-n must be between 1 and 2^32")
		}
		secret, err := recordSecret(*file)
		if err != nil {
			return err
		}
		_, err = fmt.Fprint(cmd.OutOrStdout(), recordKeySQL(*engine, args[0], args[1], *column, secret, *bigN))
		return err
	}
	return cmd
}

// recordSecret reads the secret, or draws one of 256 bits.
func recordSecret(file string) (string, error) {
	if file == "" {
		raw := make([]byte, 32)
		if _, err := rand.Read(raw); err != nil {
			return "", err
		}
		return hex.EncodeToString(raw), nil
	}
	text, err := readFirstLine(file)
	if err != nil {
		return "", err
	}
	if len(text) < 16 {
		return "", fmt.Errorf("the secret in %s is shorter than 16 characters", file)
	}
	return text, nil
}

// recordKeySQL is the SQL for one table. 60 bits of a SHA-256 are taken modulo big_n, so that no key is likelier than another
// by more than one in 2^28.
func recordKeySQL(engine, table, key, column, secret string, bigN int64) string {
	quoted := func(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
	parts := strings.Split(table, ".")
	for i := range parts {
		parts[i] = quoted(parts[i])
	}
	text := "'" + strings.ReplaceAll(secret, "'", "''") + ":' || CAST(" + quoted(key) + " AS "
	hash := "('x' || substr(encode(sha256(convert_to(" + text + "text), 'UTF8')), 'hex'), 1, 15))::bit(60)::bigint"
	if engine == "duckdb" {
		hash = "CAST('0x' || substr(sha256(" + text + "VARCHAR)), 1, 15) AS BIGINT)"
	}
	name := strings.Join(parts, ".")
	return fmt.Sprintf("ALTER TABLE %s ADD COLUMN IF NOT EXISTS %s bigint;\nUPDATE %s SET %s = %s %% %d;\n", name, quoted(column), name, quoted(column), hash, bigN)
}

func readFirstLine(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	line, _, _ := strings.Cut(string(text), "\n")
	return strings.TrimSuffix(line, "\r"), nil
}
