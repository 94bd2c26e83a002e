package approval

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// ScriptFormat is the version of Script's JSON.
const ScriptFormat = "dpproxy-script-1"

// The kinds of scripts.
const (
	Linear = "linear" // the steps in their order, once each in a run; the first error ends the run for good
	Loose  = "loose"  // the steps in any order, many times
)

// Script is what is approved: which statements an analyst may run, on which data, how often, and at which price.
type Script struct {
	Format  string `json:"format"`
	Name    string `json:"name"`
	Purpose string `json:"purpose"`
	// Dataset, Version and Schema name the data: the data set, its version, and the hash of what its owner declared.
	Dataset string `json:"dataset"`
	Version string `json:"version"`
	Schema  string `json:"schema"`
	Kind    string `json:"kind"`
	Analyst Party  `json:"analyst"`
	// NotBefore and Expires are RFC 3339 times in UTC.
	NotBefore string `json:"not_before"`
	Expires   string `json:"expires"`
	Runs      int64  `json:"runs"`
	Steps     []Step `json:"steps"`
	// PerRun and InAll are what a run costs if each step is executed once, and all runs together.
	PerRun Loss `json:"per_run"`
	InAll  Loss `json:"in_all"`
}

// Party is somebody with a key.
type Party struct {
	Name string `json:"name"`
	Key  Key    `json:"key"`
}

// Loss is a price in decimal text; Rho is for accounts that count in it.
type Loss struct {
	Epsilon string `json:"epsilon"`
	Delta   string `json:"delta"`
	Rho     string `json:"rho"`
}

// Step is one statement.
type Step struct {
	SQL string `json:"sql"`
	// Settings are the dp.* settings that it was recorded under and runs under: ε, δ, bounds, mechanism.
	Settings   map[string]string `json:"settings"`
	Parameters []Slot            `json:"parameters"`
	// AllowErrors lets a linear run go on after an error of this step.
	AllowErrors bool `json:"allow_errors"`
	// Plan is the hash of the normalised plan, with each slot's sample; PlanText is the plan for people.
	Plan     string   `json:"plan"`
	PlanText []string `json:"plan_text"`
	// Reads, Groups, Filters and Errors are for reviewers: columns with the lines of SQL that name them first, what rows are
	// grouped by and restricted to, and the expected errors.
	Reads   []string `json:"reads"`
	Groups  []string `json:"groups"`
	Filters []string `json:"filters"`
	Errors  []string `json:"expected_errors"`
	Loss    Loss     `json:"loss"`
}

// Slot is a parameter that may be chosen at each execution, within its type and its range or list. Slots of one label have one
// value throughout a run.
type Slot struct {
	Type   string   `json:"type"` // integer, number, text, date, timestamp, boolean
	Lower  string   `json:"lower,omitempty"`
	Upper  string   `json:"upper,omitempty"`
	Values []string `json:"values,omitempty"`
	Label  string   `json:"label,omitempty"`
	Sample string   `json:"sample"`
}

// ID names a script: the hash of its canonical bytes.
func (s *Script) ID() string {
	sum := sha256.Sum256(message("script", s))
	return hex.EncodeToString(sum[:])
}

// ReadScript decodes a script strictly and checks it.
func ReadScript(data []byte) (*Script, error) {
	s := new(Script)
	if err := decode(data, s); err != nil {
		return nil, fmt.Errorf("the script %w", err)
	}
	return s, s.Check()
}

// Indent is a script as a file: readable, and comparable line by line.
func (s *Script) Indent() []byte {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil // no field can fail
	}
	return append(text, '\n')
}

// maxSteps and maxRuns keep a script reviewable.
const (
	maxSteps = 1000
	maxRuns  = 1_000_000
)

