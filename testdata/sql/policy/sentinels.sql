-- name: sentinels are left out of averages; class=aggregation
SELECT avg(children) FROM patients
-- name: and out of arithmetic; class=aggregation
SELECT sum(children + 1) FROM patients
-- name: a comparison sees them; class=aggregation
SELECT count(*) FROM patients WHERE children = -1
-- name: so does GROUP BY; class=aggregation
SELECT children, count(*) FROM patients GROUP BY children
-- name: through a sub-query; class=aggregation
SELECT avg(x), count(*) FILTER (WHERE x = -1) FROM (SELECT children AS x FROM patients) q
-- name: through SELECT *; class=aggregation
SELECT avg(children), count(*) FILTER (WHERE children = -1) FROM (SELECT * FROM patients) q
-- name: arithmetic in a condition does not; class=aggregation
SELECT count(*) FROM patients WHERE children * 2 < 4
