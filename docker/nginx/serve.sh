#!/bin/sh
# Fills the configuration's places from the environment and becomes nginx.
#   PORTAL_URL              address of the site, https://HOST[:PORT]
#   PORTAL_TRUSTED_PROXIES  addresses of a proxy before this one that ends TLS ("10.0.0.5 10.1.0.0/16");
#                           empty: nginx ends TLS itself with the secrets tls.crt and tls.key
# (NGINX_*: other places than the image's, for the tests.)
set -eu
program=${NGINX_PROGRAM:-/opt/nginx}
run=${NGINX_RUN:-/run/nginx}
cache=${NGINX_CACHE:-/var/cache/portal}
secrets=${NGINX_SECRETS:-/run/secrets}
upstream=${NGINX_UPSTREAM:-ckan:5000}

refuse() {
  echo "$1" >&2
  exit 2
}

url=${PORTAL_URL:-}
url=${url%/}
case $url in
  https://*) ;;
  *) refuse "PORTAL_URL is '$url': give the address that people type, such as https://data.example.vn" ;;
esac
authority=${url#https://}
case $authority in
  '' | *[!A-Za-z0-9.:-]*) refuse "PORTAL_URL is '$url': a host name and nothing after it is needed" ;;
esac
host=${authority%%:*}

trusted=
if [ -n "${PORTAL_TRUSTED_PROXIES:-}" ]; then
  mode=behind-proxy
  for address in $PORTAL_TRUSTED_PROXIES; do
    case $address in
      *[!0-9A-Fa-f.:/]*) refuse "PORTAL_TRUSTED_PROXIES: '$address' is no address" ;;
    esac
    trusted="${trusted}set_real_ip_from $address; "
  done
else
  mode=tls
  for name in tls.crt tls.key; do
    [ -s "$secrets/$name" ] ||
      refuse "The secret $name is missing: run docker/make_secrets.py, then put the real one there"
  done
fi

# Docker gives a container a new address when it is made anew: names are asked for again.
resolver=$(sed -n 's/^nameserver[[:space:]]*\([0-9.]*\)[[:space:]]*$/\1/p' /etc/resolv.conf | head -n 1)

mkdir -p "$run" "$cache"
for template in "$program"/conf/*.conf; do
  sed -e "s|@RUN@|$run|g" -e "s|@CACHE@|$cache|g" -e "s|@SECRETS@|$secrets|g" \
    -e "s|@PAGES@|$program/pages|g" -e "s|@UPSTREAM@|$upstream|g" \
    -e "s|@URL@|$url|g" -e "s|@AUTHORITY@|$authority|g" -e "s|@HOST@|$host|g" -e "s|@MODE@|$mode|g" \
    -e "s|@TRUSTED@|$trusted|g" -e "s|@RESOLVER@|${resolver:-127.0.0.11}|g" \
    -e "s|@HTTP@|${NGINX_HTTP:-8080}|g" -e "s|@HTTPS@|${NGINX_HTTPS:-8443}|g" \
    -e "s|@HEALTH@|${NGINX_HEALTH:-8081}|g" \
    "$template" > "$run/${template##*/}"
done
exec nginx -c "$run/nginx.conf" "$@"
