package setting

import "maps"

func (s *Store) snap() snapshot { return snapshot{maps.Clone(s.session), maps.Clone(s.local)} }

func (s *Store) restore(from snapshot) {
	s.session, s.local = maps.Clone(from.session), maps.Clone(from.local)
	if s.session == nil {
		s.session = map[string]string{}
	}
	s.version++
}

// Begin remembers the values, for Rollback. Inside a transaction it does nothing.
func (s *Store) Begin() {
	if s.began == nil {
		now := s.snap()
		s.began = &now
	}
}

// Commit keeps what SET did and drops what SET LOCAL did.
func (s *Store) Commit() {
	s.began, s.marks = nil, nil
	s.endLocal()
}

// Rollback puts the values back to what they were at Begin.
func (s *Store) Rollback() {
	if s.began != nil {
		s.restore(*s.began)
	}
	s.began, s.marks = nil, nil
	s.endLocal()
}

func (s *Store) endLocal() {
	if s.local != nil {
		s.local = nil
		s.version++
	}
	for key := range s.session {
		switch key { // the current transaction's modes end with it
		case "transaction_isolation", "transaction_read_only", "transaction_deferrable":
			delete(s.session, key)
			s.version++
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
