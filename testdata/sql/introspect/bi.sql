### metabase tables with privileges
with table_privileges as (
 select
   NULL as role, t.schemaname as schema, t.objectname as table,
   pg_catalog.has_any_column_privilege(current_user, '"' || replace(t.schemaname, '"', '""') || '"' || '.' || '"' || replace(t.objectname, '"', '""') || '"',  'update') as update,
   pg_catalog.has_any_column_privilege(current_user, '"' || replace(t.schemaname, '"', '""') || '"' || '.' || '"' || replace(t.objectname, '"', '""') || '"',  'select') as select,
   pg_catalog.has_any_column_privilege(current_user, '"' || replace(t.schemaname, '"', '""') || '"' || '.' || '"' || replace(t.objectname, '"', '""') || '"',  'insert') as insert,
   pg_catalog.has_table_privilege(     current_user, '"' || replace(t.schemaname, '"', '""') || '"' || '.' || '"' || replace(t.objectname, '"', '""') || '"',  'delete') as delete
 from (
   select schemaname, tablename as objectname from pg_catalog.pg_tables
   union
   select schemaname, viewname as objectname from pg_catalog.pg_views
   union
   select schemaname, matviewname as objectname from pg_catalog.pg_matviews
 ) t
 where t.schemaname !~ '^pg_'
   and t.schemaname <> 'information_schema'
   and pg_catalog.has_schema_privilege(current_user, t.schemaname, 'usage')
)
select t.* from table_privileges t order by 2, 3
----
role:text | schema:name | table:name | update:bool | select:bool | insert:bool | delete:bool
NULL | public | cities | f | t | f | f
NULL | public | persons | f | t | f | f
NULL | public | visits | f | t | f | f
(3 rows)

### metabase tables
SELECT "n"."nspname" AS "schema", "c"."relname" AS "name", CASE "c"."relkind" WHEN 'r' THEN 'TABLE' WHEN 'p' THEN 'PARTITIONED TABLE' WHEN 'v' THEN 'VIEW' WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE NULL END AS "type", "d"."description" AS "description", NULLIF("stat"."n_live_tup", 0) AS "estimated_row_count"
FROM "pg_catalog"."pg_class" AS "c" INNER JOIN "pg_catalog"."pg_namespace" AS "n" ON "c"."relnamespace" = "n"."oid"
LEFT JOIN "pg_catalog"."pg_description" AS "d" ON ("c"."oid" = "d"."objoid") AND ("d"."objsubid" = 0) AND ("d"."classoid" = 'pg_class'::regclass)
LEFT JOIN "pg_stat_user_tables" AS "stat" ON ("n"."nspname" = "stat"."schemaname") AND ("c"."relname" = "stat"."relname")
WHERE ("c"."relnamespace" = "n"."oid") AND ("n"."nspname" !~ '^pg_') AND ("n"."nspname" <> 'information_schema') AND c.relkind in ('r', 'p', 'v', 'f', 'm') AND ("n"."nspname" IN ('public')) ORDER BY "type" ASC, "schema" ASC, "name" ASC
----
schema:name | name:name | type:text | description:text | estimated_row_count:int8
public | cities | TABLE | Public: rows may be read. | NULL
public | persons | TABLE | people. Private: aggregates only (count, sum, avg), with noise. Protected unit: persons.person_id. | NULL
public | visits | TABLE | Private: aggregates only (count, sum, avg), with noise. Protected unit: persons.person_id. | NULL
(3 rows)

### metabase fields
SELECT "c"."column_name" AS "name", CASE WHEN "c"."udt_schema" IN ('public', 'pg_catalog') THEN FORMAT('%s', "c"."udt_name") ELSE FORMAT('"%s"."%s"', "c"."udt_schema", "c"."udt_name") END AS "database-type", "c"."ordinal_position" - 1 AS "database-position", "c"."table_schema" AS "table-schema", "c"."table_name" AS "table-name", "pk"."column_name" IS NOT NULL AS "pk?", COL_DESCRIPTION(CAST(CAST(FORMAT('%I.%I', CAST("c"."table_schema" AS TEXT), CAST("c"."table_name" AS TEXT)) AS REGCLASS) AS OID), "c"."ordinal_position") AS "field-comment", (("column_default" IS NULL) OR (LOWER("column_default") = 'null')) AND ("is_nullable" = 'NO') AND NOT ((("column_default" IS NOT NULL) AND ("column_default" LIKE '%nextval(%')) OR ("is_identity" <> 'NO')) AS "database-required", (("column_default" IS NOT NULL) AND ("column_default" LIKE '%nextval(%')) OR ("is_identity" <> 'NO') AS "database-is-auto-increment"
FROM "information_schema"."columns" AS "c" LEFT JOIN (SELECT "tc"."table_schema", "tc"."table_name", "kc"."column_name" FROM "information_schema"."table_constraints" AS "tc" INNER JOIN "information_schema"."key_column_usage" AS "kc" ON ("tc"."constraint_name" = "kc"."constraint_name") AND ("tc"."table_schema" = "kc"."table_schema") AND ("tc"."table_name" = "kc"."table_name") WHERE "tc"."constraint_type" = 'PRIMARY KEY') AS "pk" ON ("c"."table_schema" = "pk"."table_schema") AND ("c"."table_name" = "pk"."table_name") AND ("c"."column_name" = "pk"."column_name")
WHERE c.table_schema !~ '^information_schema|catalog_history|pg_' AND ("c"."table_schema" IN ('public')) ORDER BY "table-schema" ASC, "table-name" ASC, "database-position" ASC
----
name:name | database-type:text | database-position:int4 | table-schema:name | table-name:name | pk?:bool | field-comment:text | database-required:bool | database-is-auto-increment:bool
city | varchar | 0 | public | cities | f | NULL | f | f
lat | float8 | 1 | public | cities | f | NULL | f | f
flags | bool | 2 | public | cities | f | NULL | f | f
tags | _text | 3 | public | cities | f | NULL | f | f
at | timestamptz | 4 | public | cities | f | NULL | f | f
person_id | int8 | 0 | public | persons | t | Identifies the protected unit. May be asked: count. | t | f
sex | text | 1 | public | persons | f | One of: f, m. May be asked: count. Public group keys. | f | f
age | int4 | 2 | public | persons | f | Between 0 and 110. May be asked: count, sum, avg. | f | f
income | numeric | 3 | public | persons | f | yearly income. Between 0 and 250000. May be asked: count, sum, avg. | f | f
city | varchar | 4 | public | persons | f | May be asked: count. | f | f
born | date | 5 | public | persons | f | Between 1970-01-01 and 2024-10-04. May be asked: count. | f | f
visit_id | int8 | 0 | public | visits | t | May be asked: count. | t | f
…
(15 rows)

