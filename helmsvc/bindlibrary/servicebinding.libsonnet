// Secrets of a type servicebinding.io/*, with the names that the Service Binding Specification gives
// their values: https://servicebinding.io/spec/core/1.1.0/. A host that is a Service of the
// instance's becomes the one that apps reach it at, and the port likewise.
local prefix = 'servicebinding.io/';

local isNumber(text) = text != '' && std.length([c for c in std.stringChars(text) if !std.member('0123456789', c)]) == 0;

// Whether a host is the Service, by one of its names or by its address.
local isAt(host, service) =
  local full = service.name + '.' + service.metadata.namespace;
  std.member([service.name, full, full + '.svc'], host) || std.startsWith(host, full + '.svc.')
  || host == std.get(service.spec, 'clusterIP', '');

// Where apps reach the port of a Service that the Secret names, with all the hosts behind it.
local reached(see, host, port) =
  local found = [
    e { hosts: see.services[i].hosts }
    for i in std.range(0, std.length(see.services) - 1)
    if isAt(host, see.rawServices[i])
    for e in see.services[i].endpoints
    if std.member([std.toString(p.port) for p in see.rawServices[i].spec.ports if std.get(p, 'name', '') == e.name], port)
  ];
  if found == [] then null else found[0];

{
  // The rule and the credentials by the first such Secret; null if there is none, or if it leads to
  // places in the cluster that apps can't be told of.
  credentials(see)::
    local secrets = [s for s in see.secrets if std.startsWith(s.type, prefix)];
    if secrets == [] then null else
      local secret = secrets[0];
      local data = { type: secret.type[std.length(prefix):] } + secret.data;
      local host = std.get(data, 'host', '');
      local port = std.get(data, 'port', '');
      local at = reached(see, host, port);
      // Several, say, or one that isn't there: apps can't reach what isn't known here.
      local lost = at == null && std.length([s for s in see.rawServices if std.length(std.findSubstr('.' + s.metadata.namespace + '.svc', host)) > 0]) > 0;
      local moved = if at == null then data else
        std.mapWithKey(
          function(key, value)
            // In URIs and lists of servers. A password may hold anything.
            if std.member(['username', 'password'], key) then value
            else std.strReplace(value, '%s:%s' % [host, port], '%s:%d' % [at.host, at.port]),
          data
        ) { host: at.host, port: std.toString(at.port), hosts: at.hosts };
      if lost then null else {
        rule: 'Secret ' + secret.name + ', ' + secret.type,
        credentials: moved {
          [if host != '' then 'hostname']: moved.host,
          [if std.objectHas(data, 'database') then 'name']: data.database,
          [if isNumber(port) then 'port']: std.parseInt(moved.port),
        },
      },
}
