-- name: star
SELECT * FROM patients

-- name: star with limit
SELECT * FROM patients LIMIT 10

-- name: a column
SELECT age FROM patients

-- name: a filter on the unit
SELECT age FROM patients WHERE patient_id = 1

-- name: distinct
SELECT DISTINCT * FROM patients

-- name: order
SELECT age FROM patients ORDER BY age

-- name: whole row
SELECT patients FROM patients

-- name: count of a whole row
SELECT count(patients) FROM patients

-- name: raw in a sub-select
SELECT * FROM (SELECT age FROM patients) AS s

-- name: raw in a with
WITH s AS (SELECT age FROM patients) SELECT * FROM s

-- name: raw by union
SELECT age FROM patients UNION ALL SELECT age FROM patients

-- name: raw mixed with public
SELECT name FROM departments UNION ALL SELECT region FROM patients

-- name: rows of units
SELECT patient_id, count(*) FROM visits GROUP BY patient_id

-- name: rows of units by sub-select
SELECT n FROM (SELECT patient_id, count(*) AS n FROM visits GROUP BY patient_id) AS s

-- name: table command
TABLE patients

-- name: joined with public
SELECT v.cost FROM visits v JOIN departments d USING (department_id)

-- name: scalar raw
SELECT (SELECT age FROM patients WHERE patient_id = 1)

-- name: exists over private rows
SELECT EXISTS (SELECT 1 FROM patients WHERE age > 100)

-- name: private sub-query in a filter of public rows
SELECT name FROM departments d WHERE EXISTS (SELECT 1 FROM visits v WHERE v.department_id = d.department_id)

-- name: in over private rows
SELECT name FROM departments WHERE department_id IN (SELECT department_id FROM visits)

-- name: group by a derived unit
SELECT p + 0, count(*) FROM (SELECT patient_id AS p FROM visits) s GROUP BY p

