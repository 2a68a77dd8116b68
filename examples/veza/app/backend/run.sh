#!/bin/sh
# The API: `serve` answers, `migrate` is what phase B runs, `migrated` says whether there is nothing left to run.
set -eu
cd "$(dirname "$0")"
sql() { psql -qAt -v ON_ERROR_STOP=1 "$@"; }
pending() {
  for file in migrations/*.sql; do
    name=$(basename "$file")
    case $name in *.down.sql) continue ;; esac
    [ -n "$(sql -c "SELECT 1 FROM migrations WHERE name = '$name'")" ] || echo "$name"
  done
}

case ${1:-serve} in
  migrate)
    sql -c 'SET client_min_messages = warning; CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY)'
    for name in $(pending); do
      sql --single-transaction -f "migrations/$name" -c "INSERT INTO migrations VALUES ('$name')"
      echo "$name"
    done ;;
  migrated) [ -z "$(pending)" ] ;;
  serve)
    mkdir -p www/api/v1
    printf '{"sha": "%s", "color": "%s"}\n' "$BACKFLIP_SHA" "$BACKFLIP_COLOR" >www/api/v1/health
    exec busybox httpd -f -p "$PORT" -h www ;;
esac
