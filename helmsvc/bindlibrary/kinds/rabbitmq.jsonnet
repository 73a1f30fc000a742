// RabbitMQ: the images rabbitmq and bitnami/rabbitmq, and the RabbitMQ Cluster Operator, whose Secret
// <name>-default-user has the names of the Service Binding Specification.
local search = import 'search.libsonnet';
{
  names: ['rabbitmq'],
  images: ['rabbitmq'],
  ports: [5672, 5671],
  portNames: ['amqp', 'amqps', 'amqp-tls'],
  needsPassword: true,
  logins: [
    { username: ['RABBITMQ_DEFAULT_USER', 'RABBITMQ_USERNAME'], password: ['RABBITMQ_DEFAULT_PASS', 'RABBITMQ_PASSWORD'] },
    { username: ['username', 'rabbitmq-username', 'user'], password: ['password', 'rabbitmq-password', 'pass'] },
    { user: 'user', password: ['rabbitmq-password'] },
    { user: 'guest', password: ['rabbitmq-password'] },
  ],
  more(s)::
    local given = s.setting(['RABBITMQ_DEFAULT_VHOST', 'RABBITMQ_VHOST']);
    local vhost = if given == null then '/' else given;
    local scheme = if s.port == 5671 then 'amqps' else 'amqp';
    local management = s.portOf([15672]);
    {
      uri: scheme + '://' + search.userinfo(s) + '%s:%d' % [s.host, s.port] + '/' + search.escape(vhost),
      vhost: vhost,
      [if scheme == 'amqps' then 'cacertificate']: s.ca,
      [if management != null then 'http_api_uri']: 'http://' + search.userinfo(s) + '%s:%d/api/' % [s.host, management],
    },
}
