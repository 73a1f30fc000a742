package bindlibrary_test

import (
	"io/fs"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// Of the made-up instance.
const (
	address = "10.255.0.1"
	prefix  = "k-iwohtgpu-"
)

// kind is a chart in the shape that public ones of its kind have, and what an app gets.
type kind struct {
	chart server
	rule  string
	want  map[string]any
}

// TestKinds holds each kind to the shapes that people publish: with the official image's settings,
// Bitnami's with passwords in files, and what operators make.
func TestKinds(t *testing.T) {
	tested := map[string]bool{}
	for name, k := range kinds {
		tested[k.rule] = true
		t.Run(name, func(t *testing.T) {
			rule, got := k.chart.yields(t, own(t), false)
			if rule != k.rule {
				t.Fatalf("the rule is %q, want %q: %v", rule, k.rule, got)
			}
			want := map[string]any{"host": address, "hostname": address, "hosts": []any{address}}
			maps.Copy(want, k.want)
			for _, key := range slices.Sorted(maps.Keys(want)) {
				if !reflect.DeepEqual(got[key], want[key]) {
					t.Errorf("%s is %v, want %v", key, got[key], want[key])
				}
			}
			for key := range got {
				if _, expected := want[key]; !expected {
					t.Errorf("there is %s besides: %v", key, got[key])
				}
			}
		})
	}
	files, err := fs.Glob(os.DirFS("kinds"), "*.jsonnet")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if name := strings.TrimSuffix(file, ".jsonnet"); !tested[name] {
			t.Errorf("the kind %s has no case here", name)
		}
	}
}

