-- name: what the user's class allows; user=bob; class=aggregation
SELECT sex, count(*) FROM patients GROUP BY sex
-- name: a function of the class that the user may not use; user=bob; refused=42501
SELECT avg(children) FROM patients
-- name: a class that the user has not; user=bob; refused=42501
SELECT stddev(children) FROM patients
-- name: a class by name that the user has not; user=bob; set=spread; refused=22023
SELECT stddev(children) FROM patients
-- name: no join; user=bob; refused=42501
SELECT count(*) FROM patients JOIN visits USING (patient_id)
-- name: a column that is hidden from the user; user=bob; refused=42703
SELECT count(income) FROM patients
-- name: columns that the user may not use together; user=bob; refused=42501
SELECT smoker, count(*) FROM patients WHERE sex = 'f' GROUP BY smoker
-- name: and those that nobody may; user=bob; refused=42501
SELECT region, count(*) FROM patients WHERE height >= 160 AND born >= '1950-01-01' GROUP BY region
-- name: fewer groups; user=bob; refused=42501
SELECT extract(year FROM visited_on), count(*) FROM visits GROUP BY 1
