-- name: many sums of one column, which must agree and be paid once; attack=sum of one column fifty times
SELECT sum(age), sum(age), sum(age), sum(age) + 0, sum(age) - sum(age) AS zero FROM patients

-- name: NaN and infinities fall on a bound; attack=special floats
SELECT avg(income), sum(score), var_pop(income) FROM patients

-- name: limits of every whole type; attack=2^31, 2^63
SELECT sum(least(greatest(tokens, 0), 10)), sum(least(greatest(tokens + tokens, -1), 1)), sum(least(greatest(stay_days * stay_days, 0), 9)) FROM visits

-- name: a negative factor; attack=sensitivity that turns negative
SELECT sum(-3 * age), sum(age * (-0.5)), avg(-age) FROM patients

-- name: rows against units; attack=bounds per row where units are meant
SELECT count(*), sum(cost), count(DISTINCT patient_id) FROM visits

-- name: numerics at their limits; attack=rounding of decimals
SELECT sum(cost), avg(cost), sum(least(greatest(cost * cost, 0), 1)) FROM visits

-- name: text of thousands of characters; attack=huge texts
SELECT sum(least(length(note), 50)), count(*) FILTER (WHERE note LIKE 'a%') FROM visits