var kinds = map[string]kind{
	"postgres, the image's settings, a user of its own": {
		server{"postgres", `
secrets: {db: {data: {user: "app", secret: "p@ss/wörd"}}}
servers: {db: {image: "docker.io/library/postgres:17", ports: {sql: 5432}, env: {POSTGRES_DB: orders}, fromSecret: {POSTGRES_USER: db/user, POSTGRES_PASSWORD: db/secret}}}
services: {db: {of: db, ports: {sql: 5432}}}`}, "postgresql",
		map[string]any{
			"port": 5432.0, "username": "app", "password": "p@ss/wörd", "database": "orders", "name": "orders",
			"uri":     "postgresql://app:p%40ss%2Fw%C3%B6rd@10.255.0.1:5432/orders",
			"jdbcUrl": "jdbc:postgresql://10.255.0.1:5432/orders?user=app&password=p%40ss%2Fw%C3%B6rd",
		},
	},
	"postgresql, passwords in files, a primary and replicas, TLS": {
		server{"postgresql", `
secrets:
  postgresql: {data: {postgres-password: root, password: mine}}
  crt: {type: kubernetes.io/tls, data: {tls.crt: CRT, tls.key: KEY, ca.crt: CA}}
servers:
  primary: {image: "registry.example.com/bitnami/postgresql@sha256:00", ports: {tcp-postgresql: 15432}, mounts: postgresql, env: {POSTGRES_USER: app, POSTGRES_DATABASE: shop, POSTGRESQL_ENABLE_TLS: "yes"}, fromFile: {POSTGRES_PASSWORD: x/password, POSTGRES_POSTGRES_PASSWORD: x/postgres-password}}
  read: {image: "registry.example.com/bitnami/postgresql:17", replicas: 2, ports: {tcp-postgresql: 15432}, mounts: postgresql, env: {POSTGRES_USER: app}, fromFile: {POSTGRES_PASSWORD: x/password}}
services:
  postgresql-read: {of: read, ports: {tcp-postgresql: 5432}}
  postgresql-primary: {of: primary, ports: {tcp-postgresql: 5432}}
  postgresql-primary-hl: {of: primary, headless: true, ports: {tcp-postgresql: 5432}}`}, "postgresql",
		map[string]any{
			"port": 15432.0, "username": "app", "password": "mine", "database": "shop", "name": "shop", "cacertificate": "CA",
			"uri":     "postgresql://app:mine@10.255.0.1:15432/shop?sslmode=require",
			"jdbcUrl": "jdbc:postgresql://10.255.0.1:15432/shop?user=app&password=mine&sslmode=require",
		},
	},
	"postgresql, a user and no database": {
		server{"postgresql", `
secrets: {postgresql: {data: {postgres-password: root, password: mine}}}
servers: {postgresql: {image: "bitnami/postgresql:17", ports: {tcp-postgresql: 5432}, env: {POSTGRES_USER: app, POSTGRESQL_VOLUME_DIR: /bitnami/postgresql}, fromSecret: {POSTGRES_PASSWORD: postgresql/password}}}
services: {postgresql: {of: postgresql, ports: {tcp-postgresql: 5432}}}`}, "postgresql",
		map[string]any{
			"port": 5432.0, "username": "app", "password": "mine", "database": "postgres", "name": "postgres",
			"uri": "postgresql://app:mine@10.255.0.1:5432/postgres", "jdbcUrl": "jdbc:postgresql://10.255.0.1:5432/postgres?user=app&password=mine",
		},
	},
	"postgresql behind Pgpool, which doesn't know the user": {
		server{"postgresql-ha", `
secrets: {postgresql: {data: {postgres-password: root, password: mine}}}
servers:
  a-pgpool: {image: "bitnami/pgpool:4", ports: {postgresql: 5432}, env: {PGPOOL_POSTGRES_USERNAME: postgres}, fromSecret: {PGPOOL_POSTGRES_PASSWORD: postgresql/postgres-password}}
  postgresql: {image: "bitnami/postgresql-repmgr:17", ports: {postgresql: 5432}, env: {POSTGRES_USER: app, POSTGRES_DB: shop}, fromSecret: {POSTGRES_PASSWORD: postgresql/password}}
services: {pgpool: {of: a-pgpool, ports: {postgresql: 5432}}, postgresql: {of: postgresql, ports: {postgresql: 5432}}}`}, "postgresql",
		map[string]any{
			"port": 5432.0, "username": "app", "password": "mine", "database": "shop", "name": "shop",
			"uri": "postgresql://app:mine@10.255.0.1:5432/shop", "jdbcUrl": "jdbc:postgresql://10.255.0.1:5432/shop?user=app&password=mine",
		},
	},
	"CloudNativePG's objects, by a chart of another name": {
		server{"orders-db", `
secrets:
  main-app: {type: kubernetes.io/basic-auth, data: {username: app, user: app, password: owner, dbname: app, host: main-rw, uri: "postgresql://app:owner@main-rw:5432/app"}}
  main-superuser: {type: kubernetes.io/basic-auth, data: {username: postgres, password: root}}
servers: {main: {image: "ghcr.io/cloudnative-pg/postgresql:17.2", ports: {postgresql: 5432, status: 8000}}}
services:
  main-ro: {of: none, ports: {postgres: 5432}}
  main-r: {of: main, ports: {postgresql: 5432}}
  main-rw: {of: main, ports: {postgresql: 5432}}`}, "postgresql",
		map[string]any{
			"port": 5432.0, "username": "app", "password": "owner", "database": "app", "name": "app",
			"uri":     "postgresql://app:owner@10.255.0.1:5432/app",
			"jdbcUrl": "jdbc:postgresql://10.255.0.1:5432/app?user=app&password=owner",
		},
	},
	"mysql, the image's settings, root alone": {
		server{"mysql", `
secrets: {db: {data: {mysql-root-password: root}}}
servers: {db: {image: "mysql:8", ports: {mysql: 3306}, env: {MYSQL_DATABASE: shop}, fromSecret: {MYSQL_ROOT_PASSWORD: db/mysql-root-password}}}
services: {db: {of: db, ports: {mysql: 3306}}}`}, "mysql",
		map[string]any{
			"port": 3306.0, "username": "root", "password": "root", "database": "shop", "name": "shop",
			"uri": "mysql://root:root@10.255.0.1:3306/shop", "jdbcUrl": "jdbc:mysql://10.255.0.1:3306/shop?user=root&password=root",
		},
	},
	"mariadb, all settings of one Secret": {
		server{"mariadb", `
secrets: {db: {data: {MARIADB_ROOT_PASSWORD: root, MARIADB_USER: app, MARIADB_PASSWORD: mine, MARIADB_DATABASE: shop}}}
servers: {db: {image: "mariadb:11", ports: {mysql: 3306}, allOf: [db]}}
services: {db: {of: db, ports: {mysql: 3306}}}`}, "mysql",
		map[string]any{
			"port": 3306.0, "username": "app", "password": "mine", "database": "shop", "name": "shop",
			"uri": "mysql://app:mine@10.255.0.1:3306/shop", "jdbcUrl": "jdbc:mysql://10.255.0.1:3306/shop?user=app&password=mine",
		},
	},
	"mongodb, a replica set, users of its own": {
		server{"mongodb", `
secrets: {mongodb: {data: {mongodb-root-password: root, mongodb-passwords: "mine,theirs"}}}
servers: {mongodb: {image: "bitnami/mongodb:8", replicas: 2, governing: mongodb-headless, ports: {mongodb: 27017}, mounts: mongodb, env: {MONGODB_ROOT_USER: root, MONGODB_REPLICA_SET_NAME: rs0, MONGODB_EXTRA_USERNAMES: "app,other", MONGODB_EXTRA_DATABASES: "shop,else"}, fromFile: {MONGODB_ROOT_PASSWORD: x/mongodb-root-password, MONGODB_EXTRA_PASSWORDS: x/mongodb-passwords}}}
services:
  mongodb-headless: {of: mongodb, headless: true, ports: {mongodb: 27017}}
  mongodb-arbiter-headless: {of: none, headless: true, ports: {mongodb: 27017}}`}, "mongodb",
		map[string]any{
			"hosts": []any{address, "10.255.0.2"}, "port": 27017.0, "username": "app", "password": "mine", "database": "shop", "name": "shop",
			"uri": "mongodb://app:mine@10.255.0.1:27017,10.255.0.2:27017/shop?replicaSet=rs0",
		},
	},
	"mongodb with TLS": {
		server{"mongodb", `
secrets: {mongodb: {data: {mongodb-root-password: root, ca.crt: CA}}}
servers: {mongodb: {image: "bitnami/mongodb:8", ports: {mongodb: 27017}, env: {MONGODB_ROOT_USER: root, MONGODB_EXTRA_FLAGS: "--tlsMode=requireTLS --tlsCertificateKeyFile=/certs/mongodb.pem"}, fromSecret: {MONGODB_ROOT_PASSWORD: mongodb/mongodb-root-password}}}
services: {mongodb: {of: mongodb, ports: {mongodb: 27017}}}`}, "mongodb",
		map[string]any{
			"port": 27017.0, "username": "root", "password": "root", "database": "admin", "name": "admin", "cacertificate": "CA",
			"uri": "mongodb://root:root@10.255.0.1:27017/admin?tls=true",
		},
	},
	"mongo, root alone": {
		server{"mongo", `
secrets: {db: {data: {password: root}}}
servers: {db: {image: "mongo:8", ports: {mongo: 27017}, env: {MONGO_INITDB_ROOT_USERNAME: admin}, fromSecret: {MONGO_INITDB_ROOT_PASSWORD: db/password}}}
services: {db: {of: db, ports: {mongo: 27017}}}`}, "mongodb",
		map[string]any{
			"port": 27017.0, "username": "admin", "password": "root", "database": "admin", "name": "admin",
			"uri": "mongodb://admin:root@10.255.0.1:27017/admin",
		},
	},
	"redis, a master and replicas": {
		server{"redis", `
secrets: {redis: {data: {redis-password: mine}}}
servers:
  master: {image: "bitnami/redis:8", ports: {redis: 6379}, mounts: redis, fromFile: {REDIS_PASSWORD: x/redis-password}}
  replicas: {image: "bitnami/redis:8", replicas: 3, ports: {redis: 6379}, mounts: redis, fromFile: {REDIS_PASSWORD: x/redis-password}}
services:
  redis-headless: {headless: true, ports: {redis: 6379}}
  redis-replicas: {of: replicas, ports: {redis: 6379}}
  redis-master: {of: master, ports: {redis: 6379}}`}, "redis",
		map[string]any{"port": 6379.0, "username": "default", "password": "mine", "uri": "redis://:mine@10.255.0.1:6379"},
	},
	"redis with Sentinel and TLS": {
		server{"redis", `
secrets: {redis: {data: {redis-password: mine, ca.crt: CA}}}
servers: {node: {image: "bitnami/redis:8", replicas: 2, ports: {redis: 6379, sentinel: 26379}, env: {REDIS_TLS_ENABLED: "yes", REDIS_MASTER_SET: mymaster}, fromSecret: {REDIS_PASSWORD: redis/redis-password}}}
services: {redis: {of: node, ports: {redis: 6379, sentinel: 26379}}}`}, "redis",
		map[string]any{
			"hosts": []any{address, "10.255.0.2"}, "port": 6379.0, "username": "default", "password": "mine", "uri": "rediss://:mine@10.255.0.1:6379", "cacertificate": "CA",
			"sentinels": []any{"10.255.0.1:26379", "10.255.0.2:26379"}, "master_name": "mymaster",
		},
	},
	"redis behind HAProxy, which leads to the one that takes writes": {
		server{"redis-ha", `
secrets: {redis: {data: {auth: mine}}}
servers:
  haproxy: {image: "haproxy:3", ports: {redis: 6379}, fromSecret: {AUTH: redis/auth}}
  server: {image: "redis:8", replicas: 3, ports: {redis: 6379}, fromSecret: {AUTH: redis/auth}}
services: {redis-ha: {of: server, headless: true, ports: {redis: 6379}}, redis-ha-haproxy: {of: haproxy, ports: {redis: 6379}}}`}, "redis",
		map[string]any{"port": 6379.0, "username": "default", "password": "mine", "uri": "redis://:mine@10.255.0.1:6379"},
	},
	"the Redis operator's pods": {
		server{"cache", `
secrets: {cache: {data: {password: mine}}}
servers: {cache: {image: "quay.io/opstree/redis:v7", ports: {redis: 6379}, fromSecret: {REDIS_PASSWORD: cache/password}}}
services: {cache: {of: cache, ports: {redis: 6379}}, cache-additional: {of: cache, ports: {redis: 6379}}}`}, "redis",
		map[string]any{"port": 6379.0, "username": "default", "password": "mine", "uri": "redis://:mine@10.255.0.1:6379"},
	},
	"valkey": {
		server{"valkey", `
secrets: {valkey: {data: {valkey-password: mine}}}
servers: {primary: {image: "bitnami/valkey:8", ports: {tcp-redis: 6379}, mounts: valkey, fromFile: {VALKEY_PASSWORD: x/valkey-password}}}
services: {valkey-primary: {of: primary, ports: {tcp-redis: 6379}}}`}, "valkey",
		map[string]any{"port": 6379.0, "username": "default", "password": "mine", "uri": "redis://:mine@10.255.0.1:6379"},
	},
	"rabbitmq with its management": {
		server{"rabbitmq", `
secrets: {rabbitmq: {data: {rabbitmq-password: mine, rabbitmq-erlang-cookie: c}}}
servers: {rabbitmq: {image: "bitnami/rabbitmq:4", ports: {amqp: 5672, stats: 15672}, mounts: rabbitmq, env: {RABBITMQ_USERNAME: user}, fromFile: {RABBITMQ_PASSWORD: x/rabbitmq-password}}}
services: {rabbitmq: {of: rabbitmq, ports: {amqp: 5672, stats: 15672}}, rabbitmq-headless: {of: rabbitmq, headless: true, ports: {amqp: 5672}}}`}, "rabbitmq",
		map[string]any{
			"port": 5672.0, "username": "user", "password": "mine", "vhost": "/",
			"uri": "amqp://user:mine@10.255.0.1:5672/%2F", "http_api_uri": "http://user:mine@10.255.0.1:15672/api/",
		},
	},
	"the RabbitMQ Cluster Operator's objects": {
		server{"queue", `
secrets:
  queue-default-user: {data: {username: default_user_x, password: mine, default_user.conf: "default_user = x", host: queue, port: "5672", provider: rabbitmq, type: rabbitmq}}
  queue-erlang-cookie: {data: {.erlang.cookie: c}}
servers: {queue-server: {image: "rabbitmq:4.1-management", ports: {amqp: 5672}}}
services: {queue: {of: queue-server, ports: {amqp: 5672}}, queue-nodes: {of: queue-server, headless: true, ports: {amqp: 5672}}}`}, "rabbitmq",
		map[string]any{"port": 5672.0, "username": "default_user_x", "password": "mine", "vhost": "/", "uri": "amqp://default_user_x:mine@10.255.0.1:5672/%2F"},
	},
	"memcached without users": {
		server{"memcached", `
servers: {memcached: {image: "memcached:1.6", replicas: 2, ports: {memcache: 11211}}}
services: {memcached: {of: memcached, ports: {memcache: 11211}}}`}, "memcached",
		map[string]any{
			"hosts": []any{address, "10.255.0.2"}, "port": 11211.0,
			"uri": "memcached://10.255.0.1:11211", "servers": "10.255.0.1:11211,10.255.0.2:11211",
		},
	},
	"kafka with users": {
		server{"kafka", `
secrets: {kafka-user-passwords: {data: {client-passwords: "mine,theirs"}}}
servers: {controller: {image: "bitnami/kafka:4", ports: {client: 9092, controller: 9093}, mounts: kafka-user-passwords, env: {KAFKA_CLIENT_USERS: "user1,user2", KAFKA_CFG_PROCESS_ROLES: "controller,broker", KAFKA_KRAFT_BOOTSTRAP_SCRAM_USERS: "true"}, fromFile: {KAFKA_CLIENT_PASSWORDS: x/client-passwords}}}
services: {kafka: {of: controller, ports: {client: 9092}}, kafka-controller-headless: {of: controller, headless: true, ports: {client: 9092, controller: 9093}}}`}, "kafka",
		map[string]any{
			"port": 9092.0, "username": "user1", "password": "mine", "uri": "kafka://10.255.0.1:9092", "bootstrap_servers": "10.255.0.1:9092",
			"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "SCRAM-SHA-512",
		},
	},
	"kafka with TLS, and a user that only PLAIN knows": {
		server{"kafka", `
secrets: {kafka: {data: {client-password: mine}}, tls: {type: kubernetes.io/tls, data: {tls.crt: CRT, tls.key: KEY, ca.crt: CA}}}
servers: {kafka: {image: "apache/kafka:4", ports: {client: 9092}, env: {KAFKA_CLIENT_USER: app, KAFKA_CFG_PROCESS_ROLES: broker}, fromSecret: {KAFKA_CLIENT_PASSWORD: kafka/client-password}}}
services: {kafka: {of: kafka, ports: {client: 9092}}}`}, "kafka",
		map[string]any{
			"port": 9092.0, "username": "app", "password": "mine", "uri": "kafka://10.255.0.1:9092", "bootstrap_servers": "10.255.0.1:9092",
			"security_protocol": "SASL_SSL", "sasl_mechanism": "PLAIN", "cacertificate": "CA",
		},
	},
	"Strimzi's objects": {
		server{"events", `
secrets:
  app: {labels: {strimzi.io/kind: KafkaUser}, data: {password: mine, sasl.jaas.config: "…"}}
servers: {events-dual: {image: "quay.io/strimzi/kafka:0.45.0-kafka-3.9.0", ports: {tcp-clients: 9092}}}
services: {events-kafka-brokers: {of: events-dual, headless: true, ports: {tcp-clients: 9092}}, events-kafka-bootstrap: {of: events-dual, ports: {tcp-clients: 9092}}}`}, "kafka",
		map[string]any{
			"port": 9092.0, "username": prefix + "app", "password": "mine", "uri": "kafka://10.255.0.1:9092", "bootstrap_servers": "10.255.0.1:9092",
			"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "SCRAM-SHA-512",
		},
	},
	"nats, a user in its configuration": {
		server{"nats", `
secrets: {nats: {data: {nats-server.conf: "listen: 0.0.0.0:4222\nauthorization {\n  user: \"nats_client\"\n  password: \"mine\"\n  timeout: 1\n}\n"}}}
servers: {nats: {image: "bitnami/nats:2", ports: {client: 4222, monitoring: 8222}, mounts: nats}}
services: {nats: {of: nats, ports: {client: 4222, monitoring: 8222}}}`}, "nats",
		map[string]any{"port": 4222.0, "username": "nats_client", "password": "mine", "uri": "nats://nats_client:mine@10.255.0.1:4222", "servers": []any{"nats://10.255.0.1:4222"}},
	},
	"nats with a token, and routes with a user": {
		server{"nats", `
secrets: {nats: {data: {nats-server.conf: "listen: 0.0.0.0:4222\nauthorization {\n  token: \"t0ken\"\n}\ncluster {\n  authorization {\n    user: \"routes\"\n    password: \"theirs\"\n  }\n}\n"}}}
servers: {nats: {image: "bitnami/nats:2", ports: {client: 4222}, mounts: nats}}
services: {nats: {of: nats, ports: {client: 4222}}}`}, "nats",
		map[string]any{"port": 4222.0, "token": "t0ken", "uri": "nats://t0ken@10.255.0.1:4222", "servers": []any{"nats://10.255.0.1:4222"}},
	},
	"minio with TLS": {
		server{"minio", `
secrets: {minio: {data: {rootUser: admin, rootPassword: mine, ca.crt: CA}}}
servers: {minio: {image: "quay.io/minio/minio:latest", ports: {https: 9000}, fromSecret: {MINIO_ROOT_USER: minio/rootUser, MINIO_ROOT_PASSWORD: minio/rootPassword}}}
services: {minio: {of: minio, ports: {https: 9000}}}`}, "minio",
		map[string]any{
			"port": 9000.0, "username": "admin", "password": "mine", "access_key": "admin", "secret_key": "mine",
			"uri": "https://10.255.0.1:9000", "endpoint": "https://10.255.0.1:9000", "cacertificate": "CA",
		},
	},
	"minio": {
		server{"minio", `
secrets: {minio: {data: {rootUser: admin, rootPassword: mine}}}
servers: {minio: {image: "quay.io/minio/minio:latest", ports: {http: 9000, console: 9001}, env: {MINIO_DEFAULT_BUCKETS: "photos,else"}, fromSecret: {MINIO_ROOT_USER: minio/rootUser, MINIO_ROOT_PASSWORD: minio/rootPassword}}}
services: {minio: {of: minio, ports: {http: 9000}}, minio-console: {of: minio, ports: {console: 9001}}}`}, "minio",
		map[string]any{
			"port": 9000.0, "username": "admin", "password": "mine", "access_key": "admin", "secret_key": "mine", "bucket": "photos",
			"uri": "http://10.255.0.1:9000", "endpoint": "http://10.255.0.1:9000",
		},
	},
	"elasticsearch with TLS": {
		server{"elasticsearch", `
secrets:
  credentials: {data: {username: elastic, password: mine}}
  certs: {type: kubernetes.io/tls, data: {tls.crt: CRT, tls.key: KEY, ca.crt: CA}}
servers: {master: {image: "docker.elastic.co/elasticsearch/elasticsearch:8.5.1", ports: {http: 9200, transport: 9300}, env: {xpack.security.http.ssl.enabled: "true"}, fromSecret: {ELASTIC_PASSWORD: credentials/password}}}
services: {master: {of: master, ports: {http: 9200, transport: 9300}}, master-headless: {of: master, headless: true, ports: {http: 9200}}}`}, "elasticsearch",
		map[string]any{"port": 9200.0, "username": "elastic", "password": "mine", "uri": "https://elastic:mine@10.255.0.1:9200", "cacertificate": "CA"},
	},
	"opensearch": {
		server{"opensearch", `
secrets: {os: {data: {password: mine}}}
servers: {master: {image: "opensearchproject/opensearch:3", ports: {http: 9200}, env: {DISABLE_SECURITY_PLUGIN: "true"}, fromSecret: {OPENSEARCH_INITIAL_ADMIN_PASSWORD: os/password}}}
services: {master: {of: master, ports: {http: 9200}}}`}, "elasticsearch",
		map[string]any{"port": 9200.0, "username": "admin", "password": "mine", "uri": "http://admin:mine@10.255.0.1:9200"},
	},
	"etcd": {
		server{"etcd", `
secrets: {etcd: {data: {etcd-root-password: mine}}}
servers: {etcd: {image: "bitnami/etcd:3", replicas: 3, governing: etcd-headless, ports: {client: 2379, peer: 2380}, mounts: etcd, fromFile: {ETCD_ROOT_PASSWORD: x/etcd-root-password}}}
services: {etcd: {of: etcd, ports: {client: 2379, peer: 2380}}, etcd-headless: {of: etcd, headless: true, ports: {client: 2379, peer: 2380}}}`}, "etcd",
		map[string]any{
			"hosts": []any{address, "10.255.0.2", "10.255.0.3"}, "port": 2379.0, "username": "root", "password": "mine", "uri": "http://root:mine@10.255.0.1:2379",
			"endpoints": "10.255.0.1:2379,10.255.0.2:2379,10.255.0.3:2379",
		},
	},
	"influxdb with a token": {
		server{"influxdb2", `
secrets: {auth: {data: {admin-password: mine, admin-token: t0ken}}}
servers: {influxdb: {image: "influxdb:2", ports: {http: 8086}, env: {DOCKER_INFLUXDB_INIT_USERNAME: admin, DOCKER_INFLUXDB_INIT_ORG: acme, DOCKER_INFLUXDB_INIT_BUCKET: metrics}, fromSecret: {DOCKER_INFLUXDB_INIT_PASSWORD: auth/admin-password, DOCKER_INFLUXDB_INIT_ADMIN_TOKEN: auth/admin-token}}}
services: {influxdb: {of: influxdb, ports: {http: 8086}}}`}, "influxdb",
		map[string]any{
			"port": 8086.0, "username": "admin", "password": "mine", "token": "t0ken", "org": "acme", "bucket": "metrics", "database": "metrics", "name": "metrics",
			"uri": "http://admin:mine@10.255.0.1:8086",
		},
	},
}
