-- name: limit below
SELECT count(*) FROM (SELECT * FROM patients LIMIT 10) s

-- name: offset below
SELECT count(*) FROM (SELECT * FROM patients OFFSET 3) s

-- name: order below
SELECT count(*) FROM (SELECT * FROM patients ORDER BY age) s

-- name: distinct on below
SELECT count(*) FROM (SELECT DISTINCT ON (region) * FROM patients) s

-- name: window below
SELECT count(*) FROM (SELECT row_number() OVER (ORDER BY age) AS n FROM patients) s

-- name: tablesample
SELECT count(*) FROM patients TABLESAMPLE SYSTEM (10)

-- name: for update
SELECT count(*) FROM patients FOR UPDATE

-- name: limit from a sub-query
SELECT sex, count(*) FROM patients GROUP BY sex LIMIT (SELECT count(*) FROM visits)

-- name: with ties and offset
SELECT sex, count(*) FROM patients GROUP BY sex ORDER BY 2 OFFSET 1 FETCH FIRST 1 ROW WITH TIES

-- name: with ties without order
SELECT sex, count(*) FROM patients GROUP BY sex FETCH FIRST 1 ROW WITH TIES

-- name: ties of private rows
SELECT count(*) FROM (SELECT age FROM patients ORDER BY age FETCH FIRST 1 ROW WITH TIES) s

-- name: recursive
WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 10) SELECT count(*) FROM r


-- name: a sub-query of one value that may have peers
SELECT sum((SELECT w.stay_days FROM visits w WHERE w.patient_id = v.patient_id ORDER BY w.visit_id FETCH FIRST 1 ROWS WITH TIES)) FROM visits v

-- name: peers beyond an offset
SELECT count(*) FROM patients p JOIN LATERAL (SELECT v.cost FROM visits v WHERE v.patient_id = p.patient_id ORDER BY v.urgent OFFSET 1 FETCH FIRST 1 ROW WITH TIES) x ON TRUE

-- name: peers of different rows
SELECT count(*) FROM patients p JOIN LATERAL (SELECT DISTINCT v.cost FROM visits v WHERE v.patient_id = p.patient_id ORDER BY v.cost FETCH FIRST 1 ROW WITH TIES) x ON TRUE

-- name: peers of distinct on
SELECT count(*) FROM patients p JOIN LATERAL (SELECT DISTINCT ON (v.department_id) v.cost FROM visits v WHERE v.patient_id = p.patient_id ORDER BY v.department_id FETCH FIRST 1 ROW WITH TIES) x ON TRUE

-- name: the number of a row outside makes no one row
SELECT sum((SELECT i.cost FROM (SELECT patient_id, cost FROM visits) i WHERE i.patient_id = o.patient_id AND o.rn = 1)) FROM (SELECT patient_id, row_number() OVER (PARTITION BY patient_id) AS rn FROM visits) o
