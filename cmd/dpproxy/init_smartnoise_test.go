package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dpproxy/dpproxy/audit"
	"github.com/dpproxy/dpproxy/config"
)

func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const surveyCSV = "Pid,Age,Sex,Income,Answered,Note\n1,30,f,1000.5,2024-01-02,a\n1,31,f,1200.5,2024-02-02,b\n2,50,m,90000,2024-03-02,c\n3,70,f,0,2024-04-02,d\n"

const surveyYAML = `Archive:
  Survey:
    People:
      max_ids: 4
      sample_max_ids: True
      censor_dims: False
      clamp_counts: true
      rows: 4
      Pid:
        type: int
        private_id: True
      Age: {type: int, lower: 0, upper: 110, nullable: false}
      Sex: {type: string, cardinality: 2}
      Income: {type: float, lower: 0.0, upper: 250_000.0, sensitivity: 1000}
      Answered: {type: datetime, lower: "2020-01-01", upper: "2026-01-01"}
      Gone: {type: string}
    Loose:
      Region: {type: string}
`

const penguinsYAML = `max_ids: 1
row_privacy: true
censor_dims: true
columns:
  species:
    type: string
    cardinality: 2
    categories: [Adelie, "yes"]
  mass: {type: float, precision: 64, lower: 2000.0, upper: 7000.0}
  legs: {type: int, categories: [1, 2]}
rows: 3
use_dpsu: true
clamp_columns: true
`

// What comes out is a configuration that passes the check, and the queries that its users have written run as they are.
func TestFromSmartNoise(t *testing.T) {
	for _, c := range []struct {
		name    string
		files   map[string]string
		args    []string
		says    []string
		queries []string
	}{
		{
			name: "SmartNoise", files: map[string]string{"meta.yaml": surveyYAML, "people.csv": surveyCSV}, args: []string{"--from-smartnoise", "meta.yaml"},
			says: []string{"name: survey", "privacy_unit: people.pid", "max_unit_rows: 4", "age: {source: Age, lower: 0, upper: 110}", "income: {source: Income, lower: 0.0, upper: 250000.0}",
				"# censor_dims: False: no equal", "# clamp_counts: true: write greatest", "# Sex.cardinality: 2: has no equal", "# Gone: left out", "# Loose: left out: it has no private_id", "# Age.nullable: false: has no equal"},
			queries: []string{"SELECT COUNT(*) AS c FROM Survey.People", "SELECT Sex, AVG(Age) AS age, SUM(Income) FROM Survey.People GROUP BY Sex ORDER BY Sex",
				"SELECT COUNT(DISTINCT Pid) FROM Survey.People WHERE Age > 40", "SELECT People.Sex, STDDEV(People.Age) FROM survey.Survey.People GROUP BY People.Sex"},
		},
		{
			name: "a file that SmartNoise has saved, of a table that is called otherwise than its file",
			files: map[string]string{"crashes.yaml": "'':\n  Telemetry:\n    Crashes:\n      max_ids: 3\n      rows_exact: 4\n      Device: {type: int, private_id: true}\n" +
				"      'bill (mm)': {type: float, lower: 0, upper: 65}\n      Refurbished: {type: boolean}\nengine: csv\n",
				"data.csv": "Device,bill (mm),Refurbished\n1,30.5,true\n1,31,false\n2,50,true\n"},
			args: []string{"--from-smartnoise", "crashes.yaml", "--source", "data.csv"},
			says: []string{"name: telemetry", "privacy_unit: crashes.device", "max_unit_rows: 3", "# rows_exact: 4"},
			queries: []string{"SELECT Refurbished, STD(\"bill (mm)\") AS s, VAR(\"bill (mm)\"), COUNT(*) FROM Telemetry.Crashes GROUP BY Refurbished",
				"SELECT COUNT(DISTINCT Device) FROM Telemetry.Crashes"},
		},
		{
			name: "Lomas", files: map[string]string{"penguin_metadata.yaml": penguinsYAML, "data.csv": "species,mass,legs\nAdelie,3000,2\nyes,4000,2\nAdelie,,1\n"},
			args:    []string{"--from-smartnoise", "penguin_metadata.yaml", "--source", "data.csv"},
			says:    []string{"name: penguin", "privacy_unit: row", "df: ", `values: ["Adelie", "yes"]`, "values: [1, 2]", "# use_dpsu: true: no equal", "# species.cardinality: 2", "# mass.precision: 64"},
			queries: []string{"SELECT COUNT(*) AS nb, AVG(mass) AS m FROM df", "SELECT species, COUNT(*) FROM df GROUP BY species", "SELECT legs, AVG(mass) FROM penguin.df GROUP BY legs"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := folder(t, c.files)
			t.Chdir(dir)
			var out, messages bytes.Buffer
			if code := run(context.Background(), append([]string{"init"}, c.args...), &out, &messages); code != 0 {
				t.Fatalf("exit %d: %s", code, &messages)
			}
			for _, want := range c.says {
				if !strings.Contains(out.String(), want) {
					t.Errorf("no %q in\n%s", want, &out)
				}
			}
			if err := os.WriteFile("dpproxy.yaml", out.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			var report bytes.Buffer
			if code := run(context.Background(), []string{"check", "dpproxy.yaml"}, &report, &report); code != 0 {
				t.Fatalf("check: %s\n%s", &report, &out)
			}
			cfg, faults := config.Load("dpproxy.yaml", os.LookupEnv)
			if cfg == nil {
				t.Fatal(faults)
			}
			var queries []audit.Query
			for _, q := range c.queries {
				queries = append(queries, audit.Query{SQL: q})
			}
			reports, err := runAudit(context.Background(), cfg, audit.Options{Queries: queries, Samples: 20, Units: 2})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range reports {
				if r.Verdict != audit.Holds {
					t.Errorf("%s: %s", r.Query, r.Reason)
				}
			}
		})
	}
}

// What is no metadata says so, with its line.
func TestFromSmartNoiseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"- a":                                  "must be a mapping",
		"a: 1":                                 "line 1: a metadata file describes one database",
		"db: {s: {t: 3}}":                      `"t" must be a table`,
		"db: {s: {t: {x: {type: int}}}}":       "no table of schema",
		"db: {s: {t: {max_ids: -2}}}":          "max_ids must be a whole number",
		"db: {s: {t: {row_privacy: perhaps}}}": "neither true nor false",
		"db: {s: {t: {age: 3}}}":               "must be a mapping with its type",
	} {
		dir := folder(t, map[string]string{"m.yaml": text, "t.csv": "x\n1\n"})
		var out, messages bytes.Buffer
		if code := run(context.Background(), []string{"init", "--from-smartnoise", filepath.Join(dir, "m.yaml"), "--source", filepath.Join(dir, "t.csv")}, &out, &messages); code != 1 ||
			!strings.Contains(messages.String(), want) {
			t.Errorf("%q: exit %d, %s", text, code, &messages)
		}
	}
}
