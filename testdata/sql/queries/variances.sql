-- name: variance
SELECT variance(age) FROM patients

-- name: population variance
SELECT var_pop(age) FROM patients

-- name: standard deviation
SELECT stddev(age) FROM patients

-- name: all of one column
SELECT count(age), sum(age), avg(age), var_samp(age), stddev_pop(age) FROM patients

-- name: of visits
SELECT stddev_samp(cost) FROM visits

