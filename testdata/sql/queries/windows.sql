-- name: first visit
SELECT count(*), sum(cost) FROM (SELECT *, row_number() OVER (PARTITION BY patient_id ORDER BY visited_on, visit_id) AS rn FROM visits) s WHERE rn = 1

-- name: first visit ties; own=PostgreSQL breaks ties as it likes
SELECT count(*), sum(cost) FROM (SELECT *, row_number() OVER (PARTITION BY patient_id ORDER BY urgent) AS rn FROM visits) s WHERE rn = 1

-- name: first visit group
SELECT department_id, count(*), avg(cost) FROM (SELECT department_id, cost, row_number() OVER (PARTITION BY patient_id ORDER BY visited_on, visit_id) AS rn FROM visits) s WHERE rn <= 1 AND department_id IN (1,2,3) GROUP BY department_id ORDER BY 1

-- name: second visit
SELECT avg(cost) FROM (SELECT cost, row_number() OVER (PARTITION BY patient_id ORDER BY visited_on, visit_id) AS rn FROM visits) s WHERE rn = 2

-- name: last visit desc
SELECT count(*) FILTER (WHERE urgent) FROM (SELECT urgent, row_number() OVER (PARTITION BY patient_id ORDER BY visited_on DESC NULLS LAST, visit_id DESC) AS rn FROM visits) s WHERE rn = 1

-- name: lag
SELECT avg(gap) FROM (SELECT visited_on - lag(visited_on) OVER (PARTITION BY patient_id ORDER BY visited_on, visit_id) AS gap FROM visits) s

-- name: lead default
SELECT sum(nxt) FROM (SELECT lead(stay_days, 1, 0) OVER (PARTITION BY patient_id ORDER BY visited_on, visit_id) AS nxt FROM visits) s

-- name: running sum
SELECT count(*) FROM (SELECT sum(cost) OVER (PARTITION BY patient_id ORDER BY visited_on, visit_id) AS t FROM visits) s WHERE t > 3000

