# Knex, Objection, Sequelize, TypeORM, Drizzle, Kysely, pg-promise, Slonik.
. ../lib.sh
need node npm
dir=$CLIENTS_CACHE/nodeorm
mkdir -p "$dir"
cp package.json checks.js "$dir"
cd "$dir"
npm install --silent --no-audit --no-fund >/dev/null
exec node checks.js
