### several arrays side by side, numbered
SELECT k.conname, c.attname, f.attname, o.n FROM pg_constraint k, unnest(k.conkey, k.confkey) WITH ORDINALITY AS o(a, b, n)
JOIN pg_attribute c ON c.attnum = o.a JOIN pg_attribute f ON f.attnum = o.b
WHERE k.contype = 'f' AND c.attrelid = k.conrelid AND f.attrelid = k.confrelid ORDER BY 1, 4
----
conname:name | attname:name | attname:name | n:int8
visits_person_id_fkey | person_id | person_id | 1
(1 rows)

### arrays of different lengths
SELECT * FROM unnest(ARRAY['a', 'b', 'c'], ARRAY[1]) WITH ORDINALITY AS u(x, y, n) WHERE EXISTS (SELECT 1 FROM pg_class)
----
x:text | y:int4 | n:int8
a | 1 | 1
b | NULL | 2
c | NULL | 3
(3 rows)

### rows as values
SELECT ROW(c.relname, c.relkind, c.relnatts, c.relhasindex, NULL, 'a "b"') AS one, array_agg(ROW(a.attname, a.attnum) ORDER BY a.attnum) AS all
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relname = 'visits' AND a.attnum > 0 GROUP BY c.relname, c.relkind, c.relnatts, c.relhasindex
----
one:record | all:record[]
(visits,r,4,t,,"a ""b""") | {"(visit_id,1)","(person_id,2)","(visited_on,3)","(cost,4)"}
(1 rows)

### rows compared
SELECT conname FROM pg_constraint WHERE (contype, conrelid::regclass::text) IN (('f', 'visits'), ('p', 'persons')) AND ROW(contype, 1) <> ROW('u', 1) ORDER BY 1
----
conname:name
persons_pkey
visits_person_id_fkey
(2 rows)

### schemas as an array of names
params ["{public,pg_toast}"]
SELECT relname FROM pg_class WHERE relnamespace = ANY ($1::regnamespace[]) AND relkind = 'r' ORDER BY 1
----
relname:name
cities
persons
visits
(3 rows)

### a table as a parameter
params ["persons"]
SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 ORDER BY attnum LIMIT 2
----
attname:name
person_id
sex
(2 rows)

### text operators and their parameters
params ["per%","^v"]
SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 2200 AND (relname LIKE $1 OR relname ~ $2) ORDER BY 1
----
relname:name
persons
visits
(2 rows)

### patterns of a computed array
params ["{^per,^vis}"]
SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ ANY ($1) AND relname <> ALL (string_to_array('visits', ',')) ORDER BY 1
----
relname:name
persons
(1 rows)

### NULL takes the type of the other arm
SELECT NULL AS number, NULL AS kind, NULL AS columns UNION SELECT oid, contype, conkey FROM pg_constraint WHERE conname = 'cities_none'
----
number:oid | kind:char | columns:int2[]
NULL | NULL | NULL
(1 rows)

### an empty array beside a computed one
SELECT coalesce((SELECT array_agg(enumlabel ORDER BY enumsortorder) FROM pg_enum), '{}') AS labels
----
labels:name[]
{}
(1 rows)

### privileges of a table
SELECT a.grantee::regrole, a.privilege_type, a.is_grantable FROM pg_class c, aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a WHERE c.relname = 'persons'
----
grantee:regrole | privilege_type:text | is_grantable:bool
alice | SELECT | f
(1 rows)

### privileges that a system catalog starts with
SELECT (aclexplode(relacl)).privilege_type, (aclexplode(relacl)).grantee FROM pg_class WHERE relname = 'pg_class' ORDER BY 2 DESC, 1
----
privilege_type:text | grantee:oid
DELETE | 10
INSERT | 10
REFERENCES | 10
SELECT | 10
TRIGGER | 10
TRUNCATE | 10
UPDATE | 10
SELECT | 0
(8 rows)

### what nobody granted
SELECT t, acldefault(t::"char", 10) FROM unnest(ARRAY['r', 's', 'd', 'f', 'n', 'T', 'c']) AS t, (SELECT 1 FROM pg_am LIMIT 1) one ORDER BY 1
----
t:text | acldefault:aclitem[]
T | {=U/dpproxy,dpproxy=U/dpproxy}
c | {}
d | {=Tc/dpproxy,dpproxy=CTc/dpproxy}
f | {=X/dpproxy,dpproxy=X/dpproxy}
n | {dpproxy=UC/dpproxy}
r | {dpproxy=arwdDxt/dpproxy}
s | {dpproxy=rwU/dpproxy}
(7 rows)

