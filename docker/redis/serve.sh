#!/bin/sh
# Becomes Redis, with its password from a file: nothing of it on a command line.
# (REDIS_RUN, REDIS_DATA, REDIS_SECRET, REDIS_PORT: other places than the container's, for tests.)
set -eu
umask 077
secret=${REDIS_SECRET:-/run/secrets/redis_password}
conf=${REDIS_RUN:-/run/redis}/redis.conf

password=$(cat "$secret") || {
  echo "The secret $secret cannot be read: run docker/make_secrets.py, then start again." >&2
  exit 2
}
if [ "${#password}" -lt 24 ]; then
  echo "The secret $secret is too short: run docker/make_secrets.py, then start again." >&2
  exit 2
fi

# Sessions and the queue survive a restart. A full memory gives up the sessions that were not used
# for longest; what has no expiry (the queue) is never dropped.
cat > "$conf" <<CONF
port ${REDIS_PORT:-6379}
dir ${REDIS_DATA:-/data}
requirepass $password
appendonly yes
appendfsync everysec
save ""
maxmemory ${REDIS_MEMORY:-256mb}
maxmemory-policy volatile-lru
rename-command FLUSHALL ""
rename-command FLUSHDB ""
rename-command DEBUG ""
CONF
exec redis-server "$conf"
