// InfluxDB: the images influxdb and bitnami/influxdb. Since its second version it has tokens.
local search = import 'search.libsonnet';
{
  names: ['influxdb', 'influxdb2', 'influx'],
  images: ['influxdb', 'influxdb3-core', 'influxdb3'],
  ports: [8086, 8181],
  portNames: ['http', 'api', 'influxdb'],
  logins: [
    { username: ['DOCKER_INFLUXDB_INIT_USERNAME', 'INFLUXDB_USER', 'INFLUXDB_ADMIN_USER'], password: ['DOCKER_INFLUXDB_INIT_PASSWORD', 'INFLUXDB_USER_PASSWORD', 'INFLUXDB_ADMIN_USER_PASSWORD', 'INFLUXDB_ADMIN_PASSWORD'] },
    { username: ['influxdb-user', 'admin-user', 'username'], password: ['influxdb-password', 'admin-user-password', 'admin-password', 'password'] },
    { user: 'admin', password: ['admin-password', 'admin-user-password'] },
  ],
  more(s)::
    local database = s.setting(['INFLUXDB_DB', 'INFLUXDB_DATABASE', 'DOCKER_INFLUXDB_INIT_BUCKET', 'INFLUXDB_USER_BUCKET', 'INFLUXDB_ADMIN_BUCKET']);
    local tls = s.setting(['INFLUXDB3_TLS_CERT', 'INFLUXD_TLS_CERT']) != null || s.on(['INFLUXDB_HTTP_HTTPS_ENABLED']);
    {
      [if tls then 'cacertificate']: s.ca,
      uri: (if tls then 'https' else 'http') + '://' + search.userinfo(s) + '%s:%d' % [s.host, s.port],
      token: s.setting(['DOCKER_INFLUXDB_INIT_ADMIN_TOKEN', 'INFLUXDB_ADMIN_USER_TOKEN', 'INFLUXDB_ADMIN_TOKEN', 'admin-token', 'admin-user-token']),
      org: s.setting(['DOCKER_INFLUXDB_INIT_ORG', 'INFLUXDB_ADMIN_ORG']),
      bucket: s.setting(['DOCKER_INFLUXDB_INIT_BUCKET', 'INFLUXDB_USER_BUCKET', 'INFLUXDB_ADMIN_BUCKET', 'INFLUXDB3_BUCKET']),
      database: database,
      name: database,
    },
}
