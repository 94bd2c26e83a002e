-- name: rows of a declared view
SELECT * FROM urgent_visits

-- name: a column that the view does not show
SELECT avg(stay_days) FROM urgent_visits

-- name: a view joined on another column
SELECT count(*) FROM urgent_visits u JOIN patients p ON p.age = u.age

-- name: limit on a view
SELECT count(*) FROM (SELECT * FROM totals LIMIT 3) t
