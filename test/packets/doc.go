// Package packets tests what all of this is for: that packets of apps reach the pods
// that they are bound to, and no others. The broker, and the agent and plugin of the
// workers, are processes; the pods that charts make run on two workers of test/silk's
// overlay, and apps on its cell. A test asks what an app gets when it connects.
//
// With networkpolicy apps are pods themselves, and kube-network-policies decides on two
// plain nodes; there, what is denied is dropped.
//
// Tests run one after the other: they share the overlay, its policy server and its
// workers. They need what test/silk needs.
package packets
