-- name: a self join on the unit; attack=rows that multiply
SELECT count(*), sum(a.cost) FROM visits a JOIN visits b ON a.patient_id = b.patient_id

-- name: a join that one side leaves empty; attack=short cuts of joins
SELECT count(*) FROM visits v JOIN patients p ON v.patient_id = p.patient_id JOIN items i ON i.visit_id = v.visit_id WHERE i.drug = 'aspirin'

-- name: an outer join that leaves the unit NULL; attack=NULL units
SELECT count(*) FROM departments d LEFT JOIN visits v ON v.department_id = d.department_id

-- name: a full join; attack=full joins
SELECT count(*), count(v.visit_id) FROM patients p FULL JOIN visits v ON v.patient_id = p.patient_id

-- name: NOT EXISTS of the same unit; attack=correlated sub-queries
SELECT count(*) FROM patients p WHERE NOT EXISTS (SELECT 1 FROM visits v WHERE v.patient_id = p.patient_id AND v.stay_days > 100)

-- name: NOT IN with NULLs; attack=three-valued logic
SELECT count(*) FROM patients WHERE patient_id NOT IN (SELECT patient_id FROM visits WHERE tokens > 0)

-- name: a union of two tables; attack=swapped units
SELECT count(*) FROM (SELECT patient_id, age AS x FROM patients UNION ALL SELECT patient_id, stay_days FROM visits) AS u

-- name: LIMIT below the aggregate; attack=LIMIT on rows
SELECT count(*) FROM (SELECT * FROM visits ORDER BY cost DESC LIMIT 10) AS s

-- name: DISTINCT below the aggregate; attack=DISTINCT on rows
SELECT count(*) FROM (SELECT DISTINCT department_id FROM visits) AS s

-- name: a scalar sub-query over private rows; attack=scalar sub-queries
SELECT count(*) FROM patients WHERE age > (SELECT avg(age) FROM patients)

-- name: a per-unit maximum; attack=extremes
SELECT avg(least(m, 60)) FROM (SELECT patient_id, max(stay_days) AS m FROM visits GROUP BY patient_id) AS s

-- name: raw rows; attack=raw rows
SELECT * FROM patients WHERE patient_id = 100

-- name: the unit's own column; attack=raw rows
SELECT patient_id, count(*) FROM visits GROUP BY patient_id
