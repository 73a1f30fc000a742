// MongoDB: the images mongo and bitnami/mongodb, alone, as a replica set or behind mongos.
local search = import 'search.libsonnet';
{
  names: ['mongodb', 'mongo'],
  images: ['mongodb', 'mongo', 'mongodb-sharded', 'mongodb-community-server', 'mongodb-enterprise-server', 'percona-server-mongodb'],
  ports: [27017],
  portNames: ['mongodb', 'mongo'],
  logins: [
    { username: ['MONGODB_EXTRA_USERNAMES', 'MONGODB_USERNAME'], password: ['MONGODB_EXTRA_PASSWORDS', 'MONGODB_PASSWORD'] },
    { username: ['MONGO_INITDB_ROOT_USERNAME', 'MONGODB_ROOT_USER'], password: ['MONGO_INITDB_ROOT_PASSWORD', 'MONGODB_ROOT_PASSWORD'], root: true },
    { user: 'root', password: ['MONGODB_ROOT_PASSWORD', 'mongodb-root-password'] },
    { username: ['username', 'user'], password: ['password'] },
  ],
  login(s)::
    // Several users are given as lists.
    local one(text) = if text == null then null else std.split(std.split(text, ',')[0], ';')[0];
    { username: one(s.username), password: one(s.password) },
  more(s)::
    local extra = s.setting(['MONGODB_EXTRA_USERNAMES', 'MONGODB_USERNAME']);
    local mine = extra != null && std.startsWith(extra, if s.username == null then '-' else s.username);
    local named = s.setting(['MONGODB_EXTRA_DATABASES', 'MONGODB_DATABASE', 'MONGO_INITDB_DATABASE']);
    local database = if named == null then null else std.split(std.split(named, ',')[0], ';')[0];
    // Root is known to the database admin alone, others to their own.
    local db = if s.password != null && !mine then 'admin' else if database == null then 'test' else database;
    local set = s.setting(['MONGODB_REPLICA_SET_NAME', 'MONGO_REPLICA_SET_NAME']);
    local sharded = std.length([n for n in std.split(s.service, '-') if n == 'sharded' || n == 'mongos']) > 0;
    local flags = s.setting(['MONGODB_EXTRA_FLAGS']);
    local tls = flags != null && std.length(std.findSubstr('--tlsMode=requireTLS', flags)) > 0;
    local options = (if set == null || sharded then [] else ['replicaSet=' + search.escape(set)]) + (if tls then ['tls=true'] else []);
    local hosts = if set == null || sharded then [s.host] else s.members;
    {
      uri: 'mongodb://' + search.userinfo(s) + search.listed(hosts, s.port) + '/' + search.escape(db)
           + (if options == [] then '' else '?' + std.join('&', options)),
      [if tls then 'cacertificate']: s.ca,
      database: db,
      name: db,
    },
}
