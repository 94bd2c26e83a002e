package utility

import (
	"flag"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
)

// aggregate is a line of the table.
type aggregate struct {
	kind, of, sql string
	rank          float64
}

func aggregates() []aggregate {
	quantile := func(of, rank string) aggregate {
		q, _ := strconv.ParseFloat(rank, 64)
		return aggregate{"quantile", of, "SELECT percentile_cont(" + rank + ") WITHIN GROUP (ORDER BY " + of + ") FROM people", q}
	}
	return []aggregate{
		{"count", "age", "SELECT count(*) FROM people", 0},
		{"sum", "age", "SELECT sum(age) FROM people", 0},
		{"mean", "age", "SELECT avg(age) FROM people", 0},
		{"variance", "age", "SELECT var_pop(age) FROM people", 0},
		{"sum", "income", "SELECT sum(income) FROM people", 0},
		{"mean", "income", "SELECT avg(income) FROM people", 0},
		{"variance", "income", "SELECT var_pop(income) FROM people", 0},
		quantile("age", "0.1"), quantile("age", "0.25"), quantile("age", "0.5"), quantile("age", "0.75"), quantile("age", "0.9"),
		quantile("income", "0.25"), quantile("income", "0.5"), quantile("income", "0.9"),
	}
}

func (c aggregate) name() string {
	if c.kind == "quantile" {
		return fmt.Sprintf("%s %g of %s", c.kind, c.rank, c.of)
	}
	return c.kind + " of " + c.of
}

// TestYardsticks holds the mean absolute errors at ε = 1 over 1,000 people within what is known to be possible. Its noise is seeded, so that it
// passes or fails for ever; over seeds it would fail less than once in 10⁹: limits are 7 standard errors away from the error
// that the formulas give. A scale that is twice as wide is caught by the upper limit, half as wide by the lower one.
func TestYardsticks(t *testing.T) {
	rows := population()
	s := open(t, rows, 1)
	for _, c := range []struct {
		of          aggregate
		lower, most float64
		n           int
	}{
		{aggregate{"count", "age", "SELECT count(*) FROM people", 0}, 0.66, 1.04, 1500}, // 2e⁻¹/(1 − e⁻²) = 0.851
		{aggregate{"mean", "age", "SELECT avg(age) FROM people", 0}, 0.058, 0.092, 1500},
		{aggregate{"variance", "age", "SELECT var_pop(age) FROM people", 0}, 2.7, 5.5, 1500},
		{aggregate{"quantile", "age", "SELECT median(age) FROM people", 0.5}, 0, 0.01, 1500},
	} {
		want, sum := c.of.truth(rows), 0.0
		for range c.n {
			sum += math.Abs(ask(t, s, c.of.sql, "1") - want)
		}
		mean := sum / float64(c.n)
		t.Logf("%-20s %.4f", c.of.name(), mean)
		if mean > c.most || mean < c.lower {
			t.Errorf("%s: the mean absolute error is %.4f, and lies between %g and %g", c.of.name(), mean, c.lower, c.most)
		}
	}
}

// answers is how many are drawn for each line of the table.
var answers = flag.Int("answers", 20, "answers for each aggregate and ε")

// BenchmarkUtility prints the table of docs/utility.md.
func BenchmarkUtility(b *testing.B) {
	rows := population()
	s := open(b, rows, 2)
	var table strings.Builder
	fmt.Fprintf(&table, "\n| aggregate | truth | ε | dpproxy | Google's library | ratio |\n| --- | ---: | ---: | ---: | ---: | ---: |\n")
	for _, c := range aggregates() {
		want, column := c.truth(rows), c.column(rows)
		for _, epsilon := range []string{"0.1", "1", "10"} {
			e, _ := strconv.ParseFloat(epsilon, 64)
			ours, theirs := 0.0, 0.0
			for range *answers {
				ours += math.Abs(ask(b, s, c.sql, epsilon) - want)
				theirs += math.Abs(c.google(b, column, e) - want)
			}
			fmt.Fprintf(&table, "| %s | %s | %s | %s | %s | %.2f |\n", c.name(), figures(want), epsilon, figures(ours/float64(*answers)), figures(theirs/float64(*answers)), ours/theirs)
		}
	}
	for b.Loop() {
		ask(b, s, "SELECT count(*) FROM people", "1")
	}
	fmt.Println(table.String())
}

// figures keeps three digits.
func figures(x float64) string {
	if x == 0 {
		return "0"
	}
	digits := max(0, 2-int(math.Floor(math.Log10(math.Abs(x)))))
	return strconv.FormatFloat(x, 'f', digits, 64)
}
