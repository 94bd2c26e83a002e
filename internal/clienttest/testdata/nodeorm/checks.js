// Checks of Node's query builders and object mappers: what each makes of counts, groups, joins, streams, transactions and its look-ups of tables.
const assert = require('node:assert/strict')
const fs = require('node:fs')
const { Pool } = require('pg')

const env = process.env
const ca = fs.readFileSync(env.PGSSLROOTCERT, 'utf8')
delete env.PGSSLMODE
delete env.PGSSLROOTCERT
const options = { host: env.PGHOST, port: +env.PGPORT, user: env.PGUSER, password: env.PGPASSWORD, database: env.PGDATABASE, ssl: { ca, servername: 'localhost' } }
const url = `postgres://${env.PGUSER}:${encodeURIComponent(env.PGPASSWORD)}@${env.PGHOST}:${env.PGPORT}/${env.PGDATABASE}`
const tables = ['cities', 'kinds', 'numbers', 'persons', 'visits']
let failed = false

async function check(name, f) {
  try {
    await f()
    console.log('ok', name)
  } catch (e) {
    failed = true
    console.log('not ok', name + ':', e.message, e.sql || e.query || '', e.stack)
  }
}

const between = (got, low, high) => assert(+got >= low && +got <= high, `got ${got}, want ${low} to ${high}`)
const sexes = (rows) => assert.deepEqual(rows.map((r) => r.sex).sort(), ['f', 'm'])
const code = (want) => (e) => assert.equal(e.code ?? e.parent?.code ?? e.cause?.code, want) === undefined

async function knex() {
  const k = require('knex')({ client: 'pg', connection: options })
  await check('Knex', async () => {
    between((await k('persons').where('age', '>', 30).andWhere({ sex: 'f' }).count('* as n'))[0].n, 500, 800)
    sexes(await k('persons').select('sex').count('* as n').avg('age as a').groupBy('sex').orderBy('n', 'desc').limit(10))
    sexes(await k('visits').join('persons', 'persons.person_id', 'visits.person_id').select('sex').sum('cost').groupBy('sex'))
    sexes(await k.with('p', k('persons').where('age', '>', 20)).select('sex', k.raw('count(*)')).from('p').groupBy('sex'))
    await k('visits').select(k.raw('date_trunc(?, visited_at AT TIME ZONE ?) AS m', ['month', 'Europe/Berlin'])).count().groupByRaw('1').orderBy('m')
    assert.equal(Object.keys(await k('cities').columnInfo()).length, 3)
    assert.deepEqual([await k.schema.hasTable('persons'), await k.schema.hasColumn('persons', 'age'), await k.schema.hasTable('nothing')], [true, true, false])
    let sum = 0
    for await (const r of k('numbers').select('n').stream()) sum += r.n
    assert.equal(sum, 50005000)
    await k.transaction(async (t) => {
      await assert.rejects(t.transaction((u) => u.raw('SELECT nothing')), code('42703'))
      assert.equal((await t('cities').count())[0].count, '5')
    })
    await assert.rejects(k('persons').select('*').limit(5), code('42501'))
  })
  await check('Objection', async () => {
    const { Model } = require('objection')
    class Person extends Model { static tableName = 'persons'; static idColumn = 'person_id' }
    class City extends Model { static tableName = 'cities'; static idColumn = 'city_id' }
    Model.knex(k)
    between(await Person.query().resultSize(), 1900, 2100)
    assert.equal((await City.query().findById(2)).name, 'city 2')
    assert.equal((await City.query().page(0, 2)).total, 5)
  })
  await k.destroy()
}

