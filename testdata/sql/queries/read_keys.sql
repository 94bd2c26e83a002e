-- Keys that are columns of public tables: their values are read from these tables.

-- name: the kept side of a left join
SELECT d.floor, count(v.visit_id) FROM departments d LEFT JOIN visits v USING (department_id) GROUP BY d.floor ORDER BY d.floor

-- name: without delta; delta=0
SELECT g.title, count(p.patient_id) FROM districts g LEFT JOIN patients p ON p.region = g.code GROUP BY g.title ORDER BY g.title COLLATE "C"

-- name: the kept side of a right join; delta=0
SELECT g.code, count(p.patient_id), avg(p.age) FROM patients p RIGHT JOIN districts g ON p.region = g.code WHERE p.age > 0 GROUP BY g.code

-- name: a full join has the group of those without a partner; delta=0
SELECT g.code, count(p.patient_id) FROM patients p FULL JOIN districts g ON p.region = g.code GROUP BY g.code

-- name: an inner join; delta=0
SELECT g.title, count(*) FROM patients p JOIN districts g ON p.region = g.code GROUP BY g.title

-- name: the filled side of a left join has NULL besides; delta=0
SELECT g.title, g.zone, count(*) FROM patients p LEFT JOIN districts g ON p.region = g.code AND g.zone = 1 GROUP BY g.title, g.zone

-- name: columns of one table are combinations that there are; delta=0
SELECT g.zone, g.coastal, g.title, count(p.patient_id) FROM districts g LEFT JOIN patients p ON p.region = g.code GROUP BY 1, 2, 3

-- name: with a declared list, a boolean and a CASE; delta=0
SELECT d.floor, p.sex, p.smoker, CASE WHEN v.cost > 100 THEN 'dear' ELSE 'cheap' END AS price, count(*)
FROM visits v JOIN patients p USING (patient_id) JOIN departments d ON d.department_id = v.department_id GROUP BY 1, 2, 3, 4

-- name: a listed column of the same table joins in; delta=0
SELECT d.name, d.floor, count(v.visit_id) FROM departments d LEFT JOIN visits v USING (department_id) GROUP BY d.name, d.floor ORDER BY 1, 2

-- name: a filter on the public side; delta=0
SELECT g.code, count(p.patient_id) FROM districts g LEFT JOIN patients p ON p.region = g.code WHERE g.zone < 3 AND g.title IS NOT NULL GROUP BY g.code

-- name: a condition of the join leaves all rows of the kept side; delta=0
SELECT g.code, count(p.patient_id) FROM districts g LEFT JOIN patients p ON p.region = g.code AND g.zone = 2 AND p.age > 30 GROUP BY g.code

-- name: a private sub-query on the filled side; delta=0
SELECT d.floor, count(x.visit_id), sum(x.cost) FROM departments d LEFT JOIN (SELECT * FROM visits WHERE urgent) x ON x.department_id = d.department_id GROUP BY d.floor

-- name: a public sub-query on the kept side; delta=0
SELECT s.half, count(v.visit_id) FROM (SELECT department_id, floor % 2 AS half FROM departments WHERE floor IS NOT NULL) s LEFT JOIN visits v USING (department_id) GROUP BY s.half

-- name: a grouped public sub-query on the kept side; delta=0
SELECT s.n, count(v.visit_id) FROM (SELECT floor, count(*) AS n, min(department_id) AS first FROM departments GROUP BY floor) s LEFT JOIN visits v ON v.department_id = s.first GROUP BY s.n

-- name: a WITH query on the kept side; delta=0
WITH coast AS (SELECT code, title FROM districts WHERE coastal) SELECT c.title, count(p.patient_id) FROM coast c LEFT JOIN patients p ON p.region = c.code GROUP BY c.title

-- name: VALUES on the kept side; delta=0
SELECT k.label, count(v.visit_id) FROM (VALUES (1, 'one'), (2, 'two'), (77, 'none')) AS k(id, label) LEFT JOIN visits v ON v.department_id = k.id GROUP BY k.label

-- name: generate_series on the kept side; delta=0
SELECT g.n, count(v.visit_id) FROM generate_series(1, 8) AS g(n) LEFT JOIN visits v ON v.department_id = g.n GROUP BY g.n ORDER BY g.n

