package ledgersql

import (
	"bytes"
	"testing"
	"time"

	"github.com/dpproxy/dpproxy/budget"
)

// FuzzPack: whatever a pack holds, reading it fails or gives entries that are written as they were read.
func FuzzPack(f *testing.F) {
	list := []*budget.Answer{
		{Entry: budget.Entry{SQL: "SELECT 1", Plan: "p", Outcome: "reused", Time: time.Unix(1, 5), Duration: 3}, Rows: 1, Body: []byte("x")},
		{Entry: budget.Entry{SQL: "SELECT 1", Plan: "q", Time: time.Unix(0, 7), Client: "::1"}, Rows: 0},
		{Entry: budget.Entry{SQL: "SELECT 2", Plan: "p", Time: time.Unix(9, 7)}, Rows: 2, Body: []byte{}},
	}
	entries, answers, _ := encodePack(list)
	f.Add(entries, answers)
	f.Add([]byte{packVersion}, []byte{})
	f.Add([]byte{packVersion, 0, 0, 1, 'a', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 0}, []byte{1})
	f.Fuzz(func(t *testing.T, entries, answers []byte) {
		read, err := decodePack(entries)
		if err != nil || decodePackAnswers(read, answers) != nil {
			return
		}
		again := make([]*budget.Answer, len(read))
		for i := range read {
			again[i] = &read[i]
		}
		wrote, with, _ := encodePack(again)
		second, err := decodePack(wrote)
		if err == nil {
			err = decodePackAnswers(second, with)
		}
		if err != nil || len(second) != len(read) {
			t.Fatalf("%d entries are read again as %d: %v", len(read), len(second), err)
		}
		for i := range read {
			x, y := read[i], second[i]
			if clean(x.Entry.SQL) != y.Entry.SQL || clean(x.Entry.Outcome) != y.Entry.Outcome || !x.Entry.Time.Equal(y.Entry.Time) || x.Rows != y.Rows || x.Entry.Archived != y.Entry.Archived || !bytes.Equal(x.Body, y.Body) {
				t.Fatalf("entry %d: %+v is read again as %+v", i, x, y)
			}
		}
	})
}
