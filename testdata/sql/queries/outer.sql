-- name: ratio
SELECT sum(cost) / count(*) AS mean FROM visits

-- name: percentage
SELECT 100.0 * count(*) FILTER (WHERE smoker) / count(*) AS percent FROM patients

-- name: having
SELECT sex, count(*) FROM patients GROUP BY sex HAVING count(*) > 5

-- name: order by aggregate
SELECT sex, count(*) AS n FROM patients GROUP BY sex ORDER BY n DESC

-- name: order by position
SELECT sex, count(*) FROM patients GROUP BY sex ORDER BY 2 DESC, 1

-- name: limit
SELECT department_id, count(*) FROM visits GROUP BY department_id ORDER BY count(*) DESC, department_id LIMIT 2

-- name: limit and offset
SELECT sex, count(*) FROM patients GROUP BY sex ORDER BY sex LIMIT 1 OFFSET 1

-- name: case over aggregates
SELECT sex, CASE WHEN count(*) > 10 THEN 'many' ELSE 'few' END AS size FROM patients GROUP BY sex

-- name: round
SELECT round(avg(income)) FROM patients

-- name: cast
SELECT avg(age)::integer, count(*)::text FROM patients

-- name: coalesce over aggregates
SELECT coalesce(sum(cost), 0) FROM visits

-- name: sub-select of a released relation
SELECT max(n), min(n), sum(n) FROM (SELECT sex, count(*) AS n FROM patients GROUP BY sex) AS s

-- name: window over released rows
SELECT sex, count(*) AS n, sum(count(*)) OVER () AS total FROM patients GROUP BY sex ORDER BY sex

-- name: rank
SELECT department_id, rank() OVER (ORDER BY count(*) DESC) AS place FROM visits GROUP BY department_id ORDER BY department_id

-- name: share of the total
SELECT sex, count(*)::float8 / sum(count(*)) OVER () AS share FROM patients GROUP BY sex ORDER BY sex

-- name: two released relations
SELECT a.sex, a.n, b.cost FROM (SELECT sex, count(*) AS n FROM patients GROUP BY sex) a JOIN (SELECT p.sex, sum(v.cost) AS cost FROM visits v JOIN patients p USING (patient_id) GROUP BY p.sex) b ON a.sex = b.sex ORDER BY a.sex

-- name: released with public
SELECT d.name, v.n FROM departments d JOIN (SELECT department_id, count(*) AS n FROM visits GROUP BY department_id) v ON v.department_id = d.department_id ORDER BY d.name

-- name: scalar sub-queries
SELECT (SELECT count(*) FROM visits) AS visits, (SELECT count(*) FROM patients) AS patients

-- name: union of released rows
SELECT 'patients' AS what, count(*) AS n FROM patients UNION ALL SELECT 'visits', count(*) FROM visits ORDER BY what

-- name: distinct
SELECT DISTINCT count(*) > 0 AS some FROM patients GROUP BY sex

-- name: with used twice
WITH s AS (SELECT sex, count(*) AS n FROM patients GROUP BY sex) SELECT a.sex, a.n + b.n AS twice FROM s a JOIN s b ON a.sex = b.sex ORDER BY a.sex

-- name: public rows alone
SELECT * FROM departments ORDER BY department_id

-- name: public aggregate
SELECT floor, count(*), max(name) FROM departments GROUP BY floor ORDER BY floor

-- name: no table
SELECT 1 + 1 AS two, upper($$x$$) AS x

-- name: values
VALUES (1, 'a'), (2, 'b')


-- name: arrays of constants, and names of types
SELECT count(*) AS n, pg_typeof(count(*))::text AS t, pg_typeof(ARRAY[1, 2.5])::text AS u FROM patients WHERE age = ANY (ARRAY[1, 2, 30])
