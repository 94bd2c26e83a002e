-- name: two columns of three; class=aggregation
SELECT region, count(*) FROM patients WHERE height >= 160 GROUP BY region
-- name: three columns in three clauses; refused=42501
SELECT region, count(*) FROM patients WHERE height >= 160 AND born >= '1950-01-01' GROUP BY region
-- name: through a sub-query and other names; refused=42501
SELECT r, count(*) FROM (SELECT region AS r, height AS h, born AS b FROM patients) x WHERE h >= 160 AND b >= '1950-01-01' GROUP BY r
-- name: named in a sub-query is used; refused=42501
SELECT count(*) FROM (SELECT region AS r, height AS h, born AS b FROM patients) x
-- name: SELECT * uses what is used of it; class=aggregation
SELECT count(*) FROM (SELECT * FROM patients) x WHERE sex = 'f'
-- name: SELECT * and then three columns; refused=42501
SELECT region, count(*) FROM (SELECT * FROM patients) x WHERE height >= 160 AND born >= '1950-01-01' GROUP BY region
-- name: through WITH; refused=42501
WITH a AS (SELECT *, born AS b FROM patients) SELECT region, count(*) FILTER (WHERE height < 180) FROM a WHERE b < '1950-01-01' GROUP BY region
-- name: in CASE; refused=42501
SELECT CASE WHEN height < 160 THEN region WHEN born < '1950-01-01' THEN 'old' END, count(*) FROM patients GROUP BY 1
-- name: in a sub-query of a condition; refused=42501
SELECT region, count(*) FROM patients p WHERE height >= 160 AND EXISTS (SELECT 1 FROM patients q WHERE q.patient_id = p.patient_id AND q.born >= '1950-01-01') GROUP BY region
-- name: in two measurements of one query; refused=42501
SELECT (SELECT count(*) FROM patients WHERE height >= 160 AND born >= '1950-01-01'), (SELECT count(*) FROM patients WHERE region = 'x')
-- name: across tables, in ON; refused=42501
SELECT count(*) FROM patients p JOIN visits v ON p.patient_id = v.patient_id AND p.sex = 'f' AND v.note LIKE '%x%'
-- name: text in quotes is no column; class=aggregation
SELECT count(*) FROM patients WHERE region = 'born height' AND sex = 'f'
-- name: a column that may be filtered on may not be grouped by; refused=42501
SELECT note, count(*) FROM visits GROUP BY note
-- name: nor by something made of it; refused=42501
SELECT CASE WHEN note LIKE 'r%' THEN 1 ELSE 0 END, count(*) FROM visits GROUP BY 1
-- name: nor through a sub-query; refused=42501
SELECT x, count(*) FROM (SELECT upper(note) AS x FROM visits) q GROUP BY x
-- name: nor by DISTINCT; refused=42501
SELECT DISTINCT note FROM visits
-- name: nor by DISTINCT in a sub-query; refused=42501
SELECT count(*) FROM (SELECT DISTINCT patient_id, note FROM visits) q
-- name: filtering on it; class=aggregation
SELECT count(*) FROM visits WHERE note = 'routine check'
-- name: measuring it; refused=42501
SELECT count(note) FROM visits
-- name: a column that may be grouped by may not be filtered on; refused=42501
SELECT count(*) FROM patients WHERE smoker
-- name: nor in FILTER; refused=42501
SELECT count(*) FILTER (WHERE smoker) FROM patients
-- name: nor in an aggregate's CASE; refused=42501
SELECT sum(CASE WHEN smoker THEN 1 ELSE 0 END) FROM patients
-- name: nor with USING; refused=42501
SELECT count(*) FROM patients p JOIN patients q USING (patient_id, smoker)
-- name: nor with NATURAL; refused=42501
SELECT count(*) FROM patients p NATURAL JOIN (SELECT patient_id, smoker FROM patients) q
-- name: nor in IN; refused=42501
SELECT count(*) FROM patients p WHERE EXISTS (SELECT 1 FROM patients q WHERE q.patient_id = p.patient_id AND q.smoker)
-- name: grouping by it; class=aggregation
SELECT smoker, count(*) FROM patients GROUP BY smoker
-- name: HAVING over the group's name is afterwards; class=aggregation
SELECT smoker, count(*) FROM patients GROUP BY smoker HAVING smoker
-- name: a column to measure; class=aggregation
SELECT sex, avg(income), sum(income * 2 + 1) FROM patients GROUP BY sex
-- name: a column to measure may not be filtered on; refused=42501
SELECT count(*) FROM patients WHERE income > 1000
-- name: nor inside a sum; refused=42501
SELECT sum(CASE WHEN income > 1000 THEN 1 ELSE 0 END) FROM patients
-- name: nor by a function that cuts; refused=42501
SELECT sum(greatest(income - 1000, 0)) FROM patients
-- name: nor through a sub-query; refused=42501
SELECT sum(x) FROM (SELECT CASE WHEN income > 1000 THEN 1 ELSE 0 END AS x FROM patients) q
-- name: a column that is hidden; refused=42703
SELECT avg(score) FROM patients
-- name: a hidden column with its table's name; refused=42703
SELECT count(*) FROM patients p WHERE p.score > 1
-- name: SELECT * does not show it; refused=42703
SELECT avg(score) FROM (SELECT * FROM patients) q
