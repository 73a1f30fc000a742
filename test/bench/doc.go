// Command bench measures the broker on a local cluster and prints one table:
// what was measured, beside what it is to be, and beside what the same takes
// without a broker, measured in the same run on the same cluster with the same
// chart. It is behind `make bench`.
//
// There are two baselines:
//
//   - (a) the Helm SDK's install with wait, as any program would call it: an
//     action.Configuration of its own for each install, the SDK's default
//     settings, the chart read from its folder;
//   - (b) plain apply and watch: client-go creates the same objects, rendered
//     before, and watches the Deployment until it is available.
//
// All three make a namespace first, and that counts.
//
// The broker runs as a process of its own, built without the race detector. It
// reaches the API server directly, except where its requests are counted, in
// the steps idle, poll, policies and trace: then a proxy stands between them.
//
// BENCH names the steps to take, with commas between: see allSteps. Some are taken
// only when they are named: upgrade and canaries take minutes. BENCH=trace
// shows which requests a create, a bind, an unbind and a delete consist of. BENCH_BROKER
// is the path of a broker that is built already, to measure that one instead.
// BENCH_BEFORE is that of an older one, which the step processor measures as well:
// what a create takes of the processor is to be half of it.
//
// The 2,000 instances are records, with a namespace, the release's Secret and
// the chart's Secret and ConfigMap each, copied from one that the broker has
// made. They have no Service, no Deployment and no pod: 2,000 pods would measure
// the machine's simulated nodes.
package main
