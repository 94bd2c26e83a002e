-- name: spaces, case, comments, quoted names
SELECT count(*) FROM patients

select   COUNT( * )
  from "patients" -- all of them

SELECT /* a comment */ Count(*) AS n FROM PUBLIC.Patients AS "P"

SELECT count(*) FROM clinic.patients;

SELECT count(*) FROM ONLY patients

-- name: ways to count all rows
SELECT count(*) FROM patients

SELECT count(1) FROM patients

SELECT count(patient_id) FROM patients

SELECT count('x') FROM patients

SELECT sum(1) FROM patients

-- name: a sub-query around a table
SELECT count(*), avg(age) FROM patients WHERE age > 30

SELECT count(*), avg(age) FROM (SELECT * FROM patients) t WHERE age > 30

SELECT count(*), avg(t.age) FROM (SELECT * FROM patients WHERE age > 30) t

SELECT count(*), avg(x) FROM (SELECT age AS x FROM patients) AS virtual_table WHERE x > 30

SELECT avg(a), count(*) FROM (SELECT b AS a FROM (SELECT age AS b, sex FROM patients WHERE age > 30) u) t

WITH t AS (SELECT * FROM patients WHERE age > 30) SELECT count(*), avg(age) FROM t

WITH t AS (SELECT age FROM patients), u (years) AS (SELECT age FROM t WHERE age > 30) SELECT count(*), avg(years) FROM u

-- name: what BI tools send
SELECT sex, sum(income) FROM patients WHERE age >= 18 GROUP BY sex

SELECT "sex" AS "sex", SUM("income") AS "SUM(income)" FROM (SELECT * FROM patients WHERE age >= 18
) AS "virtual_table" GROUP BY "sex" ORDER BY "SUM(income)" DESC
LIMIT 1000

SELECT "source"."sex" AS "sex", SUM("source"."income") AS "sum" FROM (SELECT "public"."patients"."patient_id" AS "patient_id", "public"."patients"."sex" AS "sex", "public"."patients"."age" AS "age", "public"."patients"."income" AS "income" FROM "public"."patients") AS "source" WHERE "source"."age" >= 18 GROUP BY "source"."sex" ORDER BY "source"."sex" ASC

SELECT "Custom SQL Query"."sex" AS "sex", SUM("Custom SQL Query"."income") AS "sum:income:ok" FROM (
  select * from patients where age >= 18
) "Custom SQL Query" GROUP BY 1

SELECT "sex", "sum" FROM (SELECT sex, sum(income) AS "sum" FROM patients WHERE age >= 18 GROUP BY sex) AS t WHERE "sum" > 5

-- name: an expression of a sub-query
SELECT sum(price * quantity) FROM items

SELECT sum(total) FROM (SELECT price * quantity AS total FROM items) t

SELECT sum(t.p * t.q) FROM (SELECT price AS p, quantity AS q FROM items) t

SELECT sum(quantity * price) FROM items

WITH a AS (SELECT i.price, i.quantity FROM items i), b AS (SELECT price * quantity AS x FROM a) SELECT sum(b.x) FROM b

-- name: an expression as a key
SELECT age / 10, count(*) FROM patients GROUP BY age / 10

SELECT age / 10 AS decade, count(*) FROM patients GROUP BY decade

SELECT count(*), age / 10 FROM patients GROUP BY 2

SELECT decade, count(*) FROM (SELECT age / 10 AS decade FROM patients) t GROUP BY decade

SELECT decade * 10, count(*) FROM (SELECT age / 10 AS decade, * FROM patients) t GROUP BY t.decade HAVING count(*) > 3 ORDER BY 1 LIMIT 4

-- name: the same table twice, through one WITH query
SELECT (SELECT count(*) FROM patients WHERE sex = 'f') + (SELECT count(*) FROM patients WHERE sex = 'm')

WITH t AS (SELECT sex FROM patients) SELECT (SELECT count(*) FROM t WHERE sex = 'f') + (SELECT count(*) FROM t WHERE 'm' = sex)

-- name: a declared view that keeps rows
SELECT count(*), sum(cost) FROM costly

SELECT count(*), sum(cost) FROM urgent_visits WHERE cost > 100

SELECT count(*), sum(x.cost) FROM (SELECT cost FROM urgent_visits) x WHERE 100 < cost

