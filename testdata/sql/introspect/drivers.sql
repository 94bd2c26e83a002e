### asyncpg types
params ["{1262819068,3904,1007}"]
WITH RECURSIVE typeinfo_tree(
    oid, ns, name, kind, basetype, elemtype, elemdelim,
    range_subtype, attrtypoids, attrnames, depth)
AS (
    SELECT
        ti.oid, ti.ns, ti.name, ti.kind, ti.basetype,
        ti.elemtype, ti.elemdelim, ti.range_subtype,
        ti.attrtypoids, ti.attrnames, 0
    FROM
            (
        SELECT
            t.oid                           AS oid,
            ns.nspname                      AS ns,
            t.typname                       AS name,
            t.typtype                       AS kind,
            (CASE WHEN t.typtype = 'd' THEN
                (WITH RECURSIVE typebases(oid, depth) AS (
                    SELECT
                        t2.typbasetype      AS oid,
                        0                   AS depth
                    FROM
                        pg_type t2
                    WHERE
                        t2.oid = t.oid

                    UNION ALL

                    SELECT
                        t2.typbasetype      AS oid,
                        tb.depth + 1        AS depth
                    FROM
                        pg_type t2,
                        typebases tb
                    WHERE
                       tb.oid = t2.oid
                       AND t2.typbasetype != 0
               ) SELECT oid FROM typebases ORDER BY depth DESC LIMIT 1)

               ELSE NULL
            END)                            AS basetype,
            t.typelem                       AS elemtype,
            elem_t.typdelim                 AS elemdelim,
            COALESCE(
                range_t.rngsubtype,
                multirange_t.rngsubtype)    AS range_subtype,
            (CASE WHEN t.typtype = 'c' THEN
                (SELECT
                    array_agg(ia.atttypid ORDER BY ia.attnum)
                FROM
                    pg_attribute ia
                    INNER JOIN pg_class c
                        ON (ia.attrelid = c.oid)
                WHERE
                    ia.attnum > 0 AND NOT ia.attisdropped
                    AND c.reltype = t.oid)

                ELSE NULL
            END)                            AS attrtypoids,
            (CASE WHEN t.typtype = 'c' THEN
                (SELECT
                    array_agg(ia.attname::text ORDER BY ia.attnum)
                FROM
                    pg_attribute ia
                    INNER JOIN pg_class c
                        ON (ia.attrelid = c.oid)
                WHERE
                    ia.attnum > 0 AND NOT ia.attisdropped
                    AND c.reltype = t.oid)

                ELSE NULL
            END)                            AS attrnames
        FROM
            pg_catalog.pg_type AS t
            INNER JOIN pg_catalog.pg_namespace ns ON (
                ns.oid = t.typnamespace)
            LEFT JOIN pg_type elem_t ON (
                t.typlen = -1 AND
                t.typelem != 0 AND
                t.typelem = elem_t.oid
            )
            LEFT JOIN pg_range range_t ON (
                t.oid = range_t.rngtypid
            )
            LEFT JOIN pg_range multirange_t ON (
                t.oid = multirange_t.rngmultitypid
            )
    )
 AS ti
    WHERE
        ti.oid = any($1::oid[])

    UNION ALL

    SELECT
        ti.oid, ti.ns, ti.name, ti.kind, ti.basetype,
        ti.elemtype, ti.elemdelim, ti.range_subtype,
        ti.attrtypoids, ti.attrnames, tt.depth + 1
    FROM
            (
        SELECT
            t.oid                           AS oid,
            ns.nspname                      AS ns,
            t.typname                       AS name,
            t.typtype                       AS kind,
            (CASE WHEN t.typtype = 'd' THEN
                (WITH RECURSIVE typebases(oid, depth) AS (
                    SELECT
                        t2.typbasetype      AS oid,
                        0                   AS depth
                    FROM
                        pg_type t2
                    WHERE
                        t2.oid = t.oid

                    UNION ALL

                    SELECT
                        t2.typbasetype      AS oid,
                        tb.depth + 1        AS depth
                    FROM
                        pg_type t2,
                        typebases tb
                    WHERE
                       tb.oid = t2.oid
                       AND t2.typbasetype != 0
               ) SELECT oid FROM typebases ORDER BY depth DESC LIMIT 1)

               ELSE NULL
            END)                            AS basetype,
            t.typelem                       AS elemtype,
            elem_t.typdelim                 AS elemdelim,
            COALESCE(
                range_t.rngsubtype,
                multirange_t.rngsubtype)    AS range_subtype,
            (CASE WHEN t.typtype = 'c' THEN
                (SELECT
                    array_agg(ia.atttypid ORDER BY ia.attnum)
                FROM
                    pg_attribute ia
                    INNER JOIN pg_class c
                        ON (ia.attrelid = c.oid)
                WHERE
                    ia.attnum > 0 AND NOT ia.attisdropped
                    AND c.reltype = t.oid)

                ELSE NULL
            END)                            AS attrtypoids,
            (CASE WHEN t.typtype = 'c' THEN
                (SELECT
                    array_agg(ia.attname::text ORDER BY ia.attnum)
                FROM
                    pg_attribute ia
                    INNER JOIN pg_class c
                        ON (ia.attrelid = c.oid)
                WHERE
                    ia.attnum > 0 AND NOT ia.attisdropped
                    AND c.reltype = t.oid)

                ELSE NULL
            END)                            AS attrnames
        FROM
            pg_catalog.pg_type AS t
            INNER JOIN pg_catalog.pg_namespace ns ON (
                ns.oid = t.typnamespace)
            LEFT JOIN pg_type elem_t ON (
                t.typlen = -1 AND
                t.typelem != 0 AND
                t.typelem = elem_t.oid
            )
            LEFT JOIN pg_range range_t ON (
                t.oid = range_t.rngtypid
            )
            LEFT JOIN pg_range multirange_t ON (
                t.oid = multirange_t.rngmultitypid
            )
    )
 ti,
        typeinfo_tree tt
    WHERE
        (tt.elemtype IS NOT NULL AND ti.oid = tt.elemtype)
        OR (tt.attrtypoids IS NOT NULL AND ti.oid = any(tt.attrtypoids))
        OR (tt.range_subtype IS NOT NULL AND ti.oid = tt.range_subtype)
        OR (tt.basetype IS NOT NULL AND ti.oid = tt.basetype)
)

