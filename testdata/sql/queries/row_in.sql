-- Rows compared with the rows of a sub-query, and JOIN … USING (…) AS.

-- name: a row in public rows
SELECT count(*) FROM visits v WHERE (v.department_id, v.stay_days) IN (SELECT department_id, floor FROM departments)

-- name: not in public rows
SELECT count(*) FROM visits v WHERE (v.department_id, v.stay_days) NOT IN (SELECT department_id, floor FROM departments)

-- name: as a value
SELECT count(*) FILTER (WHERE x IS NULL), count(*) FILTER (WHERE x), count(*) FILTER (WHERE NOT x) FROM (SELECT patient_id, (department_id, stay_days) IN (SELECT department_id, floor FROM departments WHERE floor > 0) AS x FROM visits) s

-- name: NULL among the rows
SELECT count(*) FROM patients p WHERE (p.region, p.smoker) NOT IN (SELECT title, coastal FROM districts)

-- name: in CASE and as a key
SELECT (region, 1) IN (SELECT code, zone FROM districts) AS here, count(*) FROM patients GROUP BY 1

-- name: in a grouped row
SELECT CASE WHEN (department_id, 1) IN (SELECT department_id, floor FROM departments) THEN 'first' ELSE 'other' END AS k, count(*) FROM visits GROUP BY 1

-- name: of the same unit
SELECT count(*) FROM patients p WHERE (p.patient_id, p.children) IN (SELECT v.patient_id, v.stay_days FROM visits v)

-- name: over public rows alone
SELECT name FROM departments WHERE (department_id, floor) IN (SELECT zone, zone FROM districts) ORDER BY 1

-- name: over public rows alone, NOT IN and SELECT *
SELECT name FROM departments d WHERE (d.department_id, d.floor) NOT IN (SELECT * FROM (VALUES (1, 1), (2, NULL)) AS v(a, b)) ORDER BY 1

-- name: over released rows
SELECT sex, n FROM (SELECT sex, smoker, count(*) AS n FROM patients GROUP BY sex, smoker) s WHERE (sex, 1) IN (SELECT 'f', floor FROM departments) ORDER BY n

-- name: USING with a name
SELECT j.department_id, count(*) FROM visits v JOIN departments d USING (department_id) AS j WHERE d.floor > 0 AND j.department_id < 4 GROUP BY j.department_id ORDER BY 1

-- name: USING with a name, all its columns
SELECT j.*, d.name FROM departments d LEFT JOIN departments e USING (department_id, floor) AS j ORDER BY 1
