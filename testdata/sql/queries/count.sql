-- name: all rows
SELECT count(*) FROM patients

-- name: all rows of a table with many rows a unit
SELECT count(*) FROM visits

-- name: a table two hops from the unit
SELECT count(*) FROM items

-- name: a column with NULLs
SELECT count(region) FROM patients

-- name: a column that is never NULL
SELECT count(patient_id) FROM patients

-- name: units
SELECT count(DISTINCT patient_id) FROM visits

-- name: units and rows
SELECT count(DISTINCT patient_id) AS people, count(*) AS visits FROM visits

-- name: a constant
SELECT count(1) FROM patients

-- name: an expression
SELECT count(age + children) FROM patients

-- name: filter
SELECT count(*) FILTER (WHERE age > 40) FROM patients

-- name: filters side by side
SELECT count(*) FILTER (WHERE sex = 'f') AS women, count(*) FILTER (WHERE sex = 'm') AS men, count(*) FROM patients

-- name: units under a filter
SELECT count(DISTINCT patient_id) FILTER (WHERE urgent) FROM visits

-- name: schema and quotes
SELECT count(*) FROM "public"."patients"

-- name: alias
SELECT count(*) AS n FROM patients AS p

-- name: the same aggregate twice
SELECT count(*), count(*), count(*) + count(*) FROM patients

-- name: several hops and units
SELECT count(DISTINCT v.patient_id) FROM items i JOIN visits v ON i.visit_id = v.visit_id

