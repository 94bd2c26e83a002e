# pg: types by its basic type map, text and binary parameters, prepared statements, pipelines, single-row mode, COPY, cancel.
require 'pg'

$failed = 0

def check(name)
  yield
  puts "ok #{name}"
rescue StandardError => e
  $failed += 1
  puts "not ok #{name}: #{e.class}: #{e.message}", e.backtrace.first(4)
end

def equal(got, want)
  raise "got #{got.inspect}, want #{want.inspect}" unless got == want
end

def refused(state)
  yield
  raise "not refused with #{state}"
rescue PG::Error => e
  equal(e.result.error_field(PG::Result::PG_DIAG_SQLSTATE), state)
end

db = PG.connect
notices = []
db.set_notice_processor { |n| notices << n }

check('version and TLS') do
  equal(db.server_version / 10_000, 16)
  equal(db.ssl_in_use?, true)
  equal(db.internal_encoding, Encoding::UTF_8)
end

check('all types') do
  plain = db.exec('SELECT * FROM kinds ORDER BY id')
  equal(plain[0]['t_text'], 'text "x" ä€😀')
  db.type_map_for_results = PG::BasicTypeMapForResults.new(db)
  row = db.exec('SELECT t_bool, t_int8, t_float8, t_date, t_bytea, a_int4, a_text, t_timestamptz FROM kinds WHERE id = 1').first
  equal(row['t_bool'], true)
  equal(row['t_int8'], 1_234_567_890_123)
  equal(row['t_float8'], 2.25)
  equal(row['t_date'], Date.new(2024, 2, 29))
  equal(row['t_bytea'], "\x00\xff\x10".b)
  equal(row['a_int4'], [1, 2, nil])
  equal(row['a_text'], ['a', 'b c', nil, 'q"\\'])
  equal(row['t_timestamptz'].utc.iso8601(3), '2024-02-29T12:34:56.789Z') if row['t_timestamptz'].respond_to?(:iso8601)
  db.type_map_for_results = PG::TypeMapAllStrings.new
end

check('parameters, text and binary') do
  equal(db.exec_params('SELECT word FROM numbers WHERE n = $1', [7]).getvalue(0, 0), 'word 7')
  equal(db.exec_params('SELECT $1::int4 + 1', [{ value: [41].pack('N'), format: 1, type: 23 }], 1).getvalue(0, 0), [42].pack('N'))
  db.prepare('few', 'SELECT count(*) FROM numbers WHERE n < $1')
  equal(db.describe_prepared('few').paramtype(0), 23)
  3.times { |i| equal(db.exec_prepared('few', [i + 1]).getvalue(0, 0), i.to_s) }
  rows = db.exec_params('SELECT sex, count(*) AS n FROM persons WHERE age BETWEEN $1 AND $2 GROUP BY sex', [18, 60])
  equal(rows.ntuples, 2)
  equal(notices.any? { |n| n.include?('spent') }, true)
end

check('columns') do
  none = db.exec('SELECT * FROM persons LIMIT 0')
  equal(none.fields, %w[person_id sex age income city born])
  equal(none.ntuples, 0)
  table = db.exec_params('SELECT relname FROM pg_class WHERE oid = $1', [none.ftable(2)]).getvalue(0, 0)
  equal([table, none.ftablecol(2)], ['persons', 3])
end

check('row by row') do
  db.send_query('SELECT n FROM numbers')
  db.set_single_row_mode
  equal(db.get_result.stream_each_row.sum { |r| r[0].to_i }, 50_005_000)
end

check('pipeline') do
  piped = PG.connect
  piped.enter_pipeline_mode
  100.times { |i| piped.send_query_params('SELECT $1::int4', [i]) }
  piped.pipeline_sync
  sum = 100.times.sum do
    n = piped.get_result.getvalue(0, 0).to_i
    equal(piped.get_result, nil)
    n
  end
  equal(sum, 4950)
  equal(piped.get_result.result_status, PG::PGRES_PIPELINE_SYNC)
  piped.exit_pipeline_mode
  piped.close
end

check('COPY') do
  out = +''
  db.copy_data('COPY (SELECT n FROM numbers WHERE n < 3 ORDER BY n) TO STDOUT CSV HEADER') { while (l = db.get_copy_data) do out << l end }
  equal(out, "n\n1\n2\n")
  binary = +''.b
  db.copy_data('COPY (SELECT n FROM numbers WHERE n < 3 ORDER BY n) TO STDOUT (FORMAT binary)') { while (l = db.get_copy_data) do binary << l end }
  equal(binary[0, 11], "PGCOPY\n\xff\r\n\0".b)
  equal(binary[19..], [1, 4, 1, 1, 4, 2, -1].pack('s>l>l>s>l>l>s>'))
end

check('an error in the middle of a transaction') do
  db.transaction do
    db.exec('SAVEPOINT s')
    refused('42703') { db.exec('SELECT nothing FROM persons') }
    refused('25P02') { db.exec('SELECT 1') }
    db.exec('ROLLBACK TO SAVEPOINT s')
    equal(db.exec('SELECT 5').getvalue(0, 0), '5')
  end
  refused('42501') { db.exec('SELECT * FROM persons') }
end

check('cancel') do
  db.send_query('SELECT count(*) FROM numbers a, numbers b, numbers c')
  sleep 0.2
  equal(db.cancel, nil)
  refused('57014') { db.get_last_result }
  equal(db.exec('SELECT 6').getvalue(0, 0), '6')
end

check('connected again') do
  db.reset
  equal(db.exec('SELECT 7').getvalue(0, 0), '7')
  db.close
  equal(PG.connect(options: '-c dp.epsilon=0.5').exec('SHOW dp.epsilon').getvalue(0, 0), '0.5')
end

exit($failed.zero? ? 0 : 1)