-- name: the order of inner joins
SELECT count(*) FROM visits v JOIN patients p ON v.patient_id = p.patient_id WHERE p.age > 40

SELECT count(*) FROM patients p JOIN visits v ON v.patient_id = p.patient_id WHERE p.age > 40

SELECT count(*) FROM patients p JOIN visits v ON p.patient_id = v.patient_id AND p.age > 40

SELECT count(*) FROM patients a, visits b WHERE a.age > 40 AND b.patient_id = a.patient_id

SELECT count(*) FROM visits JOIN patients USING (patient_id) WHERE age > 40

SELECT count(*) FROM visits NATURAL JOIN patients WHERE age > 40

SELECT count(*) FROM (SELECT patient_id AS pid FROM visits) v INNER JOIN (SELECT patient_id AS pid, age FROM patients WHERE age > 40) p ON p.pid = v.pid

SELECT count(*) FROM (SELECT p.age FROM patients p CROSS JOIN visits v WHERE p.patient_id = v.patient_id) t WHERE t.age > 40

-- name: which side of a join a key or an argument is taken from
SELECT v.department_id, count(*) FROM visits v JOIN departments d ON v.department_id = d.department_id GROUP BY v.department_id

SELECT d.department_id, count(*) FROM visits v JOIN departments d ON v.department_id = d.department_id GROUP BY d.department_id

SELECT department_id, count(*) FROM departments JOIN visits USING (department_id) GROUP BY department_id

-- name: three tables
SELECT d.name, sum(i.quantity) FROM items i JOIN visits v ON i.visit_id = v.visit_id JOIN departments d ON d.department_id = v.department_id GROUP BY d.name

SELECT d.name, sum(i.quantity) FROM departments d JOIN visits v ON d.department_id = v.department_id JOIN items i ON i.visit_id = v.visit_id GROUP BY d.name

SELECT d.name, sum(i.quantity) FROM visits v JOIN (items i CROSS JOIN departments d) ON i.visit_id = v.visit_id AND d.department_id = v.department_id GROUP BY d.name

SELECT name, sum(quantity) FROM items, visits, departments WHERE items.visit_id = visits.visit_id AND departments.department_id = visits.department_id GROUP BY 1

-- name: a table that the declared path to the unit joins by itself
SELECT sum(quantity) FROM items

SELECT sum(i.quantity) FROM visits v JOIN items i ON v.visit_id = i.visit_id

SELECT sum(quantity) FROM items NATURAL JOIN visits

-- name: a table with itself
SELECT count(*) FROM visits a JOIN visits b ON a.patient_id = b.patient_id WHERE a.urgent AND b.stay_days > 3

SELECT count(*) FROM visits x JOIN visits y ON y.patient_id = x.patient_id WHERE y.urgent AND x.stay_days > 3

SELECT count(*) FROM visits b, visits a WHERE b.stay_days > 3 AND a.urgent AND a.patient_id = b.patient_id

-- name: LEFT and RIGHT
SELECT count(*), count(d.name) FROM visits v LEFT JOIN departments d ON v.department_id = d.department_id

SELECT count(*), count(d.name) FROM departments d RIGHT JOIN visits v ON d.department_id = v.department_id

SELECT count(*), count(x) FROM visits v LEFT JOIN (SELECT department_id AS id, name AS x FROM departments) d ON d.id = v.department_id

SELECT count(*), count(name) FROM visits LEFT JOIN departments USING (department_id)

-- name: a filter before and after LEFT JOIN's left side
SELECT count(d.name) FROM visits v LEFT JOIN departments d ON v.department_id = d.department_id WHERE v.urgent

SELECT count(d.name) FROM (SELECT * FROM visits WHERE urgent) v LEFT JOIN departments d ON v.department_id = d.department_id

-- name: the order of columns and keys
SELECT sex, smoker, count(*), avg(income) FROM patients GROUP BY sex, smoker

SELECT avg(income), smoker, sex, count(*) FROM patients GROUP BY smoker, sex

SELECT count(*) AS n, avg(income) AS m, sex, smoker FROM patients GROUP BY 4, 3 ORDER BY n

-- name: a key that is not shown, and one that is named twice
SELECT count(*) FROM patients GROUP BY sex

SELECT sex, count(*) FROM patients GROUP BY sex

SELECT sex, count(*) FROM patients GROUP BY sex, sex

-- name: what comes after the numbers
SELECT sex, count(*) FROM patients GROUP BY sex

