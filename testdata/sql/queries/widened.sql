-- name: whole numbers that leave their type
SELECT count(*) FROM (SELECT patient_id * patient_id AS x, stay_days * stay_days AS y FROM visits) s WHERE x * 2 > y + 3

-- name: numeric in derived; own=PostgreSQL may overflow
SELECT count(*) FROM (SELECT cost * cost AS x FROM visits) s WHERE x * x * x > 5

-- name: numeric2 in derived; own=PostgreSQL may overflow
SELECT count(*) FROM (SELECT height * cost * cost AS x FROM visits JOIN patients USING (patient_id)) s WHERE x * x * x * x > 5

-- name: unary minus min
SELECT count(*) FROM (SELECT -patient_id AS x, abs(patient_id) AS y FROM visits) s WHERE -x > 5 OR abs(y) * 3 > 2

-- name: numeric from int
SELECT count(*) FROM (SELECT tokens::numeric * tokens AS x FROM visits) s WHERE x * x * x > 5

-- name: float
SELECT count(*) FROM (SELECT income * income AS x FROM patients) s WHERE x * x * x > 5

-- name: float4
SELECT count(*) FROM (SELECT score * score AS x FROM patients) s WHERE x * x * x > 5

-- name: decimals that fill 38 digits
SELECT sum(least(greatest(tokens * 0.0000000000000000000001, 0), 1)), avg(least(greatest(tokens * 0.00000000000000000001, -1), 1)) FROM visits

-- name: a widened integer as a boolean
SELECT count(*) FROM visits WHERE abs(stay_days)::boolean

-- name: a numeric CASE that may be NULL
SELECT count(DISTINCT CASE WHEN urgent THEN cost END), sum(CASE WHEN urgent THEN cost END) FROM visits
