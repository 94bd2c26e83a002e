-- name: rollup
SELECT sex, smoker, count(*) FROM patients GROUP BY ROLLUP (sex, smoker)

-- name: rollup with grouping
SELECT sex, smoker, grouping(sex, smoker) AS level, count(*), avg(age) FROM patients GROUP BY ROLLUP (sex, smoker) ORDER BY level, sex, smoker

-- name: cube
SELECT sex, smoker, grouping(sex), grouping(smoker), sum(children) FROM patients GROUP BY CUBE (sex, smoker)

-- name: grouping sets
SELECT sex, smoker, count(*) FROM patients GROUP BY GROUPING SETS ((sex), (smoker), ())

-- name: grouping sets of plain expressions
SELECT sex, smoker, count(*) FROM patients GROUP BY GROUPING SETS (sex, smoker)

-- name: a key beside a rollup
SELECT sex, smoker, age >= 65 AS old, count(*) FROM patients GROUP BY sex, ROLLUP (smoker, age >= 65)

-- name: two rollups
SELECT sex, smoker, count(*) FROM patients GROUP BY ROLLUP (sex), ROLLUP (smoker)

-- name: keys together
SELECT sex, smoker, count(*) FROM patients GROUP BY ROLLUP ((sex, smoker))

-- name: nested sets
SELECT sex, smoker, count(*) FROM patients GROUP BY GROUPING SETS (ROLLUP (sex, smoker), CUBE (smoker))

-- name: distinct sets
SELECT sex, smoker, count(*) FROM patients GROUP BY DISTINCT ROLLUP (sex, smoker), ROLLUP (sex)

-- name: the same set twice
SELECT sex, count(*) FROM patients GROUP BY GROUPING SETS ((sex), (sex))

-- name: having over sets
SELECT sex, smoker, count(*) FROM patients GROUP BY CUBE (sex, smoker) HAVING grouping(sex) = 0 AND count(*) > 3

-- name: label of totals
SELECT CASE WHEN grouping(sex) = 1 THEN 'all' ELSE sex END AS sex, count(*) FROM patients GROUP BY ROLLUP (sex) ORDER BY grouping(sex), sex

-- name: window over sets
SELECT sex, count(*) AS n, rank() OVER (PARTITION BY grouping(sex) ORDER BY count(*) DESC) AS place FROM patients GROUP BY ROLLUP (sex) ORDER BY grouping(sex), place, sex

-- name: private keys
SELECT department_id, count(*) FROM visits GROUP BY ROLLUP (department_id)

-- name: over a join
SELECT p.sex, v.urgent, count(*), sum(v.cost) FROM visits v JOIN patients p USING (patient_id) GROUP BY CUBE (p.sex, v.urgent)

-- name: by position
SELECT sex, smoker, count(*) FROM patients GROUP BY ROLLUP (1, 2)

-- name: by output name
SELECT sex AS s, count(*) FROM patients GROUP BY ROLLUP (s)

-- name: no aggregate
SELECT sex, smoker FROM patients GROUP BY ROLLUP (sex, smoker)

-- name: one set of all keys
SELECT sex, count(*) FROM patients GROUP BY GROUPING SETS ((sex))

-- name: only the total
SELECT count(*) FROM patients GROUP BY GROUPING SETS (())

-- name: grouping without sets
SELECT sex, grouping(sex), count(*) FROM patients GROUP BY sex

-- name: keys in brackets
SELECT sex, smoker, count(*) FROM patients GROUP BY (sex, smoker)

-- name: in a sub-query
SELECT sex, n FROM (SELECT sex, count(*) AS n, grouping(sex) AS g FROM patients GROUP BY ROLLUP (sex)) s WHERE g = 0

-- name: with distinct values and correlation
SELECT sex, count(DISTINCT region), corr(height, age) FROM patients GROUP BY ROLLUP (sex)

-- name: over public rows
SELECT floor, grouping(floor), count(*) FROM departments GROUP BY ROLLUP (floor) ORDER BY floor, 2

-- name: over released rows
SELECT sex, sum(n) AS n FROM (SELECT sex, smoker, count(*) AS n FROM patients GROUP BY sex, smoker) s GROUP BY ROLLUP (sex)

-- name: items by rollup
SELECT drug, sum(quantity), count(*) FROM items GROUP BY ROLLUP (drug)

-- name: limited
SELECT sex, smoker, count(*) FROM patients GROUP BY ROLLUP (sex, smoker) ORDER BY grouping(sex, smoker) DESC, sex, smoker LIMIT 3

-- name: one condition of all aggregates, in every set
SELECT sex, count(CASE WHEN smoker THEN 1 END), sum(CASE WHEN smoker THEN age ELSE 0 END) FROM patients GROUP BY GROUPING SETS ((sex), ())

-- name: one condition of all aggregates, the total first
SELECT sex, count(*) FILTER (WHERE smoker), sum(age) FILTER (WHERE smoker) FROM patients GROUP BY GROUPING SETS ((), (sex))
