package demodata

import (
	"database/sql"
	"path/filepath"
	"testing"
)

func TestWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	if err := write(t.Context(), dir, Patients); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for name, c := range map[string]struct {
		sql       string
		low, high float64
	}{
		"patients":                         {`SELECT count(DISTINCT patient_id) FROM patients`, Patients, Patients},
		"visits":                           {`SELECT count(DISTINCT visit_id) FROM visits`, 360_000, 440_000},
		"departments":                      {`SELECT count(*) FROM departments`, 8, 8},
		"every visit is of a patient":      {`SELECT count(*) FROM visits WHERE patient_id NOT IN (SELECT patient_id FROM patients)`, 0, 0},
		"every visit has a department":     {`SELECT count(*) FROM visits WHERE department_id NOT IN (SELECT department_id FROM departments)`, 0, 0},
		"regions":                          {`SELECT count(DISTINCT region) FROM patients`, 5, 5},
		"women":                            {`SELECT avg((sex = 'f')::int) FROM patients`, 0.5, 0.53},
		"youngest":                         {`SELECT min(age) FROM patients`, 0, 0},
		"oldest":                           {`SELECT max(age) FROM patients`, 90, 99},
		"incomes":                          {`SELECT avg(income) FROM patients`, 20_000, 60_000},
		"income within bounds":             {`SELECT count(*) FROM patients WHERE income NOT BETWEEN 0 AND 500000`, 0, 0},
		"cost within bounds":               {`SELECT count(*) FROM visits WHERE cost IS NULL OR cost NOT BETWEEN 0 AND 20000`, 0, 0},
		"stays within bounds":              {`SELECT count(*) FROM visits WHERE stay_days IS NULL OR stay_days NOT BETWEEN 0 AND 30`, 0, 0},
		"dates within bounds":              {`SELECT count(*) FROM visits WHERE visited_on NOT BETWEEN '2022-01-01' AND '2025-12-31'`, 0, 0},
		"ages do not depend on the region": {`SELECT max(a) - min(a) FROM (SELECT avg(age) a FROM patients GROUP BY region)`, 0, 1.5},
		"incomes grow with age":            {`SELECT corr(age, ln(income + 1)) FROM patients`, 0.02, 0.5},
	} {
		for table, file := range Files() {
			if _, err := db.Exec(`CREATE OR REPLACE VIEW ` + table + ` AS SELECT * FROM '` + filepath.Join(dir, file) + `'`); err != nil {
				t.Fatal(err)
			}
		}
		var got float64
		if err := db.QueryRow(c.sql).Scan(&got); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got < c.low || got > c.high {
			t.Errorf("%s: %v, want %v to %v", name, got, c.low, c.high)
		}
	}
}
