// Valkey, which speaks Redis' protocol: clients know the scheme redis.
local search = import 'search.libsonnet';
local redis = import 'kinds/redis.jsonnet';
redis {
  names: ['valkey'],
  images: ['valkey', 'valkey-cluster', 'valkey-sentinel'],
  portNames: redis.portNames + ['valkey', 'tcp-valkey'],
  logins: [
    { password: ['VALKEY_PASSWORD', 'VALKEY_PRIMARY_PASSWORD', 'REDIS_PASSWORD'] },
    { password: ['valkey-password', 'password', 'default-password', 'default'] },
  ],
  more(s)::
    local tls = s.on(['VALKEY_TLS_ENABLED']) || s.port == 6380;
    super.more(s) {
      uri: (if tls then 'rediss' else 'redis') + '://' + search.userinfo(s) + '%s:%d' % [s.host, s.port],
      [if tls then 'cacertificate']: s.ca,
    },
}
