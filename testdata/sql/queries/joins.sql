-- name: along the unit
SELECT count(*) FROM visits v JOIN patients p ON v.patient_id = p.patient_id

-- name: reversed equality
SELECT count(*) FROM visits v JOIN patients p ON p.patient_id = v.patient_id

-- name: using
SELECT count(*) FROM visits JOIN patients USING (patient_id)

-- name: natural
SELECT count(*) FROM visits NATURAL JOIN patients

-- name: comma and where
SELECT count(*) FROM visits v, patients p WHERE v.patient_id = p.patient_id

-- name: chain
SELECT count(*) FROM items i JOIN visits v ON i.visit_id = v.visit_id JOIN patients p ON v.patient_id = p.patient_id

-- name: chain without the last table
SELECT sum(i.quantity) FROM items i JOIN visits v USING (visit_id) WHERE v.urgent

-- name: public table
SELECT d.name, count(*) FROM visits v JOIN departments d ON v.department_id = d.department_id GROUP BY d.name

-- name: public table left
SELECT count(*) FROM visits v LEFT JOIN departments d ON v.department_id = d.department_id WHERE d.name IS NULL

-- name: left join of private tables
SELECT count(*) FROM patients p LEFT JOIN visits v ON v.patient_id = p.patient_id

-- name: left join without partner
SELECT count(*) FROM patients p LEFT JOIN visits v ON v.patient_id = p.patient_id WHERE v.visit_id IS NULL

-- name: right join
SELECT count(*) FROM visits v RIGHT JOIN patients p ON v.patient_id = p.patient_id

-- name: full join
SELECT count(*) FROM visits v FULL JOIN patients p ON v.patient_id = p.patient_id

-- name: self join on the unit
SELECT count(*) FROM visits a JOIN visits b ON a.patient_id = b.patient_id AND a.visit_id < b.visit_id

-- name: cross join with a public table
SELECT count(*) FROM patients CROSS JOIN departments

-- name: non-equi join with a public table
SELECT count(*) FROM visits v JOIN departments d ON v.department_id < d.department_id

-- name: sub-select
SELECT avg(x) FROM (SELECT age * 2 AS x FROM patients WHERE age > 20) AS s

-- name: sub-select that shows the unit
SELECT count(DISTINCT who) FROM (SELECT patient_id AS who, cost FROM visits) AS s

-- name: sub-select joined on the unit
SELECT count(*) FROM patients p JOIN (SELECT patient_id, cost FROM visits WHERE urgent) v ON v.patient_id = p.patient_id

-- name: with
WITH old AS (SELECT * FROM patients WHERE age > 60) SELECT count(*), avg(income) FROM old

-- name: exists of the same unit
SELECT count(*) FROM patients p WHERE EXISTS (SELECT 1 FROM visits v WHERE v.patient_id = p.patient_id AND v.urgent)

-- name: not exists
SELECT count(*) FROM patients p WHERE NOT EXISTS (SELECT 1 FROM visits v WHERE v.patient_id = p.patient_id)

-- name: in of the same unit
SELECT count(*) FROM patients WHERE patient_id IN (SELECT patient_id FROM visits WHERE urgent)

-- name: not in of the same unit
SELECT count(*) FROM patients WHERE patient_id NOT IN (SELECT patient_id FROM visits WHERE urgent)

-- name: in a public table
SELECT count(*) FROM visits WHERE department_id IN (SELECT department_id FROM departments WHERE floor = 1)

-- name: union all
SELECT count(*) FROM (SELECT patient_id, visited_on AS day FROM visits UNION ALL SELECT patient_id, born FROM patients) AS u

-- name: distinct with the unit
SELECT count(*) FROM (SELECT DISTINCT patient_id, department_id FROM visits) AS d

-- name: units by the other side's column
SELECT count(DISTINCT p.patient_id) FROM visits v JOIN patients p ON v.patient_id = p.patient_id WHERE v.urgent

-- name: groups within units by the other side's column
SELECT count(*) FROM (SELECT p.patient_id, count(*) AS n FROM visits v JOIN patients p ON v.patient_id = p.patient_id GROUP BY p.patient_id) AS s

-- name: sub-query tied by the other side's column
SELECT count(*) FROM visits v JOIN patients p ON v.patient_id = p.patient_id WHERE EXISTS (SELECT 1 FROM visits w WHERE w.patient_id = p.patient_id AND w.urgent)

-- name: in by the other side's column
SELECT count(*) FROM visits v JOIN patients p USING (patient_id) WHERE p.patient_id IN (SELECT patient_id FROM visits WHERE urgent)

