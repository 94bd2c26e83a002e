package main

import (
	"crypto/rand"
	"fmt"

	"github.com/dpproxy/dpproxy/proxy/scram"
)

// The demonstration's analyst; the configuration holds only the verifier of the password.
const (
	demoUser     = "analyst"
	demoPassword = "analyst"
	demoDataset  = "demo"
)

// demoConfig is the demonstration's configuration: a file to read and to change.
func demoConfig(address string) (string, error) {
	salt := make([]byte, scram.SaltLen)
	if _, err := rand.Read(salt); err != nil {
		return "", err
	}
	v, err := scram.NewVerifier(demoPassword, salt, scram.DefaultIterations)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf(`# Written by "dpproxy demo". Invented patients of a hospital; change what you like, and look at it with
#   dpproxy check dpproxy.yaml
listen: %q
ledger: sqlite:./state/ledger.db        # what was spent, asked and answered

datasets:
  - name: demo
    title: Patients of an invented hospital
    source:
      files:                            # loaded into the embedded DuckDB
        patients: data/patients.parquet
        visits: data/visits.parquet
        departments: data/departments.parquet
    privacy_unit: patients.patient_id   # everything about one patient is protected together
    version: "1"
    query: {epsilon: 0.5, max_epsilon: 2, delta: 1e-8, max_groups: 5, max_rows: 10}
    allowed_functions: all              # or a list, as [count, sum, avg]; see SELECT * FROM dp.functions
    max_functions: 6
    reuse: forever                      # an answer that was given is given again, for free
    budget: {epsilon: 100, delta: 1e-6, accountant: zcdp}
    tables:
      patients:
        columns:
          patient_id: {key: true}
          sex: {values: [f, m]}
          age: {lower: 0, upper: 99}
          region: {values: [centre, east, north, south, west]}
          income: {lower: 0, upper: 150000}
      visits:
        unit: patient_id -> patients.patient_id
        columns:
          visit_id: {}
          patient_id: {}
          department_id: {values: [1, 2, 3, 4, 5, 6, 7, 8]}
          visited_on: {lower: 2022-01-01, upper: 2025-12-31}
          cost: {lower: 0, upper: 5000}
          stay_days: {lower: 0, upper: 30}
      departments: {public: true}

users:
  - name: analyst
    password: %s                        # of the password "analyst"
    datasets:
      demo:
        budget: {epsilon: 20, delta: 1e-7, refresh: 1d}
        rate_limits: [60/minute]
`, address, v), nil
}
