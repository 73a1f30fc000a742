// Redis, and what speaks its protocol: the images redis and bitnami/redis, KeyDB, Dragonfly. In a chart
// with Sentinel the Service leads to any of the servers, of which one takes writes: sentinels and
// master_name are there for clients that ask which.
local search = import 'search.libsonnet';
{
  names: ['redis', 'keydb', 'dragonfly'],
  images: ['redis', 'redis-cluster', 'redis-stack', 'redis-stack-server', 'redis-sentinel', 'keydb', 'dragonfly'],
  ports: [6379],
  portNames: ['redis', 'tcp-redis', 'redis-client'],
  logins: [
    { username: ['REDIS_USERNAME'], password: ['REDIS_PASSWORD'] },
    { password: ['REDIS_PASSWORD', 'REDIS_MASTER_PASSWORD', 'KEYDB_PASSWORD', 'DFLY_requirepass', 'DFLY_PASSWORD', 'AUTH', 'REQUIREPASS'] },
    { password: ['redis-password', 'keydb-password', 'redis_password', 'auth', 'password', 'requirepass'] },
  ],
  more(s)::
    local address = s.setting(['REDIS_ADDR']); // of the exporter beside it
    local tls = s.on(['REDIS_TLS_ENABLED', 'KEYDB_TLS_ENABLED']) || (address != null && std.startsWith(address, 'rediss://'));
    local sentinel = s.portOf([26379]);
    {
      uri: (if tls then 'rediss' else 'redis') + '://' + search.userinfo(s) + '%s:%d' % [s.host, s.port],
      // The password is that of this user, whom servers before Redis 6 don't know: so it isn't in the URI.
      [if s.password != null && s.username == null then 'username']: 'default',
      [if tls then 'cacertificate']: s.ca,
      [if sentinel != null then 'sentinels']: ['%s:%d' % [host, sentinel] for host in s.members],
      [if sentinel != null then 'master_name']: s.setting(['REDIS_MASTER_SET', 'REDIS_SENTINEL_MASTER_NAME']),
    },
}
