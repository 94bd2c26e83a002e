package catalog

// Functions lists the aggregate functions that `allowed_functions` can name, sorted. count covers count(*), count(x) and
// count(DISTINCT …). Scalar functions need no permission.
func Functions() []string {
	return []string{
		"avg", "corr", "count", "covar_pop", "covar_samp", "max", "median", "min", "percentile_cont", "percentile_disc",
		"regr_avgx", "regr_avgy", "regr_count", "regr_intercept", "regr_r2", "regr_slope", "regr_sxx", "regr_sxy", "regr_syy",
		"stddev", "stddev_pop", "stddev_samp", "sum", "var_pop", "var_samp", "variance",
	}
}