-- name: a series of days; delta=0
SELECT s.day, count(v.visit_id) FROM generate_series(DATE '2021-01-01', DATE '2021-03-01', INTERVAL '1 month') AS s(day) LEFT JOIN visits v ON date_trunc('month', v.visited_on) = s.day GROUP BY s.day

-- name: the joined column of USING, private side first; delta=0
SELECT department_id, count(*) FROM visits JOIN departments USING (department_id) GROUP BY department_id ORDER BY department_id

-- name: the joined column of ON; delta=0
SELECT v.department_id, sum(v.cost) FROM departments d, visits v WHERE d.department_id = v.department_id GROUP BY v.department_id

-- name: a joined column of text is shown as the public table has it; delta=0
SELECT p.region, count(*) FROM patients p JOIN districts g ON g.code = p.region GROUP BY p.region

-- name: an expression of the joined column; delta=0
SELECT v.department_id % 3 AS r, d.floor, count(*) FROM visits v JOIN departments d USING (department_id) GROUP BY 1, 2

-- name: two public tables in a chain; delta=0
SELECT d.floor, s.name, count(*) FROM visits v JOIN departments d USING (department_id) JOIN (SELECT DISTINCT floor, 'floor ' || floor AS name FROM departments) s ON s.floor = d.floor GROUP BY 1, 2

-- name: two public tables apart; delta=0
SELECT d.floor, g.zone, count(*) FROM visits v JOIN departments d USING (department_id) JOIN patients p ON p.patient_id = v.patient_id JOIN districts g ON g.code = p.region GROUP BY 1, 2

-- name: two public tables that private columns tie; delta=0
SELECT d.floor, e.name, count(*) FROM visits v JOIN departments d ON d.department_id = v.department_id JOIN departments e ON e.department_id = v.department_id GROUP BY 1, 2

-- name: public tables joined before; delta=0
SELECT d.floor, e.floor AS other, count(v.visit_id) FROM departments d LEFT JOIN departments e ON e.department_id = d.department_id + 1 LEFT JOIN visits v ON v.department_id = d.department_id GROUP BY 1, 2

-- name: a public table joined outwards from a public one; delta=0
SELECT d.floor, e.floor AS other, count(*) FROM visits v JOIN departments d USING (department_id) LEFT JOIN departments e ON e.department_id = d.department_id + 1 GROUP BY 1, 2

-- name: through a sub-query over the join; delta=0
SELECT x.title, x.band, count(*) FROM (SELECT g.title, p.age / 40 AS band, p.patient_id FROM patients p JOIN districts g ON g.code = p.region WHERE g.zone > 0) x GROUP BY 1, 2

-- name: through a WITH query with an outer join; delta=0
WITH j AS (SELECT d.floor, v.visit_id, v.cost FROM departments d LEFT JOIN visits v ON v.department_id = d.department_id) SELECT floor, count(visit_id), sum(cost) FROM j GROUP BY floor ORDER BY floor

-- name: through a sub-query for each unit; delta=0
SELECT x.floor, avg(least(x.n, 10)) FROM (SELECT v.patient_id, d.floor, count(*) AS n FROM visits v JOIN departments d USING (department_id) GROUP BY v.patient_id, d.floor) x GROUP BY x.floor

-- name: through UNION ALL; delta=0
SELECT x.kind, count(*) FROM (SELECT 'visit' AS kind, patient_id FROM visits UNION ALL SELECT 'person', patient_id FROM patients) x GROUP BY x.kind

-- name: under an outer join that fills; delta=0
SELECT coalesce(x.title, 'nowhere') AS place, count(*) FROM visits v LEFT JOIN (SELECT p.patient_id, g.title FROM patients p JOIN districts g ON g.code = p.region) x ON x.patient_id = v.patient_id GROUP BY 1

-- name: functions of public columns; delta=0
SELECT left(g.title, 3) AS t, extract(year FROM g.opened) AS y, count(p.patient_id) FROM districts g LEFT JOIN patients p ON p.region = g.code GROUP BY 1, 2

-- name: keys of numbers; delta=0
SELECT g.area, g.people, count(p.patient_id) FROM districts g LEFT JOIN patients p ON p.region = g.code GROUP BY g.area, g.people

