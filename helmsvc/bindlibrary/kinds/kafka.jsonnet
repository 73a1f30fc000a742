// Kafka: the images kafka, apache/kafka and bitnami/kafka, and Strimzi, whose users are Secrets with a label.
local search = import 'search.libsonnet';
{
  names: ['kafka', 'redpanda'],
  images: ['kafka', 'kafka-native', 'cp-kafka', 'cp-server', 'redpanda'],
  ports: [9092, 9093, 9094],
  portNames: ['tcp-client', 'kafka', 'tcp-clients', 'client'],
  logins: [
    { username: ['KAFKA_CLIENT_USERS'], password: ['KAFKA_CLIENT_PASSWORDS'] },
    { user: 'user1', password: ['client-passwords', 'system-user-password'] },
  ],
  login(s)::
    local users = [x for x in s.see.secrets if std.objectHas(x.labels, 'strimzi.io/kind') && x.labels['strimzi.io/kind'] == 'KafkaUser' && std.objectHas(x.data, 'password')];
    local one(text) = if text == null then null else std.split(text, ',')[0];
    if users != [] then { username: users[0].name, password: users[0].data.password }
    else { username: one(s.username), password: one(s.password) },
  more(s)::
    local servers = search.listed(s.hosts, s.port);
    local protocols = s.setting(['KAFKA_CFG_LISTENER_SECURITY_PROTOCOL_MAP', 'KAFKA_LISTENER_SECURITY_PROTOCOL_MAP']);
    local secure = protocols != null && std.length(std.findSubstr('CLIENT:SASL_SSL', protocols)) > 0;
    {
      uri: 'kafka://' + servers,
      bootstrap_servers: servers,
      [if s.password != null then 'security_protocol']: if secure || (s.port == 9093 && s.ca != null) then 'SASL_SSL' else 'SASL_PLAINTEXT',
      [if s.password != null then 'sasl_mechanism']: 'SCRAM-SHA-512',
      cacertificate: s.ca,
    },
}