SELECT sex, count(*) FROM patients GROUP BY sex HAVING count(*) > 10 ORDER BY count(*) DESC LIMIT 1

SELECT sex, 100.0 * count(*) / sum(count(*)) OVER () AS share FROM patients GROUP BY sex

SELECT * FROM (SELECT sex AS s, count(*) AS n FROM patients GROUP BY sex) t WHERE n > 0 ORDER BY 1 OFFSET 1

SELECT upper(sex), round(count(*), -1) FROM patients GROUP BY sex

-- name: AND in another order
SELECT count(*) FROM patients WHERE age > 30 AND smoker AND sex = 'f'

SELECT count(*) FROM patients WHERE sex = 'f' AND age > 30 AND smoker

SELECT count(*) FROM patients WHERE (smoker AND (sex = 'f')) AND (age > 30)

SELECT count(*) FROM (SELECT * FROM patients WHERE smoker) p WHERE sex = 'f' AND age > 30

SELECT count(*) FROM patients WHERE age > 30 AND smoker AND sex = 'f' AND age > 30 AND true

-- name: OR in another order
SELECT count(*) FROM patients WHERE age > 30 OR smoker OR sex = 'f'

SELECT count(*) FROM patients WHERE sex = 'f' OR (age > 30 OR smoker)

SELECT count(*) FROM patients WHERE smoker OR 30 < age OR 'f' = sex OR smoker

-- name: a comparison from the other side
SELECT count(*) FROM patients WHERE age > 30

SELECT count(*) FROM patients WHERE 30 < age

SELECT count(*) FROM patients WHERE NOT (age <= 30)

SELECT count(*) FROM patients WHERE NOT 30 >= age

SELECT count(*) FROM patients WHERE NOT (NOT (age > 30))

-- name: NOT inward
SELECT count(*) FROM patients WHERE NOT (age > 30 OR smoker)

SELECT count(*) FROM patients WHERE age <= 30 AND NOT smoker

SELECT count(*) FROM patients WHERE NOT smoker AND NOT (30 < age)

-- name: BETWEEN
SELECT count(*) FROM patients WHERE age BETWEEN 20 AND 40

SELECT count(*) FROM patients WHERE age >= 20 AND age <= 40

SELECT count(*) FROM patients WHERE 40 >= age AND 20 <= age

SELECT count(*) FROM patients WHERE NOT (age < 20 OR age > 40)

SELECT count(*) FROM (SELECT age FROM patients WHERE age <= 40) t WHERE age >= 20

-- name: BETWEEN inside of a condition
SELECT count(*) FROM patients WHERE smoker OR age BETWEEN 20 AND 40

SELECT count(*) FROM patients WHERE (age <= 40 AND age >= 20) OR smoker

SELECT count(*) FROM patients WHERE NOT (NOT smoker AND age NOT BETWEEN 20 AND 40)

-- name: NOT BETWEEN
SELECT count(*) FROM patients WHERE age NOT BETWEEN 20 AND 40

SELECT count(*) FROM patients WHERE age > 40 OR age < 20

SELECT count(*) FROM patients WHERE NOT (age BETWEEN 20 AND 40)

-- name: IN lists
SELECT count(*) FROM patients WHERE children IN (1, 2, 3)

SELECT count(*) FROM patients WHERE children IN (3, 1, 2, 2, 3)

SELECT count(*) FROM patients WHERE children = 1 OR children = 3 OR 2 = children

SELECT count(*) FROM patients WHERE children = ANY (ARRAY[3, 2, 1])

SELECT count(*) FROM patients WHERE children = ANY ('{1,2,3}')

SELECT count(*) FROM patients WHERE NOT (children NOT IN (1, 2, 3))

SELECT count(*) FROM patients WHERE NOT (children <> 1 AND children <> 2 AND children <> 3)

-- name: an IN list of one
SELECT count(*) FROM patients WHERE children IN (1)

SELECT count(*) FROM patients WHERE children = 1

SELECT count(*) FROM patients WHERE children IN (1, 1)

SELECT count(*) FROM patients WHERE 1 = children

-- name: NOT IN
SELECT count(*) FROM patients WHERE region NOT IN ('a', 'b')

SELECT count(*) FROM patients WHERE region <> 'b' AND region != 'a'

SELECT count(*) FROM patients WHERE NOT region IN ('b', 'a')

