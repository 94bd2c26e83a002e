package introspect

import "strconv"

// ref is an object as pg_depend names it: its catalog, its number, and the column of a relation or 0.
type ref struct {
	class, object uint32
	column        int
}

// depend notes that one object depends on another: n (normal), a (goes with it), i (is part of it).
func (s *snapshot) depend(on, of ref, kind string) {
	s.add("pg_depend", fields{"classid": id32(on.class), "objid": id32(on.object), "objsubid": strconv.Itoa(on.column),
		"refclassid": id32(of.class), "refobjid": id32(of.object), "refobjsubid": strconv.Itoa(of.column), "deptype": kind})
}
