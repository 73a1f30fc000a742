// Elasticsearch and OpenSearch: Elastic's, OpenSearch's and Bitnami's images.
local search = import 'search.libsonnet';
{
  names: ['elasticsearch', 'opensearch'],
  images: ['elasticsearch', 'opensearch', 'elasticsearch-oss'],
  ports: [9200],
  portNames: ['http', 'tcp-rest-api', 'https'],
  logins: [
    { username: ['ELASTICSEARCH_USERNAME', 'OPENSEARCH_USERNAME'], password: ['ELASTICSEARCH_PASSWORD', 'OPENSEARCH_PASSWORD'] },
    { user: 'elastic', password: ['ELASTIC_PASSWORD', 'ELASTICSEARCH_PASSWORD', 'elastic', 'elasticsearch-password'] },
    { user: 'admin', password: ['OPENSEARCH_INITIAL_ADMIN_PASSWORD', 'OPENSEARCH_PASSWORD', 'opensearch-password'] },
    { username: ['username'], password: ['password'] },
  ],
  more(s)::
    local off = s.setting(['xpack.security.http.ssl.enabled', 'DISABLE_SECURITY_PLUGIN']);
    local tls = s.portName == 'https' || s.on(['ELASTICSEARCH_ENABLE_REST_TLS', 'OPENSEARCH_ENABLE_REST_TLS', 'xpack.security.http.ssl.enabled'])
                || (s.setting(['OPENSEARCH_INITIAL_ADMIN_PASSWORD']) != null && off != 'true');
    {
      uri: (if tls then 'https' else 'http') + '://' + search.userinfo(s) + '%s:%d' % [s.host, s.port],
      [if tls then 'cacertificate']: s.ca,
    },
}