SELECT count(*) FROM patients WHERE region <> ALL (ARRAY['a', 'b'])

-- name: parameters and casts
SELECT count(*) FROM patients WHERE age > 30

-- p1=30
SELECT count(*) FROM patients WHERE age > $1

-- p1=30 int8
SELECT count(*) FROM patients WHERE age > $1

-- p1=30 int2
SELECT count(*) FROM patients WHERE age > $1

-- p1=30 numeric
SELECT count(*) FROM patients WHERE age > $1

SELECT count(*) FROM patients WHERE age > '30'

SELECT count(*) FROM patients WHERE age > 30::int

SELECT count(*) FROM patients WHERE age > CAST('30' AS integer)

SELECT count(*) FROM patients WHERE age > 30::bigint

SELECT count(*) FROM patients WHERE age > 30.0

SELECT count(*) FROM patients WHERE age > 10 + 20

-- name: parameters of texts
SELECT count(*) FROM patients WHERE region = 'north'

-- p1=north
SELECT count(*) FROM patients WHERE region = $1

-- p1=north text
SELECT count(*) FROM patients WHERE region = $1

-- p1=north varchar
SELECT count(*) FROM patients WHERE region = $1

SELECT count(*) FROM patients WHERE region = 'north'::text

SELECT count(*) FROM patients WHERE region = E'north'

SELECT count(*) FROM patients WHERE region = CAST('north' AS varchar)

-- name: spellings of numbers
SELECT count(*) FROM visits WHERE cost > 1.5

SELECT count(*) FROM visits WHERE cost > 1.50

SELECT count(*) FROM visits WHERE cost > 1.500::numeric

SELECT count(*) FROM visits WHERE cost > '1.5'

SELECT count(*) FROM visits WHERE cost > 15e-1

-- p1=1.5000 numeric
SELECT count(*) FROM visits WHERE cost > $1

-- name: spellings of floats
SELECT count(*) FROM patients WHERE income > 1000

SELECT count(*) FROM patients WHERE income > 1000.0

SELECT count(*) FROM patients WHERE income > 1e3

SELECT count(*) FROM patients WHERE income > '1000.00'

SELECT count(*) FROM patients WHERE 1000::float8 < income

-- name: spellings of dates
SELECT count(*) FROM visits WHERE visited_on >= '2021-01-01'

SELECT count(*) FROM visits WHERE visited_on >= DATE '2021-01-01'

SELECT count(*) FROM visits WHERE visited_on >= '2021-01-01'::date

SELECT count(*) FROM visits WHERE visited_on >= '2021-1-1'

SELECT count(*) FROM visits WHERE visited_on >= TIMESTAMP '2021-01-01 00:00:00'

-- p1=2021-01-01
SELECT count(*) FROM visits WHERE visited_on >= $1::date

-- p1=2021-01-01 timestamp
SELECT count(*) FROM visits WHERE NOT visited_on < $1

-- name: spellings of times
SELECT count(*) FROM visits WHERE seen_at < '2021-06-01 12:00:00'

SELECT count(*) FROM visits WHERE seen_at < TIMESTAMP '2021-06-01 12:00'

SELECT count(*) FROM visits WHERE seen_at < '2021-06-01T12:00:00'::timestamp

-- name: booleans
SELECT count(*) FROM patients WHERE smoker

SELECT count(*) FROM patients WHERE smoker = true

SELECT count(*) FROM patients WHERE true = smoker

SELECT count(*) FROM patients WHERE smoker <> false

SELECT count(*) FROM patients WHERE NOT (smoker = false)

SELECT count(*) FROM patients WHERE smoker IS TRUE

-- p1=t
SELECT count(*) FROM patients WHERE smoker = $1

-- name: NULL
SELECT count(*) FROM patients WHERE age IS NOT NULL

SELECT count(*) FROM patients WHERE NOT (age IS NULL)

SELECT count(*) FROM (SELECT age AS a FROM patients) p WHERE p.a IS NOT NULL

-- name: a FILTER
SELECT count(*) FILTER (WHERE age > 30 AND smoker) FROM patients

SELECT count(*) FILTER (WHERE smoker AND 30 < age) FROM patients

SELECT count(*) FILTER (WHERE s AND NOT (a <= 30)) FROM (SELECT age AS a, smoker AS s FROM patients) t

