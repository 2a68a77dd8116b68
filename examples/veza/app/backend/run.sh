#!/bin/sh
# The API: static health, and orders in PostgreSQL by CGI. `migrate` is what phase B runs.
set -eu
cd "$(dirname "$0")"
if [ "${1:-serve}" = migrate ]; then
  exec psql -v ON_ERROR_STOP=1 -q -f migrations.sql
fi
mkdir -p www/api/v1
printf '{"sha": "%s", "color": "%s"}\n' "$BACKFLIP_SHA" "$BACKFLIP_COLOR" >www/api/v1/health
exec busybox httpd -f -p "$PORT" -h www
