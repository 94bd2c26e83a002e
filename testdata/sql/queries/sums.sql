-- name: sum of integers
SELECT sum(age) FROM patients

-- name: sum of floats
SELECT sum(income) FROM patients

-- name: sum of decimals
SELECT sum(height) FROM patients

-- name: sum of smallint
SELECT sum(children) FROM patients

-- name: sum of real
SELECT sum(score) FROM patients

-- name: sum over visits
SELECT sum(cost) FROM visits

-- name: sum of nullable
SELECT sum(stay_days) FROM visits

-- name: sum with negative bounds
SELECT sum(price) FROM items

-- name: sum of an expression
SELECT sum(age * 2 + 1) FROM patients

-- name: sum of a product
SELECT sum(quantity * price) FROM items

-- name: negative factor
SELECT sum(-3 * age) FROM patients

-- name: sum of a constant
SELECT sum(1) FROM patients

-- name: sum of a CASE
SELECT sum(CASE WHEN sex = 'f' THEN 1 ELSE 0 END) FROM patients

-- name: sum with bounds in the query
SELECT sum(least(greatest(tokens, 0), 1000)) FROM visits

-- name: sum of abs
SELECT sum(abs(price)) FROM items

-- name: sum with filter
SELECT sum(cost) FILTER (WHERE urgent) FROM visits

-- name: sum and count of one column
SELECT sum(cost), count(cost) FROM visits

-- name: sum of round
SELECT sum(round(income)) FROM patients

-- name: sum of a difference
SELECT sum(age - children) FROM patients

-- name: sum of a cast
SELECT sum(income::integer) FROM patients

-- name: sum of coalesce
SELECT sum(coalesce(stay_days, 0)) FROM visits

-- name: sum of integer division
SELECT sum(age / 10) FROM patients

-- name: sum of a length with one limit
SELECT sum(least(length(note), 10)) FROM visits