-- name: CASE
SELECT CASE WHEN age < 18 THEN 'child' ELSE 'adult' END AS g, count(*) FROM patients GROUP BY 1

SELECT CASE WHEN 18 > age THEN 'child' ELSE 'adult' END, count(*) FROM patients GROUP BY CASE WHEN 18 > age THEN 'child' ELSE 'adult' END

SELECT g, count(*) FROM (SELECT CASE WHEN age < 18.0 THEN 'child' ELSE 'adult' END AS g FROM patients) t GROUP BY g

-- name: different values of the unit
SELECT count(DISTINCT patient_id) FROM visits WHERE urgent

SELECT count(DISTINCT v.patient_id) FROM (SELECT * FROM visits) v WHERE v.urgent = true

SELECT count(DISTINCT pid) FROM (SELECT patient_id AS pid FROM visits WHERE urgent) t

-- name: different values
SELECT count(DISTINCT department_id) FROM visits

SELECT count(DISTINCT d) FROM (SELECT department_id AS d FROM visits) t

-- name: DISTINCT and GROUP BY
SELECT DISTINCT sex, smoker FROM patients

SELECT sex, smoker FROM patients GROUP BY smoker, sex

SELECT DISTINCT smoker, sex FROM (SELECT * FROM patients) t

-- name: quantiles
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY age) FROM patients WHERE smoker

SELECT median(age) FROM patients WHERE smoker = true

SELECT percentile_cont(0.50) WITHIN GROUP (ORDER BY a) FROM (SELECT age AS a FROM patients WHERE smoker) t

-- name: two columns
SELECT corr(age, income) FROM patients

SELECT corr(a, b) FROM (SELECT age AS a, income AS b FROM patients) t

SELECT corr(income, age) FROM patients

-- name: numbers that come from one measurement
SELECT sum(income), count(income) FROM patients

SELECT avg(income) FROM patients

SELECT count(i), avg(i) FROM (SELECT income AS i FROM patients) t

-- name: within a unit
SELECT avg(n) FROM (SELECT patient_id, count(*) AS n FROM visits GROUP BY patient_id) t

SELECT avg(t.n) FROM (SELECT count(*) AS n, patient_id AS p FROM visits v GROUP BY v.patient_id) t

SELECT avg(x) FROM (SELECT patient_id, count(1) AS x FROM (SELECT * FROM visits) v GROUP BY 1) t

WITH n AS (SELECT patient_id, count(*) AS k FROM visits GROUP BY patient_id) SELECT avg(k) FROM (SELECT k FROM n) m

-- name: within a unit, with HAVING
SELECT count(*) FROM (SELECT patient_id FROM visits WHERE urgent GROUP BY patient_id HAVING count(*) > 2 AND sum(cost) < 100) t

SELECT count(*) FROM (SELECT patient_id, sum(cost) AS s FROM visits WHERE urgent = true GROUP BY patient_id HAVING NOT (sum(cost) >= 100.00) AND 2 < count(*)) t

-- name: EXISTS
SELECT count(*) FROM patients p WHERE EXISTS (SELECT 1 FROM visits v WHERE v.patient_id = p.patient_id AND v.urgent)

SELECT count(*) FROM patients a WHERE EXISTS (SELECT * FROM visits b WHERE b.urgent AND a.patient_id = b.patient_id)

SELECT count(*) FROM (SELECT * FROM patients) p WHERE EXISTS (SELECT v.cost FROM (SELECT * FROM visits WHERE urgent) v WHERE v.patient_id = p.patient_id)

-- name: IN over a public table
SELECT count(*) FROM visits WHERE department_id IN (SELECT department_id FROM departments WHERE floor > 1)

SELECT count(*) FROM visits v WHERE v.department_id IN (SELECT d.department_id FROM departments d WHERE 1 < d.floor)

SELECT count(*) FROM visits v WHERE v.department_id = ANY (SELECT i FROM (SELECT department_id AS i, floor AS f FROM departments) d WHERE f > 1)

-- name: UNION ALL
SELECT count(*) FROM (SELECT patient_id, cost FROM visits WHERE urgent UNION ALL SELECT patient_id, cost FROM visits WHERE stay_days > 3) t

SELECT count(*) FROM (SELECT patient_id, cost FROM visits WHERE stay_days > 3 UNION ALL SELECT patient_id, cost FROM visits WHERE urgent = true) t

