-- name: a view of the source with a unit of its own
SELECT sex, count(*), avg(income) FROM adults GROUP BY sex ORDER BY sex

-- name: a view of the source joined on the unit
SELECT count(*), sum(v.cost) FROM adults a JOIN visits v USING (patient_id)

-- name: a declared view
SELECT count(*), avg(cost), avg(age) FROM urgent_visits

-- name: a declared view under another name
SELECT avg(u.cost) FROM urgent_visits AS u WHERE u.age > 30 AND u.floor IS NULL

-- name: a declared view joined along a key that it shows
SELECT sum(i.quantity) FROM items i JOIN urgent_visits u ON u.visit_id = i.visit_id

-- name: a declared view that is grouped by the unit
SELECT avg(n), avg(least(total, 9000)) FROM totals

-- name: a declared view of a declared view
SELECT count(*) FROM costly c JOIN patients p ON p.patient_id = c.patient_id WHERE p.smoker

-- name: a declared view in a sub-query of the same unit
SELECT count(*) FROM patients p WHERE EXISTS (SELECT 1 FROM urgent_visits u WHERE u.patient_id = p.patient_id)

-- name: a declared view in with
WITH u AS (TABLE urgent_visits) SELECT count(DISTINCT patient_id) FROM u