### metabase foreign keys
SELECT "fk_ns"."nspname" AS "fk-table-schema", "fk_table"."relname" AS "fk-table-name", "fk_column"."attname" AS "fk-column-name", "pk_ns"."nspname" AS "pk-table-schema", "pk_table"."relname" AS "pk-table-name", "pk_column"."attname" AS "pk-column-name"
FROM "pg_constraint" AS "c" INNER JOIN "pg_class" AS "fk_table" ON "c"."conrelid" = "fk_table"."oid" INNER JOIN "pg_namespace" AS "fk_ns" ON "c"."connamespace" = "fk_ns"."oid" INNER JOIN "pg_attribute" AS "fk_column" ON "c"."conrelid" = "fk_column"."attrelid" INNER JOIN "pg_class" AS "pk_table" ON "c"."confrelid" = "pk_table"."oid" INNER JOIN "pg_namespace" AS "pk_ns" ON "pk_table"."relnamespace" = "pk_ns"."oid" INNER JOIN "pg_attribute" AS "pk_column" ON "c"."confrelid" = "pk_column"."attrelid"
WHERE fk_ns.nspname !~ '^information_schema|catalog_history|pg_' AND "c"."contype" = 'f' AND "fk_column"."attnum" = ANY(c.conkey) AND "pk_column"."attnum" = ANY(c.confkey) ORDER BY "fk-table-schema" ASC, "fk-table-name" ASC
----
fk-table-schema:name | fk-table-name:name | fk-column-name:name | pk-table-schema:name | pk-table-name:name | pk-column-name:name
public | visits | person_id | public | persons | person_id
(1 rows)

### metabase enums
SELECT nspname, typname, enumlabel FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid JOIN pg_namespace n ON n.oid = t.typnamespace
----
nspname:name | typname:name | enumlabel:name
(0 rows)

### superset schemas
SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg_%' ORDER BY nspname
----
nspname:name
information_schema
public
(2 rows)

### superset catalogs
SELECT datname FROM pg_database WHERE NOT datistemplate
----
datname:name
census
(1 rows)

### superset functions
SELECT proname FROM pg_catalog.pg_proc WHERE proname = 'version'
----
proname:name
version
(1 rows)

### grafana tables
SELECT
    CASE WHEN
          quote_ident(table_schema) IN (
          SELECT
          CASE WHEN trim(s[i]) = '"$user"' THEN user ELSE trim(s[i]) END
          FROM
          generate_series(
            array_lower(string_to_array(current_setting('search_path'),','),1),
            array_upper(string_to_array(current_setting('search_path'),','),1)
          ) as i,
          string_to_array(current_setting('search_path'),',') s
          )
      THEN quote_ident(table_name)
      ELSE quote_ident(table_schema) || '.' || quote_ident(table_name)
    END AS "table"
    FROM information_schema.tables
    WHERE quote_ident(table_schema) NOT IN ('information_schema',
                             'pg_catalog',
                             '_timescaledb_cache')
      AND table_type IN ('BASE TABLE', 'VIEW') ORDER BY 1
----
table:text
cities
persons
visits
(3 rows)

### grafana columns
SELECT quote_ident(column_name) AS "column", data_type AS "type"
    FROM information_schema.columns
    WHERE
      CASE WHEN array_length(parse_ident('persons'),1) = 2
        THEN quote_ident(table_schema) = (parse_ident('persons'))[1]
          AND quote_ident(table_name) = (parse_ident('persons'))[2]
        ELSE quote_ident(table_name) = 'persons'
          AND
          quote_ident(table_schema) IN (
          SELECT
          CASE WHEN trim(s[i]) = '"$user"' THEN user ELSE trim(s[i]) END
          FROM
          generate_series(
            array_lower(string_to_array(current_setting('search_path'),','),1),
            array_upper(string_to_array(current_setting('search_path'),','),1)
          ) as i,
          string_to_array(current_setting('search_path'),',') s
          )
    END
----
column:text | type:varchar
age | integer
born | date
city | character varying
income | numeric
person_id | bigint
sex | text
(6 rows)

### grafana timescale
SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'
----
extversion:text
(0 rows)

### dbeaver databases
SELECT db.oid,db.* FROM pg_catalog.pg_database db WHERE datallowconn AND NOT datistemplate ORDER BY db.datname
----
oid:oid | oid:oid | datname:name | datdba:oid | encoding:int4 | datlocprovider:char | datistemplate:bool | datallowconn:bool | datconnlimit:int4 | datfrozenxid:xid | datminmxid:xid | dattablespace:oid | datcollate:text | datctype:text | daticulocale:text | daticurules:text | datcollversion:text | datacl:aclitem[]
1280315113 | 1280315113 | census | 10 | 6 | c | f | t | -1 | 0 | 0 | 1663 | C.UTF-8 | C.UTF-8 | NULL | NULL | NULL | {alice=c/dpproxy}
(1 rows)

