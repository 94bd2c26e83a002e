-- The tables that the client tests ask. The rows are made here: nobody's data.
CREATE TABLE persons (
  person_id bigint PRIMARY KEY,
  sex text NOT NULL,
  age integer,
  income numeric(10,2),
  city varchar(40),
  born date);
INSERT INTO persons
SELECT i, (ARRAY['f', 'm'])[1 + i % 2], i % 90, (i * 37 % 90000)::numeric + 0.25, 'city ' || i % 5, date '1950-01-01' + i
FROM generate_series(1, 2000) i;

CREATE TABLE visits (
  visit_id bigint PRIMARY KEY,
  person_id bigint NOT NULL REFERENCES persons,
  city_id integer NOT NULL,
  visited_at timestamptz NOT NULL,
  cost double precision);
INSERT INTO visits
SELECT i, 1 + i % 2000, 1 + i % 5, timestamptz '2024-01-01 00:00:00+00' + i * interval '1 hour', i % 300
FROM generate_series(1, 5000) i;

CREATE TABLE cities (city_id integer PRIMARY KEY, name text NOT NULL, opened date);
INSERT INTO cities SELECT i, 'city ' || i, date '2000-01-01' + i FROM generate_series(1, 5) i;

CREATE TABLE numbers (n integer PRIMARY KEY, word text);
INSERT INTO numbers SELECT i, 'word ' || i FROM generate_series(1, 10000) i;

-- A column of each type; the second row is NULL, the third has ends of ranges.
CREATE TABLE kinds (
  id integer PRIMARY KEY,
  t_bool boolean, t_int2 smallint, t_int4 integer, t_int8 bigint, t_float4 real, t_float8 double precision,
  t_numeric numeric(20,5), t_text text, t_varchar varchar(20), t_bpchar char(4), t_name name, t_char "char", t_oid oid,
  t_date date, t_time time, t_timetz timetz, t_timestamp timestamp, t_timestamptz timestamptz, t_interval interval,
  t_uuid uuid, t_bytea bytea, t_json json, t_jsonb jsonb,
  a_bool boolean[], a_int4 integer[], a_int8 bigint[], a_float8 double precision[], a_numeric numeric[], a_text text[],
  a_date date[], a_timestamptz timestamptz[], a_uuid uuid[]);
INSERT INTO kinds VALUES
 (1, true, 12, 123456, 1234567890123, 1.5, 2.25, 12345.67890, 'text "x" ä€😀', 'varchar', 'ab', 'a_name', 'c', 4711,
  '2024-02-29', '12:34:56.789', '12:34:56+02', '2024-02-29 12:34:56.789', '2024-02-29 12:34:56.789+00', '1 year 2 days 03:04:05',
  '00112233-4455-6677-8899-aabbccddeeff', '\x00ff10', '{"a": [1, null]}', '{"a": [1, null]}',
  '{t,f,NULL}', '{1,2,NULL}', '{1234567890123}', '{1.5,2.5}', '{1.10,2.20}', '{a,"b c",NULL,"q\"\\"}', '{2024-02-29}',
  '{"2024-02-29 12:00:00+00"}', '{00112233-4455-6677-8899-aabbccddeeff}'),
 (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
  NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
 (3, false, -32768, -2147483648, -9223372036854775808, -1.5, 1e300, -0.00001, '', '', '', '', 'z', 4294967295,
  '0001-01-01', '00:00:00', '00:00:00-11:30', '1999-12-31 23:59:59', '1999-12-31 23:59:59+00', '-1 mons -1 days -00:00:01',
  'ffffffff-ffff-ffff-ffff-ffffffffffff', '\x', 'null', '[]',
  '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}');
