-- name: correlation
SELECT corr(income, age) FROM patients

-- name: covariances
SELECT covar_pop(income, age), covar_samp(income, age) FROM patients

-- name: a line
SELECT regr_slope(income, age), regr_intercept(income, age), regr_r2(income, age) FROM patients

-- name: the whole family
SELECT covar_pop(height, age), covar_samp(height, age), corr(height, age), regr_slope(height, age), regr_intercept(height, age), regr_r2(height, age), regr_avgx(height, age), regr_avgy(height, age), regr_sxx(height, age), regr_syy(height, age), regr_sxy(height, age), regr_count(height, age) FROM patients

-- name: count of pairs
SELECT regr_count(stay_days, cost) FROM visits

-- name: averages of pairs
SELECT regr_avgx(stay_days, cost), regr_avgy(stay_days, cost) FROM visits

-- name: sums of squares
SELECT regr_sxx(cost, stay_days), regr_syy(cost, stay_days) FROM visits

-- name: sum of products
SELECT regr_sxy(cost, stay_days) FROM visits

-- name: both orders share a release
SELECT regr_slope(height, age) AS up, regr_slope(age, height) AS down, corr(age, height) FROM patients

-- name: a column with itself
SELECT corr(age, age), regr_slope(age, age), covar_pop(age, age) FROM patients

-- name: with a filter
SELECT corr(height, age) FILTER (WHERE sex = 'f') AS f, corr(height, age) FILTER (WHERE sex = 'm') AS m FROM patients

-- name: by public key
SELECT sex, corr(height, age), regr_slope(height, age), count(*) FROM patients GROUP BY sex

-- name: by private key; own=noise shows in the slopes of ten rows
SELECT department_id, regr_slope(cost, stay_days), count(*) FROM visits GROUP BY department_id

-- name: with aggregates of one column
SELECT count(*), avg(age), variance(age), sum(height), corr(height, age) FROM patients WHERE age IS NOT NULL AND height IS NOT NULL

-- name: with aggregates of a nullable column
SELECT count(*), avg(stay_days), covar_pop(cost, stay_days) FROM visits

-- name: over expressions
SELECT covar_pop(least(greatest(income, 0), 100000), age * 2), corr(extract(year FROM born), age) FROM patients

-- name: over a join
SELECT p.sex, regr_slope(v.cost, p.age), regr_count(v.cost, p.age) FROM visits v JOIN patients p USING (patient_id) GROUP BY p.sex

-- name: per unit
SELECT corr(n, spent) FROM (SELECT patient_id, count(*) AS n, sum(cost) AS spent FROM visits GROUP BY patient_id) s

-- name: in an expression
SELECT round(corr(height, age)::numeric, 2), regr_intercept(height, age) + 40 * regr_slope(height, age) AS at_forty FROM patients

-- name: in having and order by
SELECT sex FROM patients GROUP BY sex HAVING covar_pop(income, age) > -1e12 ORDER BY regr_count(income, age) DESC

-- name: booleans as numbers
SELECT corr(smoker::int, age) FROM patients

-- name: interval ends; own=PostgreSQL has no dp_low; design=no
SELECT dp_low(corr(height, age)), dp_high(corr(height, age)), dp_low(regr_slope(height, age)), dp_low(covar_pop(height, age)), dp_high(regr_avgx(height, age)), dp_low(regr_intercept(height, age)), dp_low(regr_r2(height, age)), dp_low(regr_sxx(height, age)) FROM patients