### dbeaver database by name
SELECT db.oid,db.* FROM pg_catalog.pg_database db WHERE datname='census'
----
oid:oid | oid:oid | datname:name | datdba:oid | encoding:int4 | datlocprovider:char | datistemplate:bool | datallowconn:bool | datconnlimit:int4 | datfrozenxid:xid | datminmxid:xid | dattablespace:oid | datcollate:text | datctype:text | daticulocale:text | daticurules:text | datcollversion:text | datacl:aclitem[]
1280315113 | 1280315113 | census | 10 | 6 | c | f | t | -1 | 0 | 0 | 1663 | C.UTF-8 | C.UTF-8 | NULL | NULL | NULL | {alice=c/dpproxy}
(1 rows)

### dbeaver session
SELECT current_schema(),session_user
----
current_schema:name | session_user:name
public | alice
(1 rows)

### dbeaver schemas
SELECT n.oid,n.*,d.description FROM pg_catalog.pg_namespace n LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=n.oid AND d.objsubid=0 AND d.classoid='pg_namespace'::regclass ORDER BY nspname
----
oid:oid | oid:oid | nspname:name | nspowner:oid | nspacl:aclitem[] | description:text
13127 | 13127 | information_schema | 10 | {dpproxy=UC/dpproxy,=U/dpproxy} | NULL
11 | 11 | pg_catalog | 10 | {dpproxy=UC/dpproxy,=U/dpproxy} | system catalog schema
99 | 99 | pg_toast | 10 | NULL | reserved schema for TOAST tables
2200 | 2200 | public | 10 | {dpproxy=UC/dpproxy,=U/dpproxy} | standard public schema
(4 rows)

### dbeaver types
SELECT t.oid,t.*,c.relkind,format_type(nullif(t.typbasetype, 0), t.typtypmod) as base_type_name, d.description FROM pg_catalog.pg_type t LEFT OUTER JOIN pg_catalog.pg_type et ON et.oid=t.typelem LEFT OUTER JOIN pg_catalog.pg_class c ON c.oid=t.typrelid LEFT OUTER JOIN pg_catalog.pg_description d ON t.oid=d.objoid WHERE t.typname IS NOT NULL AND (c.relkind IS NULL OR c.relkind = 'c') AND (et.typcategory IS NULL OR et.typcategory <> 'C') ORDER BY t.oid LIMIT 20
----
oid:oid | oid:oid | typname:name | typnamespace:oid | typowner:oid | typlen:int2 | typbyval:bool | typtype:char | typcategory:char | typispreferred:bool | typisdefined:bool | typdelim:char | typrelid:oid | typsubscript:regproc | typelem:oid | typarray:oid | typinput:regproc | typoutput:regproc | typreceive:regproc | typsend:regproc | typmodin:regproc | typmodout:regproc | typanalyze:regproc | typalign:char | typstorage:char | typnotnull:bool | typbasetype:oid | typtypmod:int4 | typndims:int4 | typcollation:oid | typdefaultbin:pg_node_tree | typdefault:text | typacl:aclitem[] | relkind:char | base_type_name:text | description:text
16 | 16 | bool | 11 | 10 | 1 | t | b | B | t | t | , | 0 | - | 0 | 1000 | boolin | boolout | boolrecv | boolsend | - | - | - | c | p | f | 0 | -1 | 0 | 0 | NULL | NULL | NULL | NULL | NULL | boolean, 'true'/'false'
17 | 17 | bytea | 11 | 10 | -1 | f | b | U | f | t | , | 0 | - | 0 | 1001 | byteain | byteaout | bytearecv | byteasend | - | - | - | i | x | f | 0 | -1 | 0 | 0 | NULL | NULL | NULL | NULL | NULL | variable-length string, binary values escaped
18 | 18 | char | 11 | 10 | 1 | t | b | Z | f | t | , | 0 | - | 0 | 1002 | charin | charout | charrecv | charsend | - | - | - | c | p | f | 0 | -1 | 0 | 0 | NULL | NULL | NULL | NULL | NULL | single character
19 | 19 | name | 11 | 10 | 64 | f | b | S | f | t | , | 0 | raw_array_subscript_handler | 18 | 1003 | namein | nameout | namerecv | namesend | - | - | - | c | p | f | 0 | -1 | 0 | 950 | NULL | NULL | NULL | NULL | NULL | 63-byte type for storing system identifiers
20 | 20 | int8 | 11 | 10 | 8 | t | b | N | f | t | , | 0 | - | 0 | 1016 | int8in | int8out | int8recv | int8send | - | - | - | d | p | f | 0 | -1 | 0 | 0 | NULL | NULL | NULL | NULL | NULL | ~18 digit integer, 8-byte storage
21 | 21 | int2 | 11 | 10 | 2 | t | b | N | f | t | , | 0 | - | 0 | 1005 | int2in | int2out | int2recv | int2send | - | - | - | s | p | f | 0 | -1 | 0 | 0 | NULL | NULL | NULL | NULL | NULL | -32 thousand to 32 thousand, 2-byte storage
22 | 22 | int2vector | 11 | 10 | -1 | f | b | A | f | t | , | 0 | array_subscript_handler | 21 | 1006 | int2vectorin | int2vectorout | int2vectorrecv | int2vectorsend | - | - | - | i | p | f | 0 | -1 | 0 | 0 | NULL | NULL | NULL | NULL | NULL | array of int2, used in system tables
23 | 23 | int4 | 11 | 10 | 4 | t | b | N | f | t | , | 0 | - | 0 | 1007 | int4in | int4out | int4recv | int4send | - | - | - | i | p | f | 0 | -1 | 0 | 0 | NULL | NULL | NULL | NULL | NULL | -2 billion to 2 billion integer, 4-byte storage
24 | 24 | regproc | 11 | 10 | 4 | t | b | N | f | t | , | 0 | - | 0 | 1008 | regprocin | regprocout | regprocrecv | regprocsend | - | - | - | i | p | f | 0 | -1 | 0 | 0 | NULL | NULL | NULL | NULL | NULL | registered procedure
25 | 25 | text | 11 | 10 | -1 | f | b | S | t | t | , | 0 | - | 0 | 1009 | textin | textout | textrecv | textsend | - | - | - | i | x | f | 0 | -1 | 0 | 100 | NULL | NULL | NULL | NULL | NULL | variable-length string, no limit specified
26 | 26 | oid | 11 | 10 | 4 | t | b | N | t | t | , | 0 | - | 0 | 1028 | oidin | oidout | oidrecv | oidsend | - | - | - | i | p | f | 0 | -1 | 0 | 0 | NULL | NULL | NULL | NULL | NULL | object identifier(oid), maximum 4 billion
27 | 27 | tid | 11 | 10 | 6 | f | b | U | f | t | , | 0 | - | 0 | 1010 | tidin | tidout | tidrecv | tidsend | - | - | - | s | p | f | 0 | -1 | 0 | 0 | NULL | NULL | NULL | NULL | NULL | (block, offset), physical location of tuple
…
(20 rows)

