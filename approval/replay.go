package approval

// Replay makes the state of a data set's approvals out of its acts, in their order. Acts that are not valid change nothing.
func Replay(dataset string, p Approvers, acts []Act) *State {
	s := NewState(dataset, p)
	for _, a := range acts {
		_ = s.Apply(a) // who wrote it was told; whoever put it into the ledger otherwise has no effect
	}
	return s
}
