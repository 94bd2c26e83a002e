-- name: one cell
SELECT count(*) FROM persons

-- name: cells; same=sex
SELECT sex, count(*) AS n FROM persons GROUP BY sex

-- name: cells, in other words; same=sex
WITH p AS (SELECT person_id AS id, sex AS s FROM persons) SELECT s, count(id) AS n FROM p GROUP BY 1 ORDER BY 1

-- name: cells, by a condition that is always true; same=sex
SELECT q.sex, count(*) FROM persons AS q WHERE q.age BETWEEN 0 AND 110 GROUP BY q.sex

-- name: cells, over a join with itself; same=sex
SELECT a.sex, count(DISTINCT b.person_id) FROM persons b JOIN persons a USING (person_id) GROUP BY a.sex

-- name: table of two keys; same=two
SELECT sex, region, count(*), sum(income), avg(income) FROM persons GROUP BY sex, region

-- name: table of two keys, other way round; same=two
SELECT sex, region, count(*), sum(income), avg(income) FROM persons GROUP BY region, sex ORDER BY sex, region

-- name: sum alone
SELECT region, sum(income) FROM persons GROUP BY region

-- name: mean of a whole number
SELECT region, avg(age) FROM persons GROUP BY region

-- name: sum of a product
SELECT sex, sum(income * age) FROM persons GROUP BY sex

-- name: filter
SELECT region, count(*) FILTER (WHERE age >= 65) AS old, count(*) AS everybody FROM persons GROUP BY region

-- name: where
SELECT sex, count(*), avg(income) FROM persons WHERE age >= 18 AND region <> 'west' GROUP BY sex

-- name: units of a joined table; same=departments
SELECT department, count(DISTINCT person_id) FROM visits GROUP BY department

-- name: units of a joined table, joined the other way; same=departments
SELECT v.department, count(*) FROM persons p JOIN visits v ON v.person_id = p.person_id GROUP BY v.department

-- name: sums of a joined table
SELECT p.region, v.department, count(*), sum(v.cost), avg(v.cost) FROM visits v JOIN persons p USING (person_id) GROUP BY 1, 2

-- name: post-processing
SELECT sex, round(100.0 * sum(n) / 600, 1) AS percent FROM (SELECT sex, region, count(*) AS n FROM persons GROUP BY sex, region) AS t GROUP BY sex ORDER BY sex

-- name: groups of a computed key
SELECT CASE WHEN age < 18 THEN 'child' WHEN age < 65 THEN 'adult' ELSE 'old' END AS stage, count(*) FROM persons GROUP BY 1

-- name: padded; dp.pad=on; tbe=sparsity: off
SELECT sex, region, count(*), avg(income) FROM persons WHERE age = 97 GROUP BY sex, region

-- name: weighted; tbe=weight: weight
SELECT sex, count(*), sum(income), avg(age) FROM persons GROUP BY sex

-- name: a table of small cells; refused=42501
SELECT age, region, count(*) FROM persons GROUP BY age, region

-- name: no other aggregates; refused=0A000
SELECT stddev(income) FROM persons

-- name: no distinct values; refused=0A000
SELECT count(DISTINCT region) FROM persons

-- name: no intervals; refused=0A000
SELECT dp_low(count(*)) FROM persons

-- name: no rows; refused=42501
SELECT * FROM persons

-- name: no record keys; refused=42703
SELECT sum(record_key) FROM persons

-- name: cells, as a sum of ones; same=sex
SELECT sex, sum(1) AS n FROM persons GROUP BY sex