-- name: grouping sets
SELECT sex, smoker, count(*) FROM patients GROUP BY ROLLUP (sex, smoker)

SELECT smoker, sex, count(*) FROM patients GROUP BY GROUPING SETS ((sex, smoker), (sex), ())

SELECT s, k, count(*) FROM (SELECT sex AS s, smoker AS k FROM patients) t GROUP BY GROUPING SETS ((), (s), (k, s))

-- name: a window over a unit's rows
SELECT sum(c) FROM (SELECT cost AS c, row_number() OVER (PARTITION BY patient_id ORDER BY visited_on) AS r FROM visits) t WHERE r = 1

SELECT sum(x.cost) FROM (SELECT v.*, row_number() OVER (PARTITION BY v.patient_id ORDER BY v.visited_on ASC) AS r FROM visits v) x WHERE 1 = x.r

-- name: parts of dates
SELECT date_trunc('month', visited_on), count(*) FROM visits GROUP BY 1

SELECT m, count(*) FROM (SELECT date_trunc('month', visited_on) AS m FROM visits) t GROUP BY m ORDER BY m

SELECT DATE_TRUNC('MONTH', "visited_on") AS "t", COUNT(*) FROM (SELECT * FROM visits) AS virtual_table GROUP BY DATE_TRUNC('MONTH', "visited_on")

-- name: LIKE
SELECT count(*) FROM patients WHERE region LIKE 'n%' AND age > 3

SELECT count(*) FROM patients WHERE age > 3 AND region ~~ 'n%'

-- name: a sub-query around a join, with a key that the unit tells
SELECT p.sex, avg(v.cost) FROM patients p JOIN visits v USING (patient_id) WHERE v.urgent GROUP BY p.sex

SELECT q.sex, avg(q.cost) FROM (SELECT p.sex, v.cost, v.urgent FROM patients p JOIN visits v USING (patient_id)) q WHERE q.urgent GROUP BY q.sex

WITH joined AS (SELECT p.*, v.cost, v.urgent FROM visits v, patients p WHERE p.patient_id = v.patient_id) SELECT sex, avg(cost) FROM joined WHERE urgent GROUP BY 1

-- name: a public table by its key, by ON and by WHERE
SELECT d.name, count(*) FROM patients p JOIN departments d ON p.children = d.department_id GROUP BY d.name

SELECT d.name, count(*) FROM patients p, departments d WHERE p.children = d.department_id GROUP BY d.name

SELECT d.name, count(*) FROM departments d CROSS JOIN patients p WHERE d.department_id = p.children GROUP BY 1

-- name: whole numbers between others
SELECT count(*) FROM patients WHERE children >= 2 AND children <= 5

SELECT count(*) FROM patients WHERE children > 1 AND children < 6

SELECT count(*) FROM patients WHERE children > 1.5 AND children <= 5.9

SELECT count(*) FROM patients WHERE children::float8 >= 2 AND children::numeric < 5.5

SELECT count(*) FROM patients WHERE NOT (children <= 1 OR 6 <= children)

SELECT count(*) FROM patients WHERE (children BETWEEN 2 AND 5) = true

SELECT count(*) FROM patients WHERE (children NOT BETWEEN 2 AND 5) = false

-- name: a year of dates
SELECT sex, sum(income) FROM patients WHERE born >= '1980-01-01' AND born < '1981-01-01' GROUP BY sex

SELECT sex, sum(income) FROM patients WHERE born BETWEEN '1980-01-01' AND '1980-12-31' GROUP BY sex

SELECT sex, sum(income) FROM patients WHERE born > date '1979-12-31' AND born <= '1980-12-31 23:59:59'::timestamp GROUP BY sex

SELECT sex, sum(income) FROM patients WHERE extract(year FROM born) = 1980 GROUP BY sex

SELECT sex, sum(income) FROM patients WHERE date_part('year', born) IN (1980) GROUP BY sex

SELECT sex, sum(income) FROM patients WHERE CAST(TRUNC(EXTRACT(YEAR FROM born)) AS integer) = 1980 GROUP BY sex

SELECT sex, sum(income) FROM patients WHERE date_trunc('year', born) = '1980-01-01' GROUP BY sex

SELECT sex, sum(income) FROM patients WHERE born >= make_date(1980, 1, 1) AND NOT born >= timestamp '1981-01-01' GROUP BY sex

