#!/bin/sh
# From keys to results: what an analyst and two approvers do. Needs dpproxy on the PATH (or in DPPROXY), and leaves nothing behind.
set -eu
cd "$(dirname "$0")"
dpproxy=${DPPROXY:-dpproxy}
STATE=$(mktemp -d)
export STATE
server=
cleanup() { [ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$STATE"; }
trap cleanup EXIT
say() { printf '\n== %s\n' "$*"; }

say "each makes a key of his own"
for who in alice anna bert; do "$dpproxy" keygen "$STATE/$who" >/dev/null; done
ANNA_KEY=$(cat "$STATE/anna.pk") BERT_KEY=$(cat "$STATE/bert.pk")
export ANNA_KEY BERT_KEY

say "the server starts"
"$dpproxy" serve --config dpproxy.yaml >"$STATE/server.log" 2>&1 &
server=$!
until grep -q 'msg=ready' "$STATE/server.log"; do
  kill -0 "$server" 2>/dev/null || { cat "$STATE/server.log"; exit 1; }
  sleep 0.2
done
export PGHOST=127.0.0.1 PGPORT=6433 PGUSER=alice PGPASSWORD=analyst PGDATABASE=hospital

say "alice records what her study asks; nothing is measured"
"$dpproxy" record study.sql --name "income study" --purpose "a thesis" --key "$STATE/alice.pk" --runs 2 >"$STATE/study.json"

say "the approvers read it"
"$dpproxy" review "$STATE/study.json" --dsn "dbname=hospital_design"

say "both sign"
"$dpproxy" approve "$STATE/study.json" --key "$STATE/anna.sk" --out "$STATE/half.json"
"$dpproxy" approve "$STATE/half.json" --key "$STATE/bert.sk" --out "$STATE/study.approved"
"$dpproxy" verify "$STATE/study.approved" --config dpproxy.yaml

say "alice runs it"
"$dpproxy" run "$STATE/study.approved" --key "$STATE/alice.sk" --param age=60 --param sex=m

say "anything else is refused"
if "$dpproxy" run "$STATE/half.json" --key "$STATE/alice.sk" --param age=60 --param sex=m; then exit 1; fi

say "an approver revokes it: at once, everywhere"
"$dpproxy" refuse "$STATE/study.approved" --revoke --why "the study has ended" --key "$STATE/bert.sk" --out "$STATE/revoked.json"
"$dpproxy" approvals add "$STATE/revoked.json" --config dpproxy.yaml
if "$dpproxy" run "$STATE/study.approved" --key "$STATE/alice.sk" --param age=60 --param sex=m; then exit 1; fi
"$dpproxy" approvals list --config dpproxy.yaml
