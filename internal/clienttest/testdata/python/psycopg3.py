"""psycopg 3: text and binary, server-side cursors, pipelines, cancel, a pool, async."""
import asyncio
import threading

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool

from checks import KINDS, PARAMETERS, between, check, done, equal

conn = psycopg.connect(autocommit=True)


@check("TLS, SCRAM, version")
def _():
    assert conn.pgconn.ssl_in_use
    equal(conn.info.server_version // 10000, 16)
    equal(conn.info.encoding, "utf-8")


for binary in False, True:
    @check(f"all types, binary={binary}")
    def _():
        cur = conn.cursor(row_factory=dict_row, binary=binary)
        rows = cur.execute("SELECT * FROM kinds ORDER BY id").fetchall()
        equal(len(rows), 3)
        for name, want in KINDS.items():
            equal(rows[0][name], want, name)
        assert all(v is None for k, v in rows[1].items() if k != "id"), rows[1]
        equal(rows[0]["t_json"], {"a": [1, None]})
        equal(rows[2]["a_text"], [])

    @check(f"parameters, binary={binary}")
    def _():
        mark = "%b" if binary else "%t"
        for typ, value in PARAMETERS.items():
            got = conn.execute(f"SELECT {mark}::{typ}, pg_typeof({mark}::{typ})::text", (value, value), binary=binary).fetchone()[0]
            equal(got, value, typ)
        equal(conn.execute(f"SELECT count(*) FROM numbers WHERE n = ANY({mark})", ([1, 2, 3],)).fetchone()[0], 3)
        equal(conn.execute(f"SELECT {mark}::int4[], {mark}::text[]", ([1, None], ["a", None])).fetchone(), ([1, None], ["a", None]))
        equal(conn.execute(f"SELECT {mark}", (None,)).fetchone(), (None,))


@check("a private answer, with notices")
def _():
    heard = []
    conn.add_notice_handler(lambda n: heard.append(n.message_primary))
    n = conn.execute("SELECT count(*) FROM persons").fetchone()[0]
    between(n, 1900, 2100)
    assert heard and "spent" in heard[0], heard
    again = conn.execute("SELECT count(*) FROM persons WHERE age >= %s", (18,)).fetchone()[0]
    between(again, 1500, 1700)
    rows = conn.execute("SELECT sex, avg(age), sum(income) FROM persons GROUP BY sex ORDER BY sex").fetchall()
    equal([r[0] for r in rows], ["f", "m"])


@check("prepared statements")
def _():
    for i in range(8):  # prepared at the fifth
        equal(conn.execute("SELECT word FROM numbers WHERE n = %s", (i + 1,), prepare=True).fetchone()[0], f"word {i + 1}")
    equal(conn.execute("SELECT count(*) FROM pg_prepared_statements").fetchone()[0], 1)


@check("pipeline")
def _():
    with conn.pipeline():
        curs = [conn.execute("SELECT %s::int", (i,)) for i in range(500)]
    equal([c.fetchone()[0] for c in curs], list(range(500)))


@check("an error in a pipeline")
def _():
    try:
        with conn.pipeline():
            conn.execute("SELECT 1")
            conn.execute("SELECT nothing")
            conn.execute("SELECT 2")
    except psycopg.errors.UndefinedColumn:
        pass
    else:
        raise AssertionError("no error")
    equal(conn.execute("SELECT 3").fetchone()[0], 3)


@check("server-side cursors")
def _():
    with conn.transaction():
        with conn.cursor(name="c1") as cur:
            cur.itersize = 100
            cur.execute("SELECT n FROM numbers ORDER BY n")
            equal(sum(1 for _ in cur), 10000)
        with conn.cursor(name="c2", scrollable=True) as cur:
            cur.execute("SELECT n FROM numbers WHERE n <= %s ORDER BY n", (10,))
            cur.scroll(5)
            equal(cur.fetchone()[0], 6)
            cur.scroll(0, mode="absolute")
            equal(cur.fetchmany(2), [(1,), (2,)])
    with conn.cursor(name="c3", withhold=True) as cur:
        cur.execute("SELECT n FROM numbers WHERE n <= 3 ORDER BY n")
        equal(cur.fetchall(), [(1,), (2,), (3,)])
    with conn.cursor(name="c4", withhold=True, scrollable=False) as cur:  # as Django's iterator() declares it
        cur.execute("SELECT n FROM numbers ORDER BY n")
        equal(sum(1 for _ in cur), 10000)


@check("stream and COPY")
def _():
    equal(sum(r[0] for r in conn.cursor().stream("SELECT n FROM numbers")), 50005000)
    with conn.cursor().copy("COPY (SELECT n, word FROM numbers WHERE n <= 2 ORDER BY n) TO STDOUT") as copy:
        equal(b"".join(copy), b"1\tword 1\n2\tword 2\n")


@check("an error in the middle of a transaction")
def _():
    c = psycopg.connect()
    c.execute("SELECT 1")
    try:
        c.execute("SELECT nothing FROM persons")
    except psycopg.errors.UndefinedColumn as e:
        equal(e.diag.sqlstate, "42703")
    try:
        c.execute("SELECT 1")
    except psycopg.errors.InFailedSqlTransaction:
        pass
    c.rollback()
    with c.transaction():
        try:
            with c.transaction():
                c.execute("SELECT * FROM persons")
        except psycopg.errors.InsufficientPrivilege as e:
            assert e.diag.message_hint
        equal(c.execute("SELECT 1").fetchone(), (1,))
    c.close()


@check("cancel")
def _():
    # numbers to the third, so that the source has something to do
    slow = "SELECT count(*) FROM numbers a, numbers b, numbers c"
    timer = threading.Timer(0.3, conn.cancel)
    timer.start()
    try:
        conn.execute(slow)
    except psycopg.errors.QueryCanceled:
        pass
    else:
        raise AssertionError("not cancelled")
    equal(conn.execute("SELECT 1").fetchone(), (1,))
    conn.execute("SET statement_timeout = '200ms'")
    try:
        conn.execute(slow)
    except psycopg.errors.QueryCanceled:
        pass
    conn.execute("RESET statement_timeout")


@check("two sessions, and the pool's reset")
def _():
    with ConnectionPool(min_size=2, max_size=2, open=True, check=ConnectionPool.check_connection,
                        reset=lambda c: c.execute("DISCARD ALL") and c.commit() if c.autocommit else None) as pool:
        with pool.connection() as a, pool.connection() as b:
            assert a.info.backend_pid != b.info.backend_pid
            equal(b.execute("SELECT 1").fetchone(), (1,))


@check("terminated by another session, and connected again")
def _():
    c = psycopg.connect(autocommit=True)
    equal(conn.execute("SELECT pg_terminate_backend(%s)", (c.info.backend_pid,)).fetchone()[0], True)
    try:
        c.execute("SELECT 1")
    except psycopg.OperationalError:
        pass
    else:
        raise AssertionError("still there")
    equal(psycopg.connect(autocommit=True).execute("SELECT 1").fetchone(), (1,))


@check("async")
def _():
    async def work():
        async with await psycopg.AsyncConnection.connect(autocommit=True) as c:
            return await (await c.execute(sql.SQL("SELECT {} FROM cities ORDER BY 1 LIMIT 1").format(sql.Identifier("name")))).fetchone()
    equal(asyncio.run(work()), ("city 1",))


@check("type information")
def _():
    from psycopg.types import TypeInfo
    assert TypeInfo.fetch(conn, "hstore") is None
    equal(TypeInfo.fetch(conn, "int4").oid, 23)


done()