-- name: sub-query over a public table with a division; own=PostgreSQL divides by zero
SELECT count(*) FROM patients p WHERE EXISTS (SELECT 1 FROM departments d WHERE 1 / (CASE WHEN p.patient_id = 17 AND p.sex = 'm' THEN 0 ELSE 1 END) = d.department_id)

-- name: public sub-select with a division joined with private rows; own=PostgreSQL divides by zero
SELECT count(*) FROM patients p JOIN (SELECT 1 / (department_id - 1) AS x FROM departments) s ON s.x = p.age WHERE p.patient_id = 17

-- name: public join condition with a division; own=PostgreSQL divides by zero
SELECT count(*) FROM (departments a JOIN departments b ON 1 / (a.department_id - 1) = b.department_id), patients p WHERE p.age > 200


-- name: a key of a public table set equal to another column of it finds any number of rows
SELECT count(*), sum(p.age) FROM patients p JOIN departments d ON d.department_id = d.department_id

-- name: a sub-query per unit joined back to the unit
SELECT p.sex, avg(n) FROM patients p JOIN (SELECT patient_id, count(*) n FROM visits GROUP BY patient_id) y ON p.patient_id = y.patient_id GROUP BY p.sex

-- name: a union of three whose unit stands in different columns
SELECT count(*), avg(age) FROM (SELECT age, patient_id AS a FROM patients UNION ALL SELECT stay_days, patient_id FROM visits UNION ALL SELECT quantity, item_id FROM items) u
-- name: full join of two keys with a condition that may fail
SELECT count(*) FROM patients a FULL JOIN patients b ON a.patient_id = b.patient_id AND a.age > b.children + 40

-- name: full join of per-unit rows with a condition that may fail
SELECT sum(coalesce(a.n, 0) + coalesce(b.n, 0)) FROM (SELECT patient_id, least(count(*), 5) AS n FROM visits GROUP BY patient_id) a FULL JOIN (SELECT patient_id, least(count(*), 9) AS n FROM visits WHERE urgent GROUP BY patient_id) b ON a.patient_id = b.patient_id AND a.n < b.n


-- name: chain of left joins; spelling=what an outer join knows of the rows that it found is not seen through a sub-query
SELECT p.sex, count(*), count(v.visit_id) AS visits, count(i.item_id) AS items, sum(i.quantity) FROM patients p LEFT JOIN visits v ON v.patient_id = p.patient_id LEFT JOIN items i ON i.visit_id = v.visit_id GROUP BY p.sex

-- name: chain of left joins by using; spelling=what an outer join knows of the rows that it found is not seen through a sub-query
SELECT count(*), sum(quantity) FROM patients LEFT JOIN visits USING (patient_id) LEFT JOIN items USING (visit_id)

-- name: left join then inner join along the chain; spelling=what an outer join knows of the rows that it found is not seen through a sub-query
SELECT count(*), sum(i.quantity) FROM patients p LEFT JOIN visits v ON v.patient_id = p.patient_id JOIN items i ON i.visit_id = v.visit_id

-- name: right joins the other way round; spelling=what an outer join knows of the rows that it found is not seen through a sub-query
SELECT count(*), count(i.item_id) FROM items i RIGHT JOIN visits v ON i.visit_id = v.visit_id RIGHT JOIN patients p ON p.patient_id = v.patient_id

-- name: per-unit totals over a chain of left joins; spelling=what an outer join knows of the rows that it found is not seen through a sub-query
SELECT sex, count(*), avg(least(total, 100)) FROM (SELECT p.patient_id, p.sex, coalesce(sum(i.quantity), 0) AS total FROM patients p LEFT JOIN visits v ON v.patient_id = p.patient_id LEFT JOIN items i ON i.visit_id = v.visit_id GROUP BY p.patient_id, p.sex) t GROUP BY sex

-- name: grouped by a table's key, its other columns beside it; spelling=a key is not seen through a sub-query
SELECT d.department_id, d.name, upper(d.name) AS shown, count(*) FROM visits v JOIN departments d ON d.department_id = v.department_id GROUP BY d.department_id ORDER BY d.floor, d.department_id

-- name: grouped by the unit's key within units, its other columns beside it; spelling=a key is not seen through a sub-query
SELECT sex, avg(n) FROM (SELECT p.*, count(v.visit_id) AS n FROM patients p LEFT JOIN visits v ON v.patient_id = p.patient_id GROUP BY p.patient_id) t GROUP BY sex

-- name: rows of one visit side by side, and then the visit and its patient
SELECT p.sex, count(*), sum(a.quantity) FROM items a JOIN items b ON b.visit_id = a.visit_id AND b.drug = a.drug JOIN visits v ON v.visit_id = a.visit_id JOIN patients p ON p.patient_id = v.patient_id GROUP BY p.sex
