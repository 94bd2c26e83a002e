package sqltest

import (
	"regexp"
	"testing"
)

// enumerate makes enumerated types of two columns of the fixture that hold words of a list.
const enumerate = `
CREATE TYPE sexes AS ENUM ('m', 'f');
CREATE TYPE drugs AS ENUM ('morphine', 'aspirin', 'ibuprofen');
DROP VIEW adults;
ALTER TABLE patients ALTER COLUMN sex TYPE sexes USING CAST(sex AS sexes);
ALTER TABLE items ALTER COLUMN drug TYPE drugs USING CAST(drug AS drugs);
CREATE VIEW adults AS SELECT patient_id, age, income, sex FROM patients WHERE age >= 18;`

// TestEnumeratedColumns asks every accepted query that names such a column: labels are read as text is, so that answers
// are those of the same rows with columns of text.
func TestEnumeratedColumns(t *testing.T) {
	named := regexp.MustCompile(`\b(sex|drug)\b`)
	truth := newSources(t, cleanRows())[0].db
	for _, s := range newSources(t, cleanRows()) {
		s.exec(t, enumerate)
		t.Run(s.name, func(t *testing.T) {
			_, loaded := load(t, s)
			service, asked := newService(t, loaded), 0
			for _, c := range readCases(t, "queries/*.sql") {
				if !named.MatchString(c.sql) {
					continue
				}
				asked++
				t.Run(c.file+"/"+c.name, func(t *testing.T) { compareAnswer(t, service, truth, c) })
			}
			if asked < 50 {
				t.Errorf("%d queries name one of the columns", asked)
			}
		})
	}
}