SELECT DISTINCT
    *,
    basetype::regtype::text AS basetype_name,
    elemtype::regtype::text AS elemtype_name,
    range_subtype::regtype::text AS range_subtype_name
FROM
    typeinfo_tree
ORDER BY
    depth DESC
----
oid:oid | ns:name | name:name | kind:char | basetype:oid | elemtype:oid | elemdelim:char | range_subtype:oid | attrtypoids:oid[] | attrnames:text[] | depth:int4 | basetype_name:text | elemtype_name:text | range_subtype_name:text
23 | pg_catalog | int4 | b | NULL | 0 | NULL | NULL | NULL | NULL | 1 | NULL | - | NULL
1007 | pg_catalog | _int4 | b | NULL | 23 | , | NULL | NULL | NULL | 0 | NULL | integer | NULL
3904 | pg_catalog | int4range | r | NULL | 0 | NULL | 23 | NULL | NULL | 0 | NULL | - | integer
(3 rows)

### asyncpg by name
params ["int4range","pg_catalog"]
SELECT
    t.oid,
    t.typelem     AS elemtype,
    t.typtype     AS kind
FROM
    pg_catalog.pg_type AS t
    INNER JOIN pg_catalog.pg_namespace ns ON (ns.oid = t.typnamespace)
WHERE
    t.typname = $1 AND ns.nspname = $2
----
oid:oid | elemtype:oid | kind:char
3904 | 0 | r
(1 rows)

### npgsql types
SELECT ns.nspname, t.oid, t.typname, t.typtype, t.typnotnull, t.elemtypoid
FROM (
    SELECT
        typ.oid, typ.typnamespace, typ.typname, typ.typtype, typ.typrelid, typ.typnotnull, typ.relkind,
        elemtyp.oid AS elemtypoid, elemtyp.typname AS elemtypname, elemcls.relkind AS elemrelkind,
        CASE WHEN elemproc.proname='array_recv' THEN 'a' ELSE elemtyp.typtype END AS elemtyptype
        , typ.typcategory
    FROM (
        SELECT typ.oid, typnamespace, typname, typrelid, typnotnull, relkind, typelem AS elemoid,
            CASE WHEN proc.proname='array_recv' THEN 'a' ELSE typ.typtype END AS typtype,
            CASE
                WHEN proc.proname='array_recv' THEN typ.typelem
                WHEN typ.typtype='r' THEN rngsubtype
                WHEN typ.typtype='m' THEN (SELECT rngtypid FROM pg_range WHERE rngmultitypid = typ.oid)
                WHEN typ.typtype='d' THEN typ.typbasetype
            END AS elemtypoid
            , typ.typcategory
        FROM pg_type AS typ
        LEFT JOIN pg_class AS cls ON (cls.oid = typ.typrelid)
        LEFT JOIN pg_proc AS proc ON proc.oid = typ.typreceive
        LEFT JOIN pg_range ON (pg_range.rngtypid = typ.oid)
    ) AS typ
    LEFT JOIN pg_type AS elemtyp ON elemtyp.oid = elemtypoid
    LEFT JOIN pg_class AS elemcls ON (elemcls.oid = elemtyp.typrelid)
    LEFT JOIN pg_proc AS elemproc ON elemproc.oid = elemtyp.typreceive
) AS t
JOIN pg_namespace AS ns ON (ns.oid = typnamespace)
WHERE
    (
    typtype IN ('b', 'r', 'm', 'e', 'd') OR
    (typtype = 'c' AND relkind='c') OR
    (typtype = 'p' AND typname IN ('record', 'void', 'unknown')) OR
    (typtype = 'a' AND (
        elemtyptype IN ('b', 'r', 'm', 'e', 'd') OR
        (elemtyptype = 'p' AND elemtypname IN ('record', 'void')) OR
        (elemtyptype = 'c' AND elemrelkind='c')
    )))
