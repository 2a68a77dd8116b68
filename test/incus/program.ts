/**
 * The program of the suite's releases, for a container: sh and busybox are all it needs. It answers with what its service gave it, from a file, because
 * busybox' httpd serves files.
 */
export const PROGRAM = `#!/bin/sh
set -eu
case $1 in
  crash)
    n=1
    while [ $n -le 12 ]; do echo "line $n"; n=$((n + 1)); done
    exit 3 ;;
  once)
    echo ran >>/notes
    echo ran
    sleep $(($3 / 1000)).$(printf %03d $(($3 % 1000)))
    exit "$2" ;;
  stubborn) trap '' TERM ;;
  print) echo "$SECRET" ;;
esac
www=/tmp/www.$PORT
mkdir -p "$www"
read -r identity </proc/sys/kernel/random/uuid
cat >"$www/index.html" <<JSON
{"identity": "$identity", "environment": {"BACKFLIP_SHA": "$BACKFLIP_SHA", "BACKFLIP_COLOR": "$BACKFLIP_COLOR",
 "BACKFLIP_INSTANCE": "$BACKFLIP_INSTANCE", "PORT": "$PORT", "GREETING": "\${GREETING:-}", "SECRET": "\${SECRET:-}"}}
JSON
echo listening
[ "$1" != print ] || echo printed
exec busybox httpd -f -p "$PORT" -h "$www"
`
