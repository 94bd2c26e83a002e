-- Variances and percentiles of each unit's own rows, and statistics of them.

-- name: mean of each patient's median
SELECT avg(m) FROM (SELECT patient_id, percentile_cont(0.5) WITHIN GROUP (ORDER BY cost) AS m FROM visits GROUP BY patient_id) s

-- name: median by its name; own=median is not a function of PostgreSQL
SELECT avg(m) FROM (SELECT patient_id, median(cost) AS m FROM visits GROUP BY patient_id) s

-- name: a discrete percentile of whole numbers
SELECT avg(m), sum(m) FROM (SELECT patient_id, percentile_disc(0.75) WITHIN GROUP (ORDER BY stay_days DESC) AS m FROM visits GROUP BY patient_id) s

-- name: a discrete percentile of dates as a key; own=keys without rows
SELECT date_trunc('year', m) AS y, count(*) FROM (SELECT patient_id, percentile_disc(0.5) WITHIN GROUP (ORDER BY visited_on) AS m FROM visits GROUP BY patient_id) s GROUP BY 1

-- name: mean of each patient's spread
SELECT avg(s1), avg(s2), avg(s3), avg(s4) FROM (SELECT patient_id, stddev(cost) AS s1, var_pop(stay_days) AS s2, variance(cost) AS s3, stddev_pop(stay_days) AS s4 FROM visits GROUP BY patient_id) s

-- name: spread of floats; spelling=the path to the unit joins a table again, within the groups
SELECT avg(v), avg(m) FROM (SELECT v.patient_id, stddev_samp(i.price) AS v, percentile_cont(0.25) WITHIN GROUP (ORDER BY i.price) AS m FROM items i JOIN visits v USING (visit_id) GROUP BY v.patient_id) s

-- name: spread with a filter and different values
SELECT avg(s1), avg(s2) FROM (SELECT patient_id, stddev_pop(cost) FILTER (WHERE urgent) AS s1, var_pop(DISTINCT stay_days) AS s2 FROM visits GROUP BY patient_id) s

-- name: spread in an expression with bounds of the query
SELECT avg(least(greatest(c, 0), 2)) FROM (SELECT patient_id, stddev_pop(cost) / nullif(avg(cost), 0) AS c FROM visits GROUP BY patient_id) s

-- name: median of a number that nothing bounds, with bounds outside
SELECT avg(least(greatest(m, 0), 1000)) FROM (SELECT patient_id, percentile_cont(0.5) WITHIN GROUP (ORDER BY tokens) AS m FROM visits GROUP BY patient_id) s

-- name: HAVING on a percentile
SELECT count(*) FROM (SELECT patient_id FROM visits GROUP BY patient_id HAVING percentile_disc(0.5) WITHIN GROUP (ORDER BY cost) > 1000) s

-- name: median of medians; own=a quantile of few rows is a point beside it
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY m) FROM (SELECT patient_id, percentile_cont(0.5) WITHIN GROUP (ORDER BY cost) AS m FROM visits GROUP BY patient_id) s

-- name: the spread of the visits of a patient beside the patient
SELECT p.sex, avg(v.s) FROM patients p JOIN (SELECT patient_id, stddev_pop(cost) AS s FROM visits GROUP BY patient_id) v USING (patient_id) GROUP BY p.sex
