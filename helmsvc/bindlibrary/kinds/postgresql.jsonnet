// PostgreSQL: the images postgres and bitnami/postgresql, what is built on them, and CloudNativePG,
// whose Secret <cluster>-app holds the owner of the database.
local search = import 'search.libsonnet';
{
  names: ['postgresql', 'postgres', 'timescaledb', 'postgis', 'pgvector'],
  images: ['postgresql', 'postgres', 'postgresql-repmgr', 'pgpool', 'timescaledb', 'timescaledb-ha', 'postgis', 'pgvector', 'spilo-17', 'spilo-16', 'spilo-15'],
  ports: [5432],
  portNames: ['postgresql', 'postgres', 'tcp-postgresql', 'pgsql'],
  needsPassword: true,
  logins: [
    { username: ['POSTGRES_USER', 'POSTGRESQL_USERNAME', 'POSTGRESQL_USER'], password: ['POSTGRES_PASSWORD', 'POSTGRESQL_PASSWORD'] },
    { user: 'postgres', password: ['POSTGRES_PASSWORD', 'POSTGRESQL_PASSWORD', 'POSTGRES_POSTGRES_PASSWORD', 'PGPASSWORD_SUPERUSER', 'PGPASSWORD'] },
    { username: ['username', 'user'], password: ['password'] },
    { user: 'postgres', password: ['postgres-password', 'postgresql-password', 'postgresql-postgres-password', 'password'] },
  ],
  more(s)::
    local database = s.setting(['POSTGRES_DB', 'POSTGRES_DATABASE', 'POSTGRESQL_DATABASE', 'dbname', 'database']);
    // Bitnami's image makes no database of the user's name, as the official one does.
    local bitnami = s.setting(['POSTGRESQL_VOLUME_DIR', 'POSTGRESQL_PORT_NUMBER']) != null;
    local db = if database != null then database else if bitnami then 'postgres' else s.username;
    local at = '%s:%d' % [s.host, s.port];
    local mode = if s.on(['POSTGRESQL_ENABLE_TLS', 'PGPOOL_ENABLE_TLS']) then 'sslmode=require' else null;
    {
      uri: 'postgresql://' + search.userinfo(s) + at + '/' + search.escape(db) + (if mode == null then '' else '?' + mode),
      jdbcUrl: 'jdbc:postgresql://' + at + '/' + search.escape(db) + '?user=' + search.escape(s.username) + '&password=' + search.escape(s.password)
               + (if mode == null then '' else '&' + mode),
      database: db,
      name: db,
      [if mode != null then 'cacertificate']: s.ca,
    },
}