// Check tells what makes a script impossible to approve.
func (s *Script) Check() error {
	switch {
	case s.Format != ScriptFormat:
		return fmt.Errorf("the script has the format %q, not %q", s.Format, ScriptFormat)
	case s.Name == "" || s.Dataset == "" || s.Schema == "":
		return fmt.Errorf("the script lacks a name, a data set or a schema")
	case s.Kind != Linear && s.Kind != Loose:
		return fmt.Errorf("the script is of the kind %q, not linear or loose", s.Kind)
	case s.Analyst.Name == "":
		return fmt.Errorf("the script names no analyst")
	case len(s.Steps) == 0 || len(s.Steps) > maxSteps:
		return fmt.Errorf("the script has %d steps, not 1 to %d", len(s.Steps), maxSteps)
	case s.Runs < 1 || s.Runs > maxRuns:
		return fmt.Errorf("the script allows %d runs, not 1 to %d", s.Runs, maxRuns)
	}
	if _, err := s.Analyst.Key.Public(); err != nil {
		return fmt.Errorf("the analyst's key %w", err)
	}
	from, err1 := time.Parse(time.RFC3339, s.NotBefore)
	until, err2 := time.Parse(time.RFC3339, s.Expires)
	if err1 != nil || err2 != nil || !from.Before(until) {
		return fmt.Errorf("not_before and expires must be times as 2026-01-31T00:00:00Z, one before the other")
	}
	for i := range s.Steps {
		if err := s.Steps[i].check(); err != nil {
			return fmt.Errorf("%s%w", StepNumber(i), err)
		}
	}
	return s.checkTotal()
}

// check is Check of one step; its errors go on where "step 1" ends.
func (s *Step) check() error {
	if s.SQL == "" || s.Plan == "" {
		return fmt.Errorf(" lacks its SQL or its plan")
	}
	for name, v := range s.Settings {
		if !settingName(name) || strings.ContainsFunc(v, unicode.IsControl) {
			return fmt.Errorf(": %q = %q is no setting of dpproxy", name, v)
		}
	}
	for j, slot := range s.Parameters {
		if err := slot.check(); err != nil {
			return fmt.Errorf(", $%d: %w", j+1, err)
		}
		if err := slot.Allows(slot.Sample); err != nil {
			return fmt.Errorf(", $%d: the sample %w", j+1, err)
		}
	}
	return nil
}

// settingName tells dp.name: programs put a step's settings into statements of their own.
func settingName(name string) bool {
	rest, ok := strings.CutPrefix(name, "dp.")
	return ok && rest != "" && strings.Trim(rest, "abcdefghijklmnopqrstuvwxyz_") == "" && rest != "authorization" && rest != "mode"
}

// slotTypes are the types of slots, and PostgreSQL's names for them.
func slotTypes() []string {
	return []string{"integer", "number", "text", "date", "timestamp", "boolean"}
}

func (p Slot) check() error {
	switch {
	case !slices.Contains(slotTypes(), p.Type):
		return fmt.Errorf("the type %q is none of %v", p.Type, slotTypes())
	case (p.Lower != "" || p.Upper != "") && (p.Type == "text" || p.Type == "boolean"):
		return fmt.Errorf("a range of %s is not supported; list the values", p.Type)
	case p.Type == "text" && p.Values == nil:
		return fmt.Errorf("a text must have a list of values: free text is an open door")
	}
	for _, bound := range []string{p.Lower, p.Upper} {
		if _, err := p.value(bound); bound != "" && err != nil {
			return err
		}
	}
	return nil
}

// Allows tells why a value may not stand in the slot; nil if it may.
func (p Slot) Allows(text string) error {
	v, err := p.value(text)
	if err != nil {
		return err
	}
	if p.Values != nil {
		for _, allowed := range p.Values {
			if w, err := p.value(allowed); err == nil && w.compare(v) == 0 {
				return nil
			}
		}
		return fmt.Errorf("is not in the list of values")
	}
	if w, err := p.value(p.Lower); p.Lower != "" && (err != nil || v.compare(w) < 0) {
		return fmt.Errorf("is below %s", p.Lower)
	}
	if w, err := p.value(p.Upper); p.Upper != "" && (err != nil || v.compare(w) > 0) {
		return fmt.Errorf("is above %s", p.Upper)
	}
	return nil
}

// StepNumber prints a step's place for people.
func StepNumber(i int) string { return "step " + strconv.Itoa(i+1) }
