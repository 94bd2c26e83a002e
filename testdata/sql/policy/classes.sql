-- name: the first class that allows it is taken; class=aggregation
SELECT sex, count(*), avg(cost) FROM patients JOIN visits USING (patient_id) GROUP BY sex
-- name: another class has the function; class=spread
SELECT stddev(children) FROM patients
-- name: no class has both functions; refused=42501
SELECT avg(children), stddev(children) FROM patients
-- name: a function that no class has; refused=42501
SELECT var_pop(children) FROM patients
-- name: more functions than the class allows; refused=42501
SELECT count(*), count(sex), sum(children), avg(children) FROM patients
-- name: the same aggregate twice counts once; class=aggregation
SELECT count(*), count(*), sum(children), sum(children) + 1, avg(children) FROM patients
-- name: more joins than any class allows; refused=42501
SELECT count(*) FROM patients p JOIN visits v ON p.patient_id = v.patient_id JOIN departments d ON v.department_id = d.department_id
-- name: joins by commas count; refused=42501
SELECT count(*) FROM patients p, visits v, departments d WHERE p.patient_id = v.patient_id AND v.department_id = d.department_id
-- name: joins below a sub-query count; refused=42501
SELECT count(*) FROM (SELECT p.patient_id FROM patients p JOIN visits v USING (patient_id)) x JOIN patients USING (patient_id)
-- name: joins inside WITH count where it is used; refused=42501
WITH a AS (SELECT patient_id FROM patients JOIN visits USING (patient_id)) SELECT count(*) FROM a JOIN patients USING (patient_id)
-- name: a sub-query in a condition counts as a join; refused=42501
SELECT count(*) FROM patients p JOIN visits v USING (patient_id) WHERE p.patient_id IN (SELECT patient_id FROM visits WHERE urgent)
-- name: joins of public tables have no class; answered=yes
SELECT d.name FROM departments d JOIN departments e USING (department_id)
-- name: the unit's path is the owner's and no join; set=distribution; class=distribution
SELECT count(*) FROM visits
-- name: a class that is asked for by name; set=distribution; class=distribution
SELECT sex, count(*) FROM patients GROUP BY sex
-- name: a class by name that does not allow it; set=distribution; refused=42501
SELECT sex, avg(children) FROM patients GROUP BY sex
-- name: a class that does not exist; set=nosuch; refused=22023
SELECT count(*) FROM patients
-- name: groups whose values are not public; set=distribution; refused=42501
SELECT region, count(*) FROM patients GROUP BY region
-- name: too many groups spelled out; set=spread; refused=42501
SELECT sex, smoker, count(*) FROM patients GROUP BY sex, smoker
-- name: groups within the limit; set=spread; class=spread
SELECT sex, stddev(children) FROM patients GROUP BY sex
-- name: 160 groups where the class says nothing; set=aggregation; refused=42501
SELECT sex, smoker, extract(year FROM visited_on), extract(month FROM visited_on), count(*) FROM patients JOIN visits USING (patient_id) GROUP BY 1, 2, 3, 4
