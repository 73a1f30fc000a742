// Package publish tells Cloud Foundry's service discovery which addresses have
// which names, and keeps telling it.
//
// It doesn't know where names come from: whoever does says what each scope, a
// namespace say, wants to be published from now on (Publisher.Set). What is new
// is registered at once, what isn't wanted any more is unregistered at once, and
// everything is registered again within the interval that controllers ask for.
// Nothing waits for NATS: what is wanted while it is away is published when it
// is back.
//
// # How the other side behaves
//
// All of it as of cf-networking-release v3.53.0, service-discovery-controller
// (mbus/subscriber.go, addresstable/address_table.go), and read in route-emitter
// (scheduler/routebroadcastscheduler.go), the client that CF has:
//
//   - service-discovery.register and .unregister carry {"host": address, "uris":
//     names}; nothing is answered.
//   - service-discovery.greet is answered with the interval within which
//     everything has to be registered again, 60 s by default. A controller that
//     starts, or that is back at NATS, says the same as service-discovery.start; one
//     that starts says it before it listens, so everything is said to it twice.
//   - A name lives 180 s after it was last registered, and up to 60 s more until
//     somebody looks. It isn't pruned while the controller is without NATS.
//   - The two subjects are read side by side: what is said on one within moments
//     of the other is often taken in the other order. Of 300 names that were
//     registered and unregistered a millisecond later, 39 stayed. So each change
//     is said again a second later, and what is gone once an interval, until
//     everybody has forgotten it.
//   - A message is lost if NATS is. So after each connection, and after each
//     start of a controller, everything is said again, also what is gone.
//
// # Several replicas
//
// Publishers of one name are merged, so one at a time speaks: the replica that
// leads (Publisher.Lead). The others know what is wanted as well, and listen to
// what is published. A leader that has died is followed within the life of a name,
// and the next takes back what that one can't any more. Who leads no longer goes
// on until it hears another speak (Publisher.Follow): if the API server is away
// nobody can lead, and names are to live on.
//
// Publishers of the same names at different addresses, as nodes' agents are, need none
// of that: a controller knows a name's addresses one by one, and each speaks of its own.
// What one can't take back, since it has died, is pruned. The others could see that it
// is gone, but not tell it from an address that they haven't seen yet.
package publish
