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
  // A value of the configuration, where a Secret holds it, as Bitnami's chart has it. Those of the
  // cluster's routes come after the clients'.
  local configured(s, key) =
    local conf = s.setting(['nats-server.conf', 'nats.conf']);
    local parts = if conf == null then [] else std.split(std.split(conf, '\ncluster {')[0], key + ':');
    if std.length(parts) < 2 then null else std.stripChars(std.split(std.split(parts[1], '\n')[0], ',')[0], ' "\'}'),
  login(s)::
    local password = configured(s, 'password');
    if s.password == null && password != null then { username: configured(s, 'user'), password: password } else {},
  more(s)::
    local given = s.setting(['NATS_TOKEN', 'token']);
    local token = if given != null then given else configured(s, ' token');
    local as = if s.password == null && token != null then search.escape(token) + '@' else search.userinfo(s);
    {
      uri: 'nats://' + as + '%s:%d' % [s.host, s.port],
      servers: ['nats://%s:%d' % [host, s.port] for host in s.members],
      token: token,
    },
}
