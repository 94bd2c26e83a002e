package catalog

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// FromSchema writes the part of a configuration that follows from a source's schema, `privacy_unit` and `tables`, with
// each line indented by indent. It reads no values. What only the owner knows (bounds, which tables are public) is
// left empty with a TODO, so that `dpproxy check` reports each place. unit is the column that he named, or the zero
// Reference for a guess from keys and names.
func FromSchema(source []SourceTable, unit Reference, indent string) (string, error) {
	s := sketch{source: source, unit: unit}
	guessed := unit == Reference{}
	if guessed {
		s.unit = s.guessUnit()
	} else if t := s.table(unit.Table); t == nil {
		return "", fmt.Errorf("the source has no table %q", unit.Table)
	} else if !slices.ContainsFunc(t.Columns, func(c SourceColumn) bool { return c.Name == unit.Column }) {
		return "", fmt.Errorf("table %q has no column %q", unit.Table, unit.Column)
	}
	s.findPaths()
	switch {
	case s.unit == Reference{}:
		s.line("privacy_unit:   # TODO: table.column that identifies a person, or: row")
	case guessed:
		s.line("privacy_unit: %s.%s   # guessed from keys and names: whom does a row belong to?", QuoteYAML(s.unit.Table), QuoteYAML(s.unit.Column))
	default:
		s.line("privacy_unit: %s.%s", QuoteYAML(s.unit.Table), QuoteYAML(s.unit.Column))
	}
	s.line("tables:")
	for i := range source {
		s.writeTable(&source[i])
	}
	return indent + strings.ReplaceAll(strings.TrimSuffix(s.out.String(), "\n"), "\n", "\n"+indent) + "\n", nil
}

type sketch struct {
	source []SourceTable
	unit   Reference
	paths  map[string]SourceForeignKey // of tables from which foreign keys lead to the unit: their first step
	out    strings.Builder
}

func (s *sketch) line(format string, args ...any) { fmt.Fprintf(&s.out, format+"\n", args...) }

func (s *sketch) table(name string) *SourceTable {
	for i := range s.source {
		if s.source[i].Name == name {
			return &s.source[i]
		}
	}
	return nil
}

// guessUnit takes the table with a key of one column that the most tables lead to; among equals, one whose name is
// that of a kind of people.
func (s *sketch) guessUnit() Reference {
	var best Reference
	bestScore := 0
	for _, t := range s.source {
		if len(t.PrimaryKey) != 1 {
			continue
		}
		s.unit = Reference{t.Name, t.PrimaryKey[0]}
		s.findPaths()
		score := 2 * len(s.paths)
		if namesPeople(t.Name) {
			score += 3
		}
		if score > bestScore {
			best, bestScore = s.unit, score
		}
	}
	return best
}

func namesPeople(table string) bool {
	return regexp.MustCompile(`(?i)person|people|patient|customer|client|user|member|household|employee|student|subscriber|account|citizen|resident|worker|device|driver`).MatchString(table)
}

// findPaths walks foreign keys backwards from the unit's table, shortest paths first.
func (s *sketch) findPaths() {
	s.paths = map[string]SourceForeignKey{}
	for reached := []string{s.unit.Table}; len(reached) > 0; reached = reached[1:] {
		for _, t := range s.source {
			if _, done := s.paths[t.Name]; done || t.Name == s.unit.Table {
				continue
			}
			for _, f := range t.ForeignKeys {
				if len(f.Columns) == 1 && f.RefTable == reached[0] {
					s.paths[t.Name] = f
					reached = append(reached, t.Name)
					break
				}
			}
		}
	}
}

func (s *sketch) writeTable(t *SourceTable) {
	path, hasPath := s.paths[t.Name]
	todo := ""
	isPrivate := hasPath || t.Name == s.unit.Table
	if !isPrivate && s.unit != (Reference{}) {
		todo = "   # TODO: `public: true` if no row is about anybody, or `unit: column -> table.column`, or remove it"
	}
	s.line("  %s:%s", QuoteYAML(t.Name), todo)
	if t.Schema != "" && t.Schema != "public" && t.Schema != "main" {
		s.line("    source: %s", QuoteYAML(t.Schema+"."+t.Name))
	}
	if hasPath {
		s.line("    unit: %s -> %s.%s", path.Columns[0], path.RefTable, path.RefColumns[0])
	}
	s.line("    columns:")
	for _, c := range t.Columns {
		s.writeColumn(t, c)
	}
}

func (s *sketch) writeColumn(t *SourceTable, c SourceColumn) {
	name := QuoteYAML(c.Name)
	isKey := slices.Contains(t.PrimaryKey, c.Name) || (Reference{t.Name, c.Name}) == s.unit
	for _, f := range t.ForeignKeys {
		isKey = isKey || slices.Contains(f.Columns, c.Name)
	}
	switch {
	case c.Type.Kind == Unsupported || c.Type.Array:
		s.line("      # %s has type %s, which a private table cannot have", name, strings.ReplaceAll(c.TypeName, "\n", " "))
	case isKey:
		s.line("      %s: {}   # %s, key", name, c.Type)
	case len(c.EnumValues) > 0:
		s.line("      %s: {}   # groups: %s", name, strings.ReplaceAll(strings.Join(c.EnumValues, ", "), "\n", " "))
	case c.Type.HasBounds():
		s.line("      %s: {lower: , upper: }   # TODO: %s; or {values: […]} if it is a code, or {}", name, c.Type)
	case c.Type.Kind == Bool:
		s.line("      %s: {}   # %s", name, c.Type)
	case c.Type.IsText():
		s.line("      %s: {}   # %s; {values: […]} if the list of values is no secret", name, c.Type)
	default:
		s.line("      %s: {}   # %s", name, c.Type)
	}
}

// QuoteYAML quotes a name where YAML could take it for something else.
func QuoteYAML(name string) string {
	plain := regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.]*$`).MatchString(name)
	switch strings.ToLower(name) {
	case "true", "false", "null", "yes", "no", "on", "off", "y", "n":
		plain = false
	}
	if plain {
		return name
	}
	text, err := json.Marshal(name) // a string of JSON is one of YAML
	if err != nil {
		return "''"
	}
	return string(text)
}
