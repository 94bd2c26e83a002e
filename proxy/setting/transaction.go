package setting

import "maps"

// snap holds the maps as they are; whoever changes them next copies them first.
func (s *Store) snap() snapshot {
	s.shared = true
	return snapshot{s.session, s.local}
}

// own is called before each change: no snapshot may see it.
func (s *Store) own() {
	s.version++
	if s.shared {
		s.session, s.local = maps.Clone(s.session), maps.Clone(s.local)
		s.shared = false
	}
}

func (s *Store) restore(from snapshot) {
	s.session, s.local, s.shared = from.session, from.local, true
	s.version++
}

// Begin remembers the values, for Rollback. Inside a transaction it does nothing.
func (s *Store) Begin() {
	if s.began == nil {
		now := s.snap()
		s.began, s.beganAt = &now, s.version
	}
}

// Commit keeps what SET did and drops what SET LOCAL did.
func (s *Store) Commit() {
	s.began, s.marks = nil, nil
	s.endLocal()
}

// Rollback puts the values back to what they were at Begin.
func (s *Store) Rollback() {
	if s.began != nil && s.version != s.beganAt {
		s.restore(*s.began)
	}
	s.began, s.marks = nil, nil
	s.endLocal()
}

// Fail puts the values back to what they were at the last savepoint, or at Begin, as an error in a transaction does at once.
func (s *Store) Fail() {
	switch last := len(s.marks) - 1; {
	case last >= 0:
		s.restore(s.marks[last].snapshot)
	case s.began != nil && s.version != s.beganAt:
		s.restore(*s.began)
	}
}

func (s *Store) endLocal() {
	if s.local != nil {
		s.local = nil
		s.version++
	}
	for _, key := range []string{"transaction_isolation", "transaction_read_only", "transaction_deferrable"} {
		if _, ok := s.session[key]; ok { // the current transaction's modes end with it
			s.own()
			delete(s.session, key)
		}
	}
}

// Savepoint remembers the values under a name; names may repeat, and the last one counts.
func (s *Store) Savepoint(name string) { s.marks = append(s.marks, mark{name, s.snap()}) }

// Release forgets a savepoint and those after it. It says how many are left, and whether there was
// such a one.
func (s *Store) Release(name string) (left int, ok bool) {
	i := s.find(name)
	if i < 0 {
		return len(s.marks), false
	}
	s.marks = s.marks[:i]
	return i, true
}

// RollbackTo puts the values back to a savepoint, which stays. It says how many are left, and whether there was such a one.
func (s *Store) RollbackTo(name string) (left int, ok bool) {
	i := s.find(name)
	if i < 0 {
		return len(s.marks), false
	}
	s.restore(s.marks[i].snapshot)
	s.marks = s.marks[:i+1]
	return i + 1, true
}

func (s *Store) find(name string) int {
	for i := len(s.marks) - 1; i >= 0; i-- {
		if s.marks[i].name == name {
			return i
		}
	}
	return -1
}
