package main

import (
	"encoding/json"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// output is where a command prints, and as what: a table for people, or JSON.
type output struct {
	w    io.Writer
	json bool
}

// outputFlag adds --output to a command.
func outputFlag(cmd *cobra.Command) *string {
	return cmd.Flags().StringP("output", "o", "table", "table or json")
}

func newOutput(cmd *cobra.Command, format string) (output, error) {
	switch format {
	case "table", "json":
		return output{w: cmd.OutOrStdout(), json: format == "json"}, nil
	}
	return output{}, usagef("--output is table or json, not %q", format)
}

// column is one column of a table: its title, and its name in JSON.
type column struct {
	title, name string
	right       bool // numbers
}

// print writes rows; a nil cell is null in JSON and empty in a table.
func (o output) print(columns []column, rows [][]any) error {
	if o.json {
		return o.printJSON(columns, rows)
	}
	cells := make([][]string, len(rows))
	for i, row := range rows {
		for _, v := range row {
			cells[i] = append(cells[i], cellText(v))
		}
	}
	_, err := io.WriteString(o.w, table(columns, cells))
	return err
}

func (o output) printJSON(columns []column, rows [][]any) error {
	objects := make([]map[string]any, len(rows))
	for i, row := range rows {
		objects[i] = make(map[string]any, len(columns))
		for j, c := range columns {
			objects[i][c.name] = row[j]
		}
	}
	e := json.NewEncoder(o.w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(objects)
}

func cellText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return printable(v)
	}
	text, err := json.Marshal(v)
	if err != nil {
		return "?"
	}
	return string(text)
}

// printable keeps what others wrote (SQL, names of applications) on one line, without control characters that a
// terminal would obey.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case r < 0x20 || r >= 0x7f && r < 0xa0 || r == utf8.RuneError, unicode.Is(unicode.Bidi_Control, r):
			return '?'
		}
		return r
	}, s)
}

// table aligns cells under their titles, as psql does.
func table(columns []column, rows [][]string) string {
	widths := make([]int, len(columns))
	for i, c := range columns {
		widths[i] = utf8.RuneCountInString(c.title)
		for _, row := range rows {
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
	}
	var b strings.Builder
	line := func(cells func(int) string) {
		for i, c := range columns {
			if i > 0 {
				b.WriteString(" | ")
			}
			text, pad := cells(i), strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cells(i)))
			switch {
			case c.right:
				b.WriteString(pad + text)
			case i < len(columns)-1:
				b.WriteString(text + pad)
			default:
				b.WriteString(text)
			}
		}
		b.WriteByte('\n')
	}
	line(func(i int) string { return columns[i].title })
	for i := range columns {
		if i > 0 {
			b.WriteString("-+-")
		}
		b.WriteString(strings.Repeat("-", widths[i]))
	}
	b.WriteByte('\n')
	for _, row := range rows {
		line(func(i int) string { return row[i] })
	}
	return b.String()
}
