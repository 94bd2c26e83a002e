-- name: cte twice
WITH a AS (SELECT patient_id, cost FROM visits WHERE urgent), b AS (SELECT patient_id, age FROM patients) SELECT count(*), sum(a.cost) FROM a JOIN b USING (patient_id)

-- name: cte on cte
WITH v AS (SELECT * FROM visits WHERE urgent), w AS (SELECT patient_id, count(*) AS n FROM v GROUP BY patient_id) SELECT avg(least(n, 9)) FROM w

-- name: cte materialized
WITH v AS MATERIALIZED (SELECT * FROM visits) SELECT count(*) FROM v

-- name: per unit avg of avg
SELECT avg(a) FROM (SELECT patient_id, avg(cost) AS a FROM visits GROUP BY patient_id) s

-- name: per unit distinct
SELECT avg(n) FROM (SELECT patient_id, count(DISTINCT department_id) AS n FROM visits GROUP BY patient_id) s

-- name: per unit max min diff
SELECT avg(m) FROM (SELECT patient_id, max(stay_days) - min(stay_days) AS m FROM visits GROUP BY patient_id) s

-- name: per unit dates
SELECT avg(m) FROM (SELECT patient_id, max(visited_on) - min(visited_on) AS m FROM visits GROUP BY patient_id) s

-- name: per unit case outside
SELECT CASE WHEN n > 2 THEN 'many' ELSE 'few' END AS c, count(*) FROM (SELECT patient_id, count(*) AS n FROM visits GROUP BY patient_id) s GROUP BY 1 ORDER BY 1

-- name: unit via chain in group; spelling=the path to the unit joins a table again, within the groups
SELECT avg(n) FROM (SELECT v.patient_id, sum(i.quantity) AS n FROM items i JOIN visits v USING (visit_id) GROUP BY v.patient_id) s

-- name: per visit with unit; spelling=the path to the unit joins a table again, within the groups
SELECT avg(n) FROM (SELECT patient_id, visit_id, sum(quantity) AS n FROM items JOIN visits USING (visit_id) GROUP BY patient_id, visit_id) s

-- name: chain by items self
SELECT count(*) FROM items a JOIN items b USING (visit_id)

-- name: items with unit by chain
SELECT count(*), sum(quantity * price) FROM items

-- name: items visits patients
SELECT p.sex, sum(i.quantity) FROM items i JOIN visits v ON i.visit_id = v.visit_id JOIN patients p ON p.patient_id = v.patient_id GROUP BY p.sex ORDER BY 1

-- name: bracketed
SELECT count(*) FROM (patients p JOIN (visits v JOIN departments d USING (department_id)) ON p.patient_id = v.patient_id)

-- name: bracket alias
SELECT count(*), sum(x.cost) FROM (patients p JOIN visits v USING (patient_id)) AS x

-- name: left public preserved
SELECT d.name, count(v.visit_id) FROM departments d LEFT JOIN visits v ON v.department_id = d.department_id GROUP BY d.name ORDER BY 1

-- name: left public preserved 2
SELECT d.name, count(v.visit_id), sum(v.cost) FROM departments d LEFT JOIN visits v USING (department_id) GROUP BY d.name ORDER BY 1

-- name: right public preserved
SELECT d.department_id, count(v.visit_id) FROM visits v RIGHT JOIN departments d USING (department_id) GROUP BY d.department_id ORDER BY 1

-- name: full public
SELECT count(*) FROM visits v FULL JOIN departments d ON v.department_id = d.department_id

-- name: exists select list
SELECT EXISTS (SELECT 1 FROM visits v WHERE v.patient_id = p.patient_id AND v.urgent) AS had, count(*) FROM patients p GROUP BY 1 ORDER BY 1

-- name: exists in case
SELECT sum(CASE WHEN EXISTS (SELECT 1 FROM visits v WHERE v.patient_id = p.patient_id) THEN 1 ELSE 0 END) FROM patients p

-- name: exists in filter
SELECT count(*) FILTER (WHERE EXISTS (SELECT 1 FROM visits v WHERE v.patient_id = p.patient_id)) FROM patients p

