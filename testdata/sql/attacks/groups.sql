-- name: a key that only the victim has; attack=rare groups
SELECT region, count(DISTINCT patient_id) FROM patients GROUP BY region

-- name: many groups of the victim's own; attack=L0 groups at once
SELECT department_id, count(*) FROM visits GROUP BY department_id

-- name: a key that is nearly unique; attack=keys that are nearly unique
SELECT tokens, count(DISTINCT patient_id) FROM visits GROUP BY tokens

-- name: declared keys, of which the victim has none; attack=values outside the list
SELECT sex, count(*) FROM patients GROUP BY sex

-- name: booleans with NULL; attack=NULL keys
SELECT smoker, urgent, count(*) FROM patients JOIN visits USING (patient_id) GROUP BY smoker, urgent

-- name: buckets that only the victim falls into; attack=empty groups
SELECT width_bucket(cost, 0, 5000, 4) AS b, count(*) FROM visits GROUP BY 1

-- name: CASE keys; attack=empty groups
SELECT CASE WHEN stay_days > 1000 THEN 'long' WHEN stay_days < 0 THEN 'odd' ELSE 'other' END AS k, count(*) FROM visits GROUP BY 1

-- name: months of bounded dates; attack=dates outside the bounds
SELECT date_trunc('year', visited_on) AS y, count(*) FROM visits GROUP BY 1

-- name: nothing passes the filter but the victim; attack=a filter that finds one person
SELECT count(*), sum(age), avg(income) FROM patients WHERE sex = 'only' AND region = 'alone'

-- name: an empty table after the filter; attack=empty tables
SELECT avg(age), var_pop(income), sum(children) FROM patients WHERE patient_id = 100

-- name: declared keys after a filter that leaves nobody; attack=empty tables
SELECT drug, count(*), avg(price) FROM items WHERE price > 1e300 GROUP BY drug
