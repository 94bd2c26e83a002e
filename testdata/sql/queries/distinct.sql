-- name: count of different values
SELECT count(DISTINCT region) FROM patients

-- name: of visits
SELECT count(DISTINCT department_id) FROM visits

-- name: beside other aggregates
SELECT count(*), count(DISTINCT department_id), avg(cost), count(DISTINCT patient_id) FROM visits

-- name: two columns
SELECT count(DISTINCT department_id), count(DISTINCT urgent) FROM visits

-- name: with a filter
SELECT count(DISTINCT department_id) FILTER (WHERE urgent) FROM visits

-- name: by public key
SELECT drug, count(DISTINCT quantity) FROM items GROUP BY drug

-- name: by private key
SELECT department_id, count(DISTINCT stay_days) FROM visits GROUP BY department_id

-- name: by private key beside a count
SELECT department_id, count(*), count(DISTINCT visited_on) FROM visits GROUP BY department_id

-- name: by a key of the unit
SELECT p.sex, count(DISTINCT v.department_id) FROM visits v JOIN patients p USING (patient_id) GROUP BY p.sex

-- name: of an expression
SELECT count(DISTINCT extract(year FROM visited_on)) FROM visits

-- name: of text in lower case
SELECT count(DISTINCT lower(note)) FROM visits

-- name: of floats
SELECT count(DISTINCT price) FROM items

-- name: of numeric
SELECT count(DISTINCT cost / 3) FROM visits

-- name: sum of different values
SELECT sum(DISTINCT stay_days) FROM visits

-- name: average of different values
SELECT avg(DISTINCT stay_days), count(DISTINCT stay_days), sum(DISTINCT stay_days) FROM visits

-- name: variance of different values
SELECT var_samp(DISTINCT stay_days) FROM visits

-- name: different values of units
SELECT count(DISTINCT age), avg(DISTINCT age) FROM patients

-- name: different values by key
SELECT drug, sum(DISTINCT quantity), sum(quantity) FROM items GROUP BY drug

-- name: different numerics
SELECT sum(DISTINCT cost) FROM visits

-- name: different floats
SELECT avg(DISTINCT price) FROM items

-- name: in an expression
SELECT count(*) / count(DISTINCT department_id) AS each FROM visits

-- name: of a public column
SELECT count(DISTINCT d.floor) FROM visits v JOIN departments d USING (department_id)

-- name: per unit; own=bounded by what a unit may add
SELECT count(DISTINCT n) FROM (SELECT patient_id, count(*) AS n FROM visits GROUP BY patient_id) s

-- name: in having
SELECT drug FROM items GROUP BY drug HAVING count(DISTINCT quantity) > 1 ORDER BY drug

-- name: two values in all, or three
SELECT count(DISTINCT p.sex), count(DISTINCT v.urgent), count(DISTINCT v.stay_days % 1), sum(DISTINCT v.department_id % 2) FROM visits v JOIN patients p USING (patient_id)

-- name: of a declared list by key
SELECT v.department_id, count(DISTINCT i.drug), count(DISTINCT upper(i.drug)) FROM items i JOIN visits v USING (visit_id) GROUP BY v.department_id

-- name: of a CASE with a filter
SELECT count(DISTINCT CASE WHEN cost > 100 THEN 'dear' END) FILTER (WHERE urgent) FROM visits

-- name: in a sub-query without the unit
SELECT x.sex FROM (SELECT DISTINCT sex FROM patients) x ORDER BY x.sex LIMIT 1000

-- name: in a sub-query, grouped again
SELECT s.sex, count(*) FROM (SELECT DISTINCT sex FROM patients) s GROUP BY s.sex ORDER BY s.sex

-- name: counted over a sub-query without the unit
SELECT count(*) FROM (SELECT DISTINCT sex FROM patients) s

-- name: with constants beside the keys
SELECT DISTINCT sex, 0 AS n, 'all' AS kind, NULL AS nothing FROM patients ORDER BY sex

-- name: with constants in a set operation
SELECT sex, count(*) AS n FROM patients GROUP BY sex UNION ALL SELECT DISTINCT sex, 0 FROM patients ORDER BY 1, 2

-- name: of a constant alone
SELECT DISTINCT 'some' AS answer FROM patients
