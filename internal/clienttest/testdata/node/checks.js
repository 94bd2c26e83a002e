// Checks of node-postgres and postgres.js.
const assert = require('node:assert/strict')
const fs = require('node:fs')
const pg = require('pg')
const Cursor = require('pg-cursor')
const QueryStream = require('pg-query-stream')
const postgres = require('postgres')

const env = process.env
const ssl = { ca: fs.readFileSync(env.PGSSLROOTCERT), servername: 'localhost' }
delete env.PGSSLMODE
const options = { host: env.PGHOST, port: +env.PGPORT, user: env.PGUSER, password: env.PGPASSWORD, database: env.PGDATABASE, ssl }
const slow = 'SELECT count(*) FROM numbers a, numbers b, numbers c'
let failed = false

async function check(name, f) {
  try {
    await f()
    console.log('ok', name)
  } catch (e) {
    failed = true
    console.log('not ok', name + ':', e.message, e.stack)
  }
}

async function nodePostgres() {
  const client = new pg.Client(options)
  const heard = []
  client.on('notice', (n) => heard.push(n.message))
  await client.connect()
  for (const binary of [false, true]) {
    await check(`pg: all types, binary=${binary}`, async () => {
      const { rows, fields } = await client.query({ text: 'SELECT id, t_bool, t_int2, t_int4, t_int8, t_float8, t_text, t_timestamptz, t_jsonb, a_int4, a_text FROM kinds ORDER BY id', binary })
      assert.equal(rows.length, 3)
      assert.equal(fields[4].dataTypeID, 20)
      assert.equal(rows[0].t_int8, '1234567890123')
      assert.equal(rows[0].t_text, 'text "x" ä€😀')
      assert.equal(rows[1].t_text, null)
      if (!binary) assert.deepEqual(rows[0].a_text, ['a', 'b c', null, 'q"\\'])
    })
  }
  await check('pg: every column', async () => {
    const { rows } = await client.query('SELECT *, t_timestamp::text AS ts, t_interval::text AS lasts FROM kinds ORDER BY id')
    assert.equal(rows.length, 3)
    const { t_bool, t_int2, t_int4, t_float4, t_float8, t_numeric, t_varchar, t_bpchar, t_time, t_timetz, t_timestamptz, t_uuid, t_bytea, t_json, t_jsonb, a_bool, a_int4, a_numeric, ts, lasts } = rows[0]
    assert.deepEqual([t_bool, t_int2, t_int4, t_float4, t_float8, t_numeric, t_varchar, t_bpchar, t_time, t_timetz, t_uuid, ts, lasts],
      [true, 12, 123456, 1.5, 2.25, '12345.67890', 'varchar', 'ab  ', '12:34:56.789', '12:34:56+02', '00112233-4455-6677-8899-aabbccddeeff', '2024-02-29 12:34:56.789', '1 year 2 days 03:04:05'])
    assert.deepEqual([t_bytea, t_json, t_jsonb, a_bool, a_int4, a_numeric], [Buffer.from([0, 255, 16]), { a: [1, null] }, { a: [1, null] }, [true, false, null], [1, 2, null], [1.1, 2.2]])
    assert.equal(t_timestamptz.toISOString(), '2024-02-29T12:34:56.789Z')
    assert(Object.entries(rows[1]).every(([k, v]) => k === 'id' || v === null))
  })
  await check('pg: parameters', async () => {
    const at = new Date('2024-02-29T01:02:03.004Z')
    const { rows } = await client.query('SELECT $1::int8 AS i, $2::text AS s, $3::timestamptz AS at, $4::int[] AS list, $5::bytea AS raw, $6::jsonb AS j, $7::bool AS b',
      [5, "ä'", at, [1, 2], Buffer.from([0, 255]), { a: [1] }, null])
    assert.deepEqual(rows[0], { i: '5', s: "ä'", at, list: [1, 2], raw: Buffer.from([0, 255]), j: { a: [1] }, b: null })
    assert.equal((await client.query('SELECT count(*)::int AS n FROM numbers WHERE n = ANY($1)', [[1, 2]])).rows[0].n, 2)
  })
  await check('pg: a private answer', async () => {
    const { rows } = await client.query('SELECT sex, count(*) AS n FROM persons WHERE age > $1 GROUP BY sex ORDER BY sex', [30])
    assert.deepEqual(rows.map((r) => r.sex), ['f', 'm'])
    assert(heard.some((h) => h.includes('spent')), heard.join())
  })
  await check('pg: named statements', async () => {
    for (let i = 1; i < 5; i++) {
      assert.equal((await client.query({ name: 'word', text: 'SELECT word FROM numbers WHERE n = $1', values: [i] })).rows[0].word, 'word ' + i)
    }
  })
  await check('pg: several statements', async () => assert.equal((await client.query('SELECT 1; SELECT 2')).length, 2))
  await check('pg: cursor', async () => {
    const cursor = client.query(new Cursor('SELECT n FROM numbers WHERE n > $1 ORDER BY n', [0]))
    assert.equal((await cursor.read(10)).length, 10)
    assert.equal((await cursor.read(5))[0].n, 11)
    await cursor.close()
  })
  await check('pg: stream', async () => {
    let n = 0
    for await (const row of client.query(new QueryStream('SELECT n FROM numbers', [], { batchSize: 100 }))) n += row.n
    assert.equal(n, 50005000)
  })
  await check('pg: an error in the middle of a transaction', async () => {
    await client.query('BEGIN')
    await assert.rejects(client.query('SELECT * FROM persons'), { code: '42501' })
    await assert.rejects(client.query('SELECT 1'), { code: '25P02' })
    await client.query('ROLLBACK')
    await client.query('SELECT 1')
  })
  await check('pg: cancel, by the time limit and by another session', async () => {
    await client.query('SET statement_timeout = 200')
    await assert.rejects(client.query(slow), { code: '57014' })
    await client.query('SET statement_timeout = 0')
    const other = new pg.Client(options)
    await other.connect()
    const running = assert.rejects(client.query(slow), { code: '57014' })
    const timer = setInterval(() => other.query('SELECT pg_cancel_backend($1)', [client.processID]).catch(() => {}), 100)
    await running
    clearInterval(timer)
    await other.end()
  })
  await check('pg: ended by another session, and connected again', async () => {
    const other = new pg.Client(options)
    await other.connect()
    const gone = new Promise((resolve) => client.on('error', resolve))
    assert.equal((await other.query('SELECT pg_terminate_backend($1) AS done', [client.processID])).rows[0].done, true)
    await gone
    assert.equal((await other.query('SELECT 2 AS n')).rows[0].n, 2)
    await other.end()
  })
  await client.end().catch(() => {})
  await check('pg: pool', async () => {
    const pool = new pg.Pool({ ...options, max: 4 })
    const all = await Promise.all(Array.from({ length: 40 }, (_, i) => pool.query('SELECT $1::int AS i', [i])))
    assert.deepEqual(all.map((r) => r.rows[0].i), Array.from({ length: 40 }, (_, i) => i))
    await pool.end()
  })
}