ORDER BY CASE
       WHEN typtype IN ('b', 'e', 'p') THEN 0
       WHEN typtype = 'c' THEN 1
       WHEN typtype = 'r' THEN 2
       WHEN typtype = 'm' THEN 3
       WHEN typtype = 'd' AND elemtyptype <> 'a' THEN 4
       WHEN typtype = 'a' THEN 5
       WHEN typtype = 'd' AND elemtyptype = 'a' THEN 6
END, t.oid
----
nspname:name | oid:oid | typname:name | typtype:char | typnotnull:bool | elemtypoid:oid
pg_catalog | 16 | bool | b | f | NULL
pg_catalog | 17 | bytea | b | f | NULL
pg_catalog | 18 | char | b | f | NULL
pg_catalog | 19 | name | b | f | NULL
pg_catalog | 20 | int8 | b | f | NULL
pg_catalog | 21 | int2 | b | f | NULL
pg_catalog | 22 | int2vector | b | f | NULL
pg_catalog | 23 | int4 | b | f | NULL
pg_catalog | 24 | regproc | b | f | NULL
pg_catalog | 25 | text | b | f | NULL
pg_catalog | 26 | oid | b | f | NULL
pg_catalog | 27 | tid | b | f | NULL
…
(172 rows)

### npgsql composites
SELECT typ.oid, att.attname, att.atttypid
FROM pg_type AS typ
JOIN pg_namespace AS ns ON (ns.oid = typ.typnamespace)
JOIN pg_class AS cls ON (cls.oid = typ.typrelid)
JOIN pg_attribute AS att ON (att.attrelid = typ.typrelid)
WHERE
  (typ.typtype = 'c' AND cls.relkind='c') AND
  attnum > 0 AND
  NOT attisdropped
ORDER BY typ.oid, att.attnum
----
oid:oid | attname:name | atttypid:oid
(0 rows)

### npgsql enums
SELECT pg_type.oid, enumlabel FROM pg_enum JOIN pg_type ON pg_type.oid=enumtypid ORDER BY oid, enumsortorder
----
oid:oid | enumlabel:name
(0 rows)

### npgsql version
SELECT version()
----
version:text
PostgreSQL 16.9 (dpproxy test)
(1 rows)

### npgsql schema of columns
SELECT
     typ.oid AS typoid, nspname, relname, attname, attrelid, attnum, attnotnull,
     attidentity != '' AS isidentity,
     CASE WHEN typ.typtype = 'd' THEN typ.typtypmod ELSE atttypmod END AS typmod,
     CASE WHEN atthasdef THEN (SELECT pg_get_expr(adbin, cls.oid) FROM pg_attrdef WHERE adrelid = cls.oid AND adnum = attr.attnum) ELSE NULL END AS default,
     CASE WHEN ((cls.relkind = ANY (ARRAY['r'::"char",'p'::"char"])) OR ((cls.relkind = ANY (ARRAY['v'::"char",'f'::"char"])) AND pg_column_is_updatable((cls.oid)::regclass, attr.attnum, false)))
           AND attr.attidentity NOT IN ('a') THEN 'true'::boolean ELSE 'false'::boolean END AS is_updatable,
     EXISTS (
       SELECT * FROM pg_index
       WHERE pg_index.indrelid = cls.oid AND
             pg_index.indisprimary AND
             attnum = ANY (indkey)
     ) AS isprimarykey,
     EXISTS (
       SELECT * FROM pg_index
       WHERE pg_index.indrelid = cls.oid AND
             pg_index.indisunique AND
             pg_index.indnkeyatts = 1 AND
             attnum = pg_index.indkey[0]
     ) AS isunique
