// Which rule makes the credentials of a chart that has no template: a Secret that says by its type
// that it is to be bound to, else a kind of the library, by the chart's name or by what its pods
// run. The result is {rule, credentials}; without a rule both are null.
local search = import 'search.libsonnet';
local binding = import 'servicebinding.libsonnet';

function(see, kinds)
  local words = std.split(std.asciiLower(see.release.chart), '-');
  local named(kind) = std.length([name for name in kind.names if std.member(words, name)]) > 0;
  local ours = [kind for kind in kinds if search.podsOf(see, kind) != []];
  local images = std.flatMap(function(kind) kind.images, ours);
  local strangers = search.podsWithout(see, images) + search.idle(see);
  // A chart that runs other things too is of no one kind: a web shop isn't its database.
  local only = if std.length(ours) == 1 && strangers == [] then ours else [];
  local tried = [
    { rule: kind.name, credentials: search.credentials(see, kind, true) }
    for kind in kinds
    if named(kind)
  ] + [
    { rule: kind.name, credentials: search.credentials(see, kind, false) }
    for kind in only
  ];
  local bound = binding.credentials(see);
  // Only as far as one fits: those after it may be broken.
  local firstOf(all) =
    if all == [] then { rule: null, credentials: null }
    else if all[0].credentials != null then all[0]
    else firstOf(all[1:]);
  firstOf((if bound == null then [] else [bound]) + tried)
