-- Statements that have no rows by their constants alone: tools learn columns by them. Nothing is measured, nothing is sent.

-- name: limit 0 over rows
SELECT * FROM patients LIMIT 0

-- name: limit 0 over columns
SELECT patient_id, age AS "Age", income / 2 AS half, sex || region AS both_texts, born FROM patients p LIMIT 0

-- name: a false condition
SELECT * FROM patients WHERE false

-- name: numbers that differ
SELECT * FROM items WHERE 1 = 0

-- name: one number that differs from itself
SELECT * FROM visits WHERE 1 <> 1

-- name: a constant beside a condition
SELECT * FROM patients WHERE age > 30 AND 1 = 2 AND region = 'north'

-- name: null is not true
SELECT age FROM patients WHERE NULL

-- name: not true
SELECT age FROM patients WHERE NOT (1 = 1)

-- name: texts that differ
SELECT age FROM patients WHERE 'a' = 'b'

-- name: none of two
SELECT age FROM patients WHERE (1 = 0 OR 2 = 1) AND age = 4

-- name: wrapped
SELECT * FROM (SELECT patient_id, age FROM patients) AS q LIMIT 0

-- name: wrapped by a condition
SELECT * FROM (SELECT * FROM patients) AS "Custom SQL Query" WHERE 1 = 0

-- name: wrapped inside
SELECT q.age, q.region FROM (SELECT * FROM patients WHERE 1 = 0) q WHERE q.age > 3

-- name: wrapped by a star and an order
SELECT * FROM (SELECT age, region FROM patients ORDER BY age LIMIT 10) q LIMIT 0

-- name: wrapped many times
SELECT "_"."age" FROM (SELECT "_"."age" FROM (SELECT * FROM "public"."patients" "$Table") "_" WHERE "_"."age" > 3) "_" LIMIT 0

-- name: fetch first
SELECT age FROM patients ORDER BY age FETCH FIRST 0 ROWS ONLY

-- name: fetch with ties
SELECT age FROM patients ORDER BY age FETCH FIRST 0 ROWS WITH TIES

-- name: limit and offset
SELECT age FROM patients ORDER BY 1 LIMIT 0 OFFSET 10

-- name: a limit that is computed
SELECT age FROM patients LIMIT 1 - 1

-- name: a limit that is bound; p1=0
SELECT age FROM patients LIMIT $1

-- name: a condition that is bound; p1=0
SELECT age FROM patients WHERE $1 = 1

-- name: distinct
SELECT DISTINCT region FROM patients LIMIT 0

-- name: distinct on
SELECT DISTINCT ON (sex) sex, age FROM patients ORDER BY sex, age LIMIT 0

-- name: a with query
WITH q AS (SELECT patient_id, age FROM patients) SELECT * FROM q LIMIT 0

-- name: an inner join
SELECT p.age, v.cost FROM patients p JOIN visits v ON v.patient_id = p.patient_id LIMIT 0

-- name: an inner join on nothing
SELECT p.age, v.cost FROM patients p JOIN visits v ON 1 = 0

-- name: an outer join of nothing
SELECT q.age, v.cost FROM (SELECT * FROM patients WHERE 1 = 0) q LEFT JOIN visits v ON v.patient_id = q.patient_id

-- name: joined with a public table
SELECT v.visit_id, d.name FROM visits v, departments d WHERE d.department_id = v.department_id AND 0 = 1

-- name: both sides of a union
SELECT age FROM patients WHERE false UNION ALL SELECT floor FROM departments WHERE 1 = 0

-- name: one side of an intersection
SELECT age FROM patients INTERSECT SELECT floor FROM departments LIMIT 0

-- name: nothing but something
SELECT age FROM patients WHERE false EXCEPT SELECT floor FROM departments

-- name: an aggregate
SELECT count(*) FROM patients LIMIT 0

-- name: aggregates of groups
SELECT sex, count(*) AS n, avg(age) AS mean, sum(income) AS total FROM patients GROUP BY sex LIMIT 0

-- name: groups of nothing
SELECT sex, count(*) AS n FROM patients WHERE 1 = 0 GROUP BY sex

-- name: groups that none passes
SELECT region, count(*) FROM patients GROUP BY region HAVING 1 = 0

-- name: an aggregate that is not answered over private rows
SELECT region, string_agg(note, ',') AS notes FROM patients, visits GROUP BY region LIMIT 0

-- name: ends of a column
SELECT min(age), max(born) FROM patients LIMIT 0

-- name: a window
SELECT age, row_number() OVER (ORDER BY age) AS n FROM patients LIMIT 0

-- name: a value of another query
SELECT age, (SELECT max(floor) FROM departments) AS top FROM patients LIMIT 0

-- name: a view; own=the view is the proxy's
SELECT * FROM urgent_visits LIMIT 0

-- name: a view of rows per unit; own=the view is the proxy's
SELECT * FROM totals WHERE 1 = 0