### dbeaver probe
SELECT 1 FROM pg_catalog.pg_roles WHERE 1<>1 LIMIT 1
----
?column?:int4
(0 rows)

### dbeaver probe of columns
SELECT reloftype FROM pg_catalog.pg_class WHERE 1<>1 LIMIT 1
----
reloftype:oid
(0 rows)

### dbeaver tables
SELECT c.oid,c.*,d.description,pg_catalog.pg_get_expr(c.relpartbound, c.oid) as partition_expr, pg_catalog.pg_get_partkeydef(c.oid) as partition_key FROM pg_catalog.pg_class c LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=c.oid AND d.objsubid=0 AND d.classoid='pg_class'::regclass WHERE c.relnamespace=2200 AND c.relkind not in ('i','I','c') ORDER BY c.relname
----
oid:oid | oid:oid | relname:name | relnamespace:oid | reltype:oid | reloftype:oid | relowner:oid | relam:oid | relfilenode:oid | reltablespace:oid | relpages:int4 | reltuples:float4 | relallvisible:int4 | reltoastrelid:oid | relhasindex:bool | relisshared:bool | relpersistence:char | relkind:char | relnatts:int2 | relchecks:int2 | relhasrules:bool | relhastriggers:bool | relhassubclass:bool | relrowsecurity:bool | relforcerowsecurity:bool | relispopulated:bool | relreplident:char | relispartition:bool | relrewrite:oid | relfrozenxid:xid | relminmxid:xid | relacl:aclitem[] | reloptions:text[] | relpartbound:pg_node_tree | description:text | partition_expr:text | partition_key:text
300036924 | 300036924 | cities | 2200 | 781082929 | 0 | 10 | 2 | 0 | 0 | 0 | -1 | 0 | 0 | f | f | p | r | 5 | 0 | f | f | f | f | f | t | d | f | 0 | 0 | 0 | {alice=r/dpproxy} | NULL | NULL | Public: rows may be read. | NULL | NULL
1262819068 | 1262819068 | persons | 2200 | 1132051323 | 0 | 10 | 2 | 0 | 0 | 0 | -1 | 0 | 0 | t | f | p | r | 6 | 0 | f | t | f | f | f | t | d | f | 0 | 0 | 0 | {alice=r/dpproxy} | NULL | NULL | people. Private: aggregates only (count, sum, avg), with noise. Protected unit: persons.person_id. | NULL | NULL
1229449483 | 1229449483 | visits | 2200 | 1011283958 | 0 | 10 | 2 | 0 | 0 | 0 | -1 | 0 | 0 | t | f | p | r | 4 | 0 | f | t | f | f | f | t | d | f | 0 | 0 | 0 | {alice=r/dpproxy} | NULL | NULL | Private: aggregates only (count, sum, avg), with noise. Protected unit: persons.person_id. | NULL | NULL
(3 rows)

