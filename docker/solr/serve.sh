#!/bin/sh
# Lays the configset into the volume and becomes Solr. SOLR_HEAP: memory for Java, such as 2g.
# (SOLR_PROGRAM, SOLR_DATA, SOLR_HOST, SOLR_PORT: other places than the image's, for the tests.)
set -eu
program=${SOLR_PROGRAM:-/opt/solr}
home=${SOLR_DATA:-/var/solr}
core=$home/ckan

mkdir -p "$core"
cp "$program/solr.xml" "$home/solr.xml"
if [ -d "$core/data" ] && ! diff -r "$program/conf" "$core/conf" > /dev/null 2>&1; then
  # Documents of another schema are of no use: `init` makes them anew from the database.
  echo "The configset has changed: the index begins anew." >&2
  rm -rf "$core/data"
fi
rm -rf "$core/conf"
cp -r "$program/conf" "$core/conf"
printf 'name=ckan\n' > "$core/core.properties"

# -Ddisable.configEdit: nobody changes the configset over HTTP.
exec java "-Xms${SOLR_HEAP:-512m}" "-Xmx${SOLR_HEAP:-512m}" \
  -XX:+ExitOnOutOfMemoryError \
  "-Dsolr.solr.home=$home" "-Dsolr.install.dir=$program" "-Dsolr.log.dir=$home/logs" \
  -Ddisable.configEdit=true -Dlog4j2.formatMsgNoLookups=true \
  "-Djetty.host=${SOLR_HOST:-0.0.0.0}" "-Djetty.port=${SOLR_PORT:-8983}" \
  "-Dportal.webapp=$program/webapp" \
  -cp "$program/lib/*" org.eclipse.jetty.xml.XmlConfiguration "$program/jetty.xml"
