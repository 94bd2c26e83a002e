// Package privacy holds the exact units of privacy loss and their arithmetic.
//
//	decimal text ──ParseEpsilon (up)──► Epsilon ─┐
//	                                             ├─► Loss ──Add──► Loss ──► budget
//	contribution bounds ──► Contribution ────────┘
//
// Every amount is a whole number of tiny units: ε and ρ of 10⁻⁹, δ of 10⁻¹⁸. What is spent rounds up, what is
// allowed rounds down, and overflow is an error. Nothing here uses floating point for a value that a guarantee
// rests on; floats appear for display only.
//
// It knows no SQL, no noise and no accounts: see packages mechanism and budget.
package privacy