async function postgresJs() {
  const sql = postgres({ host: env.PGHOST, port: +env.PGPORT, username: env.PGUSER, password: env.PGPASSWORD, database: env.PGDATABASE, ssl, onnotice: () => {}, max: 3 })
  await check('postgres.js: types and parameters', async () => {
    await sql`SELECT 1` // fetches the types of arrays
    const [row] = await sql`SELECT ${5}::int AS i, ${'x'} AS s, ${sql.array([1, 2])}::int[] AS list, ${new Date(0)}::timestamptz AS at`
    assert.equal(row.i, 5)
    assert.deepEqual(row.list, [1, 2])
    assert.equal((await sql`SELECT * FROM kinds`).length, 3)
    assert.equal((await sql`SELECT n FROM numbers WHERE n IN ${sql([1, 2, 3])}`).length, 3)
  })
  await check('postgres.js: a private answer, a cursor, a pipeline', async () => {
    assert((await sql`SELECT count(*)::int AS n FROM persons WHERE age > ${30}`)[0].n > 1000)
    let n = 0
    for await (const rows of sql`SELECT n FROM numbers`.cursor(1000)) n += rows.length
    assert.equal(n, 10000)
    assert.equal((await Promise.all(Array.from({ length: 200 }, (_, i) => sql`SELECT ${i}::int AS i`))).length, 200)
  })
  await check('postgres.js: transactions, cancel', async () => {
    await assert.rejects(sql.begin((t) => t`SELECT nothing`), { code: '42703' })
    const q = sql.unsafe(slow).execute()
    setTimeout(() => q.cancel(), 300)
    await assert.rejects(q, { code: '57014' })
    await sql`SELECT 1`
  })
  await sql.end()
}

nodePostgres().then(postgresJs).then(() => process.exit(failed ? 1 : 0))
