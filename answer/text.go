package answer

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/dpproxy/dpproxy/privacy"
)

// lossText prints a loss in the currency of its accountant: "ε = 0.5", "ε = 0.5, δ = 1e-8", "ρ = 0.125, δ = 1e-8".
func lossText(a privacy.Accountant, l privacy.Loss) string {
	text := "ε = " + l.Epsilon.String()
	if a == privacy.ZCDP {
		text = "ρ = " + l.Rho.String()
	}
	if a != privacy.Pure && l.Delta != 0 {
		text += ", δ = " + l.Delta.String()
	}
	return text
}

// moment prints a time for people, in UTC and whole seconds.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") + " UTC" }

// wait prints a duration in whole seconds, rounded up, so that who waits that long is let through.
func wait(d time.Duration) string {
	return (d + time.Second - 1).Truncate(time.Second).String()
}

// figures prints an expected error with three significant digits, as people read it: "0.0123", "6.2", "1240".
func figures(f float64) string {
	if f < 100 || math.IsInf(f, 0) || math.IsNaN(f) {
		return fmt.Sprintf("%.3g", f)
	}
	unit := math.Pow(10, math.Floor(math.Log10(f))-2)
	return fmt.Sprintf("%.0f", math.Round(f/unit)*unit)
}

// list joins names as a sentence has them.
func list(names []string) string { return strings.Join(names, ", ") }

// queriesText is "1 query", "2 queries".
func queriesText(n int) string {
	if n == 1 {
		return "1 query"
	}
	return fmt.Sprintf("%d queries", n)
}
