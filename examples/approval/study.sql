-- What the study asks. Literals are fixed; slots may vary as written.
SET dp.epsilon = 0.5;

SELECT region, count(*) AS patients
FROM patients
GROUP BY region;

-- slot $1: integer 18..90 label=age sample=40
-- slot $2: text [f, m] label=sex sample=f
SELECT avg(income)
FROM patients
WHERE age >= $1 AND sex = $2;

-- slot $1: integer 18..90 label=age sample=40
-- allow errors
SELECT count(*)
FROM patients
WHERE age >= $1;
