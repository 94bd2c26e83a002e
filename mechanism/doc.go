// Package mechanism turns true values into publishable ones.
//
//	engine rows ──NewExact──► Exact(redacted) ──Release(Spec, Selection, Source)──► Noisy ──Estimator──► answers
//	                                                                                 │        └─Intervals─► ± at a confidence
//	                                                                                 └─Encode/DecodeNoisy─► ledger
//
// It owns random bits, exact samplers for the discrete Laplace and discrete Gaussian distributions (integer arithmetic
// only; Canonne, Kamath, Steinke, "The Discrete Gaussian for Differential Privacy", 2020), thresholds for group selection,
// estimators of the published columns and their confidence intervals.
//
// It knows no SQL, no accounts and no wire. An Exact has no exported field; Release is the only way from Exact to Noisy
// (ReleaseQuantiles for histograms), and it can be taken once.
//
// What a guarantee rests on (samplers, thresholds, selection) is computed with whole numbers and rationals, or with
// bounds that are rounded toward privacy. Floating point is used for what describes an answer, as half widths do, and for
// first guesses that are then checked.
//
// Where to read: release.go for the story; laplace.go, gaussian.go and bernoulli.go for the noise; threshold.go and optimal.go for
// groups; estimator.go, interval.go and halfwidth.go for what people see; quantile.go for the exponential mechanism.
package mechanism