FROM pg_attribute AS attr
JOIN pg_type AS typ ON attr.atttypid = typ.oid
JOIN pg_class AS cls ON cls.oid = attr.attrelid
JOIN pg_namespace AS ns ON ns.oid = cls.relnamespace
WHERE attnum > 0 AND nspname = 'public' AND relname IN ('persons','visits')
ORDER BY attrelid, attnum
----
typoid:oid | nspname:name | relname:name | attname:name | attrelid:oid | attnum:int2 | attnotnull:bool | isidentity:bool | typmod:int4 | default:text | is_updatable:bool | isprimarykey:bool | isunique:bool
20 | public | visits | visit_id | 1229449483 | 1 | t | f | -1 | NULL | t | t | t
20 | public | visits | person_id | 1229449483 | 2 | t | f | -1 | NULL | t | f | f
1082 | public | visits | visited_on | 1229449483 | 3 | f | f | -1 | NULL | t | f | f
701 | public | visits | cost | 1229449483 | 4 | f | f | -1 | NULL | t | f | f
20 | public | persons | person_id | 1262819068 | 1 | t | f | -1 | NULL | t | t | t
25 | public | persons | sex | 1262819068 | 2 | f | f | -1 | NULL | t | f | f
23 | public | persons | age | 1262819068 | 3 | f | f | -1 | NULL | t | f | f
1700 | public | persons | income | 1262819068 | 4 | f | f | 786438 | NULL | t | f | f
1043 | public | persons | city | 1262819068 | 5 | f | f | 44 | NULL | t | f | f
1082 | public | persons | born | 1262819068 | 6 | f | f | -1 | NULL | t | f | f
(10 rows)

### npgsql constraint columns (GetSchema)
SELECT current_database() AS constraint_catalog, pgn.nspname AS constraint_schema, pgc.conname AS constraint_name, pgtn.nspname AS table_schema, pgt.relname AS table_name, contype
FROM pg_constraint pgc
INNER JOIN pg_namespace pgn ON pgc.connamespace = pgn.oid
INNER JOIN pg_class pgt ON pgc.conrelid = pgt.oid
INNER JOIN pg_namespace pgtn ON pgt.relnamespace = pgtn.oid
ORDER BY conname
----
constraint_catalog:name | constraint_schema:name | constraint_name:name | table_schema:name | table_name:name | contype:char
census | public | persons_pkey | public | persons | p
census | pg_catalog | pg_aggregate_fnoid_index | pg_catalog | pg_aggregate | p
census | pg_catalog | pg_am_name_index | pg_catalog | pg_am | u
census | pg_catalog | pg_am_oid_index | pg_catalog | pg_am | p
census | pg_catalog | pg_amop_fam_strat_index | pg_catalog | pg_amop | u
census | pg_catalog | pg_amop_oid_index | pg_catalog | pg_amop | p
census | pg_catalog | pg_amop_opr_fam_index | pg_catalog | pg_amop | u
census | pg_catalog | pg_amproc_fam_proc_index | pg_catalog | pg_amproc | u
census | pg_catalog | pg_amproc_oid_index | pg_catalog | pg_amproc | p
census | pg_catalog | pg_attrdef_adrelid_adnum_index | pg_catalog | pg_attrdef | u
census | pg_catalog | pg_attrdef_oid_index | pg_catalog | pg_attrdef | p
census | pg_catalog | pg_attribute_relid_attnam_index | pg_catalog | pg_attribute | u
…
(113 rows)

### psqlodbc columns
select n.nspname, c.relname, a.attname, a.atttypid, t.typname, a.attnum, a.attlen, a.atttypmod, a.attnotnull, c.relhasrules, c.relkind, c.oid, pg_get_expr(d.adbin, d.adrelid), case t.typtype when 'd' then t.typbasetype else 0 end, t.typtypmod, 0, attidentity, c.relhassubclass from (((pg_catalog.pg_class c inner join pg_catalog.pg_namespace n on n.oid = c.relnamespace and c.relname like 'persons' and n.nspname like 'public') inner join pg_catalog.pg_attribute a on (not a.attisdropped) and a.attnum > 0 and a.attrelid = c.oid) inner join pg_catalog.pg_type t on t.oid = a.atttypid) left outer join pg_attrdef d on a.atthasdef and d.adrelid = a.attrelid and d.adnum = a.attnum order by n.nspname, c.relname, attnum
----
nspname:name | relname:name | attname:name | atttypid:oid | typname:name | attnum:int2 | attlen:int2 | atttypmod:int4 | attnotnull:bool | relhasrules:bool | relkind:char | oid:oid | pg_get_expr:text | case:oid | typtypmod:int4 | ?column?:int4 | attidentity:char | relhassubclass:bool
public | persons | person_id | 20 | int8 | 1 | 8 | -1 | t | f | r | 1262819068 | NULL | 0 | -1 | 0 |  | f
public | persons | sex | 25 | text | 2 | -1 | -1 | f | f | r | 1262819068 | NULL | 0 | -1 | 0 |  | f
public | persons | age | 23 | int4 | 3 | 4 | -1 | f | f | r | 1262819068 | NULL | 0 | -1 | 0 |  | f
public | persons | income | 1700 | numeric | 4 | -1 | 786438 | f | f | r | 1262819068 | NULL | 0 | -1 | 0 |  | f
public | persons | city | 1043 | varchar | 5 | -1 | 44 | f | f | r | 1262819068 | NULL | 0 | -1 | 0 |  | f
public | persons | born | 1082 | date | 6 | 4 | -1 | f | f | r | 1262819068 | NULL | 0 | -1 | 0 |  | f
(6 rows)