async function sequelize() {
  const { Sequelize, DataTypes, Op, fn, col, literal } = require('sequelize')
  const s = new Sequelize({ dialect: 'postgres', ...options, username: options.user, dialectOptions: { ssl: options.ssl }, logging: false })
  await check('Sequelize', async () => {
    await s.authenticate()
    const define = (name, columns) => s.define(name, columns, { tableName: name, timestamps: false })
    const key = { type: DataTypes.BIGINT, primaryKey: true }
    const P = define('persons', { person_id: key, sex: DataTypes.TEXT, age: DataTypes.INTEGER, city: DataTypes.STRING })
    const V = define('visits', { visit_id: key, person_id: DataTypes.BIGINT, cost: DataTypes.DOUBLE, visited_at: DataTypes.DATE })
    const C = define('cities', { city_id: { type: DataTypes.INTEGER, primaryKey: true }, name: DataTypes.TEXT })
    V.belongsTo(P, { foreignKey: 'person_id', as: 'person' })
    P.hasMany(V, { foreignKey: 'person_id' })
    between(await P.count({ where: { age: { [Op.gt]: 30 }, sex: 'f' } }), 500, 800)
    sexes(await P.count({ group: ['sex'] }))
    sexes(await P.findAll({ attributes: ['sex', [fn('COUNT', col('person_id')), 'n'], [fn('AVG', col('age')), 'a']], group: ['sex'], order: [[literal('n'), 'DESC']], raw: true }))
    between(await P.aggregate('age', 'avg', { plain: true }), 35, 55)
    sexes(await V.findAll({ attributes: [[col('person.sex'), 'sex'], [fn('COUNT', '*'), 'n']], include: [{ model: P, as: 'person', attributes: [] }], group: ['person.sex'], raw: true }))
    between(await P.count({ include: [{ model: V, required: true }], distinct: true }), 1700, 2300)
    between(await V.count({ where: { visited_at: { [Op.between]: [new Date('2024-01-01'), new Date('2024-06-01')] } } }), 3000, 4300)
    assert.equal((await C.findAndCountAll({ limit: 2, offset: 1, order: ['city_id'] })).count, 5)
    assert.equal((await C.findAll({ where: { name: { [Op.iLike]: 'CITY%' } } })).length, 5)
    sexes(await s.query('SELECT sex, count(*) FROM persons WHERE age > $1 GROUP BY sex', { bind: [20], type: 'SELECT' }))
    const look = s.getQueryInterface()
    assert.deepEqual((await look.showAllTables()).sort(), tables)
    assert.equal((await look.describeTable('persons')).person_id.primaryKey, true)
    assert.equal((await look.getForeignKeyReferencesForTable('visits'))[0].referencedTableName, 'persons')
    await s.transaction(async (transaction) => assert.equal(await C.count({ transaction }), 5))
    await assert.rejects(P.findAll({ limit: 3 }), code('42501'))
  })
  await s.close()
}

async function typeorm() {
  require('reflect-metadata')
  const { DataSource, EntitySchema } = require('typeorm')
  const P = new EntitySchema({ name: 'P', tableName: 'persons', columns: { person_id: { type: 'bigint', primary: true }, sex: { type: 'text' }, age: { type: 'int' } } })
  const C = new EntitySchema({ name: 'C', tableName: 'cities', columns: { city_id: { type: 'int', primary: true }, name: { type: 'text' } } })
  await check('TypeORM', async () => {
    const d = await new DataSource({ type: 'postgres', ...options, username: options.user, entities: [P, C] }).initialize()
    const persons = d.getRepository(P)
    sexes(await persons.createQueryBuilder('p').select('p.sex', 'sex').addSelect('COUNT(*)', 'n').where('p.age > :a', { a: 20 }).groupBy('p.sex').orderBy('n', 'DESC').getRawMany())
    between(await persons.average('age', { sex: 'f' }), 30, 60)
    const [rows, count] = await d.getRepository(C).findAndCount({ take: 2, skip: 1, order: { city_id: 'ASC' } })
    assert.deepEqual([rows[0].name, count], ['city 2', 5])
    const runner = d.createQueryRunner()
    assert.deepEqual((await runner.getTables(['persons', 'visits'])).map((t) => [t.name, t.columns.length, t.foreignKeys.length]), [['persons', 6, 0], ['visits', 5, 1]])
    let n = 0
    for await (const _ of await runner.stream('SELECT n FROM numbers')) n++
    assert.equal(n, 10000)
    await runner.release()
    await d.destroy()
  })
}

