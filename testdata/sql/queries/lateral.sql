-- name: lateral public
SELECT count(*) FROM visits v, LATERAL (SELECT d.floor FROM departments d WHERE d.department_id = v.department_id) x WHERE x.floor = 1

-- name: lateral public max
SELECT avg(least(greatest(x.m, 0), 9)) FROM visits v CROSS JOIN LATERAL (SELECT max(d.floor) AS m FROM departments d WHERE d.department_id <= v.department_id) x

-- name: lateral same unit
SELECT count(*), sum(x.cost) FROM patients p JOIN LATERAL (SELECT v.cost FROM visits v WHERE v.patient_id = p.patient_id) x ON TRUE

-- name: lateral same unit agg
SELECT avg(x.n), sum(x.c) FROM patients p CROSS JOIN LATERAL (SELECT count(*) AS n, sum(cost) AS c FROM visits v WHERE v.patient_id = p.patient_id) x

-- name: lateral left
SELECT count(x.cost) FROM patients p LEFT JOIN LATERAL (SELECT v.cost FROM visits v WHERE v.patient_id = p.patient_id) x ON TRUE

-- name: lateral expression
SELECT avg(x.double) FROM patients p, LATERAL (SELECT p.age * 2 AS double) x

-- name: lateral values
SELECT count(*) FROM patients p, LATERAL (VALUES (p.age), (p.children)) x(v) WHERE x.v > 2

-- name: lateral limit
SELECT avg(x.cost) FROM patients p JOIN LATERAL (SELECT v.cost FROM visits v WHERE v.patient_id = p.patient_id ORDER BY v.visited_on, v.visit_id LIMIT 1) x ON TRUE

-- name: lateral top two
SELECT count(*), sum(x.cost) FROM patients p JOIN LATERAL (SELECT v.cost FROM visits v WHERE v.patient_id = p.patient_id ORDER BY v.cost DESC, v.visit_id LIMIT 2) x ON TRUE

-- name: lateral of a public row
SELECT count(*) FROM departments d, LATERAL (SELECT * FROM visits v WHERE v.department_id = d.department_id) x WHERE d.floor = 1

-- name: lateral chain
SELECT sum(x.q) FROM visits v CROSS JOIN LATERAL (SELECT sum(i.quantity) AS q FROM items i WHERE i.visit_id = v.visit_id) x

-- name: lateral after join
SELECT p.sex, avg(x.n) FROM patients p JOIN visits v USING (patient_id) CROSS JOIN LATERAL (SELECT count(*) AS n FROM items i WHERE i.visit_id = v.visit_id) x WHERE p.sex IN ('m', 'f') GROUP BY p.sex ORDER BY 1

-- name: lateral grouped
SELECT p.sex, avg(x.n) FROM patients p, LATERAL (SELECT count(*) AS n FROM visits v WHERE v.patient_id = p.patient_id AND v.urgent) x GROUP BY p.sex ORDER BY 1

-- name: lateral in lateral
SELECT sum(y.k) FROM patients p, LATERAL (SELECT v.visit_id, v.patient_id FROM visits v WHERE v.patient_id = p.patient_id) x, LATERAL (SELECT count(*) AS k FROM items i JOIN visits w USING (visit_id) WHERE w.patient_id = x.patient_id AND w.visit_id = x.visit_id) y

-- name: lateral public with ties has as many rows as there are peers
SELECT count(*), sum(p.age) FROM patients p CROSS JOIN LATERAL (SELECT w.floor FROM departments w WHERE w.department_id < p.age ORDER BY w.floor FETCH FIRST 1 ROWS WITH TIES) x

-- name: lateral same unit with ties has as many rows as there are peers
SELECT count(*), sum(p.age) FROM patients p CROSS JOIN LATERAL (SELECT w.stay_days FROM (SELECT patient_id, stay_days FROM visits UNION ALL SELECT patient_id, stay_days FROM visits) w WHERE w.patient_id = p.patient_id ORDER BY w.stay_days FETCH FIRST 1 ROWS WITH TIES) x

-- name: lateral first department with ties
SELECT count(*), sum(x.cost) FROM patients p JOIN LATERAL (SELECT v.cost FROM visits v WHERE v.patient_id = p.patient_id ORDER BY v.urgent FETCH FIRST 1 ROW WITH TIES) x ON TRUE