### dbeaver columns
SELECT c.relname,a.*,pg_catalog.pg_get_expr(ad.adbin, ad.adrelid, true) as def_value,dsc.description,dep.objid FROM pg_catalog.pg_attribute a INNER JOIN pg_catalog.pg_class c ON (a.attrelid=c.oid) LEFT OUTER JOIN pg_catalog.pg_attrdef ad ON (a.attrelid=ad.adrelid AND a.attnum = ad.adnum) LEFT OUTER JOIN pg_catalog.pg_description dsc ON (c.oid=dsc.objoid AND a.attnum = dsc.objsubid) LEFT OUTER JOIN pg_depend dep on dep.refobjid = a.attrelid AND dep.deptype = 'i' and dep.refobjsubid = a.attnum and dep.classid = dep.refclassid WHERE NOT a.attisdropped AND c.relkind not in ('i','I','c') AND c.oid=1262819068 ORDER BY a.attnum
----
relname:name | attrelid:oid | attname:name | atttypid:oid | attlen:int2 | attnum:int2 | attcacheoff:int4 | atttypmod:int4 | attndims:int2 | attbyval:bool | attalign:char | attstorage:char | attcompression:char | attnotnull:bool | atthasdef:bool | atthasmissing:bool | attidentity:char | attgenerated:char | attisdropped:bool | attislocal:bool | attinhcount:int2 | attstattarget:int2 | attcollation:oid | attacl:aclitem[] | attoptions:text[] | attfdwoptions:text[] | attmissingval:anyarray | def_value:text | description:text | objid:oid
persons | 1262819068 | tableoid | 26 | 4 | -6 | -1 | -1 | 0 | t | i | p |  | t | f | f |  |  | f | t | 0 | 0 | 0 | NULL | NULL | NULL | NULL | NULL | NULL | NULL
persons | 1262819068 | cmax | 29 | 4 | -5 | -1 | -1 | 0 | t | i | p |  | t | f | f |  |  | f | t | 0 | 0 | 0 | NULL | NULL | NULL | NULL | NULL | NULL | NULL
persons | 1262819068 | xmax | 28 | 4 | -4 | -1 | -1 | 0 | t | i | p |  | t | f | f |  |  | f | t | 0 | 0 | 0 | NULL | NULL | NULL | NULL | NULL | NULL | NULL
persons | 1262819068 | cmin | 29 | 4 | -3 | -1 | -1 | 0 | t | i | p |  | t | f | f |  |  | f | t | 0 | 0 | 0 | NULL | NULL | NULL | NULL | NULL | NULL | NULL
persons | 1262819068 | xmin | 28 | 4 | -2 | -1 | -1 | 0 | t | i | p |  | t | f | f |  |  | f | t | 0 | 0 | 0 | NULL | NULL | NULL | NULL | NULL | NULL | NULL
persons | 1262819068 | ctid | 27 | 6 | -1 | -1 | -1 | 0 | f | s | p |  | t | f | f |  |  | f | t | 0 | 0 | 0 | NULL | NULL | NULL | NULL | NULL | NULL | NULL
persons | 1262819068 | person_id | 20 | 8 | 1 | -1 | -1 | 0 | t | d | p |  | t | f | f |  |  | f | t | 0 | -1 | 0 | NULL | NULL | NULL | NULL | NULL | Identifies the protected unit. May be asked: count. | NULL
persons | 1262819068 | sex | 25 | -1 | 2 | -1 | -1 | 0 | f | i | x |  | f | f | f |  |  | f | t | 0 | -1 | 100 | NULL | NULL | NULL | NULL | NULL | One of: f, m. May be asked: count. Public group keys. | NULL
persons | 1262819068 | age | 23 | 4 | 3 | -1 | -1 | 0 | t | i | p |  | f | f | f |  |  | f | t | 0 | -1 | 0 | NULL | NULL | NULL | NULL | NULL | Between 0 and 110. May be asked: count, sum, avg. | NULL
persons | 1262819068 | income | 1700 | -1 | 4 | -1 | 786438 | 0 | f | i | m |  | f | f | f |  |  | f | t | 0 | -1 | 0 | NULL | NULL | NULL | NULL | NULL | yearly income. Between 0 and 250000. May be asked: count, sum, avg. | NULL
persons | 1262819068 | city | 1043 | -1 | 5 | -1 | 44 | 0 | f | i | x |  | f | f | f |  |  | f | t | 0 | -1 | 100 | NULL | NULL | NULL | NULL | NULL | May be asked: count. | NULL
persons | 1262819068 | born | 1082 | 4 | 6 | -1 | -1 | 0 | t | i | p |  | f | f | f |  |  | f | t | 0 | -1 | 0 | NULL | NULL | NULL | NULL | NULL | Between 1970-01-01 and 2024-10-04. May be asked: count. | NULL
(12 rows)

### dbeaver constraints
SELECT c.oid,c.*,t.relname as tabrelname,rt.relnamespace as refnamespace,d.description, case when c.contype='c' then "substring"(pg_get_constraintdef(c.oid), 7) else null end consrc_copy FROM pg_catalog.pg_constraint c INNER JOIN pg_catalog.pg_class t ON t.oid=c.conrelid LEFT OUTER JOIN pg_catalog.pg_class rt ON rt.oid=c.confrelid LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=c.oid AND d.objsubid=0 AND d.classoid='pg_constraint'::regclass WHERE c.conrelid=1229449483 ORDER BY c.conname
----
oid:oid | oid:oid | conname:name | connamespace:oid | contype:char | condeferrable:bool | condeferred:bool | convalidated:bool | conrelid:oid | contypid:oid | conindid:oid | conparentid:oid | confrelid:oid | confupdtype:char | confdeltype:char | confmatchtype:char | conislocal:bool | coninhcount:int2 | connoinherit:bool | conkey:int2[] | confkey:int2[] | conpfeqop:oid[] | conppeqop:oid[] | conffeqop:oid[] | confdelsetcols:int2[] | conexclop:oid[] | conbin:pg_node_tree | tabrelname:name | refnamespace:oid | description:text | consrc_copy:text
710634875 | 710634875 | visits_person_id_fkey | 2200 | f | f | f | t | 1229449483 | 0 | 667366514 | 0 | 1262819068 | a | a | s | t | 0 | t | {2} | {1} | {410} | {410} | {410} | NULL | NULL | NULL | visits | 2200 | NULL | NULL
1928781842 | 1928781842 | visits_pkey | 2200 | p | f | f | t | 1229449483 | 0 | 1303726953 | 0 | 0 |   |   |   | t | 0 | t | {1} | NULL | NULL | NULL | NULL | NULL | NULL | NULL | visits | NULL | NULL | NULL
(2 rows)

### dbeaver indexes
SELECT i.*,i.indkey as keys,c.relname,c.relnamespace,c.relam,c.reltablespace,tc.relname as tabrelname,dsc.description,pg_catalog.pg_get_expr(i.indpred, i.indrelid) as pred_expr,pg_catalog.pg_get_expr(i.indexprs, i.indrelid, true) as expr,pg_catalog.pg_relation_size(i.indexrelid) as index_rel_size,pg_catalog.pg_stat_get_numscans(i.indexrelid) as index_num_scans FROM pg_catalog.pg_index i INNER JOIN pg_catalog.pg_class c ON c.oid=i.indexrelid INNER JOIN pg_catalog.pg_class tc ON tc.oid=i.indrelid LEFT OUTER JOIN pg_catalog.pg_description dsc ON i.indexrelid=dsc.objoid WHERE i.indrelid=1262819068 ORDER BY c.relname
----
indexrelid:oid | indrelid:oid | indnatts:int2 | indnkeyatts:int2 | indisunique:bool | indnullsnotdistinct:bool | indisprimary:bool | indisexclusion:bool | indimmediate:bool | indisclustered:bool | indisvalid:bool | indcheckxmin:bool | indisready:bool | indislive:bool | indisreplident:bool | indkey:int2vector | indcollation:oidvector | indclass:oidvector | indoption:int2vector | indexprs:pg_node_tree | indpred:pg_node_tree | keys:int2vector | relname:name | relnamespace:oid | relam:oid | reltablespace:oid | tabrelname:name | description:text | pred_expr:text | expr:text | index_rel_size:int8 | index_num_scans:int8
667366514 | 1262819068 | 1 | 1 | t | f | t | f | t | f | t | f | t | t | f | 1 | 0 | 3124 | 0 | NULL | NULL | 1 | persons_pkey | 2200 | 403 | 0 | persons | NULL | NULL | NULL | 0 | 0
(1 rows)

