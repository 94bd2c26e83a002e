-- name: conditions at breaks; class=aggregation
SELECT count(*) FROM patients WHERE age >= 18 AND age < 65
-- name: just below a break is the break, for whole numbers; class=aggregation
SELECT count(*) FROM patients WHERE age > 17 AND age <= 64
-- name: BETWEEN at breaks; class=aggregation
SELECT count(*) FROM patients WHERE age BETWEEN 18 AND 39
-- name: the constant first; class=aggregation
SELECT count(*) FROM patients WHERE 18 <= age AND 65.0 > age
-- name: as a parameter; p1=40; class=aggregation
SELECT count(*) FROM patients WHERE age < $1
-- name: a parameter elsewhere; p1=41; refused=42501
SELECT count(*) FROM patients WHERE age < $1
-- name: dates; class=aggregation
SELECT count(*) FROM patients WHERE born < DATE '1980-01-01' AND born > '1949-12-31'
-- name: a date elsewhere; refused=42501
SELECT count(*) FROM patients WHERE born < DATE '1980-01-02'
-- name: decimals cut below their breaks alone; refused=42501
SELECT count(*) FROM patients WHERE height > 160
-- name: decimals; class=aggregation
SELECT count(*) FROM patients WHERE height >= 160.00
-- name: elsewhere; refused=42501
SELECT count(*) FROM patients WHERE age < 33
-- name: one side of BETWEEN elsewhere; refused=42501
SELECT count(*) FROM patients WHERE age BETWEEN 18 AND 40
-- name: equality; refused=42501
SELECT count(*) FROM patients WHERE age = 18
-- name: IN; refused=42501
SELECT count(*) FROM patients WHERE age IN (18, 40)
-- name: arithmetic; refused=42501
SELECT count(*) FROM patients WHERE age + 1 < 18
-- name: two columns; refused=42501
SELECT count(*) FROM patients WHERE age < children
-- name: a cast; refused=42501
SELECT count(*) FROM patients WHERE age::numeric < 18
-- name: NULL tells nothing; class=aggregation
SELECT count(*) FROM patients WHERE age IS NOT NULL AND age < NULL
-- name: grouping by ranges; class=aggregation
SELECT CASE WHEN age < 18 THEN 'young' WHEN age < 65 THEN 'middle' ELSE 'old' END, count(*) FROM patients GROUP BY 1
-- name: grouping by buckets between breaks; class=aggregation
SELECT width_bucket(height, 150, 180, 3), count(*) FROM patients GROUP BY 1
-- name: buckets elsewhere; refused=42501
SELECT width_bucket(height, 150, 180, 6), count(*) FROM patients GROUP BY 1
-- name: grouping by the values; refused=42501
SELECT age, count(*) FROM patients GROUP BY age
-- name: CASE with the column as its operand; refused=42501
SELECT CASE age WHEN 18 THEN 'a' ELSE 'b' END, count(*) FROM patients GROUP BY 1
-- name: through a sub-query and another name; refused=42501
SELECT count(*) FROM (SELECT age AS x FROM patients) q WHERE x < 33
-- name: through a sub-query at a break; class=aggregation
SELECT count(*) FROM (SELECT age AS x FROM patients) q WHERE x < 40
-- name: computed in a sub-query; refused=42501
SELECT count(*) FROM (SELECT age + 1 AS x FROM patients) q WHERE x < 40
-- name: through SELECT *; refused=42501
SELECT count(*) FROM (SELECT * FROM patients) q WHERE age < 33
-- name: through a union; refused=42501
SELECT count(*) FROM (SELECT patient_id, age FROM patients UNION ALL SELECT patient_id, age FROM patients) q WHERE age < 33
-- name: DISTINCT; refused=42501
SELECT count(*) FROM (SELECT DISTINCT patient_id, age FROM patients) q
-- name: USING; refused=42501
SELECT count(*) FROM patients p JOIN patients q USING (patient_id, age)
-- name: measured as it is; class=aggregation
SELECT sex, avg(age), sum(age), count(age) FROM patients GROUP BY sex
-- name: measured where something else decides; refused=42501
SELECT sum(CASE WHEN age < 40 THEN age ELSE 0 END) FROM patients
-- name: a quantile tells single values; refused=42501
SELECT median(age) FROM patients
-- name: so does the smallest; refused=42501
SELECT min(age) FROM patients
-- name: and an ordered set; refused=42501
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY age) FROM patients
-- name: and how many differ; refused=42501
SELECT count(DISTINCT age) FROM patients
-- name: a quantile of a column to measure; class=spread
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY income), median(income) FROM patients
-- name: a quantile of a column to filter on; refused=42501
SELECT median(length(note)) FROM visits
