-- name: statistics; attack=catalogs
SELECT reltuples FROM pg_class WHERE relname = 'patients'

-- name: most common values; attack=catalogs
SELECT most_common_vals FROM pg_stats

-- name: sizes; attack=catalogs
SELECT pg_relation_size('patients'), pg_total_relation_size('visits')

-- name: SQL as text; attack=functions that run SQL
SELECT query_to_xml('SELECT * FROM patients', true, true, '')

-- name: files; attack=file functions
SELECT pg_read_file('/etc/passwd')

-- name: large objects; attack=large objects
SELECT lo_export(1, '/tmp/x')

-- name: another database; attack=dblink
SELECT * FROM dblink('dbname=x', 'SELECT 1') AS t(a int)

-- name: sleeping on a row; attack=sleeping functions
SELECT count(*) FROM patients WHERE patient_id = 100 AND pg_sleep(1) IS NULL

-- name: a series of a private length; attack=generate_series
SELECT count(*) FROM patients p, generate_series(1, p.age) g

-- name: long repeats; attack=expensive texts
SELECT count(*) FROM visits WHERE length(repeat(note, 1000000)) > 5

-- name: a pattern that backtracks; attack=expensive patterns
SELECT count(*) FROM visits WHERE note ~ '(a+)+$'

-- name: a recursive query; attack=recursion
WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 1000000) SELECT count(*) FROM r

-- name: whole rows; attack=whole rows
SELECT count(p) FROM patients p

-- name: system columns; attack=system columns
SELECT count(*) FROM patients WHERE xmin IS NOT NULL OR ctid IS NOT NULL

-- name: arrays of values; attack=collecting aggregates
SELECT array_agg(age) FROM patients

-- name: texts put together; attack=collecting aggregates
SELECT string_agg(region, ',') FROM patients

-- name: any value at all; attack=collecting aggregates
SELECT mode() WITHIN GROUP (ORDER BY region) FROM patients

-- name: settings; attack=set_config
SELECT set_config('search_path', 'pg_temp', false), count(*) FROM patients
