// Memcached: the images memcached and bitnami/memcached. Most have no users. servers are all of them,
// since clients spread their keys.
local search = import 'search.libsonnet';
{
  names: ['memcached'],
  images: ['memcached'],
  ports: [11211],
  portNames: ['memcache', 'memcached'],
  logins: [
    { username: ['MEMCACHED_USERNAME'], password: ['MEMCACHED_PASSWORD'] },
  ],
  more(s):: {
    uri: 'memcached://' + search.userinfo(s) + '%s:%d' % [s.host, s.port],
    servers: search.listed(s.members, s.port),
  },
}
