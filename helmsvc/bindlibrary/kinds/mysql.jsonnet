// MySQL: the images mysql and bitnami/mysql, Percona's, and MariaDB's, which have the same settings
// with names of their own besides.
local search = import 'search.libsonnet';
{
  names: ['mysql', 'mariadb', 'percona', 'pxc'],
  images: ['mysql', 'mysql-server', 'percona', 'percona-server', 'percona-xtradb-cluster', 'mariadb', 'mariadb-galera', 'proxysql'],
  ports: [3306, 6446],
  portNames: ['mysql', 'mariadb', 'tcp-mysql'],
  needsPassword: true,
  logins: [
    { username: ['MARIADB_USER', 'MYSQL_USER'], password: ['MARIADB_PASSWORD', 'MYSQL_PASSWORD'] },
    { username: ['MARIADB_ROOT_USER', 'MYSQL_ROOT_USER'], password: ['MARIADB_ROOT_PASSWORD', 'MYSQL_ROOT_PASSWORD'] },
    { user: 'root', password: ['MARIADB_ROOT_PASSWORD', 'MYSQL_ROOT_PASSWORD'] },
    { username: ['username', 'user'], password: ['password'] },
    { user: 'root', password: ['mariadb-root-password', 'mysql-root-password', 'root-password', 'rootPassword', 'root'] },
  ],
  more(s)::
    local database = s.setting(['MARIADB_DATABASE', 'MYSQL_DATABASE', 'database']);
    // The server always has these two; the first is root's alone.
    local db = if database != null then database else if s.username == 'root' then 'mysql' else 'information_schema';
    local at = '%s:%d' % [s.host, s.port];
    {
      uri: 'mysql://' + search.userinfo(s) + at + '/' + search.escape(db),
      jdbcUrl: 'jdbc:mysql://' + at + '/' + search.escape(db) + '?user=' + search.escape(s.username) + '&password=' + search.escape(s.password),
      database: db,
      name: db,
      [if s.on(['MARIADB_ENABLE_TLS', 'MYSQL_ENABLE_TLS']) then 'cacertificate']: s.ca,
    },
}
