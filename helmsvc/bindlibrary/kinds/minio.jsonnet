// MinIO and other servers of S3's protocol. username and password are also called as S3's clients do.
local search = import 'search.libsonnet';
{
  names: ['minio', 's3', 'seaweedfs', 'versitygw', 'rustfs'],
  images: ['minio', 'rustfs', 'versitygw'],
  ports: [9000, 7070],
  portNames: ['minio-api', 'tcp-api', 'minio', 's3', 'api'],
  needsPassword: true,
  logins: [
    { username: ['MINIO_ROOT_USER', 'MINIO_ACCESS_KEY', 'RUSTFS_ACCESS_KEY', 'ROOT_ACCESS_KEY'], password: ['MINIO_ROOT_PASSWORD', 'MINIO_SECRET_KEY', 'RUSTFS_SECRET_KEY', 'ROOT_SECRET_KEY'] },
    { username: ['rootUser', 'root-user', 'accesskey', 'access-key'], password: ['rootPassword', 'root-password', 'secretkey', 'secret-key'] },
  ],
  more(s)::
    local scheme = if s.portName == 'https' || s.setting(['MINIO_SCHEME']) == 'https' then 'https' else 'http';
    local endpoint = scheme + '://%s:%d' % [s.host, s.port];
    local buckets = s.setting(['MINIO_DEFAULT_BUCKETS']);
    {
      uri: endpoint,
      endpoint: endpoint,
      access_key: s.username,
      secret_key: s.password,
      [if scheme == 'https' then 'cacertificate']: s.ca,
      [if buckets != null then 'bucket']: std.split(std.split(buckets, ',')[0], ':')[0],
    },
}
