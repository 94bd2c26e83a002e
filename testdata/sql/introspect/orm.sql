### prisma namespaces and tables
SELECT tbl.relname AS table_name, namespace.nspname as namespace, (tbl.relhassubclass and tbl.relkind = 'p') as is_partition, tbl.relrowsecurity as has_row_level_security, reloptions, obj_description(tbl.oid, 'pg_class') as description FROM pg_class AS tbl INNER JOIN pg_namespace AS namespace ON namespace.oid = tbl.relnamespace WHERE (tbl.relkind = 'r' OR tbl.relkind = 'p') AND namespace.nspname = ANY ( ARRAY['public'] ) ORDER BY namespace, table_name
----
table_name:name | namespace:name | is_partition:bool | has_row_level_security:bool | reloptions:text[] | description:text
cities | public | f | f | NULL | Public: rows may be read.
persons | public | f | f | NULL | people. Private: aggregates only (count, sum, avg), with noise. Protected unit: persons.person_id.
visits | public | f | f | NULL | Private: aggregates only (count, sum, avg), with noise. Protected unit: persons.person_id.
(3 rows)

### typeorm schema
SELECT * FROM current_schema()
----
current_schema:name
public
(1 rows)

### typeorm tables
SELECT "table_schema", "table_name", obj_description(('"' || "table_schema" || '"."' || "table_name" || '"')::regclass, 'pg_class') AS table_comment FROM "information_schema"."tables" WHERE ("table_schema" = 'public' AND "table_name" = 'persons')
----
table_schema:name | table_name:name | table_comment:text
public | persons | people. Private: aggregates only (count, sum, avg), with noise. Protected unit: persons.person_id.
(1 rows)

### typeorm constraints
SELECT "ns"."nspname" AS "table_schema", "t"."relname" AS "table_name", "cnst"."conname" AS "constraint_name", pg_get_constraintdef("cnst"."oid") AS "expression", CASE "cnst"."contype" WHEN 'p' THEN 'PRIMARY' WHEN 'u' THEN 'UNIQUE' WHEN 'c' THEN 'CHECK' WHEN 'x' THEN 'EXCLUDE' END AS "constraint_type", "a"."attname" AS "column_name" FROM "pg_constraint" "cnst" INNER JOIN "pg_class" "t" ON "t"."oid" = "cnst"."conrelid" INNER JOIN "pg_namespace" "ns" ON "ns"."oid" = "cnst"."connamespace" LEFT JOIN "pg_attribute" "a" ON "a"."attrelid" = "cnst"."conrelid" AND "a"."attnum" = ANY ("cnst"."conkey") WHERE "t"."relkind" IN ('r', 'p') AND (("ns"."nspname" = 'public' AND "t"."relname" = 'persons'))
----
table_schema:name | table_name:name | constraint_name:name | expression:text | constraint_type:text | column_name:name
public | persons | persons_pkey | PRIMARY KEY (person_id) | PRIMARY | person_id
(1 rows)

### rails columns
SELECT a.attname, format_type(a.atttypid, a.atttypmod), pg_get_expr(d.adbin, d.adrelid), a.attnotnull, a.atttypid, a.atttypmod, c.collname, col_description(a.attrelid, a.attnum) AS comment, attidentity AS identity, attgenerated as attgenerated FROM pg_attribute a LEFT JOIN pg_attrdef d ON a.attrelid = d.adrelid AND a.attnum = d.adnum LEFT JOIN pg_type t ON a.atttypid = t.oid LEFT JOIN pg_collation c ON a.attcollation = c.oid AND a.attcollation <> t.typcollation WHERE a.attrelid = '"persons"'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
----
attname:name | format_type:text | pg_get_expr:text | attnotnull:bool | atttypid:oid | atttypmod:int4 | collname:name | comment:text | identity:char | attgenerated:char
person_id | bigint | NULL | t | 20 | -1 | NULL | Identifies the protected unit. May be asked: count. |  |
sex | text | NULL | f | 25 | -1 | NULL | One of: f, m. May be asked: count. Public group keys. |  |
age | integer | NULL | f | 23 | -1 | NULL | Between 0 and 110. May be asked: count, sum, avg. |  |
income | numeric(12,2) | NULL | f | 1700 | 786438 | NULL | yearly income. Between 0 and 250000. May be asked: count, sum, avg. |  |
city | character varying(40) | NULL | f | 1043 | 44 | NULL | May be asked: count. |  |
born | date | NULL | f | 1082 | -1 | NULL | Between 1970-01-01 and 2024-10-04. May be asked: count. |  |
(6 rows)

### rails primary key
SELECT a.attname FROM ( SELECT indrelid, indkey, generate_subscripts(indkey, 1) idx FROM pg_index WHERE indrelid = '"persons"'::regclass AND indisprimary ) i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[i.idx] ORDER BY i.idx
----
attname:name
person_id
(1 rows)