-- name: rows frame
SELECT avg(m) FROM (SELECT avg(cost) OVER (PARTITION BY patient_id ORDER BY visited_on, visit_id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS m FROM visits) s

-- name: rows frame ties; own=PostgreSQL breaks ties as it likes
SELECT avg(m) FROM (SELECT sum(stay_days) OVER (PARTITION BY patient_id ORDER BY urgent ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS m FROM visits) s

-- name: window count
SELECT count(*) FROM (SELECT count(*) OVER (PARTITION BY patient_id) AS n FROM visits) s WHERE n >= 2

-- name: named window
SELECT count(*) FROM (SELECT count(*) OVER w AS n FROM visits WINDOW w AS (PARTITION BY patient_id)) s WHERE n >= 2

-- name: named window extended
SELECT sum(rn) FROM (SELECT row_number() OVER (w ORDER BY visited_on, visit_id) AS rn FROM visits WINDOW w AS (PARTITION BY patient_id)) s

-- name: rank
SELECT avg(least(k, 9)) FROM (SELECT rank() OVER (PARTITION BY patient_id ORDER BY cost) AS k FROM visits) s

-- name: dense rank ntile
SELECT sum(k), sum(n), avg(p) FROM (SELECT dense_rank() OVER (PARTITION BY patient_id ORDER BY urgent) AS k, ntile(2) OVER (PARTITION BY patient_id ORDER BY cost, visit_id) AS n, percent_rank() OVER (PARTITION BY patient_id ORDER BY cost) AS p FROM visits) s

-- name: first value
SELECT avg(f) FROM (SELECT first_value(cost) OVER (PARTITION BY patient_id ORDER BY visited_on, visit_id) AS f FROM visits) s

-- name: last value
SELECT avg(f) FROM (SELECT last_value(cost) OVER (PARTITION BY patient_id ORDER BY visited_on, visit_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS f FROM visits) s

-- name: nth value
SELECT avg(f) FROM (SELECT nth_value(cost, 2) OVER (PARTITION BY patient_id ORDER BY visited_on, visit_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS f FROM visits) s

-- name: partition finer
SELECT avg(least(n, 3)) FROM (SELECT count(*) OVER (PARTITION BY patient_id, department_id) AS n FROM visits) s

-- name: partition by visit
SELECT avg(least(n, 3)) FROM (SELECT count(*) OVER (PARTITION BY visit_id) AS n FROM items) s

-- name: first item of visit; spelling=ties between rows are broken by all columns of FROM in their order
SELECT count(*), sum(quantity) FROM (SELECT quantity, row_number() OVER (PARTITION BY visit_id ORDER BY item_id) AS rn FROM items) s WHERE rn = 1

-- name: favourite department; spelling=ties between rows are broken by all columns of FROM in their order
SELECT department_id, count(*) FROM (SELECT patient_id, department_id, row_number() OVER (PARTITION BY patient_id ORDER BY count(*) DESC, department_id) AS rn FROM visits GROUP BY patient_id, department_id) s WHERE rn = 1 AND department_id IN (1,2,3,4,5) GROUP BY department_id ORDER BY 1

-- name: window over join; spelling=ties between rows are broken by all columns of FROM in their order
SELECT sum(quantity) FROM (SELECT i.quantity, row_number() OVER (PARTITION BY v.patient_id ORDER BY i.item_id) AS rn FROM items i JOIN visits v USING (visit_id)) s WHERE rn <= 2

-- name: window joined back
SELECT p.sex, count(*), avg(f.cost) FROM patients p JOIN (SELECT patient_id, cost FROM (SELECT patient_id, cost, row_number() OVER (PARTITION BY patient_id ORDER BY visited_on, visit_id) AS rn FROM visits) x WHERE rn = 1) f USING (patient_id) GROUP BY p.sex ORDER BY 1

-- name: distinct on unit
SELECT count(*), avg(cost) FROM (SELECT DISTINCT ON (patient_id) * FROM visits ORDER BY patient_id, visited_on, visit_id) s

-- name: distinct on unit no tie; own=PostgreSQL breaks ties as it likes
SELECT count(*), sum(cost) FROM (SELECT DISTINCT ON (patient_id) patient_id, cost FROM visits) s

-- name: distinct on unit and key
SELECT count(*), sum(cost) FROM (SELECT DISTINCT ON (patient_id, department_id) * FROM visits ORDER BY patient_id, department_id, cost DESC, visit_id) s

-- name: distinct on swapped order
SELECT count(*), sum(cost) FROM (SELECT DISTINCT ON (patient_id, department_id) * FROM visits ORDER BY department_id, patient_id, cost, visit_id) s

-- name: scalar limit 1
SELECT avg((SELECT cost FROM visits v WHERE v.patient_id = p.patient_id ORDER BY visited_on, visit_id LIMIT 1)) FROM patients p

-- name: exists limit
SELECT count(*) FROM patients p WHERE EXISTS (SELECT 1 FROM visits v WHERE v.patient_id = p.patient_id LIMIT 1)

-- name: in correlated limit
SELECT count(*) FROM visits v WHERE v.visit_id IN (SELECT w.visit_id FROM visits w WHERE w.patient_id = v.patient_id ORDER BY w.cost DESC, w.visit_id LIMIT 2)

-- name: latest visit by correlated max
SELECT count(*), sum(cost) FROM visits v WHERE visited_on = (SELECT max(w.visited_on) FROM visits w WHERE w.patient_id = v.patient_id)

-- name: scalar from unique
SELECT avg((SELECT p.age FROM patients p WHERE p.patient_id = v.patient_id)) FROM visits v

-- name: greater than all of the unit
SELECT count(*) FROM visits v WHERE v.cost >= ALL (SELECT w.cost FROM visits w WHERE w.patient_id = v.patient_id)

-- name: distinct units
SELECT count(*) FROM (SELECT DISTINCT patient_id FROM visits WHERE urgent) s
