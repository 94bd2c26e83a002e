package demodata

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	_ "github.com/duckdb/duckdb-go/v2" // the driver "duckdb"
)

// Patients is the number of patients; visits are about eight times as many.
const Patients = 50_000

// Files are the tables' file names, in dir of Write.
func Files() map[string]string {
	return map[string]string{
		"patients": "patients.parquet", "visits": "visits.parquet", "departments": "departments.parquet",
	}
}

// Write makes the files in a directory, which it creates. Files that exist are replaced, each at once.
func Write(ctx context.Context, dir string) error { return write(ctx, dir, Patients) }

func write(ctx context.Context, dir string, patients int) (err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	conn, err := db.Conn(ctx) // tables live as long as the connection
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	for _, statement := range statements(patients) {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("demodata: %w", err)
		}
	}
	for table, file := range Files() {
		path := filepath.Join(dir, file)
		fresh := path + ".new"
		copyTo := fmt.Sprintf("COPY (SELECT * FROM %s ORDER BY 1) TO '%s' (FORMAT parquet)", table, strings.ReplaceAll(fresh, "'", "''"))
		if _, err := conn.ExecContext(ctx, copyTo); err != nil {
			return fmt.Errorf("demodata: %w", err)
		}
		if err := os.Rename(fresh, path); err != nil {
			return err
		}
	}
	return nil
}

// statements make the tables. u(i, k) is a number in [0, 1) of row i and column k; z(i, k) is nearly normal: the sum of
// four of them, less its mean, over its standard deviation. The hash of a pair, hash(i, k), would not do: its columns depend
// on each other.
func statements(patients int) []string {
	return []string{
		`CREATE MACRO u(i, k) AS (hash(xor(hash(i::BIGINT), hash(k::BIGINT))) >> 11)::DOUBLE / 9007199254740992.0`,
		`CREATE MACRO z(i, k) AS (u(i, k) + u(i, k + 1) + u(i, k + 2) + u(i, k + 3) - 2.0) * 1.7320508`,
		`CREATE TABLE departments(department_id INTEGER NOT NULL, name VARCHAR NOT NULL)`,
		`INSERT INTO departments VALUES (1, 'General medicine'), (2, 'Surgery'), (3, 'Cardiology'), (4, 'Orthopaedics'),
		   (5, 'Paediatrics'), (6, 'Maternity'), (7, 'Neurology'), (8, 'Oncology')`,
		`CREATE TABLE people AS SELECT i::INTEGER AS patient_id, u(i, 1) AS a, least(99, greatest(0, floor(44 + 24 * z(i, 2))))::INTEGER AS age
		   FROM range(1, ` + fmt.Sprint(patients+1) + `) r(i)`,
		`CREATE TABLE patients AS SELECT patient_id,
		   CASE WHEN a < 0.515 THEN 'f' ELSE 'm' END AS sex, age,
		   CASE WHEN u(patient_id, 10) < 0.32 THEN 'centre' WHEN u(patient_id, 10) < 0.52 THEN 'north' WHEN u(patient_id, 10) < 0.70 THEN 'south'
		        WHEN u(patient_id, 10) < 0.87 THEN 'east' ELSE 'west' END AS region,
		   CASE WHEN age < 18 OR u(patient_id, 11) < 0.03 THEN NULL
		        ELSE least(500000, floor(exp(10.0 + 0.55 * z(patient_id, 12) + 0.006 * (age - 40))))::INTEGER END AS income
		   FROM people`,
		`CREATE TABLE visits AS
		   WITH v AS (SELECT patient_id, age, (patient_id::BIGINT * 64 + n) AS v
		     FROM people, range(40) r(n) WHERE n < floor((2 + age / 12.0) * 3.05 * u(patient_id, 20))),
		   w AS (SELECT *, CASE WHEN age < 15 AND u(v, 21) < 0.6 THEN 5 WHEN u(v, 22) < 0.4 THEN 1
		     ELSE 1 + floor(8 * pow(u(v, 23), 1.3)) END::INTEGER AS department_id FROM v)
		   SELECT row_number() OVER (ORDER BY v)::INTEGER AS visit_id, patient_id, department_id,
		     DATE '2022-01-01' + floor(1461 * u(v, 24))::INTEGER AS visited_on,
		     least(20000, exp(4.6 + 0.9 * z(v, 25) + 0.12 * department_id))::DECIMAL(10,2) AS cost,
		     least(30, floor(-1.2 * department_id * ln(1 - u(v, 26)) / 3))::INTEGER AS stay_days
		   FROM w`,
	}
}