### dbeaver sizes
select c.oid,pg_catalog.pg_total_relation_size(c.oid) as total_rel_size,pg_catalog.pg_relation_size(c.oid) as rel_size FROM pg_class c WHERE c.relnamespace=2200 ORDER BY c.oid
----
oid:oid | total_rel_size:int8 | rel_size:int8
300036924 | 0 | 0
667366514 | 0 | 0
1229449483 | 0 | 0
1262819068 | 0 | 0
1303726953 | 0 | 0
(5 rows)

### dbeaver roles
SELECT a.oid,a.*,pd.description FROM pg_catalog.pg_roles a left join pg_catalog.pg_shdescription pd on a.oid = pd.objoid ORDER BY a.rolname
----
oid:oid | rolname:name | rolsuper:bool | rolinherit:bool | rolcreaterole:bool | rolcreatedb:bool | rolcanlogin:bool | rolreplication:bool | rolconnlimit:int4 | rolpassword:text | rolvaliduntil:timestamptz | rolbypassrls:bool | rolconfig:text[] | oid:oid | description:text
377433484 | alice | f | t | f | f | t | f | -1 | ******** | NULL | f | NULL | 377433484 | NULL
10 | dpproxy | f | t | f | f | f | f | -1 | ******** | NULL | f | NULL | 10 | NULL
(2 rows)

### dbeaver settings
select * from pg_catalog.pg_settings where name='standard_conforming_strings'
----
name:text | setting:text | unit:text | category:text | short_desc:text | extra_desc:text | context:text | vartype:text | source:text | min_val:text | max_val:text | enumvals:text[] | boot_val:text | reset_val:text | sourcefile:text | sourceline:int4 | pending_restart:bool
standard_conforming_strings | on | NULL | Version and Platform Compatibility / Previous PostgreSQL Versions | Causes '...' strings to treat backslashes literally. | NULL | user | bool | default | NULL | NULL | NULL | on | on | NULL | NULL | f
(1 rows)

### datagrip start
select current_database() as a, current_schemas(false) as b
----
a:name | b:name[]
census | {public}
(1 rows)

### datagrip databases
select N.oid::bigint as id, datname as name, D.description, datistemplate as is_template, datallowconn as allow_connections, pg_catalog.pg_get_userbyid(N.datdba) as "owner" from pg_catalog.pg_database N left join pg_catalog.pg_shdescription D on N.oid = D.objoid order by case when datname = pg_catalog.current_database() then -1::bigint else N.oid::bigint end
----
id:int8 | name:name | description:text | is_template:bool | allow_connections:bool | owner:name
1280315113 | census | A small census | f | t | dpproxy
(1 rows)

### datagrip schemas
select N.oid::bigint as id, N.xmin as state_number, nspname as name, D.description, pg_catalog.pg_get_userbyid(N.nspowner) as "owner" from pg_catalog.pg_namespace N left join pg_catalog.pg_description D on N.oid = D.objoid order by case when nspname = pg_catalog.current_schema() then -1::bigint else N.oid::bigint end
----
id:int8 | state_number:xid | name:name | description:text | owner:name
2200 | 1 | public | standard public schema | dpproxy
11 | 1 | pg_catalog | system catalog schema | dpproxy
99 | 1 | pg_toast | reserved schema for TOAST tables | dpproxy
13127 | 1 | information_schema | NULL | dpproxy
(4 rows)

### datagrip tables
select T.relkind as table_kind, T.relname as table_name, T.oid as table_id, T.xmin as table_state_number, false as table_with_oids, T.reltablespace as tablespace_id, T.reloptions as options, T.relpersistence as persistence, (select pg_catalog.array_agg(inhparent::bigint order by inhseqno)::varchar from pg_catalog.pg_inherits where T.oid = inhrelid) as ancestors, (select pg_catalog.array_agg(inhrelid::bigint order by inhrelid)::varchar from pg_catalog.pg_inherits where T.oid = inhparent) as successors, T.relispartition as is_partition, pg_catalog.pg_get_partkeydef(T.oid) as partition_key, pg_catalog.pg_get_expr(T.relpartbound, T.oid) as partition_expression, T.relam am_id, pg_catalog.pg_get_userbyid(T.relowner) as "owner" from pg_catalog.pg_class T where relnamespace = 2200::oid and relkind in ('r', 'm', 'v', 'f', 'p') order by table_kind, table_id
----
table_kind:char | table_name:name | table_id:oid | table_state_number:xid | table_with_oids:bool | tablespace_id:oid | options:text[] | persistence:char | ancestors:varchar | successors:varchar | is_partition:bool | partition_key:text | partition_expression:text | am_id:oid | owner:name
r | cities | 300036924 | 1 | f | 0 | NULL | p | NULL | NULL | f | NULL | NULL | 2 | dpproxy
r | visits | 1229449483 | 1 | f | 0 | NULL | p | NULL | NULL | f | NULL | NULL | 2 | dpproxy
r | persons | 1262819068 | 1 | f | 0 | NULL | p | NULL | NULL | f | NULL | NULL | 2 | dpproxy
(3 rows)

