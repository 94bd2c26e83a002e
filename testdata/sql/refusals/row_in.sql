-- name: rows of other units
SELECT count(*) FROM patients p WHERE (p.age, p.children) IN (SELECT v.stay_days, v.stay_days FROM visits v)

-- name: too few columns
SELECT count(*) FROM visits WHERE (department_id, stay_days) IN (SELECT department_id FROM departments)

-- name: too many columns
SELECT count(*) FROM visits WHERE (department_id, stay_days) IN (SELECT department_id, floor, name FROM departments)

-- name: another comparison
SELECT count(*) FROM visits WHERE (department_id, stay_days) < ALL (SELECT department_id, floor FROM departments)

-- name: the name of USING is taken
SELECT count(*) FROM visits v JOIN departments d USING (department_id) AS v

-- name: a column that USING does not have
SELECT j.name, count(*) FROM visits v JOIN departments d USING (department_id) AS j GROUP BY 1
