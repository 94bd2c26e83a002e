# ActiveRecord and Sequel: counts, groups, joins, look-ups of tables, batches and cursors, errors inside of transactions.
require 'active_record'
require 'sequel'

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

def between(got, low, high)
  raise "got #{got}, want #{low} to #{high}" unless got.between?(low, high)
end

def refused
  yield
  raise 'not refused'
rescue ActiveRecord::StatementInvalid, Sequel::DatabaseError => e
  raise unless e.message.include?('rows of private tables cannot be read')
end

TABLES = %w[cities kinds numbers persons visits].freeze
tls = { host: ENV['PGHOST'], port: ENV['PGPORT'], password: ENV['PGPASSWORD'], database: ENV['PGDATABASE'], sslmode: 'verify-full', sslrootcert: ENV['PGSSLROOTCERT'] }
ActiveRecord::Base.establish_connection(adapter: 'postgresql', username: ENV['PGUSER'], **tls)

class Person < ActiveRecord::Base
  self.table_name = 'persons'
  self.primary_key = 'person_id'
  has_many :visits
end

class Visit < ActiveRecord::Base
  self.primary_key = 'visit_id'
end

class City < ActiveRecord::Base
  self.primary_key = 'city_id'
end

class Number < ActiveRecord::Base
  self.primary_key = 'n'
end

check('ActiveRecord: private answers') do
  between(Person.where('age > ?', 30).where(sex: 'f').count, 500, 800)
  equal(Person.group(:sex).count.keys.sort, %w[f m])
  equal(Person.group(:sex).having('count(*) > ?', 5).order('count_all DESC').limit(1).count.size, 1)
  equal(Person.joins(:visits).group(:sex).sum(:cost).size, 2)
  between(Person.average(:age), 35, 55)
  between(Visit.where(visited_at: Time.utc(2024, 1, 1)..Time.utc(2024, 6, 1)).count, 3000, 4300)
  between(Person.where(city: ['city 1', 'city 2'], born: Date.new(1950, 1, 1)..Date.new(1952, 1, 1)).count, 200, 400)
  refused { Person.limit(3).to_a }
end

check('ActiveRecord: public tables, in batches too') do
  equal(City.order(:city_id).offset(1).limit(2).pluck(:name), ['city 2', 'city 3'])
  equal(City.find_by(name: 'city 3').opened, Date.new(2000, 1, 4))
  equal(Number.find_each(batch_size: 3000).sum(&:n), 50_005_000)
end

check('ActiveRecord: look-ups') do
  c = ActiveRecord::Base.connection
  equal(c.tables.sort, TABLES)
  equal(c.columns('persons').map(&:sql_type), ['bigint', 'text', 'integer', 'numeric(10,2)', 'character varying(40)', 'date'])
  equal([c.primary_key('persons'), c.foreign_keys('visits').map(&:to_table)], ['person_id', ['persons']])
  dump = StringIO.new
  ActiveRecord::SchemaDumper.dump(c, dump)
  equal(dump.string.scan(/create_table "(\w+)"/).flatten, TABLES - ['kinds']) # it knows no type "char"
end

check('ActiveRecord: an error in the middle of a transaction, connected again') do
  ActiveRecord::Base.transaction do
    refused { ActiveRecord::Base.transaction(requires_new: true) { Person.first } }
    equal(City.count, 5)
  end
  ActiveRecord::Base.connection.reconnect!
  equal(City.count, 5)
end

check('Sequel') do
  db = Sequel.connect(adapter: 'postgres', user: ENV['PGUSER'], **tls)
  equal(db.tables.map(&:to_s).sort, TABLES)
  equal(db.schema(:persons).assoc(:person_id)[1][:primary_key], true)
  equal(db.foreign_key_list(:visits)[0][:table], :persons)
  equal(db[:persons].where { age > 30 }.group_and_count(:sex).select_map(:sex).sort, %w[f m])
  equal(db[:visits].join(:persons, person_id: :person_id).group_and_count(:sex).count, 2)
  sum = 0
  db[:numbers].use_cursor(rows_per_fetch: 100).each { |r| sum += r[:n] }
  db[:numbers].paged_each(rows_per_fetch: 500) { |r| sum += r[:n] }
  equal(sum, 2 * 50_005_000)
  db.transaction do
    refused { db.transaction(savepoint: true) { db[:persons].first } }
    equal(db[:cities].first(city_id: 2)[:name], 'city 2')
  end
  db.disconnect
  equal(db[:cities].count, 5)
end

exit($failed.zero? ? 0 : 1)
