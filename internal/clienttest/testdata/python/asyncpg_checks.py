"""asyncpg: binary everywhere, its own look-up of types, cursors, cancel, a pool with its reset."""
import asyncio
import ssl

import asyncpg

from checks import KINDS, PARAMETERS, between, check, database, done, equal, host, password, port, root, user

loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)


def run(f):
    return lambda: loop.run_until_complete(f())


def connect(**more):
    context = ssl.create_default_context(cafile=root)
    return asyncpg.connect(host=host, port=port, user=user, password=password, database=database, ssl=context, **more)


conn = loop.run_until_complete(connect())


@check("TLS, SCRAM, version")
def _():
    equal(conn.get_server_version().major, 16)


@check("all types")
@run
async def _():
    row = await conn.fetchrow("SELECT * FROM kinds WHERE id = 1")
    for name, want in KINDS.items():
        equal(row[name], want, name)
    equal(row["t_char"], b"c")
    equal(row["t_json"], '{"a": [1, null]}')
    row = await conn.fetchrow("SELECT * FROM kinds WHERE id = 2")
    assert all(v is None for k, v in row.items() if k != "id")


@check("parameters")
@run
async def _():
    for typ, value in PARAMETERS.items():
        equal(await conn.fetchval(f"SELECT $1::{typ}", value), value, typ)
        equal(await conn.fetchval(f"SELECT $1::{typ}", None), None, typ)
    equal(await conn.fetchval("SELECT count(*) FROM numbers WHERE n = ANY($1::int[])", [1, 2]), 2)
    equal(await conn.fetchval("SELECT $1::text[]", ["a", None, 'q"']), ["a", None, 'q"'])
    equal(await conn.fetchval("SELECT word FROM numbers WHERE n = $1", 7), "word 7")


@check("a private answer")
@run
async def _():
    heard = []
    conn.add_log_listener(lambda c, m: heard.append(m.message))
    between(await conn.fetchval("SELECT count(*) FROM persons WHERE age > $1", 30), 1200, 1500)
    await asyncio.sleep(0)
    assert any("spent" in h for h in heard), heard


@check("prepared statements")
@run
async def _():
    st = await conn.prepare("SELECT sex, avg(age) AS a, count(*) AS n FROM persons WHERE city = $1 GROUP BY sex")
    equal([a.type.name for a in st.get_attributes()], ["text", "numeric", "int8"])
    equal([p.name for p in st.get_parameters()], ["text"])
    equal(len(await st.fetch("city 1")), 2)
    await conn.executemany("SELECT $1::int", [(i,) for i in range(100)])


@check("cursors")
@run
async def _():
    async with conn.transaction():
        total = 0
        async for row in conn.cursor("SELECT n FROM numbers", prefetch=500):
            total += row["n"]
        equal(total, 50005000)
        cur = await conn.cursor("SELECT n FROM numbers ORDER BY n")
        equal([r[0] for r in await cur.fetch(2)], [1, 2])
        await cur.forward(10)
        equal((await cur.fetchrow())[0], 13)


@check("an error in the middle of a transaction")
@run
async def _():
    try:
        async with conn.transaction():
            await conn.fetch("SELECT 1")
            await conn.fetch("SELECT * FROM persons")
    except asyncpg.InsufficientPrivilegeError as e:
        assert e.hint, e
    async with conn.transaction():
        try:
            async with conn.transaction():
                await conn.fetch("SELECT nothing")
        except asyncpg.UndefinedColumnError:
            pass
        equal(await conn.fetchval("SELECT 1"), 1)


@check("isolation levels")
@run
async def _():
    async with conn.transaction(isolation="serializable", readonly=True, deferrable=True):
        equal(await conn.fetchval("SHOW transaction_isolation"), "serializable")


@check("cancel")
@run
async def _():
    try:
        await conn.fetch("SELECT count(*) FROM numbers a, numbers b, numbers c", timeout=0.5)
    except asyncio.TimeoutError:
        pass
    equal(await conn.fetchval("SELECT 1"), 1)


@check("look-up of types")
@run
async def _():
    await conn.set_type_codec("jsonb", encoder=str, decoder=len, schema="pg_catalog")
    equal(await conn.fetchval("SELECT t_jsonb FROM kinds WHERE id = 1"), len('{"a": [1, null]}'))
    await conn.reset_type_codec("jsonb", schema="pg_catalog")
    await conn.reload_schema_state()
    await conn.fetch("SELECT attname, atttypid, attacl, attoptions FROM pg_catalog.pg_attribute LIMIT 3")  # attmissingval is an anyarray, which asyncpg does not know of any server
    await conn.fetch("SELECT * FROM pg_catalog.pg_class LIMIT 3")
    await conn.fetch("SELECT * FROM information_schema.columns LIMIT 3")


@check("COPY")
@run
async def _():
    import io
    out = io.BytesIO()
    await conn.copy_from_query("SELECT n FROM numbers WHERE n < $1 ORDER BY n", 3, output=out, format="csv")
    equal(out.getvalue(), b"1\n2\n")


@check("a pool, with its reset")
@run
async def _():
    context = ssl.create_default_context(cafile=root)
    async with asyncpg.create_pool(host=host, port=port, user=user, password=password, database=database, ssl=context,
                                   min_size=2, max_size=4, server_settings={"application_name": "checks", "jit": "off"}) as pool:
        got = await asyncio.gather(*(pool.fetchval("SELECT $1::int", i) for i in range(50)))
        equal(got, list(range(50)))
        equal(await pool.fetchval("SELECT current_setting('application_name')"), "checks")


@check("connected again")
@run
async def _():
    await conn.close()
    c = await connect(statement_cache_size=0)
    equal(await c.fetchval("SELECT $1::int", 1), 1)
    c.terminate()


done()