### foreign servers and partitions, of which there are none
SELECT s.srvname, o.option_name, o.option_value FROM pg_foreign_server s, pg_options_to_table(s.srvoptions) o UNION ALL SELECT c.relname, p.relid::text, p.level::text FROM pg_class c, pg_partition_tree(c.oid) p
----
srvname:name | option_name:text | option_value:text
(0 rows)

### names of functions that have several forms
SELECT 'abs(int4)'::regprocedure, p.oid::regprocedure, p.oid::regproc, oidvectortypes(p.proargtypes) FROM pg_proc p WHERE proname IN ('version', '_pg_expandarray') OR proname = 'abs' AND prorettype = 23 ORDER BY p.oid
----
regprocedure:regprocedure | oid:regprocedure | oid:regproc | oidvectortypes:text
abs(integer) | version() | version |
abs(integer) | abs(integer) | pg_catalog.abs | integer
abs(integer) | information_schema._pg_expandarray(anyarray) | information_schema._pg_expandarray | anyarray
(3 rows)

### text of a built-in function
SELECT pg_get_functiondef('abs(int4)'::regprocedure)
----
pg_get_functiondef:text
CREATE OR REPLACE FUNCTION pg_catalog.abs(integer)\n RETURNS integer\n LANGUAGE internal\n IMMUTABLE PARALLEL SAFE STRICT\nAS $function$int4abs$function$\n
(1 rows)

### text of a system view
SELECT pg_get_viewdef('pg_user'::regclass, true), length(pg_get_viewdef('information_schema.columns'::regclass)) > 1000 AS long
----
pg_get_viewdef:text | long:bool
 SELECT usename,\n    usesysid,\n    usecreatedb,\n    usesuper,\n    userepl,\n    usebypassrls,\n    '********'::text AS passwd,\n    valuntil,\n    useconfig\n   FROM pg_shadow; | t
(1 rows)

### indexes of a system catalog
SELECT indexrelid::regclass, indkey, indclass, pg_get_indexdef(indexrelid, 1, true) FROM pg_index WHERE indrelid = 'pg_namespace'::regclass ORDER BY 1
----
indexrelid:regclass | indkey:int2vector | indclass:oidvector | pg_get_indexdef:text
pg_namespace_nspname_index | 2 | 10028 | nspname
pg_namespace_oid_index | 1 | 1981 | oid
(2 rows)

### true types of columns
SELECT column_name, data_type, information_schema._pg_char_max_length(information_schema._pg_truetypid(a.*, t.*), information_schema._pg_truetypmod(a.*, t.*)) AS length
FROM information_schema.columns c JOIN pg_attribute a ON a.attname = c.column_name JOIN pg_type t ON t.oid = a.atttypid
WHERE table_name = 'persons' AND a.attrelid = 'persons'::regclass ORDER BY a.attnum
----
column_name:name | data_type:varchar | length:int4
person_id | bigint | NULL
sex | text | NULL
age | integer | NULL
income | numeric | NULL
city | character varying | 40
born | date | NULL
(6 rows)

### kinds of words
SELECT tokid, alias FROM ts_token_type(3722) ORDER BY 1 LIMIT 3
----
tokid:int4 | alias:text
1 | asciiword
2 | word
3 | numword
(3 rows)

### a definition as a document
SELECT (json_build_object('a', 1, 'b', 'x')::json ->> 'b') AS b, min(relname) AS first FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
----
b:text | first:text
x | cities
(1 rows)

### sessions with times in words
SELECT pid, to_char(backend_start, 'YYYY-MM-DD HH24:MI:SS TZ') AS started, extract(epoch FROM now() - query_start) > 60 AS long FROM pg_stat_activity
----
pid:int4 | started:text | long:bool
(0 rows)

### pairs as a document
SELECT conrelid::regclass AS t, jsonb_object_agg(conname, contype) AS kinds FROM pg_constraint WHERE conrelid = 'persons'::regclass GROUP BY conrelid
----
t:regclass | kinds:jsonb
persons | {"persons_pkey":"p"}
(1 rows)

