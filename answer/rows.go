package answer

import (
	"github.com/dpproxy/dpproxy/engine"
	"github.com/dpproxy/dpproxy/refusal"
)

// MaxAnswerBytes bounds the rows of an answer that is kept in memory, in bytes of text. Answers over private tables are
// kept whole, so that the source's connection is free before the client reads.
const MaxAnswerBytes = 256 << 20

// cellOverhead is what a cell costs beside its text.
const cellOverhead = 24

// memoryRows are rows in memory.
type memoryRows struct {
	rows [][]Cell
	next int
}

// Next goes to the next row.
func (r *memoryRows) Next() bool {
	if r.next >= len(r.rows) {
		return false
	}
	r.next++
	return true
}

// Values is the row that Next went to.
func (r *memoryRows) Values() []Cell { return r.rows[r.next-1] }

// Err is nil.
func (r *memoryRows) Err() error { return nil }

// Close does nothing.
func (r *memoryRows) Close() {}

// streamRows pass on an engine's rows over public tables, and end the query's use of its data set.
type streamRows struct {
	engine.Rows
	failed func(error) error // the engine's error, as the client may see it
	done   func()
}

// Err is nil, a refusal or an Internal.
func (r *streamRows) Err() error {
	if err := r.Rows.Err(); err != nil {
		return r.failed(err)
	}
	return nil
}

// Close ends the rows and the use of the data set.
func (r *streamRows) Close() {
	r.Rows.Close()
	r.done()
}

// collect reads all rows into memory and closes them.
func collect(rows engine.Rows) (*memoryRows, error) {
	defer rows.Close()
	out, size := &memoryRows{}, 0
	for rows.Next() {
		row := append([]Cell(nil), rows.Values()...)
		for _, c := range row {
			size += len(c.Text) + cellOverhead
		}
		if size > MaxAnswerBytes {
			return nil, refusal.New(refusal.ProgramLimitExceeded, "the answer is larger than %d MiB", MaxAnswerBytes>>20).
				WithHint("Add LIMIT, or join fewer rows to the aggregates. What was measured is kept, and reading it again is free.")
		}
		out.rows = append(out.rows, row)
	}
	return out, rows.Err()
}
