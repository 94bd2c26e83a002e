# node-postgres, with its cursors, streams and pool; postgres.js.
. ../lib.sh
need node npm
dir=$CLIENTS_CACHE/node
mkdir -p "$dir"
cp package.json checks.js "$dir"
cd "$dir"
npm install --silent --no-audit --no-fund >/dev/null
exec node checks.js