### psqlodbc primary keys
select ta.attname, ia.attnum, ic.relname, n.nspname, tc.relname from pg_catalog.pg_attribute ta, pg_catalog.pg_attribute ia, pg_catalog.pg_class tc, pg_catalog.pg_index i, pg_catalog.pg_namespace n, pg_catalog.pg_class ic where tc.relname = 'persons' AND n.nspname = 'public' AND tc.oid = i.indrelid AND n.oid = tc.relnamespace AND i.indisprimary = 't' AND ia.attrelid = i.indexrelid AND ta.attrelid = i.indrelid AND ta.attnum = i.indkey[ia.attnum-1] AND (NOT ta.attisdropped) AND (NOT ia.attisdropped) AND ic.oid = i.indexrelid order by ia.attnum
----
attname:name | attnum:int2 | relname:name | nspname:name | relname:name
person_id | 1 | persons_pkey | public | persons
(1 rows)

### psqlodbc foreign keys
select 'census'::name as "PKTABLE_CAT", n2.nspname as "PKTABLE_SCHEM", c2.relname as "PKTABLE_NAME", a2.attname as "PKCOLUMN_NAME", 'census'::name as "FKTABLE_CAT", n1.nspname as "FKTABLE_SCHEM", c1.relname as "FKTABLE_NAME", a1.attname as "FKCOLUMN_NAME", i::int2 as "KEY_SEQ", case ref.confupdtype when 'c' then 0::int2 when 'n' then 2::int2 when 'd' then 4::int2 when 'r' then 1::int2 else 3::int2 end as "UPDATE_RULE", ref.conname as "FK_NAME", cn.conname as "PK_NAME"
 from ((((((( (select cn.oid, conrelid, conkey, confrelid, confkey, generate_series(array_lower(conkey, 1), array_upper(conkey, 1)) as i, confupdtype, confdeltype, conname, condeferrable, condeferred from pg_catalog.pg_constraint cn, pg_catalog.pg_class c, pg_catalog.pg_namespace n where contype = 'f' and confrelid = c.oid and relname = 'persons' and n.oid = c.relnamespace and n.nspname = 'public') ref
 inner join pg_catalog.pg_class c1 on c1.oid = ref.conrelid) inner join pg_catalog.pg_namespace n1 on n1.oid = c1.relnamespace) inner join pg_catalog.pg_attribute a1 on a1.attrelid = c1.oid and a1.attnum = conkey[i]) inner join pg_catalog.pg_class c2 on c2.oid = ref.confrelid) inner join pg_catalog.pg_namespace n2 on n2.oid = c2.relnamespace) inner join pg_catalog.pg_attribute a2 on a2.attrelid = c2.oid and a2.attnum = confkey[i]) left outer join pg_catalog.pg_constraint cn on cn.conrelid = ref.confrelid and cn.contype = 'p') order by ref.oid, ref.i
----
PKTABLE_CAT:name | PKTABLE_SCHEM:name | PKTABLE_NAME:name | PKCOLUMN_NAME:name | FKTABLE_CAT:name | FKTABLE_SCHEM:name | FKTABLE_NAME:name | FKCOLUMN_NAME:name | KEY_SEQ:int2 | UPDATE_RULE:int2 | FK_NAME:name | PK_NAME:name
census | public | persons | person_id | census | public | visits | person_id | 1 | 3 | visits_person_id_fkey | persons_pkey
(1 rows)

### node-postgres types
SELECT typname, oid, typarray FROM pg_type WHERE typname IN ('hstore', 'vector') ORDER BY oid
----
typname:name | oid:oid | typarray:oid
(0 rows)

### pgx by name
select oid from pg_type where typname = 'hstore'
----
oid:oid
(0 rows)

