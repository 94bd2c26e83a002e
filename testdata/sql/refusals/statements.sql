-- name: insert
INSERT INTO patients VALUES (1)

-- name: update
UPDATE patients SET age = 1

-- name: delete
DELETE FROM patients

-- name: truncate
TRUNCATE patients

-- name: create
CREATE TABLE x (a int)

-- name: create as
CREATE TABLE x AS SELECT 1

-- name: select into
SELECT 1 INTO x

-- name: drop
DROP TABLE patients

-- name: grant
GRANT SELECT ON patients TO alice

-- name: do
DO $$ BEGIN PERFORM 1; END $$

-- name: call
CALL f()

-- name: copy from
COPY patients FROM '/etc/passwd'

-- name: copy to file
COPY (SELECT 1) TO '/tmp/x'

-- name: copy program
COPY (SELECT 1) TO PROGRAM 'sh'

-- name: copy table
COPY patients TO STDOUT

-- name: listen
LISTEN x

-- name: notify
NOTIFY x

-- name: vacuum
VACUUM

-- name: explain analyze
EXPLAIN ANALYZE SELECT count(*) FROM patients

-- name: writing with
WITH x AS (DELETE FROM patients RETURNING *) SELECT count(*) FROM x

-- name: lock
LOCK TABLE patients

-- name: syntax
SELECT count(* FROM patients

-- name: a private key without delta; delta=0
SELECT region, count(*) FROM patients GROUP BY region