-- name: in case
SELECT CASE WHEN patient_id IN (SELECT patient_id FROM visits WHERE urgent) THEN 'u' ELSE 'n' END AS k, avg(age) FROM patients GROUP BY k ORDER BY k

-- name: scalar public
SELECT count(*) FROM visits WHERE department_id > (SELECT avg(department_id) FROM departments)

-- name: scalar public const
SELECT count(*) FROM visits WHERE department_id = (SELECT department_id FROM departments WHERE name = 'dept 1')

-- name: scalar public max
SELECT count(*) FROM visits WHERE department_id = (SELECT max(department_id) FROM departments)

-- name: correlated count
SELECT avg((SELECT count(*) FROM visits v WHERE v.patient_id = p.patient_id)) FROM patients p

-- name: correlated count where
SELECT count(*) FROM patients p WHERE (SELECT count(*) FROM visits v WHERE v.patient_id = p.patient_id) > 2

-- name: correlated count derived
SELECT avg(n) FROM (SELECT p.patient_id, (SELECT count(*) FROM visits v WHERE v.patient_id = p.patient_id) AS n FROM patients p) s

-- name: correlated sum key
SELECT CASE WHEN (SELECT sum(v.cost) FROM visits v WHERE v.patient_id = p.patient_id) > 1000 THEN 'a' ELSE 'b' END AS k, count(*) FROM patients p GROUP BY k ORDER BY k

-- name: correlated public scalar; spelling=a key is not seen through a sub-query
SELECT count(*) FROM visits v WHERE (SELECT d.floor FROM departments d WHERE d.department_id = v.department_id) = 1

-- name: union all three
SELECT count(*) FROM (SELECT patient_id, age FROM patients UNION ALL SELECT patient_id, stay_days FROM visits UNION ALL SELECT patient_id, 1 FROM visits) u

-- name: boolean sum
SELECT sum(smoker::int), avg(CASE WHEN smoker THEN 1 ELSE 0 END) FROM patients

-- name: any sub
SELECT count(*) FROM visits v WHERE v.department_id = ANY (SELECT department_id FROM departments WHERE floor = 1)

-- name: all sub
SELECT count(*) FROM visits v WHERE v.department_id > ALL (SELECT department_id FROM departments WHERE floor = 1)

-- name: any gt sub
SELECT count(*) FROM visits v WHERE v.department_id > ANY (SELECT department_id FROM departments WHERE floor = 1)

-- name: values join
SELECT x.label, count(*) FROM visits v JOIN (VALUES (1, 'one'), (2, 'two')) x(id, label) ON x.id = v.department_id GROUP BY x.label ORDER BY 1

-- name: public sub distinct
SELECT count(*) FROM visits v JOIN (SELECT DISTINCT floor AS f FROM departments) d ON d.f = v.department_id

-- name: semi in nested
SELECT count(*) FROM patients WHERE patient_id IN (SELECT patient_id FROM visits WHERE department_id IN (SELECT department_id FROM departments WHERE floor = 1))

-- name: in grouped
SELECT count(*) FROM patients WHERE patient_id IN (SELECT patient_id FROM visits GROUP BY patient_id HAVING count(*) > 2)

-- name: distinct unit count sub
SELECT count(*) FROM (SELECT DISTINCT patient_id FROM visits WHERE urgent) s

-- name: select star join
SELECT count(*) FROM (SELECT p.*, v.cost FROM patients p JOIN visits v USING (patient_id)) s WHERE age > 30

-- name: derived column aliases
SELECT sum(b) FROM (SELECT patient_id, age FROM patients) AS s(a, b)

-- name: cte column aliases
WITH s(a, b) AS (SELECT patient_id, age FROM patients) SELECT sum(b) FROM s

-- name: natural multi
SELECT count(*) FROM items NATURAL JOIN visits NATURAL JOIN patients

-- name: natural left
SELECT count(*) FROM patients NATURAL LEFT JOIN visits

-- name: left join filter on
SELECT count(v.visit_id) FROM patients p LEFT JOIN visits v ON v.patient_id = p.patient_id AND v.urgent

