package postgres

import (
	"fmt"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/engine"
	"github.com/dpproxy/dpproxy/mechanism"
)

// bindInputs makes the WITH clause that gives the inputs their names, and its parameters: one text array a column, so
// that the SQL's text does not depend on the values or on how many there are.
//
//	WITH "released_1"("sex", "n") AS (SELECT … FROM unnest($1, $2) AS t(c1, c2))
//
// unnest keeps the rows' order. Without inputs the clause is empty.
func bindInputs(inputs []engine.Input) (with string, params [][]byte, oids []uint32, err error) {
	var sql strings.Builder
	for i, input := range inputs {
		sql.WriteString(map[bool]string{true: "WITH ", false: ", "}[i == 0])
		if len(input.Columns) == 0 {
			return "", nil, nil, fmt.Errorf("postgres: input %s has no columns", input.Name)
		}
		var names, casts, arrays, aliases []string
		for j, column := range input.Columns {
			array, err := textArray(input.Rows, j, len(input.Columns))
			if err != nil {
				return "", nil, nil, fmt.Errorf("postgres: input %s: %w", input.Name, err)
			}
			params, oids = append(params, array), append(oids, oidTextArray)
			alias := fmt.Sprintf("c%d", j+1)
			names = append(names, identifier(column.Name))
			casts = append(casts, fmt.Sprintf("CAST(%s AS %s)", alias, typeName(column.Type)))
			arrays = append(arrays, fmt.Sprintf("$%d", len(params)))
			aliases = append(aliases, alias)
		}
		fmt.Fprintf(&sql, "%s(%s) AS (SELECT %s FROM unnest(%s) AS t(%s))", identifier(input.Name),
			strings.Join(names, ", "), strings.Join(casts, ", "), strings.Join(arrays, ", "), strings.Join(aliases, ", "))
	}
	if len(inputs) > 0 {
		sql.WriteByte(' ')
	}
	return sql.String(), params, oids, nil
}

// typeName is the type to cast to. Modifiers are left out: noisy values may have more digits than a column has, and a
// value that has them keeps its scale by itself.
func typeName(t catalog.Type) string {
	t.Precision, t.Scale, t.HasScale, t.Length = 0, 0, false, 0
	return t.String()
}

// textArray prints column j of the rows as the literal of a text array.
func textArray(rows [][]mechanism.Cell, j, width int) ([]byte, error) {
	array := []byte{'{'}
	for i, row := range rows {
		if len(row) != width {
			return nil, fmt.Errorf("row %d has %d cells, want %d", i, len(row), width)
		}
		if i > 0 {
			array = append(array, ',')
		}
		if row[j].Null {
			array = append(array, "NULL"...)
			continue
		}
		array = append(array, '"')
		for k := range len(row[j].Text) {
			if c := row[j].Text[k]; c == '"' || c == '\\' {
				array = append(array, '\\')
			}
			array = append(array, row[j].Text[k])
		}
		array = append(array, '"')
	}
	return append(array, '}'), nil
}