### datagrip columns
with T as ( select distinct T.oid as table_id, T.relname as table_name from pg_catalog.pg_class T, pg_catalog.pg_attribute A where T.relnamespace = 2200::oid and T.relkind in ('r', 'm', 'v', 'f', 'p') and A.attrelid = T.oid )
select T.table_id, C.attnum as column_position, C.attname as column_name, C.xmin as column_state_number, C.atttypmod as type_mod, C.attndims as dimensions_number, pg_catalog.format_type(C.atttypid, C.atttypmod) as type_spec, C.atttypid as type_id, C.attnotnull as mandatory, pg_catalog.pg_get_expr(D.adbin, T.table_id) as column_default_expression, not C.attislocal as column_is_inherited, C.attfdwoptions as options, C.attisdropped as is_dropped, C.attidentity as identity_kind, C.attgenerated as generated
from T join pg_catalog.pg_attribute C on T.table_id = C.attrelid left join pg_catalog.pg_attrdef D on (C.attrelid, C.attnum) = (D.adrelid, D.adnum) where attnum > 0 order by table_id, attnum
----
table_id:oid | column_position:int2 | column_name:name | column_state_number:xid | type_mod:int4 | dimensions_number:int2 | type_spec:text | type_id:oid | mandatory:bool | column_default_expression:text | column_is_inherited:bool | options:text[] | is_dropped:bool | identity_kind:char | generated:char
300036924 | 1 | city | 1 | 44 | 0 | character varying(40) | 1043 | f | NULL | f | NULL | f |  |
300036924 | 2 | lat | 1 | -1 | 0 | double precision | 701 | f | NULL | f | NULL | f |  |
300036924 | 3 | flags | 1 | -1 | 0 | boolean | 16 | f | NULL | f | NULL | f |  |
300036924 | 4 | tags | 1 | -1 | 1 | text[] | 1009 | f | NULL | f | NULL | f |  |
300036924 | 5 | at | 1 | -1 | 0 | timestamp with time zone | 1184 | f | NULL | f | NULL | f |  |
1229449483 | 1 | visit_id | 1 | -1 | 0 | bigint | 20 | t | NULL | f | NULL | f |  |
1229449483 | 2 | person_id | 1 | -1 | 0 | bigint | 20 | t | NULL | f | NULL | f |  |
1229449483 | 3 | visited_on | 1 | -1 | 0 | date | 1082 | f | NULL | f | NULL | f |  |
1229449483 | 4 | cost | 1 | -1 | 0 | double precision | 701 | f | NULL | f | NULL | f |  |
1262819068 | 1 | person_id | 1 | -1 | 0 | bigint | 20 | t | NULL | f | NULL | f |  |
1262819068 | 2 | sex | 1 | -1 | 0 | text | 25 | f | NULL | f | NULL | f |  |
1262819068 | 3 | age | 1 | -1 | 0 | integer | 23 | f | NULL | f | NULL | f |  |
…
(15 rows)

### datagrip indices
select tab.oid table_id, tab.relkind table_kind, ind_stor.relname index_name, ind_head.indexrelid index_id, ind_stor.xmin state_number, ind_head.indisunique is_unique, ind_head.indisprimary is_primary, ind_head.indnullsnotdistinct nulls_not_distinct, pg_catalog.pg_get_expr(ind_head.indpred, ind_head.indrelid) as condition, (select pg_catalog.array_agg(inhparent::bigint order by inhseqno)::varchar from pg_catalog.pg_inherits where ind_stor.oid = inhrelid) as ancestors, ind_stor.reltablespace tablespace_id, opcmethod as access_method_id
from pg_catalog.pg_class tab join pg_catalog.pg_index ind_head on ind_head.indrelid = tab.oid join pg_catalog.pg_class ind_stor on tab.relnamespace = ind_stor.relnamespace and ind_stor.oid = ind_head.indexrelid left join pg_catalog.pg_opclass on pg_opclass.oid = ANY(indclass) where tab.relnamespace = 2200::oid and tab.relkind in ('r', 'm', 'v', 'p') and ind_stor.relkind in ('i', 'I') order by index_id
----
table_id:oid | table_kind:char | index_name:name | index_id:oid | state_number:xid | is_unique:bool | is_primary:bool | nulls_not_distinct:bool | condition:text | ancestors:varchar | tablespace_id:oid | access_method_id:oid
1262819068 | r | persons_pkey | 667366514 | 1 | t | t | f | NULL | NULL | 0 | 403
1229449483 | r | visits_pkey | 1303726953 | 1 | t | t | f | NULL | NULL | 0 | 403
(2 rows)

### datagrip constraints
select T.oid table_id, relkind table_kind, C.oid::bigint con_id, C.xmin::varchar::bigint con_state_id, conname con_name, contype con_kind, conkey con_columns, conindid index_id, confrelid ref_table_id, condeferrable is_deferrable, condeferred is_init_deferred, confupdtype on_update, confdeltype on_delete, connoinherit no_inherit, pg_catalog.pg_get_expr(conbin, T.oid) con_expression, confkey ref_columns, conexclop::int[] excl_operators, array(select unnest::regoper::varchar from unnest(conexclop)) excl_operators_str
from pg_catalog.pg_constraint C join pg_catalog.pg_class T on C.conrelid = T.oid where relkind in ('r', 'v', 'f', 'p') and relnamespace = 2200::oid and contype in ('p', 'u', 'f', 'c', 'x') and connamespace = 2200::oid order by con_name
----
table_id:oid | table_kind:char | con_id:int8 | con_state_id:int8 | con_name:name | con_kind:char | con_columns:int2[] | index_id:oid | ref_table_id:oid | is_deferrable:bool | is_init_deferred:bool | on_update:char | on_delete:char | no_inherit:bool | con_expression:text | ref_columns:int2[] | excl_operators:int4[] | excl_operators_str:varchar[]
1262819068 | r | 33865448 | 1 | persons_pkey | p | {1} | 667366514 | 0 | f | f |   |   | t | NULL | NULL | NULL | {}
1229449483 | r | 710634875 | 1 | visits_person_id_fkey | f | {2} | 667366514 | 1262819068 | f | f | a | a | t | NULL | {1} | NULL | {}
1229449483 | r | 1928781842 | 1 | visits_pkey | p | {1} | 1303726953 | 0 | f | f |   |   | t | NULL | NULL | NULL | {}
(3 rows)

