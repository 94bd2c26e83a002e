-- name: rows frame
SELECT sex, sum(count(*)) OVER (ORDER BY sex ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS s FROM patients GROUP BY sex

-- name: lag and lead
SELECT sex, count(*) - lag(count(*)) OVER (ORDER BY sex) AS diff, lead(sex, 1, 'end') OVER (ORDER BY sex) AS next FROM patients GROUP BY sex

-- name: first and nth value
SELECT sex, first_value(count(*)) OVER (ORDER BY sex) AS f, nth_value(sex, 2) OVER (ORDER BY sex ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS second FROM patients GROUP BY sex

-- name: row_number without an order
SELECT row_number() OVER () AS i, n FROM (SELECT count(*) AS n FROM patients) s

-- name: distinct on
SELECT DISTINCT ON (sex) sex, smoker FROM (SELECT sex, smoker, count(*) AS n FROM patients GROUP BY sex, smoker) s ORDER BY sex, n DESC, smoker

-- name: average of noisy counts
SELECT avg(n), stddev(n), percentile_cont(0.5) WITHIN GROUP (ORDER BY n) FROM (SELECT sex, count(*) AS n FROM patients GROUP BY sex) s

-- name: fetch first
SELECT sex, count(*) FROM patients GROUP BY sex ORDER BY sex FETCH FIRST 1 ROWS ONLY

-- name: fetch first row only
SELECT sex FROM patients GROUP BY sex ORDER BY sex FETCH FIRST ROW ONLY

-- name: limit by parameter; p1=1
SELECT sex, count(*) FROM patients GROUP BY sex ORDER BY sex LIMIT $1

-- name: rows in a list
SELECT sex, smoker, count(*) FROM patients GROUP BY sex, smoker HAVING (sex, smoker) IN (('f', true), ('m', false))

-- name: string_agg of groups
SELECT string_agg(sex, ', ' ORDER BY sex DESC) AS list FROM (SELECT sex, count(*) AS n FROM patients GROUP BY sex) s

-- name: concat_ws
SELECT concat_ws('-', sex, 'x', NULL, 'y') AS c FROM patients GROUP BY sex

-- name: to_char of a date
SELECT to_char(DATE '2024-03-05', 'YYYY-MM-DD') AS d, to_char(DATE '2024-03-05', 'DD Mon YYYY') AS m, to_char(DATE '2024-03-05', 'FMMonth YYYY') AS l, to_char(DATE '2024-03-05', 'Dy') AS w

-- name: to_date
SELECT to_date('05.03.2024', 'DD.MM.YYYY') AS d

-- name: to_timestamp
SELECT to_timestamp('2024-03-05 10:11:12', 'YYYY-MM-DD HH24:MI:SS') AS t

-- name: to_timestamp of seconds
SELECT to_timestamp(86400) AS t

-- name: initcap
SELECT initcap('hello wORLD, it''s x2y') AS i

-- name: substring from pattern
SELECT substring('dept 12' FROM '[0-9]+') AS s, substring('foobar' FROM 'o(.)b') AS g

-- name: isfinite of intervals
SELECT isfinite(INTERVAL '1 day') AS f

-- name: regexp functions
SELECT regexp_replace('abcabc', 'b', 'x') AS a, regexp_replace('abcabc', 'b', 'x', 'g') AS b

-- name: generate_series joined
SELECT g.n, count(s.sex) AS k FROM generate_series(1, 3) AS g(n) LEFT JOIN (SELECT sex, count(*) AS c FROM patients GROUP BY sex) s ON g.n = length(s.sex) GROUP BY g.n ORDER BY g.n

-- name: generate_series of dates
SELECT d::date FROM generate_series(DATE '2024-01-01', DATE '2024-01-03', INTERVAL '1 day') AS d ORDER BY d

-- name: values joined
SELECT v.label, s.n FROM (VALUES ('f', 'women'), ('m', 'men')) AS v(sex, label) JOIN (SELECT sex, count(*) AS n FROM patients GROUP BY sex) s USING (sex) ORDER BY v.label

-- name: intersect and except
SELECT sex FROM (SELECT sex, count(*) FROM patients GROUP BY sex) s INTERSECT SELECT 'f' EXCEPT SELECT 'm'

-- name: ctes each a measurement
WITH a AS (SELECT sex, count(*) AS n FROM patients GROUP BY sex), b AS (SELECT sex, avg(age) AS m FROM patients GROUP BY sex), t AS (SELECT sum(n) AS total FROM a) SELECT a.sex, a.n, b.m, a.n / t.total AS part FROM a JOIN b USING (sex) CROSS JOIN t ORDER BY a.sex

-- name: scalar sub-query over a released relation
WITH a AS (SELECT sex, count(*) AS n FROM patients GROUP BY sex) SELECT sex, n FROM a WHERE n >= (SELECT max(n) FROM a)

-- name: correlated over released
WITH a AS (SELECT sex, smoker, count(*) AS n FROM patients GROUP BY sex, smoker) SELECT sex, smoker FROM a WHERE n >= (SELECT max(b.n) FROM a b WHERE b.sex = a.sex) ORDER BY sex, smoker

-- name: exists over released
WITH a AS (SELECT sex, count(*) AS n FROM patients GROUP BY sex) SELECT d.name FROM departments d WHERE EXISTS (SELECT 1 FROM a WHERE a.n > d.floor) ORDER BY d.name

-- name: case and coalesce
SELECT CASE sex WHEN 'f' THEN 'women' ELSE 'men' END AS who, coalesce(NULL, count(*)) AS n FROM patients GROUP BY sex

-- name: nested ctes
WITH a AS (WITH b AS (SELECT sex, count(*) AS n FROM patients GROUP BY sex) SELECT sex, n FROM b) SELECT * FROM a ORDER BY sex

-- name: materialized
WITH a AS MATERIALIZED (SELECT count(*) AS n FROM patients) SELECT n FROM a

-- name: aggregate filter over released
SELECT sum(n) FILTER (WHERE sex = 'f') AS f, count(DISTINCT sex) AS k FROM (SELECT sex, count(*) AS n FROM patients GROUP BY sex) s

-- name: full join of released
SELECT a.sex, a.n, b.n AS m FROM (SELECT sex, count(*) AS n FROM patients WHERE sex = 'f' GROUP BY sex) a FULL JOIN (SELECT sex, count(*) AS n FROM patients GROUP BY sex) b ON a.sex = b.sex ORDER BY b.sex

-- name: between and like over released
SELECT sex FROM (SELECT sex, count(*) AS n FROM patients GROUP BY sex) s WHERE n BETWEEN 0 AND 1000 AND sex LIKE 'f%'

-- name: greatest and least
SELECT greatest(count(*), 5), least(count(*), 1000000) FROM patients

-- name: casts
SELECT count(*)::float8, count(*)::numeric(10,1), 'x'::varchar(3), '5'::int + 1 AS six, '2024-01-01'::date AS d, 't'::bool AS b FROM patients

-- name: order by nulls first
SELECT smoker, count(*) FROM patients GROUP BY smoker ORDER BY smoker NULLS FIRST

-- name: offset fetch
SELECT sex FROM patients GROUP BY sex ORDER BY sex OFFSET 1 ROW FETCH NEXT 1 ROW ONLY

-- name: table statement
TABLE departments

-- name: regression over released
SELECT regr_count(n, k) AS c FROM (SELECT sex, count(*) AS n, length(sex) AS k FROM patients GROUP BY sex) s

-- name: bool_and over released
SELECT bool_and(n > 0), every(n > 0) FROM (SELECT sex, count(*) AS n FROM patients GROUP BY sex) s

-- name: released in a list
SELECT name FROM departments WHERE department_id IN (SELECT n FROM (SELECT 1 AS n, count(*) FROM patients) s) ORDER BY name

-- name: union distinct of two measurements
SELECT sex FROM patients GROUP BY sex UNION SELECT drug FROM items GROUP BY drug ORDER BY 1

-- name: percent of total
SELECT sex, round(100.0 * count(*) / sum(count(*)) OVER (), 1) AS percent FROM patients GROUP BY sex ORDER BY percent DESC, sex

-- name: cumulative distribution
SELECT sex, cume_dist() OVER (ORDER BY sex) AS c, percent_rank() OVER (ORDER BY sex) AS p, ntile(2) OVER (ORDER BY sex) AS t FROM patients GROUP BY sex

-- name: null treatment
SELECT sex, count(*) FILTER (WHERE region IS NULL) AS unknown FROM patients GROUP BY sex

-- name: groups frame
SELECT age >= 50 AS old, sum(count(*)) OVER (ORDER BY age >= 50 GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW) AS s FROM patients WHERE age IS NOT NULL GROUP BY 1

-- name: exclude current row
SELECT sex, sum(count(*)) OVER (ORDER BY sex ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW) AS others FROM patients GROUP BY sex

-- name: window variance
SELECT sex, stddev_pop(count(*)) OVER () >= 0 AS ok, bool_or(count(*) > 0) OVER () AS any FROM patients GROUP BY sex

-- name: with ties
SELECT sex, count(*) FROM patients GROUP BY sex ORDER BY sex FETCH FIRST 1 ROW WITH TIES

-- name: rows compared
SELECT sex, count(*) FROM patients GROUP BY sex HAVING (sex, 1) < ('m', 1)

-- name: array of groups
SELECT array_agg(sex ORDER BY sex) AS list FROM (SELECT sex, count(*) AS n FROM patients GROUP BY sex) s

-- name: nullif and format
SELECT nullif(count(*), 0) IS NOT NULL AS some, format('%s of %s', sex, 'all') AS f FROM patients GROUP BY sex

-- name: trigonometry
SELECT round(sin(1.0)::numeric, 4) AS s, round(atan2(1, 2)::numeric, 4) AS t, degrees(pi()) AS d

-- name: numbers
SELECT gcd(12, 18) AS g, lcm(4, 6) AS l, to_hex(255) AS h, width_bucket(5.0, 0, 10, 5) AS w, trim_scale(1.250) AS t

-- name: text
SELECT md5('x') AS m, ascii('x') AS a, chr(65) AS c, quote_ident('A b') AS i, reverse('abc') AS r, overlay('abcdef' placing 'XX' from 3 for 2) AS o, left('abc', -1) AS l, translate('abc', 'ab', 'xy') AS t

-- name: make_date and relatives
SELECT make_date(2024, 3, 5) AS d, make_timestamp(2024, 3, 5, 10, 11, 12.5) AS t

-- name: date arithmetic
SELECT DATE '2024-03-31' + INTERVAL '1 month' AS a, DATE '2024-03-05' - DATE '2024-01-01' AS b, age(DATE '2024-03-05', DATE '2020-01-01') AS c, date_bin('15 minutes', TIMESTAMP '2024-03-05 10:11:12', TIMESTAMP '2024-01-01') AS d

-- name: json object
SELECT json_build_object('sex', sex, 'n', 1) AS j FROM patients GROUP BY sex ORDER BY sex

-- name: json aggregate
SELECT json_agg(sex ORDER BY sex) AS j FROM (SELECT sex, count(*) AS n FROM patients GROUP BY sex) s

-- name: mode and percentiles over released
SELECT mode() WITHIN GROUP (ORDER BY sex) AS m, percentile_disc(0.5) WITHIN GROUP (ORDER BY n) AS d FROM (SELECT sex, 1 AS n FROM patients GROUP BY sex) s

-- name: random text functions
SELECT split_part('a,b,c', ',', 2) AS s, repeat('x', 3) AS r, strpos('abc', 'c') AS p, starts_with('abc', 'a') AS t

-- name: a group of which nothing is asked
SELECT 1 AS one FROM visits HAVING true

-- name: series in the list
SELECT generate_series(1, 3)

-- name: series of days in a WITH query, cast
WITH months AS (SELECT generate_series('2023-01-01'::timestamp, '2023-06-01'::timestamp, '1 month')::date AS m), n AS (SELECT date_trunc('month', visited_on)::date AS m, count(*) AS n FROM visits GROUP BY 1) SELECT months.m, coalesce(n.n, 0) AS n FROM months LEFT JOIN n USING (m) ORDER BY 1

-- name: NULL of one type as another
SELECT (NULL::float8)::int4 AS a, (NULL::numeric(4, 1))::int8 AS b, (NULL::float4)::int2 AS c, (NULL::timestamp)::date AS d
