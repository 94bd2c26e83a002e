"""What the Python clients' checks share: how a check is told, and what the table "kinds" holds."""
import datetime as dt
import decimal
import os
import sys
import traceback
import uuid

failed = 0


def check(name):
    """Runs a function now and prints what came of it."""
    def run(f):
        global failed
        try:
            f()
            print("ok", name, flush=True)
        except Exception:
            failed += 1
            print("not ok", name, flush=True)
            traceback.print_exc(limit=4)
    return run


def done():
    sys.exit(1 if failed else 0)


def equal(got, want, what=""):
    if got != want:
        raise AssertionError(f"{what}: got {got!r}, want {want!r}")


def between(got, low, high):
    if not low <= got <= high:
        raise AssertionError(f"got {got!r}, want {low!r} to {high!r}")


host, port, user, password, database, root = (
    os.environ[n] for n in ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE", "PGSSLROOTCERT"))

utc = dt.timezone.utc
# Row 1 of "kinds" as Python values; drivers differ in the types that they leave as text.
KINDS = {
    "t_bool": True, "t_int2": 12, "t_int4": 123456, "t_int8": 1234567890123, "t_float4": 1.5, "t_float8": 2.25,
    "t_numeric": decimal.Decimal("12345.67890"), "t_text": 'text "x" ä€😀', "t_varchar": "varchar", "t_bpchar": "ab  ",
    "t_name": "a_name", "t_oid": 4711, "t_date": dt.date(2024, 2, 29), "t_time": dt.time(12, 34, 56, 789000),
    "t_timetz": dt.time(12, 34, 56, tzinfo=dt.timezone(dt.timedelta(hours=2))),
    "t_timestamp": dt.datetime(2024, 2, 29, 12, 34, 56, 789000),
    "t_timestamptz": dt.datetime(2024, 2, 29, 12, 34, 56, 789000, tzinfo=utc),
    "t_uuid": uuid.UUID("00112233-4455-6677-8899-aabbccddeeff"), "t_bytea": b"\x00\xff\x10",
    "a_bool": [True, False, None], "a_int4": [1, 2, None], "a_int8": [1234567890123], "a_float8": [1.5, 2.5],
    "a_numeric": [decimal.Decimal("1.10"), decimal.Decimal("2.20")], "a_text": ["a", "b c", None, 'q"\\'],
    "a_date": [dt.date(2024, 2, 29)], "a_timestamptz": [dt.datetime(2024, 2, 29, 12, tzinfo=utc)],
}
# Values that parameters are tried with, and the type that they are cast to.
PARAMETERS = {
    "bool": True, "int2": -7, "int4": 70000, "int8": -(1 << 40), "float8": 1.25, "numeric": decimal.Decimal("-12.340"),
    "text": "ä'\"\\", "date": dt.date(2024, 2, 29), "time": dt.time(1, 2, 3, 4), "timestamp": dt.datetime(2024, 2, 29, 1, 2, 3, 4),
    "timestamptz": dt.datetime(2024, 2, 29, 1, 2, 3, 4, tzinfo=utc), "interval": dt.timedelta(days=3, seconds=4, microseconds=5),
    "uuid": uuid.UUID(int=1), "bytea": b"\x00\x01\xff",
}
