"""psqlodbc: catalog functions, types, parameters prepared at the server, cursors, errors in transactions."""
import datetime as dt
import decimal
import glob
import os
import sys
import threading

import pyodbc

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "python"))
from checks import KINDS, between, check, database, done, equal, host, password, port, root, user  # noqa: E402

driver = glob.glob("/usr/lib/*/odbc/psqlodbcw.so")[0]


def connect(**more):
    os.environ["PGSSLROOTCERT"] = root
    settings = {"Driver": driver, "Server": host, "Port": port, "Database": database, "UID": user, "PWD": "{" + password.replace("}", "}}") + "}",
                "SSLmode": "verify-full", **more}
    return pyodbc.connect(";".join(f"{k}={v}" for k, v in settings.items()), autocommit=True)


for prepare, fetch, protocol in (("0", "0", "7.4-0"), ("1", "1", "7.4-2")):
    conn = connect(UseServerSidePrepare=prepare, UseDeclareFetch=fetch, Fetch="100", Protocol=protocol)
    cur = conn.cursor()
    what = f"UseServerSidePrepare={prepare} UseDeclareFetch={fetch}: "

    @check(what + "catalog functions")
    def _():
        names = {r.table_name for r in cur.tables(schema="public", tableType="TABLE")}
        equal(names, {"cities", "kinds", "numbers", "persons", "visits"})
        columns = {r.column_name: r for r in cur.columns(table="persons", schema="public")}
        equal(len(columns), 6)
        equal([r.column_name for r in cur.primaryKeys("persons", schema="public")], ["person_id"])
        equal([(r.pktable_name, r.fkcolumn_name) for r in cur.foreignKeys(foreignTable="visits", foreignSchema="public")], [("persons", "person_id")])
        cur.statistics("persons").fetchall(), cur.getTypeInfo().fetchall(), cur.procedures().fetchall()
        cur.rowIdColumns("persons").fetchall(), cur.tables(catalog="%").fetchall()

    @check(what + "all types")
    def _():
        rows = cur.execute("SELECT * FROM kinds ORDER BY id").fetchall()
        equal(len(rows), 3)
        for name in ("t_int2", "t_int4", "t_int8", "t_float4", "t_float8", "t_numeric", "t_text", "t_varchar", "t_bpchar", "t_name", "t_date", "t_timestamp", "t_bytea"):
            equal(getattr(rows[0], name), KINDS[name], name)
        equal(rows[0].t_uuid.lower() if isinstance(rows[0].t_uuid, str) else str(rows[0].t_uuid), str(KINDS["t_uuid"]))
        equal(rows[0].a_int4, "{1,2,NULL}")
        equal(rows[1].t_text, None)

    @check(what + "parameters")
    def _():
        for _ in range(3):
            equal(cur.execute("SELECT word FROM numbers WHERE n = ?", 7).fetchone()[0], "word 7")
        at = dt.datetime(2024, 2, 29, 12, 34, 56, 789000)
        for value, typ in ((True, "boolean"), (7, "int"), (1 << 40, "bigint"), (2.5, "float8"), (decimal.Decimal("1.50"), "numeric"), ("ä'", "text"), (at.date(), "date"), (at, "timestamp"), (None, "text")):
            equal(cur.execute(f"SELECT count(*) FROM cities WHERE CAST(? AS {typ}) IS NULL", value).fetchone()[0], 5 if value is None else 0)
        equal(cur.execute("SELECT count(*) FROM kinds WHERE t_date = ? AND t_timestamp = ? AND t_numeric = ? AND t_text = ?", at.date(), at, decimal.Decimal("12345.67890"), KINDS["t_text"]).fetchone()[0], 1)
        between(cur.execute("SELECT count(*) FROM persons WHERE age > ? AND sex = ?", 30, "f").fetchone()[0], 500, 800)

    @check(what + "many rows")
    def _():
        equal(sum(r[0] for r in cur.execute("SELECT n FROM numbers")), 50005000)

    @check(what + "an error in the middle of a transaction")
    def _():
        conn.autocommit = False
        cur.execute("SELECT 1").fetchall()
        try:
            cur.execute("SELECT nothing FROM persons")
        except pyodbc.ProgrammingError as e:
            equal(e.args[0], "42703" if e.args[0] == "42703" else "42S22")
        try:
            cur.execute("SELECT 1").fetchall()
            equal(protocol, "7.4-2")  # the driver went back to its savepoint
        except pyodbc.Error as e:
            equal(protocol, "7.4-0")
            assert "aborted" in str(e), e
        conn.rollback()
        equal(cur.execute("SELECT 2").fetchone()[0], 2)
        conn.commit()
        conn.autocommit = True

    @check(what + "cancel")
    def _():
        threading.Timer(0.5, cur.cancel).start()
        try:
            cur.execute("SELECT count(*) FROM numbers a, numbers b, numbers c")
            cur.fetchall()
        except pyodbc.Error:
            pass
        else:
            raise AssertionError("not cancelled")
        equal(connect().cursor().execute("SELECT 1").fetchone()[0], 1)

done()
