-- name: cross join of private tables
SELECT count(*) FROM patients a, patients b

-- name: on another column
SELECT count(*) FROM patients a JOIN patients b ON a.age = b.age

-- name: unit with or
SELECT count(*) FROM visits v JOIN patients p ON v.patient_id = p.patient_id OR TRUE

-- name: unit with arithmetic
SELECT count(*) FROM visits v JOIN patients p ON v.patient_id = p.patient_id + 1

-- name: inequality
SELECT count(*) FROM visits v JOIN patients p ON v.patient_id < p.patient_id

-- name: cast of the unit
SELECT count(*) FROM visits v JOIN patients p ON v.patient_id::text = p.region

-- name: left join on another column
SELECT count(*) FROM patients a LEFT JOIN patients b ON a.region = b.region

-- name: unit renamed to another column
SELECT count(*) FROM patients p JOIN (SELECT department_id AS patient_id FROM visits) v ON v.patient_id = p.patient_id

-- name: equality in an outer filter only
SELECT count(*) FROM patients p LEFT JOIN visits v ON TRUE WHERE v.patient_id = p.patient_id OR v.visit_id IS NULL

-- name: exists without the unit
SELECT count(*) FROM patients p WHERE EXISTS (SELECT 1 FROM visits v WHERE v.department_id = p.children)

-- name: exists over all
SELECT count(*) FROM patients p WHERE EXISTS (SELECT 1 FROM visits)

-- name: in on another column
SELECT count(*) FROM patients WHERE age IN (SELECT stay_days FROM visits)

-- name: in with swapped columns
SELECT count(*) FROM patients WHERE patient_id IN (SELECT department_id FROM visits)

-- name: scalar sub-query in a filter
SELECT count(*) FROM patients WHERE age > (SELECT avg(age) FROM patients)

-- name: correlated aggregate
SELECT name, (SELECT count(*) FROM visits v WHERE v.department_id = d.department_id) FROM departments d

-- name: union of different units by position
SELECT count(*) FROM (SELECT visit_id AS a FROM visits UNION SELECT patient_id FROM visits) s

-- name: intersect
SELECT count(*) FROM (SELECT visit_id FROM visits INTERSECT SELECT visit_id FROM items) s

-- name: except with the unit in another place
SELECT count(*) FROM (SELECT patient_id, age FROM patients EXCEPT SELECT stay_days, patient_id FROM visits) s

-- name: private with released
SELECT count(*) FROM visits v JOIN (SELECT department_id, count(*) AS n FROM visits GROUP BY department_id) d USING (department_id)

-- name: private rows joined with public rows that hold a released value
SELECT count(*) FROM visits v JOIN (SELECT department_id FROM departments WHERE department_id < (SELECT count(*) FROM patients)) d ON d.department_id = v.department_id

-- name: private rows joined with the proxy's own tables
SELECT count(*) FROM patients p JOIN dp.tables t ON t.name = p.region

-- name: released aggregate inside a same-unit sub-query
SELECT count(*) FROM patients p WHERE EXISTS (SELECT 1 FROM departments d WHERE d.department_id IN (SELECT count(*) FROM visits v WHERE v.patient_id = p.patient_id))


-- name: a released value in VALUES joined with private rows
SELECT count(*) FROM patients p JOIN (VALUES ((SELECT count(*) FROM patients))) v(x) ON p.age < v.x

-- name: a released value in VALUES compared with private rows
SELECT count(*) FROM patients p WHERE p.age IN (VALUES ((SELECT count(*) FROM visits)))

-- name: a released value in the condition of a public join
SELECT count(*) FROM visits v JOIN (SELECT d.* FROM departments d JOIN departments e ON d.floor = (SELECT count(*) FROM patients)) x ON x.department_id = v.department_id

-- name: an aggregate of a private column in a public sub-query
SELECT count(*) FROM visits v WHERE EXISTS (SELECT 1 FROM departments d HAVING sum(1 / v.stay_days) > 1)

-- name: a window over a private column in a public sub-query
SELECT count(*) FROM visits v WHERE EXISTS (SELECT ntile(v.stay_days) OVER () FROM departments d)

-- name: a measurement that depends on the row outside, two levels down
SELECT d.name, (SELECT count(*) FROM visits v WHERE EXISTS (SELECT 1 FROM departments e WHERE e.floor = d.floor)) FROM departments d

-- name: a measurement that depends on the row outside, within FROM
SELECT d.name, (SELECT count(*) FROM (SELECT * FROM visits v WHERE v.stay_days = d.floor) x) FROM departments d

-- name: a sub-query beside an aggregate that reads the aggregated rows
SELECT stay_days, (SELECT max(d.floor) FROM departments d WHERE d.floor < stay_days), count(*) FROM visits GROUP BY stay_days

-- name: an average within units whose squares overflow
SELECT avg(s) FROM (SELECT v.patient_id, avg(p.income * 1e200) AS s FROM patients p JOIN visits v ON p.patient_id = v.patient_id GROUP BY v.patient_id) x

-- name: a full join that PostgreSQL cannot plan
SELECT count(*) FROM visits v FULL JOIN departments d ON d.department_id < v.stay_days

-- name: two tables whose middle one is left out
SELECT count(*) FROM patients p JOIN items i ON i.item_id = p.patient_id

-- name: left join on a column of the side that may be NULL, but not on its key
SELECT count(*) FROM patients p LEFT JOIN visits v ON v.patient_id = p.patient_id LEFT JOIN items i ON i.quantity = v.stay_days

-- name: left join that does not ask for the row between
SELECT count(*) FROM patients p LEFT JOIN visits v ON v.patient_id = p.patient_id LEFT JOIN items i ON i.quantity = p.children

-- name: full join, then on the side that is not of its unit
SELECT count(*) FROM visits v FULL JOIN patients p ON v.department_id = p.age LEFT JOIN items i ON i.visit_id = v.visit_id
