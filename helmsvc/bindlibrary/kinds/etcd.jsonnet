// etcd: the images etcd and bitnami/etcd. Without a password anybody who reaches it may do all.
local search = import 'search.libsonnet';
{
  names: ['etcd'],
  images: ['etcd'],
  ports: [2379],
  portNames: ['client'],
  logins: [
    { user: 'root', password: ['ETCD_ROOT_PASSWORD', 'etcd-root-password'] },
  ],
  more(s)::
    local urls = s.setting(['ETCD_ADVERTISE_CLIENT_URLS']);
    local scheme = if s.setting(['ETCD_CERT_FILE']) != null || (urls != null && std.startsWith(urls, 'https:')) then 'https' else 'http';
    {
      uri: scheme + '://' + search.userinfo(s) + '%s:%d' % [s.host, s.port],
      endpoints: search.listed(s.members, s.port),
      [if scheme == 'https' then 'cacertificate']: s.ca,
    },
}
