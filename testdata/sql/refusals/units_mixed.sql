-- name: a window without the unit
SELECT count(*) FROM (SELECT row_number() OVER (ORDER BY age) AS n FROM patients) s WHERE n < 3

-- name: a window partitioned by another column
SELECT count(*) FROM (SELECT row_number() OVER (PARTITION BY department_id ORDER BY visited_on) AS n FROM visits) s WHERE n = 1

-- name: a window partitioned by an expression of the unit
SELECT count(*) FROM (SELECT row_number() OVER (PARTITION BY patient_id + 0 ORDER BY visited_on) AS n FROM visits) s WHERE n = 1

-- name: a named window without the unit
SELECT count(*) FROM (SELECT count(*) OVER w AS n FROM visits WINDOW w AS (PARTITION BY department_id)) s WHERE n > 1

-- name: last_value with a frame that ends at peers
SELECT avg(f) FROM (SELECT last_value(cost) OVER (PARTITION BY patient_id ORDER BY urgent) AS f FROM visits) s

-- name: a frame of values
SELECT avg(f) FROM (SELECT sum(cost) OVER (PARTITION BY patient_id ORDER BY stay_days RANGE BETWEEN 3 PRECEDING AND CURRENT ROW) AS f FROM visits) s

-- name: an offset from data
SELECT avg(f) FROM (SELECT lag(cost, stay_days) OVER (PARTITION BY patient_id ORDER BY visited_on) AS f FROM visits) s

-- name: ntile of nothing
SELECT avg(f) FROM (SELECT ntile(0) OVER (PARTITION BY patient_id ORDER BY visited_on) AS f FROM visits) s

-- name: a frame before its start
SELECT avg(f) FROM (SELECT sum(cost) OVER (PARTITION BY patient_id ORDER BY visited_on ROWS BETWEEN -1 PRECEDING AND CURRENT ROW) AS f FROM visits) s

-- name: a window in the aggregated block
SELECT sum(cost), rank() OVER (PARTITION BY patient_id) FROM visits

-- name: a window over sums without bounds
SELECT count(*) FROM (SELECT sum(income * 1e200) OVER (PARTITION BY patient_id) AS t FROM patients) s WHERE t > 3

-- name: distinct on another column
SELECT count(*) FROM (SELECT DISTINCT ON (department_id) * FROM visits ORDER BY department_id, visited_on) s

-- name: distinct on with limit
SELECT count(*) FROM (SELECT DISTINCT ON (patient_id) * FROM visits ORDER BY patient_id, visited_on LIMIT 5) s

-- name: distinct on against its order
SELECT count(*) FROM (SELECT DISTINCT ON (patient_id) * FROM visits ORDER BY visited_on) s

-- name: correlated on another column
SELECT avg((SELECT count(*) FROM visits v WHERE v.department_id = p.children)) FROM patients p

-- name: correlated on an expression of the unit
SELECT avg((SELECT count(*) FROM visits v WHERE v.patient_id + 0 = p.patient_id)) FROM patients p

-- name: correlated under or
SELECT avg((SELECT count(*) FROM visits v WHERE v.patient_id = p.patient_id OR v.urgent)) FROM patients p

-- name: correlated, not the unit of the left side
SELECT avg((SELECT count(*) FROM visits w LEFT JOIN (SELECT * FROM visits v WHERE v.patient_id = p.patient_id) x ON x.patient_id = w.patient_id)) FROM patients p

-- name: a value of several rows
SELECT avg((SELECT v.cost FROM visits v WHERE v.patient_id = p.patient_id)) FROM patients p

-- name: a value for each group
SELECT avg((SELECT count(*) FROM visits v WHERE v.patient_id = p.patient_id GROUP BY department_id)) FROM patients p

-- name: correlated with a row of another unit
SELECT count(*) FROM visits v WHERE cost > (SELECT avg(w.cost) FROM visits w WHERE w.department_id = v.department_id)

-- name: uncorrelated value over private rows
SELECT avg(cost - (SELECT avg(cost) FROM visits)) FROM visits

-- name: greater than all others
SELECT count(*) FROM patients WHERE age >= ALL (SELECT age FROM patients)

-- name: keys of different tables
SELECT count(*) FROM visits WHERE visit_id IN (SELECT item_id FROM items)

-- name: items joined on another key
SELECT count(*) FROM items a JOIN items b ON a.visit_id = b.item_id

-- name: lateral of another unit
SELECT count(*) FROM patients p, LATERAL (SELECT * FROM visits v WHERE v.department_id = p.children) x

-- name: lateral without a tie
SELECT count(*) FROM patients p CROSS JOIN LATERAL (SELECT * FROM visits v LIMIT 1) x

-- name: lateral aggregate over all units
SELECT avg(x.n) FROM patients p CROSS JOIN LATERAL (SELECT count(*) AS n FROM visits v WHERE v.cost > p.age) x

-- name: lateral measured for each public row
SELECT d.name, x.n FROM departments d, LATERAL (SELECT count(*) AS n FROM visits v WHERE v.department_id = d.department_id) x

-- name: lateral on the wrong side
SELECT count(*) FROM patients p RIGHT JOIN LATERAL (SELECT 1 AS one FROM visits v WHERE v.patient_id = p.patient_id) x ON TRUE

-- name: limit in a correlated sub-query of another unit
SELECT count(*) FROM patients p WHERE EXISTS (SELECT 1 FROM visits v WHERE v.department_id = p.children LIMIT 1)

-- name: a unit that a union swaps
SELECT avg(n) FROM (SELECT a, count(*) AS n FROM (SELECT patient_id AS a FROM visits UNION ALL SELECT department_id FROM visits) u GROUP BY a) s JOIN patients ON patients.patient_id = s.a

-- name: sum without bounds through arithmetic
SELECT sum(department_id + 1) FROM visits

-- name: sum without bounds through case
SELECT sum(CASE WHEN urgent THEN tokens ELSE 0 END) FROM visits

-- name: sum without bounds through a sub-query
SELECT sum(x) FROM (SELECT tokens::numeric / 2 AS x FROM visits) s

-- name: narrowed on one side only
SELECT sum(tokens) FROM visits WHERE tokens >= 0

-- name: narrowed by or on another column
SELECT sum(tokens) FROM visits WHERE tokens BETWEEN 0 AND 10 OR urgent
