package mechanism

import (
	"math/big"

	"github.com/dpproxy/dpproxy/privacy"
)

// Noise is a distribution of noise.
type Noise string

// The noises. Exponential is for quantiles (see Quantile), whose outcome is a grid point.
const (
	Laplace  Noise = "laplace"
	Gaussian Noise = "gaussian"
)

// Spec describes one noisy release of one or several whole numbers in every group: a vector of Width numbers that the
// engine returns side by side, with one joint sensitivity.
//
//	count:        Width 1, L1 = L0·m
//	mean's pair:  Width 2 (Σs, Σ(G−s)), L1 = L0·m·G — a row adds s and G−s, together G
type Spec struct {
	Name  string // as printed in plans, e.g. "count(*)", "pair(income)"
	Width int    // ≥ 1
	Noise Noise
	// L1 is the largest Σ|change| over all groups and numbers of this spec when one unit comes or goes, in grid units;
	// L2Squared is the largest Σ(change²). Both already contain L0, and are ≥ 1.
	L1, L2Squared *big.Int
	// Share is what this spec costs. Laplace noise has scale b = L1/ε with ε = Share.Epsilon;
	// Gaussian noise has σ² = L2Squared/(2ρ) with ρ = Share.Rho.
	Share privacy.Loss
}

// SelectionKind says how groups become visible.
type SelectionKind string

// The selections.
const (
	// PublicKeys: the list of keys is public, each is reported, also the empty ones.
	PublicKeys SelectionKind = "public"
	// OwnThreshold: the noisy number at index Column (a unit count, or a row count with bound Rows) is itself an answer,
	// and a group is reported if it is ≥ Threshold.
	OwnThreshold SelectionKind = "own threshold"
	// Optimal: truncated geometric partition selection on the number of units (Desfontaines, Voss, Gipson, Mandayam 2022),
	// with its own share of ε and δ.
	Optimal SelectionKind = "optimal"
	// GaussianThreshold: a unit count with Gaussian noise of its own share ρ, not published, against Threshold.
	GaussianThreshold SelectionKind = "gaussian threshold"
)

// Selection is the rule by which a group with private keys may be seen.
type Selection struct {
	Kind SelectionKind
	// Spec is the index of the released spec that OwnThreshold reads (its first number).
	Spec int
	// Threshold is τ, in units (or rows), already raised to MinUnits by the planner.
	Threshold int64
	// MinUnits is the data owner's floor for the other kinds.
	MinUnits int64
	// Groups is L0: δ is shared over the groups that one unit may touch.
	Groups int64
	// Share is the selection's own loss: δ always; ε or ρ where the unit count is not itself an answer.
	Share privacy.Loss
}

// Cell is a group key's value: PostgreSQL's output text, or NULL. Opaque to this package.
type Cell struct {
	Text string
	Null bool
}
