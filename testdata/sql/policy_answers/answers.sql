-- Pairs: a query under the class `set`, and what it must answer at a very large ε: what PostgreSQL says to the case of the
-- same name with truth=yes, or a refusal.
-- name: sentinels are left out of averages; set=plain
SELECT avg(children), count(children), sum(children), count(*) FROM patients
-- name: sentinels are left out of averages; truth=yes
SELECT avg(children), count(children), sum(children), (SELECT count(*) FROM patients) FROM patients WHERE children NOT IN (-1, 99)
-- name: conditions see sentinels; set=plain
SELECT count(*) FILTER (WHERE children = -1), count(*) FILTER (WHERE children IN (99, 0)), count(*) FILTER (WHERE children + 1 = 0), count(*) FILTER (WHERE children < 3) FROM patients
-- name: conditions see sentinels; truth=yes
SELECT count(*) FILTER (WHERE children = -1), count(*) FILTER (WHERE children IN (99, 0)), 0, count(*) FILTER (WHERE children < 3) FROM patients
-- name: groups of sentinels, through a sub-query; set=plain
SELECT CASE WHEN c = -1 THEN 'no answer' WHEN c = 99 THEN 'unknown' ELSE 'known' END AS k, count(*), avg(c) FROM (SELECT children AS c FROM patients) q GROUP BY 1 ORDER BY 1
-- name: groups of sentinels, through a sub-query; truth=yes
SELECT CASE WHEN c = -1 THEN 'no answer' WHEN c = 99 THEN 'unknown' ELSE 'known' END AS k, count(*), CASE WHEN min(c) IN (-1, 99) THEN 6 ELSE avg(c) END FROM (SELECT children AS c FROM patients) q GROUP BY 1 ORDER BY 1
-- name: weighted counts, sums and averages; set=weighted
SELECT sex, count(*), count(region), sum(age), avg(age) FROM patients GROUP BY sex ORDER BY sex
-- name: weighted counts, sums and averages; truth=yes
SELECT sex, round(sum(height))::bigint, round(sum(height) FILTER (WHERE region IS NOT NULL))::bigint, sum(age * height), sum(age * height) / sum(height) FROM patients GROUP BY sex ORDER BY sex
-- name: weights with FILTER and floats; set=weighted
SELECT count(*) FILTER (WHERE age > 40), avg(income) FILTER (WHERE age > 40), count(DISTINCT patient_id) FROM patients
-- name: weights with FILTER and floats; truth=yes
SELECT round(sum(height) FILTER (WHERE age > 40))::bigint, (sum(income * height) FILTER (WHERE age > 40)) / (sum(height) FILTER (WHERE age > 40)), count(*) FROM patients
-- name: weights through a join; set=weighted
SELECT count(*), sum(cost) FROM patients JOIN visits USING (patient_id)
-- name: weights through a join; truth=yes
SELECT round(sum(height))::bigint, sum(cost * height) FROM patients JOIN visits USING (patient_id)
-- name: a table without a weight; set=weighted
SELECT count(*) FROM visits
-- name: a table without a weight; truth=yes
SELECT count(*) FROM visits
-- name: a hidden weight behind a sub-query; set=weighted; refused=0A000
SELECT count(*) FROM (SELECT patient_id, age FROM patients) q
-- name: two weights; set=weighted; refused=0A000
SELECT count(*) FROM patients p JOIN patients q USING (patient_id)
-- name: variances have no weighted form; set=weighted; refused=0A000
SELECT stddev(age) FROM patients
-- name: rounded to bases; set=rounded
SELECT sex, count(*), sum(age), avg(age), avg(age) + 1 FROM patients GROUP BY sex ORDER BY sex
-- name: rounded to bases; truth=yes
SELECT sex, round(count(*) / 5.0)::bigint * 5, round(sum(age) / 100.0)::bigint * 100, round(avg(age) * 2) / 2, round(avg(age) * 2) / 2 + 1 FROM patients GROUP BY sex ORDER BY sex
-- name: small cells are NULL; set=cells
SELECT region, count(*), sum(age), avg(age), coalesce(count(*), -7) FROM patients GROUP BY region ORDER BY region
-- name: small cells are NULL; truth=yes
SELECT region, CASE WHEN count(*) >= 9 THEN count(*) END, CASE WHEN count(*) >= 9 THEN sum(age) END, CASE WHEN count(*) >= 9 THEN avg(age) END, CASE WHEN count(*) >= 9 THEN count(*) ELSE -7 END FROM patients GROUP BY region ORDER BY region
-- name: cells of a FILTER stand for themselves; set=cells
SELECT count(*), count(*) FILTER (WHERE patient_id <= 8), sum(age) FILTER (WHERE patient_id <= 8), sum(age) FILTER (WHERE patient_id <= 9), count(*) FILTER (WHERE patient_id <= 8) IS NULL FROM patients
-- name: cells of a FILTER stand for themselves; truth=yes
SELECT count(*), NULL::bigint, NULL::bigint, sum(age) FILTER (WHERE patient_id <= 9), true FROM patients
-- name: a smallest number of units; set=units
SELECT sex, count(*), avg(cost) FROM patients JOIN visits USING (patient_id) WHERE patient_id <= 12 GROUP BY sex ORDER BY sex
-- name: a smallest number of units; truth=yes
SELECT sex, CASE WHEN count(DISTINCT patient_id) >= 6 THEN count(*) END, CASE WHEN count(DISTINCT patient_id) >= 6 THEN avg(cost) END FROM patients JOIN visits USING (patient_id) WHERE patient_id <= 12 GROUP BY sex ORDER BY sex
-- name: a table of ones is too sparse; set=sparse; refused=42501
SELECT sex, region, age / 10, count(*) FROM patients GROUP BY 1, 2, 3
-- name: a table of one cell with 2; set=sparse; refused=42501
SELECT count(*) FROM patients WHERE patient_id <= 2
-- name: half of the cells may be twos; set=sparse
SELECT count(*) FILTER (WHERE patient_id <= 2), count(*) FROM patients
-- name: half of the cells may be twos; truth=yes
SELECT 2, count(*) FROM patients
-- name: but not more; set=sparse; refused=42501
SELECT count(*) FILTER (WHERE patient_id <= 2), count(*) FILTER (WHERE patient_id BETWEEN 3 AND 4), count(*) FROM patients
-- name: a quarter of the cells may be ones; set=sparse
SELECT count(*) FILTER (WHERE patient_id = 1), count(*) FILTER (WHERE patient_id < 9), count(*) FILTER (WHERE patient_id < 10), count(*) FROM patients
-- name: a quarter of the cells may be ones; truth=yes
SELECT 1, 8, 9, count(*) FROM patients
-- name: but not a third; set=sparse; refused=42501
SELECT count(*) FILTER (WHERE patient_id = 1), count(*) FILTER (WHERE patient_id < 9), count(*) FROM patients
-- name: zeros do not count; set=sparse
SELECT count(*) FILTER (WHERE patient_id < 0), count(*) FROM patients
-- name: zeros do not count; truth=yes
SELECT 0, count(*) FROM patients
-- name: thresholds of the owner's own; set=lenient
SELECT count(*) FROM patients WHERE patient_id <= 1
-- name: thresholds of the owner's own; truth=yes
SELECT 1