### tokio-postgres type
SELECT t.typname, t.typtype, t.typelem, r.rngsubtype, t.typbasetype, n.nspname, t.typrelid FROM pg_catalog.pg_type t LEFT OUTER JOIN pg_catalog.pg_range r ON r.rngtypid = t.oid INNER JOIN pg_catalog.pg_namespace n ON t.typnamespace = n.oid WHERE t.oid = 1262819068 OR t.oid = 3904
----
typname:name | typtype:char | typelem:oid | rngsubtype:oid | typbasetype:oid | nspname:name | typrelid:oid
int4range | r | 0 | 23 | 0 | pg_catalog | 0
(1 rows)

### hstore psycopg
SELECT t.oid, typarray FROM pg_type t JOIN pg_namespace ns ON typnamespace = ns.oid WHERE typname = 'hstore'
----
oid:oid | typarray:oid
(0 rows)

### postgres_fdw import
SELECT relname, attname, format_type(atttypid, atttypmod), attnotnull, attgenerated, pg_get_expr(adbin, adrelid), collname, collnsp.nspname FROM pg_class c JOIN pg_namespace n ON relnamespace = n.oid LEFT JOIN pg_attribute a ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped LEFT JOIN pg_attrdef ad ON adrelid = c.oid AND adnum = attnum LEFT JOIN pg_collation coll ON coll.oid = attcollation LEFT JOIN pg_namespace collnsp ON collnsp.oid = collnamespace WHERE c.relkind IN ('r', 'v', 'f', 'm', 'p') AND n.nspname = 'public' AND relname IN ('persons', 'cities') AND (NOT c.relispartition OR c.relkind = 'p') ORDER BY c.relname, a.attnum
----
relname:name | attname:name | format_type:text | attnotnull:bool | attgenerated:char | pg_get_expr:text | collname:name | nspname:name
cities | city | character varying(40) | f |  | NULL | default | pg_catalog
cities | lat | double precision | f |  | NULL | NULL | NULL
cities | flags | boolean | f |  | NULL | NULL | NULL
cities | tags | text[] | f |  | NULL | default | pg_catalog
cities | at | timestamp with time zone | f |  | NULL | NULL | NULL
persons | person_id | bigint | t |  | NULL | NULL | NULL
persons | sex | text | f |  | NULL | default | pg_catalog
persons | age | integer | f |  | NULL | NULL | NULL
persons | income | numeric(12,2) | f |  | NULL | NULL | NULL
persons | city | character varying(40) | f |  | NULL | default | pg_catalog
persons | born | date | f |  | NULL | NULL | NULL
(11 rows)

### psycopg statement 188
params ["hstore"]
SELECT
    typname AS name, oid, typarray AS array_oid,
    oid::regtype::text AS regtype, typdelim AS delimiter
FROM pg_type t
WHERE t.oid = to_regtype($1)
ORDER BY t.oid
----
name:name | oid:oid | array_oid:oid | regtype:text | delimiter:char
(0 rows)

### psycopg statement 189
params ["persons"]
SELECT
    typname AS name, oid, typarray AS array_oid,
    oid::regtype::text AS regtype, typdelim AS delimiter
FROM pg_type t
WHERE t.oid = to_regtype($1)
ORDER BY t.oid
----
name:name | oid:oid | array_oid:oid | regtype:text | delimiter:char
persons | 1132051323 | 801267237 | persons | ,
(1 rows)

### psycopg statement 190
params ["int4"]
SELECT
    typname AS name, oid, typarray AS array_oid,
    oid::regtype::text AS regtype, typdelim AS delimiter
FROM pg_type t
WHERE t.oid = to_regtype($1)
ORDER BY t.oid
----
name:name | oid:oid | array_oid:oid | regtype:text | delimiter:char
int4 | 23 | 1007 | integer | ,
(1 rows)

### psycopg statement 191
params ["text"]
SELECT
    typname AS name, oid, typarray AS array_oid,
    oid::regtype::text AS regtype, typdelim AS delimiter
FROM pg_type t
WHERE t.oid = to_regtype($1)
ORDER BY t.oid
----
name:name | oid:oid | array_oid:oid | regtype:text | delimiter:char
text | 25 | 1009 | text | ,
(1 rows)

### psycopg statement 192
params ["persons"]
SELECT
    t.typname AS name, t.oid AS oid, t.typarray AS array_oid,
    t.oid::regtype::text AS regtype,
    coalesce(a.fnames, '{}') AS field_names,
    coalesce(a.ftypes, '{}') AS field_types