-- name: keys of dates and times; delta=0
SELECT g.opened, g.surveyed, g.reviewed, count(p.patient_id) FROM districts g LEFT JOIN patients p ON p.region = g.code GROUP BY 1, 2, 3

-- name: keys of identifiers and truth; delta=0
SELECT g.ref, g.coastal, count(p.patient_id) FROM districts g LEFT JOIN patients p ON p.region = g.code GROUP BY 1, 2

-- name: floats are chosen; own=a group may be left out
SELECT g.density, count(p.patient_id) FROM districts g LEFT JOIN patients p ON p.region = g.code GROUP BY g.density

-- name: grouping sets; delta=0
SELECT d.floor, d.name, count(v.visit_id) FROM departments d LEFT JOIN visits v USING (department_id) GROUP BY ROLLUP (d.floor, d.name)

-- name: quantiles and distinct; delta=0; own=median is not a function of PostgreSQL
SELECT d.floor, median(v.cost), count(DISTINCT v.stay_days), count(DISTINCT v.patient_id) FROM departments d LEFT JOIN visits v USING (department_id) GROUP BY d.floor

-- name: rows without a partner count nowhere; delta=0; own=PostgreSQL counts the row that the outer join adds
SELECT g.code, count(*) FROM districts g LEFT JOIN patients p ON p.region = g.code GROUP BY g.code

-- name: DISTINCT; delta=0
SELECT DISTINCT d.floor FROM visits v JOIN departments d USING (department_id)

-- name: in an outer query; delta=0
SELECT floor, round(100.0 * n / sum(n) OVER (), 1) AS share FROM (SELECT d.floor, count(v.visit_id) AS n FROM departments d LEFT JOIN visits v USING (department_id) GROUP BY d.floor) x WHERE n > 0 ORDER BY floor

-- name: two measurements, each with keys of its own; delta=0
SELECT a.floor, a.n, b.n AS urgent FROM (SELECT d.floor, count(*) AS n FROM visits v JOIN departments d USING (department_id) GROUP BY d.floor) a
JOIN (SELECT d.floor, count(*) AS n FROM visits v JOIN departments d USING (department_id) WHERE v.urgent GROUP BY d.floor) b USING (floor)

-- name: a table that has no rows for the filter; delta=0
SELECT g.code, count(*) FROM patients p JOIN districts g ON g.code = p.region WHERE g.zone = 99 GROUP BY g.code

-- name: a private key besides is chosen; own=a group may be left out
SELECT d.floor, v.note, count(*) FROM visits v JOIN departments d USING (department_id) GROUP BY d.floor, v.note

-- name: a parameter in the filter; delta=0; p1=2
SELECT g.code, count(p.patient_id) FROM districts g LEFT JOIN patients p ON p.region = g.code WHERE g.zone < $1 GROUP BY g.code

-- name: a sub-query over a public table in the filter; delta=0
SELECT g.code, count(p.patient_id) FROM districts g LEFT JOIN patients p ON p.region = g.code WHERE g.zone IN (SELECT floor FROM departments) GROUP BY g.code

-- name: beside a lateral public row; delta=0
SELECT d.floor, count(*) FROM visits v JOIN departments d USING (department_id) CROSS JOIN LATERAL (SELECT d.floor + 1 AS next) n WHERE n.next > 1 GROUP BY d.floor

-- name: more rows than combinations are allowed are private groups; own=a group may be left out
SELECT g.n, count(v.visit_id) FROM generate_series(1, 10001) AS g(n) LEFT JOIN visits v ON v.department_id = g.n GROUP BY g.n

-- name: a column of another whole type; delta=0
SELECT d.department_id, x.id, count(*) FROM (SELECT CAST(department_id AS bigint) AS id FROM departments) x JOIN visits d ON d.department_id = x.id GROUP BY 1, 2

-- name: two rows of one value; delta=0
SELECT g.zone, count(p.patient_id), count(DISTINCT p.patient_id) FROM districts g LEFT JOIN patients p ON p.region = g.code GROUP BY g.zone HAVING count(p.patient_id) > -100 ORDER BY g.zone DESC
