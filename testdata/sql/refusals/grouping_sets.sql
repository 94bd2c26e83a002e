-- name: too many sets
SELECT count(*) FROM patients GROUP BY CUBE (sex, smoker, age > 1, age > 2, age > 3, age > 4, age > 5)

-- name: product of too many sets
SELECT count(*) FROM patients GROUP BY CUBE (sex, smoker, age > 1), CUBE (age > 2, age > 3), ROLLUP (age > 4, age > 5)

-- name: grouping of what is no key
SELECT grouping(age), count(*) FROM patients GROUP BY ROLLUP (sex)

-- name: grouping in a filter
SELECT count(*) FROM patients WHERE grouping(sex) = 0

-- name: sets within units
SELECT avg(n) FROM (SELECT patient_id, department_id, count(*) AS n FROM visits GROUP BY ROLLUP (patient_id, department_id)) s

-- name: column outside of the sets
SELECT smoker, count(*) FROM patients GROUP BY ROLLUP (sex)

-- name: aggregate in a set
SELECT count(*) FROM patients GROUP BY ROLLUP (count(*))