FROM pg_type t
LEFT JOIN (
    SELECT
        attrelid,
        array_agg(attname) AS fnames,
        array_agg(atttypid) AS ftypes
    FROM (
        SELECT a.attrelid, a.attname, a.atttypid
        FROM pg_attribute a
        JOIN pg_type t ON t.typrelid = a.attrelid
        WHERE t.oid = to_regtype($1)
        AND a.attnum > 0
        AND NOT a.attisdropped
        ORDER BY a.attnum
    ) x
    GROUP BY attrelid
) a ON a.attrelid = t.typrelid
WHERE t.oid = to_regtype($1)
----
name:name | oid:oid | array_oid:oid | regtype:text | field_names:name[] | field_types:oid[]
persons | 1132051323 | 801267237 | persons | {person_id,sex,age,income,city,born} | {20,25,23,1700,1043,1082}
(1 rows)

### psycopg statement 193
params ["public.persons"]
SELECT
    t.typname AS name, t.oid AS oid, t.typarray AS array_oid,
    t.oid::regtype::text AS regtype,
    coalesce(a.fnames, '{}') AS field_names,
    coalesce(a.ftypes, '{}') AS field_types
FROM pg_type t
LEFT JOIN (
    SELECT
        attrelid,
        array_agg(attname) AS fnames,
        array_agg(atttypid) AS ftypes
    FROM (
        SELECT a.attrelid, a.attname, a.atttypid
        FROM pg_attribute a
        JOIN pg_type t ON t.typrelid = a.attrelid
        WHERE t.oid = to_regtype($1)
        AND a.attnum > 0
        AND NOT a.attisdropped
        ORDER BY a.attnum
    ) x
    GROUP BY attrelid
) a ON a.attrelid = t.typrelid
WHERE t.oid = to_regtype($1)
----
name:name | oid:oid | array_oid:oid | regtype:text | field_names:name[] | field_types:oid[]
persons | 1132051323 | 801267237 | persons | {person_id,sex,age,income,city,born} | {20,25,23,1700,1043,1082}
(1 rows)

### psycopg statement 194
params ["int4range"]
SELECT t.typname AS name, t.oid AS oid, t.typarray AS array_oid,
    t.oid::regtype::text AS regtype,
    r.rngsubtype AS subtype_oid
FROM pg_type t
JOIN pg_range r ON t.oid = r.rngtypid
WHERE t.oid = to_regtype($1)
----
name:name | oid:oid | array_oid:oid | regtype:text | subtype_oid:oid
int4range | 3904 | 3905 | int4range | 23
(1 rows)

### psycopg statement 195
params ["int4multirange"]
SELECT t.typname AS name, t.oid AS oid, t.typarray AS array_oid,
    t.oid::regtype::text AS regtype,
    r.rngtypid AS range_oid, r.rngsubtype AS subtype_oid
FROM pg_type t
JOIN pg_range r ON t.oid = r.rngmultitypid
WHERE t.oid = to_regtype($1)
----
name:name | oid:oid | array_oid:oid | regtype:text | range_oid:oid | subtype_oid:oid
int4multirange | 4451 | 6150 | int4multirange | 3904 | 23
(1 rows)

### psycopg statement 196
params ["nope"]
SELECT name, oid, array_oid, regtype, array_agg(label) AS labels
FROM (
    SELECT
        t.typname AS name, t.oid AS oid, t.typarray AS array_oid,
        t.oid::regtype::text AS regtype, e.enumlabel AS label
    FROM pg_type t
    LEFT JOIN  pg_enum e
    ON e.enumtypid = t.oid
    WHERE t.oid = to_regtype($1)
    ORDER BY e.enumsortorder
) x
GROUP BY name, oid, array_oid, regtype
----
name:name | oid:oid | array_oid:oid | regtype:text | labels:name[]
(0 rows)

