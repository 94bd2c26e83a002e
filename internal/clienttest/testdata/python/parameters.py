"""Parameters bound at the server and the same values as literals in the text: each statement of parameters.txt both ways."""
import datetime as dt  # noqa: F401, for the values

import psycopg

from checks import check, done

conn = psycopg.connect(autocommit=True)


def answer(cursor, sql, values):
    """The columns, or the refusal."""
    try:
        cursor.execute(sql, values)
        cursor.fetchall()
    except psycopg.Error as e:
        return f"{e.diag.sqlstate} {e.diag.message_primary}"
    return [(d.name, d.type_code) for d in cursor.description]


for line in open("parameters.txt", encoding="utf-8"):
    sql, _, values = line.strip().partition(" ;; ")
    if not sql or sql.startswith("#"):
        continue

    @check(sql)
    def _():
        bound = eval(f"({values},)")
        want, got = answer(psycopg.ClientCursor(conn), sql, bound), answer(conn.cursor(), sql, bound)
        if isinstance(want, str) or got != want:
            raise AssertionError(f"with literals {want}, with parameters {got}")


done()