-- name: a span of days of a timestamp
SELECT urgent, sum(cost) FROM visits WHERE seen_at >= '2021-03-01' AND seen_at < '2021-04-01' GROUP BY urgent

SELECT urgent, sum(cost) FROM visits WHERE seen_at >= date '2021-03-01' AND seen_at < date '2021-03-01' + interval '1 month' GROUP BY urgent

SELECT urgent, sum(cost) FROM visits WHERE seen_at::date BETWEEN '2021-03-01' AND '2021-03-31' GROUP BY urgent

SELECT urgent, sum(cost) FROM visits WHERE date(seen_at) >= '2021-03-01' AND date(seen_at) < '2021-04-01' GROUP BY urgent

SELECT urgent, sum(cost) FROM visits WHERE date_trunc('month', seen_at) = '2021-03-01' GROUP BY urgent

SELECT urgent, sum(cost) FROM visits WHERE date_trunc('day', seen_at) BETWEEN '2021-03-01' AND '2021-03-31' GROUP BY urgent

SELECT urgent, sum(cost) FROM visits WHERE seen_at BETWEEN '2021-03-01' AND '2021-03-31 23:59:59.999999' GROUP BY urgent

SELECT urgent, sum(cost) FROM visits WHERE seen_at::timestamptz >= '2021-03-01 00:00:00+00' AND seen_at::timestamptz < timestamptz '2021-04-01 00:00:00+00' GROUP BY urgent

-- name: dates have no time, and whole numbers nothing between
SELECT count(*) FROM visits WHERE visited_on > '2021-01-01' AND stay_days > 1

SELECT count(*) FROM visits WHERE visited_on >= '2021-01-02' AND stay_days > 1.5

SELECT count(*) FROM visits WHERE visited_on >= '2021-01-01 12:00'::timestamp AND stay_days >= 2

-- name: counts under a condition
SELECT sex, count(*) FILTER (WHERE smoker), count(*) FROM patients GROUP BY sex

SELECT sex, count(CASE WHEN smoker THEN 1 END), count(*) FROM patients GROUP BY sex

SELECT sex, count(CASE WHEN smoker THEN patient_id ELSE NULL END), count(1) FROM patients GROUP BY sex

SELECT sex, sum(CASE WHEN smoker THEN 1 ELSE 0 END), sum(1) FROM patients GROUP BY sex

SELECT sex, sum(CASE smoker WHEN true THEN 1 ELSE 0 END), count(*) FROM patients GROUP BY sex

SELECT sex, sum(smoker::int), count(*) FROM patients GROUP BY sex

SELECT sex, COALESCE(SUM(CASE WHEN smoker = true THEN 1 END), 0), count(*) FROM patients GROUP BY sex

-- name: one condition of all, and no groups
SELECT count(*), sum(cost) FROM visits WHERE urgent

SELECT count(*) FILTER (WHERE urgent), sum(cost) FILTER (WHERE urgent) FROM visits

SELECT sum(CASE WHEN urgent THEN 1 ELSE 0 END), sum(CASE WHEN urgent THEN cost ELSE 0 END) FROM visits

-- name: sums and means of some rows
SELECT department_id % 2, sum(cost) FILTER (WHERE urgent), avg(stay_days) FILTER (WHERE urgent) FROM visits GROUP BY 1

SELECT department_id % 2, sum(CASE WHEN urgent THEN cost ELSE 0 END), avg(CASE WHEN urgent THEN stay_days END) FROM visits GROUP BY 1

SELECT department_id % 2, sum(CASE WHEN urgent THEN cost END), avg(CASE WHEN urgent THEN stay_days::float8 END) FROM visits GROUP BY 1

-- name: a wider type that keeps the value
SELECT sex, avg(age), sum(children) FROM patients GROUP BY sex

SELECT sex, avg(CAST(age AS double precision)), sum(children::numeric) FROM patients GROUP BY sex

SELECT sex, avg(age * 1.0), sum(children::bigint + 0) FROM patients GROUP BY sex

SELECT sex, avg(1.0 * age / 1), sum(children - 0) FROM patients GROUP BY sex

-- name: dropped by WHERE, FILTER or CASE
SELECT sum(age) FROM patients WHERE age <= 50

SELECT sum(CASE WHEN age <= 50 THEN age END) FROM patients

SELECT sum(age) FILTER (WHERE age <= 50) FROM patients
