// Package mechanism turns true values into publishable ones.
//
//	engine rows ──NewExact──► Exact(redacted) ──Release(Spec, Selection, random)──► Noisy ──Estimator──► answers
//
// It owns random bits, exact samplers for the discrete Laplace and discrete Gaussian distributions (integer arithmetic
// only; Canonne, Kamath, Steinke, "The Discrete Gaussian for Differential Privacy", 2020), thresholds for group selection,
// estimators of the published columns and their confidence intervals.
//
// It knows no SQL, no accounts and no wire. An Exact has no exported field; Release is the only way from Exact to Noisy,
// and it can be taken once.
package mechanism
