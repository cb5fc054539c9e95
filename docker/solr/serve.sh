#!/bin/sh
# Lays the configset into the volume and becomes Solr. SOLR_HEAP: memory for Java, such as 2g.
# ZK_HOST: the ZooKeepers of a SolrCloud (zk-1:2181,zk-2:2181); SOLR_ADVERTISE: the name by
# which the other nodes reach this one. ZK_SECONDS: how long a silent node still counts.
# (SOLR_PROGRAM, SOLR_DATA, SOLR_HOST, SOLR_PORT: other places than the image's, for the tests.)
set -eu
program=${SOLR_PROGRAM:-/opt/solr}
home=${SOLR_DATA:-/var/solr}
newest=ckan-$(cat "$program"/conf/* | sha256sum | cut -c1-12)

mkdir -p "$home/configsets"
cp "$program/solr.xml" "$home/solr.xml"
outdated=false
if [ -n "${ZK_HOST:-}" ]; then
  # A node of a SolrCloud: the newest configset goes to ZooKeeper under the name of its content,
  # and stays beside those of which collections were made.
  set -- "-DzkHost=$ZK_HOST" "-DzkClientTimeout=$((${ZK_SECONDS:-15} * 1000))" \
    "-Dhost=${SOLR_ADVERTISE:?the name by which the other nodes reach this one}" \
    "-Dbootstrap_confdir=$program/conf" "-Dcollection.configName=$newest"
else
  # The newest configset, of which `thanhhoa index rebuild` makes a new core. That swaps names, not
  # folders: the core that is searched is the one named ckan, wherever it lies.
  if [ ! -d "$home/configsets/$newest" ]; then
    mkdir -p "$home/configsets/$newest"
    cp -r "$program/conf" "$home/configsets/$newest/conf"
  fi
  searched=$(grep -lx 'name=ckan' "$home"/*/core.properties 2> /dev/null | head -n 1)
  core=$(dirname "${searched:-$home/ckan/core.properties}")
  own=$(sed -n 's/^configSet=//p' "$core/core.properties" 2> /dev/null || true)
  conf=${own:+$home/configsets/$own/conf}
  if [ -d "$core/data" ]; then
    # An index of an older configset stays, and is searched, until `init` has made a new one.
    diff -r "$program/conf" "${conf:-$core/conf}" > /dev/null 2>&1 || outdated=true
  else
    rm -rf "$core/conf"
    mkdir -p "$core"
    cp -r "$program/conf" "$core/conf"
    printf 'name=ckan\n' > "$core/core.properties"
  fi
  for old in "$home"/configsets/*; do
    [ "${old##*/}" = "$newest" ] || [ "${old##*/}" = "$own" ] || rm -rf "$old"
  done
  set --
fi

# -Ddisable.configEdit: nobody changes the configset over HTTP.
exec java "-Xms${SOLR_HEAP:-512m}" "-Xmx${SOLR_HEAP:-512m}" \
  -XX:+ExitOnOutOfMemoryError \
  "-Dsolr.solr.home=$home" "-Dsolr.install.dir=$program" "-Dsolr.log.dir=$home/logs" \
  -Ddisable.configEdit=true -Dlog4j2.formatMsgNoLookups=true \
  "$@" "-Djetty.host=${SOLR_HOST:-0.0.0.0}" "-Djetty.port=${SOLR_PORT:-8983}" \
  "-Dportal.webapp=$program/webapp" "-Dportal.configset=$newest" "-Dportal.outdated=$outdated" \
  -cp "$program/lib/*" org.eclipse.jetty.xml.XmlConfiguration "$program/jetty.xml"
