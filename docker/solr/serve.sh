#!/bin/sh
# Lays the configset into the volume and becomes Solr. SOLR_HEAP: memory for Java, e.g. 2g.
set -eu
core=/var/solr/ckan
mkdir -p "$core"
cp /opt/solr/solr.xml /var/solr/solr.xml
rm -rf "$core/conf"
cp -r /opt/solr/conf "$core/conf"
printf 'name=ckan\n' > "$core/core.properties"
exec java "-Xms${SOLR_HEAP:-1g}" "-Xmx${SOLR_HEAP:-1g}" \
  -Dsolr.solr.home=/var/solr -Dsolr.install.dir=/opt/solr -Dsolr.log.dir=/var/solr/logs \
  -Djetty.host=0.0.0.0 -Djetty.port=8983 -Dportal.webapp=/opt/solr/webapp \
  -cp '/opt/solr/lib/*' org.eclipse.jetty.xml.XmlConfiguration /opt/solr/jetty.xml
