package catalog

import "fmt"

// Position is a place in a configuration file. Lines and columns count from 1; 0 means unknown.
type Position struct {
	File         string
	Line, Column int
}

// Fault is one mistake in what the data owner wrote, for his eyes alone: it may hold names and texts of the
// configuration and of the source's schema, never secrets and never rows.
type Fault struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Path    string `json:"path"` // of the key, e.g. datasets[0].tables.persons.columns.age.upper
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`    // what to write instead
	Warning bool   `json:"warning,omitempty"` // dpproxy can serve with it
}

// String is "file:line:column: message (hint)".
func (f Fault) String() string {
	text := f.Message
	if f.Path != "" {
		text = f.Path + ": " + text
	}
	if f.Warning {
		text = "warning: " + text
	}
	if f.Hint != "" {
		text += " (" + f.Hint + ")"
	}
	return fmt.Sprintf("%s:%d:%d: %s", f.File, f.Line, f.Column, text)
}

// Fault makes a fault at this place.
func (p Position) Fault(path, format string, args ...any) Fault {
	return Fault{File: p.File, Line: p.Line, Column: p.Column, Path: path, Message: fmt.Sprintf(format, args...)}
}

// WithHint adds what to write instead.
func (f Fault) WithHint(format string, args ...any) Fault {
	f.Hint = fmt.Sprintf(format, args...)
	return f
}

// AsWarning marks a fault with which dpproxy can serve.
func (f Fault) AsWarning() Fault {
	f.Warning = true
	return f
}

// Blocking tells whether one of the faults is more than a warning.
func Blocking(faults []Fault) bool {
	for _, f := range faults {
		if !f.Warning {
			return true
		}
	}
	return false
}
