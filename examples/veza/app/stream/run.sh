#!/bin/sh
# Server-sent events.
set -eu
cd "$(dirname "$0")"
mkdir -p www/stream
printf '{"sha": "%s", "color": "%s"}\n' "$BACKFLIP_SHA" "$BACKFLIP_COLOR" >www/stream/health
exec busybox httpd -f -p "$PORT" -h www
