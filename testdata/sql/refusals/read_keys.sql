-- Keys that public tables do not tell, and δ = 0.

-- name: a private column beside a public table; delta=0
SELECT p.region, count(*) FROM patients p LEFT JOIN districts g ON g.code = p.region GROUP BY p.region

-- name: a private column that is compared, not set equal; delta=0
SELECT v.tokens, count(*) FROM visits v JOIN departments d ON d.floor < v.tokens GROUP BY v.tokens

-- name: a private column in an expression with a public one; delta=0
SELECT d.floor + v.tokens AS s, count(*) FROM visits v JOIN departments d USING (department_id) GROUP BY 1

-- name: a float of a public table; delta=0
SELECT g.density, count(p.patient_id) FROM districts g LEFT JOIN patients p ON p.region = g.code GROUP BY g.density

-- name: a lateral row that a private one decides; delta=0
SELECT l.name, count(*) FROM visits v CROSS JOIN LATERAL (SELECT d.title || v.note AS name FROM districts d WHERE d.zone = v.stay_days) l GROUP BY l.name

-- name: more rows than combinations are allowed; delta=0
SELECT g.n, count(v.visit_id) FROM generate_series(1, 10001) AS g(n) LEFT JOIN visits v ON v.department_id = g.n GROUP BY g.n

-- name: a product of more rows than combinations are allowed; delta=0
SELECT a.n, b.n AS m, count(*) FROM generate_series(1, 101) AS a(n) CROSS JOIN generate_series(1, 100) AS b(n) CROSS JOIN visits v GROUP BY a.n, b.n

-- name: a product of tables apart; delta=0
SELECT a.n, b.n AS m, count(*) FROM visits v JOIN generate_series(1, 101) AS a(n) ON a.n = v.department_id JOIN generate_series(1, 100) AS b(n) ON b.n = v.tokens GROUP BY a.n, b.n

-- name: a private column of a sub-query; delta=0
SELECT x.note, count(*) FROM (SELECT d.floor, v.note, v.patient_id FROM visits v JOIN departments d USING (department_id)) x GROUP BY x.note

-- name: one side of a union is private; delta=0
SELECT x.k, count(*) FROM (SELECT d.name AS k, v.patient_id FROM visits v JOIN departments d USING (department_id) UNION ALL SELECT region, patient_id FROM patients) x GROUP BY x.k

-- name: a filled column through coalesce with a private one; delta=0
SELECT coalesce(g.title, p.region) AS k, count(*) FROM patients p LEFT JOIN districts g ON g.code = p.region GROUP BY 1