-- name: left join per unit sub
SELECT avg(coalesce(s.n, 0)) FROM patients p LEFT JOIN (SELECT patient_id, count(*) AS n FROM visits GROUP BY patient_id) s USING (patient_id)

-- name: two per unit subs
SELECT avg(a.n - b.n) FROM (SELECT patient_id, count(*) AS n FROM visits GROUP BY patient_id) a JOIN (SELECT patient_id, count(*) AS n FROM visits WHERE urgent GROUP BY patient_id) b USING (patient_id)

-- name: length note
SELECT avg(length(left(note, 20))) FROM visits

-- name: date diff
SELECT avg(date '2024-01-01' - born) FROM patients

-- name: age extract
SELECT avg(extract(year FROM age(date '2024-01-01', born))) FROM patients

-- name: union then group by unit
SELECT avg(n) FROM (SELECT patient_id, count(*) AS n FROM (SELECT patient_id FROM visits UNION ALL SELECT patient_id FROM patients) u GROUP BY patient_id) s

-- name: public keys combos
SELECT d.name, v.urgent, count(*) FROM departments d JOIN visits v USING (department_id) GROUP BY d.name, v.urgent ORDER BY 1, 2

-- name: exists visits chain
SELECT count(*) FROM visits v WHERE EXISTS (SELECT 1 FROM items i WHERE i.visit_id = v.visit_id AND i.drug = 'aspirin')

-- name: in visits chain
SELECT count(*) FROM visits v WHERE v.visit_id IN (SELECT visit_id FROM items WHERE drug = 'aspirin')

-- name: correlated chain
SELECT avg((SELECT count(*) FROM items i WHERE i.visit_id = v.visit_id)) FROM visits v

-- name: per unit subquery where items
SELECT count(*) FROM items i JOIN visits v USING (visit_id) WHERE v.cost > 100 AND i.quantity > 3

-- name: cte used twice; own=a unit has more pairs of rows than the bound
WITH v AS (SELECT patient_id, cost FROM visits) SELECT count(*) FROM v a JOIN v b ON a.patient_id = b.patient_id

-- name: units in one set or the other
SELECT count(*) FROM (SELECT patient_id FROM visits WHERE urgent UNION SELECT patient_id FROM visits WHERE stay_days > 10) s

-- name: units in both sets
SELECT p.sex, count(*) FROM patients p JOIN (SELECT patient_id FROM visits WHERE urgent INTERSECT SELECT patient_id FROM visits WHERE stay_days > 1) s ON s.patient_id = p.patient_id GROUP BY p.sex

-- name: units without visits by except
SELECT count(*), avg(age) FROM patients WHERE patient_id IN (SELECT patient_id FROM patients EXCEPT SELECT patient_id FROM visits)

-- name: rows of one set and not of another, within units
SELECT count(*), sum(stay_days) FROM (SELECT patient_id, stay_days FROM visits EXCEPT ALL SELECT patient_id, stay_days FROM visits WHERE urgent) s

-- name: a key that the unit tells, through a sub-query around a join
SELECT q.sex, count(*), sum(q.cost) FROM (SELECT p.sex, p.smoker, v.cost FROM patients p JOIN visits v USING (patient_id)) q GROUP BY q.sex

-- name: a key through two sub-queries, one of whose columns is the unit's and one a visit's
SELECT t.a, t.b, count(*) FROM (SELECT q.sex AS a, q.urgent AS b FROM (SELECT p.sex, v.urgent FROM patients p JOIN visits v USING (patient_id)) q) t GROUP BY 1, 2

-- name: a public table that WHERE joins by its key; spelling=a key that joins is not seen through a sub-query
SELECT d.name, count(*) FROM patients p, departments d WHERE p.children = d.department_id GROUP BY d.name

-- name: two public tables that WHERE joins with each other alone
SELECT count(*) FROM patients p, departments d, departments e WHERE d.department_id = e.department_id

-- name: two public tables, of which the second finds the first
SELECT count(*) FROM patients p, departments d, departments e WHERE d.department_id = e.department_id AND e.department_id = p.children
