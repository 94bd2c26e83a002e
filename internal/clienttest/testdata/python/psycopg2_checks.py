"""psycopg2: the simple protocol, named cursors, cancel, savepoints, execute_values."""
import threading

import psycopg2
import psycopg2.errors
import psycopg2.extras
import psycopg2.extensions as ext

from checks import KINDS, PARAMETERS, between, check, done, equal

conn = psycopg2.connect("")
conn.autocommit = True
cur = conn.cursor()


@check("TLS, SCRAM, version")
def _():
    equal(conn.server_version // 10000, 16)
    assert conn.info.ssl_in_use


@check("all types")
def _():
    c = conn.cursor(cursor_factory=psycopg2.extras.RealDictCursor)
    c.execute("SELECT * FROM kinds ORDER BY id")
    rows = c.fetchall()
    for name, want in KINDS.items():
        got = rows[0][name]
        if isinstance(got, memoryview):
            got = bytes(got)
        if name in ("t_uuid",):
            got = __import__("uuid").UUID(got)
        equal(got, want, name)
    assert all(v is None for k, v in rows[1].items() if k != "id"), rows[1]


@check("parameters")
def _():
    psycopg2.extras.register_uuid()
    for typ, value in PARAMETERS.items():
        cur.execute(f"SELECT %s::{typ}", (value,))
        got = cur.fetchone()[0]
        equal(bytes(got) if isinstance(got, memoryview) else got, value, typ)
    cur.execute("SELECT count(*) FROM numbers WHERE n = ANY(%s) OR n IN %s", ([1, 2], (3, 4)))
    equal(cur.fetchone(), (4,))
    cur.execute("SELECT %s", ([1, 2],))
    equal(cur.fetchone(), ([1, 2],))


@check("a private answer")
def _():
    cur.execute("SELECT sex, count(*) AS n FROM persons WHERE age BETWEEN %(low)s AND %(high)s GROUP BY 1", {"low": 18, "high": 60})
    rows = dict(cur.fetchall())
    between(rows["f"], 300, 700)
    assert any("spent" in n for n in conn.notices), conn.notices


@check("named cursors")
def _():
    conn.autocommit = False
    with conn.cursor("named") as c:
        c.itersize = 1000
        c.execute("SELECT n FROM numbers ORDER BY n")
        equal(sum(1 for _ in c), 10000)
    with conn.cursor("scrolls", scrollable=True) as c:
        c.execute("SELECT n FROM numbers WHERE n <= 10 ORDER BY n")
        equal(c.fetchmany(3), [(1,), (2,), (3,)])
        c.scroll(-2)
        equal(c.fetchone(), (2,))
    conn.commit()
    with conn.cursor("held", withhold=True) as c:
        c.execute("SELECT n FROM numbers WHERE n <= 3 ORDER BY n")
        conn.commit()
        equal(c.fetchall(), [(1,), (2,), (3,)])
    conn.rollback()


@check("an error in the middle of a transaction")
def _():
    conn.autocommit = False
    cur.execute("SELECT 1")
    try:
        cur.execute("SELECT nothing FROM persons")
    except psycopg2.errors.UndefinedColumn as e:
        equal(e.pgcode, "42703")
    equal(conn.info.transaction_status, ext.TRANSACTION_STATUS_INERROR)
    try:
        cur.execute("SELECT 1")
    except psycopg2.errors.InFailedSqlTransaction:
        pass
    conn.rollback()
    cur.execute("SAVEPOINT s")
    try:
        cur.execute("SELECT 1/0 FROM nowhere")
    except psycopg2.errors.UndefinedTable:
        cur.execute("ROLLBACK TO SAVEPOINT s")
    cur.execute("SELECT 1")
    conn.commit()
    conn.autocommit = True


@check("isolation, read only, encoding")
def _():
    conn.set_session(isolation_level="REPEATABLE READ", readonly=True, autocommit=False)
    cur.execute("SHOW transaction_isolation")
    equal(cur.fetchone(), ("repeatable read",))
    conn.rollback()
    conn.set_session(isolation_level="DEFAULT", readonly=False, autocommit=True)
    conn.set_client_encoding("UTF8")
    conn.reset()
    conn.autocommit = True


@check("COPY")
def _():
    import io
    out = io.StringIO()
    cur.copy_expert("COPY (SELECT n FROM numbers WHERE n < 3 ORDER BY n) TO STDOUT WITH CSV HEADER", out)
    equal(out.getvalue(), "n\n1\n2\n")


@check("cancel")
def _():
    threading.Timer(0.3, conn.cancel).start()
    try:
        cur.execute("SELECT count(*) FROM numbers a, numbers b, numbers c")
    except psycopg2.errors.QueryCanceled:
        pass
    else:
        raise AssertionError("not cancelled")
    cur.execute("SELECT 1")


@check("hstore and json look-ups")
def _():
    try:
        psycopg2.extras.register_hstore(conn)
    except psycopg2.ProgrammingError as e:
        assert "hstore type not found" in str(e), e
    cur.execute("SELECT t_json, t_jsonb FROM kinds WHERE id = 1")
    equal(cur.fetchone(), ({"a": [1, None]}, {"a": [1, None]}))


@check("connected again")
def _():
    conn.close()
    c = psycopg2.connect("options='-c dp.epsilon=0.5 -c TimeZone=Europe/Berlin'").cursor()
    c.execute("SHOW dp.epsilon")
    equal(c.fetchone(), ("0.5",))
    c.execute("SELECT t_timestamptz FROM kinds WHERE id = 1")
    equal(str(c.fetchone()[0]), "2024-02-29 13:34:56.789000+01:00")


done()
