-- name: variance of what nothing bounds
SELECT avg(least(v, 100)) FROM (SELECT patient_id, stddev(tokens) AS v FROM visits GROUP BY patient_id) s

-- name: mean of a percentile of what nothing bounds
SELECT avg(m) FROM (SELECT patient_id, percentile_cont(0.5) WITHIN GROUP (ORDER BY tokens) AS m FROM visits GROUP BY patient_id) s

-- name: percentile of the row
SELECT avg(m) FROM (SELECT patient_id, percentile_cont(urgent::int) WITHIN GROUP (ORDER BY cost) AS m FROM visits GROUP BY patient_id, urgent) s

-- name: percentile beyond 1
SELECT avg(m) FROM (SELECT patient_id, percentile_cont(1.5) WITHIN GROUP (ORDER BY cost) AS m FROM visits GROUP BY patient_id) s

-- name: several percentiles in an array
SELECT count(m) FROM (SELECT patient_id, percentile_cont(ARRAY[0.1, 0.9]) WITHIN GROUP (ORDER BY cost) AS m FROM visits GROUP BY patient_id) s

-- name: percentile between dates
SELECT count(m) FROM (SELECT patient_id, percentile_cont(0.5) WITHIN GROUP (ORDER BY visited_on) AS m FROM visits GROUP BY patient_id) s