### npgsql 9 types
SELECT ns.nspname, t.oid, t.typname, t.typtype, t.typnotnull, t.elemtypoid
FROM (
    SELECT
        typ.oid, typ.typnamespace, typ.typname, typ.typtype, typ.typrelid, typ.typnotnull, typ.relkind,
        elemtyp.oid AS elemtypoid, elemtyp.typname AS elemtypname, elemcls.relkind AS elemrelkind,
        CASE WHEN elemproc.proname='array_recv' THEN 'a' ELSE elemtyp.typtype END AS elemtyptype
        , typ.typcategory
    FROM (
        SELECT typ.oid, typnamespace, typname, typrelid, typnotnull, relkind, typelem AS elemoid,
            CASE WHEN proc.proname='array_recv' THEN 'a' ELSE typ.typtype END AS typtype,
            CASE
                WHEN proc.proname='array_recv' THEN typ.typelem
                WHEN typ.typtype='r' THEN rngsubtype
                WHEN typ.typtype='m' THEN (SELECT rngtypid FROM pg_range WHERE rngmultitypid = typ.oid)
                WHEN typ.typtype='d' THEN typ.typbasetype
            END AS elemtypoid
            , typ.typcategory
        FROM pg_type AS typ
        LEFT JOIN pg_class AS cls ON (cls.oid = typ.typrelid)
        LEFT JOIN pg_proc AS proc ON proc.oid = typ.typreceive
        LEFT JOIN pg_range ON (pg_range.rngtypid = typ.oid)
    ) AS typ
    LEFT JOIN pg_type AS elemtyp ON elemtyp.oid = elemtypoid
    LEFT JOIN pg_class AS elemcls ON (elemcls.oid = elemtyp.typrelid)
    LEFT JOIN pg_proc AS elemproc ON elemproc.oid = elemtyp.typreceive
) AS t
JOIN pg_namespace AS ns ON (ns.oid = typnamespace)
WHERE
    (typtype IN ('b', 'r', 'm', 'e', 'd') OR
    (typtype = 'c' AND relkind='c') OR
    (typtype = 'p' AND typname IN ('record', 'void', 'unknown')) OR
    (typtype = 'a' AND (
        elemtyptype IN ('b', 'r', 'm', 'e', 'd') OR
        (elemtyptype = 'p' AND elemtypname IN ('record', 'void')) OR
        (elemtyptype = 'c' AND elemrelkind='c')
    )))
ORDER BY CASE
       WHEN typtype IN ('b', 'e', 'p') THEN 0
       WHEN typtype = 'c' THEN 1
       WHEN typtype = 'r' THEN 2
       WHEN typtype = 'm' THEN 3
       WHEN typtype = 'd' AND elemtyptype <> 'a' THEN 4
       WHEN typtype = 'a' THEN 5
       WHEN typtype = 'd' AND elemtyptype = 'a' THEN 6
END, t.oid
----
nspname:name | oid:oid | typname:name | typtype:char | typnotnull:bool | elemtypoid:oid
pg_catalog | 16 | bool | b | f | NULL
pg_catalog | 17 | bytea | b | f | NULL
pg_catalog | 18 | char | b | f | NULL
pg_catalog | 19 | name | b | f | NULL
pg_catalog | 20 | int8 | b | f | NULL
pg_catalog | 21 | int2 | b | f | NULL
pg_catalog | 22 | int2vector | b | f | NULL
pg_catalog | 23 | int4 | b | f | NULL
pg_catalog | 24 | regproc | b | f | NULL
pg_catalog | 25 | text | b | f | NULL
pg_catalog | 26 | oid | b | f | NULL
pg_catalog | 27 | tid | b | f | NULL
…
(172 rows)

### npgsql 9 composites
SELECT typ.oid, att.attname, att.atttypid
FROM pg_type AS typ
JOIN pg_namespace AS ns ON (ns.oid = typ.typnamespace)
JOIN pg_class AS cls ON (cls.oid = typ.typrelid)
JOIN pg_attribute AS att ON (att.attrelid = typ.typrelid)
WHERE
  (typ.typtype = 'c' AND cls.relkind='c') AND
  attnum > 0 AND
  NOT attisdropped
ORDER BY typ.oid, att.attnum
----
oid:oid | attname:name | atttypid:oid
(0 rows)

### superset cancels a query
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid='4711'
----
pg_terminate_backend:bool
(0 rows)

### dbeaver sessions
SELECT sa.* FROM pg_catalog.pg_stat_activity sa
----
datid:oid | datname:name | pid:int4 | leader_pid:int4 | usesysid:oid | usename:name | application_name:text | client_addr:inet | client_hostname:text | client_port:int4 | backend_start:timestamptz | xact_start:timestamptz | query_start:timestamptz | state_change:timestamptz | wait_event_type:text | wait_event:text | state:text | backend_xid:xid | backend_xmin:xid | query_id:int8 | query:text | backend_type:text
(0 rows)

### dbeaver role members
params ["10"]
SELECT * FROM pg_catalog.pg_auth_members WHERE member=$1
----
oid:oid | roleid:oid | member:oid | grantor:oid | admin_option:bool | inherit_option:bool | set_option:bool
(0 rows)

### dbeaver extensions
SELECT name,default_version,installed_version,comment FROM pg_catalog.pg_available_extensions ORDER BY name
----
name:name | default_version:text | installed_version:text | comment:text
(0 rows)

### dbeaver templates
SELECT db.datname FROM pg_catalog.pg_database db WHERE datistemplate
----
datname:name
(0 rows)

### dbeaver database sizes
SELECT db.datname,pg_database_size(db.oid) FROM pg_catalog.pg_database db
----
datname:name | pg_database_size:int8
census | 0
(1 rows)

