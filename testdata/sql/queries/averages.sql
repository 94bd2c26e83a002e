-- name: avg of integers
SELECT avg(age) FROM patients

-- name: avg of floats
SELECT avg(income) FROM patients

-- name: avg of decimals
SELECT avg(cost) FROM visits

-- name: avg of nullable
SELECT avg(stay_days) FROM visits

-- name: avg, sum and count of one column
SELECT avg(age), sum(age), count(age) FROM patients

-- name: avg and count of rows
SELECT count(*), avg(income) FROM patients

-- name: avg of two columns
SELECT avg(age), avg(income) FROM patients

-- name: avg with filter
SELECT avg(age) FILTER (WHERE sex = 'f') AS f, avg(age) FILTER (WHERE sex = 'm') AS m FROM patients

-- name: avg of an expression
SELECT avg(income / 1000) FROM patients

-- name: avg of a constant
SELECT avg(3) FROM patients

-- name: avg over a join
SELECT avg(v.cost) FROM visits v JOIN patients p ON p.patient_id = v.patient_id WHERE p.age >= 65

-- name: avg of a CASE
SELECT avg(CASE WHEN urgent THEN cost ELSE 0 END) FROM visits