### rails types
SELECT t.oid, t.typname, t.typelem, t.typdelim, t.typinput, r.rngsubtype, t.typtype, t.typbasetype FROM pg_type as t LEFT JOIN pg_range as r ON oid = rngtypid WHERE t.typname IN ('int2', 'int4', 'int8', 'oid', 'float4', 'float8', 'numeric', 'bool', 'text', 'int4range') ORDER BY t.oid
----
oid:oid | typname:name | typelem:oid | typdelim:char | typinput:regproc | rngsubtype:oid | typtype:char | typbasetype:oid
16 | bool | 0 | , | boolin | NULL | b | 0
20 | int8 | 0 | , | int8in | NULL | b | 0
21 | int2 | 0 | , | int2in | NULL | b | 0
23 | int4 | 0 | , | int4in | NULL | b | 0
25 | text | 0 | , | textin | NULL | b | 0
26 | oid | 0 | , | oidin | NULL | b | 0
700 | float4 | 0 | , | float4in | NULL | b | 0
701 | float8 | 0 | , | float8in | NULL | b | 0
1700 | numeric | 0 | , | numeric_in | NULL | b | 0
3904 | int4range | 0 | , | range_in | 23 | r | 0
(10 rows)

### django tables
SELECT c.relname, CASE WHEN c.relispartition THEN 'p' WHEN c.relkind IN ('m', 'v') THEN 'v' ELSE 't' END, obj_description(c.oid, 'pg_class') FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('f', 'm', 'p', 'r', 'v') AND n.nspname NOT IN ('pg_catalog', 'pg_toast') AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY 1
----
relname:name | case:text | obj_description:text
cities | t | Public: rows may be read.
persons | t | people. Private: aggregates only (count, sum, avg), with noise. Protected unit: persons.person_id.
visits | t | Private: aggregates only (count, sum, avg), with noise. Protected unit: persons.person_id.
(3 rows)

### django constraints
SELECT c.conname, array( SELECT attname FROM unnest(c.conkey) WITH ORDINALITY cols(colid, arridx) JOIN pg_attribute AS ca ON cols.colid = ca.attnum WHERE ca.attrelid = c.conrelid ORDER BY cols.arridx ), c.contype, (SELECT fkc.relname || '.' || fka.attname FROM pg_attribute AS fka JOIN pg_class AS fkc ON fka.attrelid = fkc.oid WHERE fka.attrelid = c.confrelid AND fka.attnum = c.confkey[1]), cl.reloptions FROM pg_constraint AS c JOIN pg_class AS cl ON c.conrelid = cl.oid WHERE cl.relname = 'visits' AND pg_catalog.pg_table_is_visible(cl.oid) ORDER BY 1
----
conname:name | array:name[] | contype:char | ?column?:text | reloptions:text[]
visits_person_id_fkey | {person_id} | f | persons.person_id | NULL
visits_pkey | {visit_id} | p | NULL | NULL
(2 rows)

### django indexes
SELECT indexname, array_agg(attname ORDER BY arridx), indisunique, indisprimary, array_agg(ordering ORDER BY arridx), amname, exprdef, s2.attoptions FROM ( SELECT c2.relname as indexname, idx.*, attr.attname, am.amname, CASE WHEN idx.indexprs IS NOT NULL THEN pg_get_indexdef(idx.indexrelid) END AS exprdef, CASE am.amname WHEN 'btree' THEN CASE (option & 1) WHEN 1 THEN 'DESC' ELSE 'ASC' END END as ordering, c2.reloptions as attoptions FROM ( SELECT * FROM pg_index i, unnest(i.indkey, i.indoption) WITH ORDINALITY koi(key, option, arridx) ) idx LEFT JOIN pg_class c ON idx.indrelid = c.oid LEFT JOIN pg_class c2 ON idx.indexrelid = c2.oid LEFT JOIN pg_am am ON c2.relam = am.oid LEFT JOIN pg_attribute attr ON attr.attrelid = c.oid AND attr.attnum = idx.key WHERE c.relname = 'persons' AND pg_catalog.pg_table_is_visible(c.oid) ) s2 GROUP BY indexname, indisunique, indisprimary, amname, exprdef, attoptions
----
indexname:name | array_agg:name[] | indisunique:bool | indisprimary:bool | array_agg:text[] | amname:name | exprdef:text | attoptions:text[]
persons_pkey | {person_id} | t | t | {ASC} | btree | NULL | NULL
(1 rows)

### knex tables
select table_name, table_schema from information_schema.tables where table_schema not in ('information_schema', 'pg_catalog') and table_schema !~ '^pg_toast' order by 1
----
table_name:name | table_schema:name
cities | public
persons | public
visits | public
(3 rows)

