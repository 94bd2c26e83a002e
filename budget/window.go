package budget

import (
	"math"
	"time"
)

// Window is the time in which an account's spending adds up, in nanoseconds since 1970-01-01 UTC: [Start, End).
// A ledger stores one for each account, and it only ever moves forward.
type Window struct{ Start, End int64 }

// Forever is the End of a window that never ends.
const Forever = math.MaxInt64

// firstWindow is the window of an account that has spent nothing yet.
func firstWindow(now int64, refresh time.Duration) Window {
	if refresh <= 0 {
		return Window{0, Forever}
	}
	r := int64(refresh)
	start := now - now%r
	if now%r < 0 { // before 1970
		start -= r
	}
	if start > Forever-r {
		return Window{start, Forever}
	}
	return Window{start, start + r}
}

// at tells which window is open at the time now under a refresh, and whether it is another one than w.
//
// The stored window ends at the first boundary of the present refresh at or after its stored end. So a refresh that
// became longer keeps what was spent until the end of the longer window, one that became shorter keeps it until the
// end of the window in which it was spent, and "never" keeps it for ever, on both sides of the change. A clock that
// steps back stays in w; one that steps forward opens the window of its time, and stepping back again stays there.
func (w Window) at(now int64, refresh time.Duration) (next Window, moved bool) {
	if refresh <= 0 || w.End == Forever {
		return Window{w.Start, Forever}, false
	}
	end := alignUp(w.End, int64(refresh))
	if now < end {
		return Window{w.Start, end}, false
	}
	return firstWindow(now, refresh), true
}

// alignUp is the smallest multiple of step (> 0) that is at least t; Forever if there is none.
func alignUp(t, step int64) int64 {
	rest := t % step
	if rest == 0 {
		return t
	}
	if rest < 0 {
		return t - rest
	}
	if t > Forever-(step-rest) {
		return Forever
	}
	return t + (step - rest)
}

// ends is a window's end as a time; zero if it never ends.
func (w Window) ends() time.Time {
	if w.End == Forever {
		return time.Time{}
	}
	return time.Unix(0, w.End).UTC()
}
