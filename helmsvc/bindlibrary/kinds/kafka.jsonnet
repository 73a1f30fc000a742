// Kafka: the images kafka, apache/kafka and bitnami/kafka, and Strimzi, whose users are Secrets with a label.
local search = import 'search.libsonnet';
{
  names: ['kafka', 'redpanda'],
  images: ['kafka', 'kafka-native', 'cp-kafka', 'cp-server', 'redpanda'],
  ports: [9092, 9093, 9094],
  portNames: ['tcp-client', 'kafka', 'tcp-clients', 'client'],
  logins: [
    { username: ['KAFKA_CLIENT_USERS'], password: ['KAFKA_CLIENT_PASSWORDS'] },
    { username: ['KAFKA_CLIENT_USER'], password: ['KAFKA_CLIENT_PASSWORD'] },
  ],
  login(s)::
    local users = [x for x in s.see.secrets if std.objectHas(x.labels, 'strimzi.io/kind') && x.labels['strimzi.io/kind'] == 'KafkaUser' && std.objectHas(x.data, 'password')];
    local one(text) = if text == null then null else std.split(text, ',')[0];
    if users != [] then { username: users[0].name, password: users[0].data.password }
    else { username: one(s.username), password: one(s.password) },
  more(s)::
    local servers = search.listed(s.hosts, s.port);
    local bitnami = s.setting(['KAFKA_CFG_PROCESS_ROLES']) != null;
    local strimzi = std.length([x for x in s.see.secrets if std.objectHas(x.labels, 'strimzi.io/kind')]) > 0;
    local scram = strimzi || s.on(['KAFKA_KRAFT_BOOTSTRAP_SCRAM_USERS']);
    // Bitnami's chart makes a CA only for a listener with TLS, Strimzi always.
    local secure = s.ca != null && (bitnami || s.port == 9093);
    {
      uri: 'kafka://' + servers,
      bootstrap_servers: servers,
      [if s.password != null || secure then 'security_protocol']: (if s.password != null then 'SASL_' else '') + (if secure then 'SSL' else 'PLAINTEXT'),
      [if s.password != null then 'sasl_mechanism']: if scram then 'SCRAM-SHA-512' else 'PLAIN',
      [if secure then 'cacertificate']: s.ca,
    },
}
