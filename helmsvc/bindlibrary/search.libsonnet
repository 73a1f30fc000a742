// How the library finds a server among what a chart has made, whatever the chart calls it: its
// pods by their images, its port behind a Service, and its user by the settings that the image
// knows. What is looked for stands in kinds/.
local rank(name) =
  local ends(suffixes) = std.length([s for s in suffixes if std.endsWith(name, s)]) > 0;
  local holds(words) = std.length([w for w in words if std.member(std.split(name, '-'), w)]) > 0;
  if holds(['metrics', 'exporter', 'sentinel', 'arbiter', 'hidden', 'announce', 'console', 'dashboard', 'ui']) then 9
  else if ends(['-headless', '-hl', '-nodes', '-pods', '-peers', '-brokers', '-discovery', '-internal']) then 5
  else if holds(['replica', 'replicas', 'read', 'reader', 'readonly', 'ro', 'r', 'slave', 'slaves', 'secondary', 'standby', 'follower']) then 4
  else if holds(['primary', 'master', 'rw', 'leader', 'writer', 'pgpool', 'proxy', 'haproxy', 'router', 'mongos', 'bootstrap', 'client']) then 1
  else 2;

local least(items, key) = if items == [] then null else std.sort(items, key)[0];

// An image's name without registry, tag and digest.
local imageName(image) = std.split(std.reverse(std.split(std.split(image, '@')[0], '/'))[0], ':')[0];

local runs(pod, images) = std.length([c for c in pod.containers if std.member(images, imageName(c.image))]) > 0;

// Of many texts, an object knows at once whether it holds one.
local among(texts) = { [text]: true for text in texts };
local anyOf(texts, known) = std.length([x for x in texts if std.objectHas(known, x)]) > 0;

local filled(source, names) = [source[name] for name in names if std.objectHas(source, name) && source[name] != ''];

local first(sources, names) =
  local found = std.flatMap(function(source) filled(source, names), sources);
  if found == [] then null else found[0];

// A text as it stands in a URI: RFC 3986 leaves these alone.
local unreserved = std.set(std.stringChars('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~'));
local escape(text) = std.join('', [
  if std.setMember(c, unreserved) then c else std.join('', ['%%%02X' % byte for byte in std.encodeUTF8(c)])
  for c in std.stringChars(text)
]);

{
  escape:: escape,
  imageName:: imageName,

  // What of a URI stands before the host.
  userinfo(s)::
    if s.password == null then ''
    else (if s.username == null then '' else escape(s.username)) + ':' + escape(s.password) + '@',

  // Hosts of one port as a list in a URI.
  listed(hosts, port):: std.join(',', ['%s:%d' % [host, port] for host in hosts]),

  // The pods among those of the view that run an image of the kind.
  podsOf(see, kind):: [pod for pod in see.pods if runs(pod, kind.images)],

  // Those that run none of the images.
  podsWithout(see, images):: [pod for pod in see.pods if !runs(pod, images)],

  // Services that nothing serves yet, but those that servers of one kind have for what there may be:
  // something else belongs to the instance.
  idle(see):: [s for s in see.services if s.endpoints == [] && rank(s.name) < 4],

  // Where a server of the kind is, and as whom to go there; null if there is none. Where named,
  // the chart says by its name that it is of that kind: its images may then be called otherwise.
  server(see, kind, named)::
    local own = self.podsOf(see, kind);
    local pods = if own == [] && named then see.pods else own;
    // What stands before the servers of a chart of that name leads to one that takes writes.
    local fronts = if named then [pod for pod in self.podsWithout(see, kind.images) if runs(pod, ['haproxy'])] else [];
    local addresses = among([pod.ip for pod in pods + fronts]);
    // Of what isn't known by its image only the usual port tells: others call theirs http as well.
    local fits(e) = e.protocol == 'tcp' && (std.member(kind.ports, e.port) || (own != [] && std.member(kind.portNames, e.name)));
    local doors = [
      { name: s.name, hosts: s.hosts, endpoint: e }
      for s in see.services
      for e in s.endpoints
      if fits(e) && anyOf(e.addresses, addresses)
    ];
    local at(port) = std.find(port, kind.ports + [port])[0];
    local door = least(doors, function(d) [rank(d.name), at(d.endpoint.port), d.name]);
    if door == null then null else
      local e = door.endpoint;
      local behind = among(e.addresses);
      local serving = [pod for pod in pods + fronts if std.objectHas(behind, pod.ip)];
      local hidden = [pod for pod in pods if !std.objectHas(behind, pod.ip)];
      // All servers behind a port are alike. Those behind a proxy know what it doesn't.
      local containers = [
        c
        for pod in serving[:1] + hidden[:1]
        for c in std.sort(pod.containers, function(c) if std.member(kind.images, imageName(c.image)) then 0 else 1)
      ];
      local settings = [c.env for c in containers];
      local byName = !std.member(e.addresses, e.host);
      // Secrets that are called like the Service come before others.
      local secrets = std.sort(
        [s for s in see.secrets if !std.startsWith(s.type, 'kubernetes.io/tls')],
        function(s) if std.startsWith(s.name, door.name) || std.startsWith(door.name, s.name) then 0 else 1
      );
      local sources = settings + [s.data for s in secrets];
      local as(login, source) =
        local username =
          if std.objectHas(login, 'user') then login.user
          else if std.objectHas(login, 'username') then first([source] + settings, login.username);
        local password = first([source], login.password);
        if password == null || (std.objectHas(login, 'username') && username == null) then []
        else [{ username: username, password: password }];
      local logins = [l for login in kind.logins for source in sources for l in as(login, source)];
      local login = if logins == [] then { username: null, password: null } else logins[0];
      local cas = [s.data['ca.crt'] for s in see.secrets if std.objectHas(s.data, 'ca.crt')];
      {
        host: e.host,
        port: e.port,
        portName: e.name,
        service: door.name,
        // Some of its settings stand in ConfigMaps, which bindings don't see.
        partly: std.length([c for c in containers if c.partly && std.member(kind.images, imageName(c.image))]) > 0,
        // Every server behind the port by its own name or address.
        hosts: door.hosts,
        members: std.foldl(
          function(all, host) if std.member(all, host) then all else all + [host],
          [if std.objectHas(pod, 'hostname') then pod.hostname else if byName then e.host else pod.ip for pod in serving],
          []
        ),
        username: login.username,
        password: login.password,
        // The first of the named settings of the server, or of Secrets, that isn't empty.
        setting(names):: first(sources, names),
        on(names):: std.member(['yes', 'true', 'on', '1', 'enabled'], std.asciiLower(std.toString(first(settings, names)))),
        ca:: if cas == [] then null else cas[0],
        portOf(ports)::
          local found = [x.port for s in see.services for x in s.endpoints if std.member(ports, x.port) && anyOf(x.addresses, behind)];
          if found == [] then null else found[0],
        see:: see,
      },

  // The credentials of a server: the names that Cloud Foundry's buildpacks and frameworks look
  // for, then what the kind knows besides. null if a server of the kind is nothing without a
  // password and there is none to be found, or if not all of its settings are known.
  credentials(see, kind, named)::
    local found = self.server(see, kind, named);
    local s = if found == null then null else found + (if std.objectHasAll(kind, 'login') then kind.login(found) else {});
    if s == null || s.partly || (kind.needsPassword && s.password == null) then null else
      local known = {
        host: s.host,
        hostname: s.host,
        port: s.port,
        hosts: s.hosts,
        [if s.username != null then 'username']: s.username,
        [if s.password != null then 'password']: s.password,
      };
      std.prune(known + kind.more(s)),
}
