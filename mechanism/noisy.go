package mechanism

import "math/big"

// Noisy is a measurement that may be published: the visible groups with noise on every number. It is what the ledger
// stores as a release.
type Noisy struct {
	Groups []NoisyGroup
}

// NoisyGroup is one visible group. Values are whole numbers in the specs' order, Width of each side by side.
type NoisyGroup struct {
	Keys   []Cell
	Values []*big.Int
}