async function drizzle() {
  const { drizzle } = require('drizzle-orm/node-postgres')
  const { pgTable, integer, text, bigint, doublePrecision } = require('drizzle-orm/pg-core')
  const { sql, count, avg, eq, gt, sum, desc } = require('drizzle-orm')
  const P = pgTable('persons', { id: bigint('person_id', { mode: 'number' }).primaryKey(), sex: text('sex'), age: integer('age') })
  const V = pgTable('visits', { person: bigint('person_id', { mode: 'number' }), cost: doublePrecision('cost') })
  const C = pgTable('cities', { id: integer('city_id').primaryKey(), name: text('name') })
  const pool = new Pool(options)
  await check('Drizzle', async () => {
    const db = drizzle(pool)
    between(await db.$count(P, gt(P.age, 30)), 1100, 1500)
    sexes(await db.select({ sex: P.sex, n: count(), a: avg(P.age) }).from(P).groupBy(P.sex).orderBy(desc(count())))
    sexes(await db.select({ sex: P.sex, s: sum(V.cost) }).from(V).innerJoin(P, eq(V.person, P.id)).groupBy(P.sex))
    const prepared = db.select({ n: count() }).from(P).where(gt(P.age, sql.placeholder('a'))).prepare('older')
    assert.deepEqual(await prepared.execute({ a: 20 }), await prepared.execute({ a: 20 }))
    await db.transaction(async (t) => assert.equal((await t.select().from(C).where(eq(C.id, 2)))[0].name, 'city 2'), { isolationLevel: 'serializable', accessMode: 'read only' })
  })
  await pool.end()
}

async function kysely() {
  const { Kysely, PostgresDialect } = require('kysely')
  const k = new Kysely({ dialect: new PostgresDialect({ pool: new Pool(options), cursor: require('pg-cursor') }) })
  await check('Kysely', async () => {
    sexes(await k.selectFrom('persons').select(['sex', k.fn.countAll().as('n'), k.fn.avg('age').as('a')]).where('age', '>', 20).groupBy('sex').orderBy('n').execute())
    sexes(await k.selectFrom('visits').innerJoin('persons', 'persons.person_id', 'visits.person_id').select((e) => ['sex', e.fn.sum('cost').as('s')]).groupBy('sex').execute())
    between((await k.selectFrom('persons').select((e) => e.fn.countAll().filterWhere('age', '>', 60).as('n')).executeTakeFirst()).n, 500, 800)
    assert.deepEqual((await k.introspection.getTables()).filter((t) => t.schema === 'public').map((t) => t.name).sort(), tables)
    let sum = 0
    for await (const r of k.selectFrom('numbers').select('n').stream(100)) sum += r.n
    assert.equal(sum, 50005000)
  })
  await k.destroy()
}

async function others() {
  await check('pg-promise', async () => {
    const pgp = require('pg-promise')()
    const db = pgp(options)
    sexes(await db.any('SELECT sex, count(*) FROM persons WHERE city IN ($1:csv) GROUP BY sex', [['city 1', 'city 2']]))
    between((await db.one(new pgp.PreparedStatement({ name: 'older', text: 'SELECT count(*) FROM persons WHERE age > $1', values: [30] }))).count, 1100, 1500)
    assert.equal((await db.tx((t) => t.batch([t.one('SELECT 1 AS a'), t.any('SELECT * FROM cities')])))[1].length, 5)
    pgp.end()
  })
  await check('Slonik', async () => {
    const { createPool, sql } = await import('slonik')
    const pool = await createPool(url, { ssl: { ca, rejectUnauthorized: true } })
    sexes(await pool.any(sql.unsafe`SELECT sex, count(*) AS n FROM persons WHERE age > ${20} GROUP BY sex`))
    assert.equal((await pool.any(sql.unsafe`SELECT * FROM cities WHERE city_id = ANY(${sql.array([1, 2], 'int4')})`)).length, 2)
    let n = 0
    await pool.stream(sql.unsafe`SELECT n FROM numbers`, (s) => s.on('data', () => n++))
    assert.equal(n, 10000)
    await pool.end()
  })
}

knex().then(sequelize).then(typeorm).then(drizzle).then(kysely).then(others).then(() => process.exit(failed ? 1 : 0))
