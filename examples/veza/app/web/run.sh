#!/bin/sh
# The pages.
set -eu
cd "$(dirname "$0")"
printf '{"sha": "%s", "color": "%s"}\n' "$BACKFLIP_SHA" "$BACKFLIP_COLOR" >www/health
exec busybox httpd -f -p "$PORT" -h www