### power bi tables
select TABLE_CATALOG, TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE from INFORMATION_SCHEMA.tables where TABLE_SCHEMA not in ('information_schema', 'pg_catalog') order by TABLE_SCHEMA, TABLE_NAME
----
table_catalog:name | table_schema:name | table_name:name | table_type:varchar
census | public | cities | BASE TABLE
census | public | persons | BASE TABLE
census | public | visits | BASE TABLE
(3 rows)

### power bi character set
select character_set_name from INFORMATION_SCHEMA.character_sets
----
character_set_name:name
UTF8
(1 rows)

### power bi columns
select COLUMN_NAME, ORDINAL_POSITION, IS_NULLABLE, case when (data_type like '%unsigned%') then DATA_TYPE || ' unsigned' else DATA_TYPE end as DATA_TYPE from INFORMATION_SCHEMA.columns where TABLE_SCHEMA = 'public' and TABLE_NAME = 'persons' order by TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION
----
column_name:name | ordinal_position:int4 | is_nullable:varchar | data_type:varchar
person_id | 1 | NO | bigint
sex | 2 | YES | text
age | 3 | YES | integer
income | 4 | YES | numeric
city | 5 | YES | character varying
born | 6 | YES | date
(6 rows)

### power bi primary keys
select i.CONSTRAINT_SCHEMA || '_' || i.CONSTRAINT_NAME as INDEX_NAME, ii.COLUMN_NAME, ii.ORDINAL_POSITION, case when i.CONSTRAINT_TYPE = 'PRIMARY KEY' then 'Y' else 'N' end as PRIMARY_KEY from INFORMATION_SCHEMA.table_constraints i inner join INFORMATION_SCHEMA.key_column_usage ii on i.CONSTRAINT_SCHEMA = ii.CONSTRAINT_SCHEMA and i.CONSTRAINT_NAME = ii.CONSTRAINT_NAME and i.TABLE_SCHEMA = ii.TABLE_SCHEMA and i.TABLE_NAME = ii.TABLE_NAME where i.TABLE_SCHEMA = 'public' and i.TABLE_NAME = 'persons' and i.CONSTRAINT_TYPE in ('PRIMARY KEY', 'UNIQUE') order by i.CONSTRAINT_SCHEMA || '_' || i.CONSTRAINT_NAME, ii.TABLE_SCHEMA, ii.TABLE_NAME, ii.ORDINAL_POSITION
----
index_name:text | column_name:name | ordinal_position:int4 | primary_key:text
public_persons_pkey | person_id | 1 | Y
(1 rows)

### power bi foreign keys in
select pkcol.COLUMN_NAME as PK_COLUMN_NAME, fkcol.TABLE_SCHEMA AS FK_TABLE_SCHEMA, fkcol.TABLE_NAME AS FK_TABLE_NAME, fkcol.COLUMN_NAME as FK_COLUMN_NAME, fkcol.ORDINAL_POSITION as ORDINAL, fkcon.CONSTRAINT_SCHEMA || '_' || fkcol.TABLE_NAME || '_' || 'persons' || '_' || fkcon.CONSTRAINT_NAME as FK_NAME
from (select distinct constraint_catalog, constraint_schema, unique_constraint_schema, constraint_name, unique_constraint_name from INFORMATION_SCHEMA.referential_constraints) fkcon
inner join INFORMATION_SCHEMA.key_column_usage fkcol on fkcon.CONSTRAINT_SCHEMA = fkcol.CONSTRAINT_SCHEMA and fkcon.CONSTRAINT_NAME = fkcol.CONSTRAINT_NAME
inner join INFORMATION_SCHEMA.key_column_usage pkcol on fkcon.UNIQUE_CONSTRAINT_SCHEMA = pkcol.CONSTRAINT_SCHEMA and fkcon.UNIQUE_CONSTRAINT_NAME = pkcol.CONSTRAINT_NAME
where pkcol.TABLE_SCHEMA = 'public' and pkcol.TABLE_NAME = 'persons' and pkcol.ORDINAL_POSITION = fkcol.ORDINAL_POSITION order by FK_NAME, fkcol.ORDINAL_POSITION
----
pk_column_name:name | fk_table_schema:name | fk_table_name:name | fk_column_name:name | ordinal:int4 | fk_name:text
person_id | public | visits | person_id | 1 | public_visits_persons_visits_person_id_fkey
(1 rows)

### power bi views
select TABLE_SCHEMA, TABLE_NAME from INFORMATION_SCHEMA.views where TABLE_SCHEMA not in ('information_schema', 'pg_catalog')
----
table_schema:name | table_name:name
(0 rows)

### tableau columns only
SELECT * FROM pg_catalog.pg_namespace LIMIT 0
----
oid:oid | nspname:name | nspowner:oid | nspacl:aclitem[]
(0 rows)

### tableau psqlodbc tables
select relname, nspname, relkind, obj_description(c.oid) from pg_catalog.pg_class c, pg_catalog.pg_namespace n where relkind in ('r', 'v', 'm', 'f', 'p') and nspname not in ('pg_catalog', 'information_schema', 'pg_toast', 'pg_temp_1') and n.oid = relnamespace order by nspname, relname
----
relname:name | nspname:name | relkind:char | obj_description:text
cities | public | r | Public: rows may be read.
persons | public | r | people. Private: aggregates only (count, sum, avg), with noise. Protected unit: persons.person_id.
visits | public | r | Private: aggregates only (count, sum, avg), with noise. Protected unit: persons.person_id.
(3 rows)

