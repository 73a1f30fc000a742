// NATS: the images nats and bitnami/nats. Users stand in its configuration, which isn't looked into:
// they are found where the chart has them in a Secret or a setting.
local search = import 'search.libsonnet';
{
  names: ['nats'],
  images: ['nats', 'nats-server', 'nats-streaming'],
  ports: [4222],
  portNames: ['nats', 'client', 'tcp-client'],
  logins: [
    { username: ['NATS_USERNAME', 'NATS_USER'], password: ['NATS_PASSWORD', 'NATS_PASS'] },
    { username: ['username', 'user', 'auth-user', 'nats-user'], password: ['password', 'auth-password', 'nats-password'] },
  ],
  login(s)::
    // As bitnami's chart has it: a configuration in a Secret.
    local conf = s.setting(['nats-server.conf', 'nats.conf']);
    local word(key) =
      local parts = if conf == null then [] else std.split(conf, key + ':');
      if std.length(parts) < 2 then null else std.stripChars(std.split(std.split(parts[1], '\n')[0], ',')[0], ' "\'}');
    if s.password == null && word('password') != null then { username: word('user'), password: word('password') } else {},
  more(s):: {
    uri: 'nats://' + search.userinfo(s) + '%s:%d' % [s.host, s.port],
    servers: ['nats://%s:%d' % [host, s.port] for host in s.members],
    token: s.setting(['NATS_TOKEN', 'token']),
  },
}
