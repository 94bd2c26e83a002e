package ledgersql

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/dpproxy/dpproxy/budget"
)

// A pack's entries are a version byte, then for each entry its SQL, plan, application, client and outcome, its time (nanoseconds after
// the former's; the first's after 1970 UTC), its duration in nanoseconds, its number of rows, and 1 if its answer is kept.
// Numbers are varints. A text is how many bytes it begins and ends with as the former entry's text of its kind does, and the
// bytes between them with their number before them: texts and plans of one statement differ in a few constants.
// A pack's answers are those that are kept, each with its length before it.
const packVersion = 1

// maxUnpacked bounds the texts of a pack that is read, in bytes: far more than packLength lets into one, so that a damaged pack
// does not take the memory.
const maxUnpacked = 64 * maxPackBytes

var errPack = errors.New("ledger: a pack of entries is damaged")

// encodePack writes entries and answers. kept is the number of answers.
func encodePack(list []*budget.Answer) (entries, answers []byte, kept int64) {
	size := 0
	for _, a := range list {
		size += len(a.Body) + binary.MaxVarintLen32
	}
	entries, answers = append(make([]byte, 0, 64*len(list)), packVersion), make([]byte, 0, size)
	var former [5]string
	last := int64(0)
	for _, a := range list {
		e := &a.Entry
		for i, text := range [...]string{e.SQL, e.Plan, e.Application, e.Client, e.Outcome} {
			text = clean(text)
			entries = appendChange(entries, former[i], text)
			former[i] = text
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
	total := 0
	var former [5]string
	last := int64(0)
	for len(r.rest) > 0 && !r.bad {
		var a budget.Answer
		for i := range former {
			former[i] = r.change(former[i])
		}
		e := &a.Entry
		e.SQL, e.Plan, e.Application, e.Client, e.Outcome = former[0], former[1], former[2], former[3], former[4]
		if total += textBytes(e); total > maxUnpacked {
			return nil, errPack
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

func textBytes(e *budget.Entry) int {
	return len(e.SQL) + len(e.Plan) + len(e.Application) + len(e.Client)
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

// appendChange writes a text as what it changes in the former one.
func appendChange(b []byte, former, text string) []byte {
	most := min(len(former), len(text))
	head := 0
	for head < most && former[head] == text[head] {
		head++
	}
	tail := 0
	for tail < most-head && former[len(former)-1-tail] == text[len(text)-1-tail] {
		tail++
	}
	b = binary.AppendUvarint(binary.AppendUvarint(b, uint64(head)), uint64(tail))
	between := text[head : len(text)-tail]
	return append(binary.AppendUvarint(b, uint64(len(between))), between...)
}

// change reads what appendChange wrote.
func (r *packReader) change(former string) string {
	head, tail := r.uvarint(), r.uvarint()
	between := r.bytes()
	if most := uint64(len(former)); r.bad || head > most || tail > most-head {
		r.bad = true
		return ""
	}
	if head == uint64(len(former)) && len(between) == 0 {
		return former
	}
	return former[:head] + string(between) + former[uint64(len(former))-tail:]
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
	r.skip(n)
	return v
}

func (r *packReader) varint() int64 {
	v, n := binary.Varint(r.rest)
	r.skip(n)
	return v
}

// skip goes on after a number of n bytes; there was none if n is not above 0, and its value is 0.
func (r *packReader) skip(n int) {
	if n <= 0 {
		r.bad, r.rest = true, nil
		return
	}
	r.rest = r.rest[n:]
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
