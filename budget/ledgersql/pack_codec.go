package ledgersql

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/dpproxy/dpproxy/budget"
)

// A pack's entries are a version byte, then for each entry its SQL, plan, application and client, its time (nanoseconds after
// the former's; the first's after 1970 UTC), its duration in nanoseconds, its number of rows, and 1 if its answer is kept.
// Numbers are varints. A text that was there before is its number, from 1 on; a new one is 0, its length and its bytes.
// A pack's answers are those that are kept, each with its length before it.
const packVersion = 1

var errPack = errors.New("ledger: a pack of entries is damaged")

// encodePack writes entries and answers. kept is the number of answers.
func encodePack(list []*budget.Answer) (entries, answers []byte, kept int64) {
	size := 0
	for _, a := range list {
		size += len(a.Body) + binary.MaxVarintLen32
	}
	entries, answers = append(make([]byte, 0, 128*len(list)), packVersion), make([]byte, 0, size)
	seen := make(map[string]uint64, len(list)+8)
	last := int64(0)
	for _, a := range list {
		e := &a.Entry
		for _, s := range [...]string{e.SQL, e.Plan, e.Application, e.Client} {
			s = clean(s)
			n, ok := seen[s]
			entries = binary.AppendUvarint(entries, n)
			if !ok {
				seen[s] = uint64(len(seen) + 1)
				entries = append(binary.AppendUvarint(entries, uint64(len(s))), s...)
			}
		}
		at := e.Time.UnixNano()
		entries = binary.AppendVarint(entries, at-last)
		last = at
		entries = binary.AppendVarint(entries, int64(e.Duration))
		entries = binary.AppendVarint(entries, a.Rows)
		if a.Body == nil {
			entries = append(entries, 0)
			continue
		}
		entries = append(entries, 1)
		answers = append(binary.AppendUvarint(answers, uint64(len(a.Body))), a.Body...)
		kept++
	}
	return entries, answers, kept
}

// decodePack reads a pack's entries, oldest first: without numbers, and without what they have in common.
func decodePack(b []byte) ([]budget.Answer, error) {
	r := packReader{rest: b}
	if r.byte() != packVersion {
		return nil, errPack
	}
	var list []budget.Answer
	var seen []string
	last := int64(0)
	for len(r.rest) > 0 && !r.bad {
		var a budget.Answer
		for _, to := range [...]*string{&a.Entry.SQL, &a.Entry.Plan, &a.Entry.Application, &a.Entry.Client} {
			switch n := r.uvarint(); {
			case n == 0:
				*to = string(r.bytes())
				seen = append(seen, *to)
			case n <= uint64(len(seen)):
				*to = seen[n-1]
			default:
				r.bad = true
			}
		}
		last += r.varint()
		a.Entry.Time, a.Entry.Duration = time.Unix(0, last).UTC(), time.Duration(r.varint())
		a.Rows = r.varint()
		a.Entry.Rows, a.Entry.Archived = a.Rows, r.byte() == 1
		list = append(list, a)
	}
	if r.bad {
		return nil, errPack
	}
	return list, nil
}

// decodePackAnswers gives the entries their answers.
func decodePackAnswers(list []budget.Answer, b []byte) error {
	r := packReader{rest: b}
	for i := range list {
		if list[i].Entry.Archived {
			list[i].Body = r.bytes()
		}
	}
	if r.bad || len(r.rest) > 0 {
		return errPack
	}
	return nil
}

// packReader reads from the front; bad once there was less than was to be read.
type packReader struct {
	rest []byte
	bad  bool
}

func (r *packReader) byte() byte {
	if len(r.rest) == 0 {
		r.bad = true
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

func (r *packReader) uvarint() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.bad, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *packReader) varint() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		r.bad, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// bytes reads a length and as many bytes. They are not nil, and not copied.
func (r *packReader) bytes() []byte {
	n := r.uvarint()
	if r.bad || n > uint64(len(r.rest)) {
		r.bad, r.rest = true, nil
		return []byte{}
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}
