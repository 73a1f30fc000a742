package podgroup

// Annotation names the policy group of a namespace's pods, and on a pod the pod's
// own. The agent of a Silk worker (cni/identity) reads it once, when the pod's network
// is made.
const Annotation = "cf-helm-broker.io/policy-group-id"

// Label is on pods whose workload has a policy group of its own, where
// NetworkPolicies select them by it. Only within an instance's namespace it tells
// anything: whoever makes a pod says how it is labelled.
const Label = Annotation

// DestinationLabel says on a namespace what policies to it point to, as
// POLICY_DESTINATION does. deploy/kubernetes/policy-group.yaml goes by it.
const DestinationLabel = "cf-helm-broker.io/policy-destination"

// ByWorkload is the destination where each workload has a group of its own. Only
// there a pod's own annotation counts.
const ByWorkload = "workload"

// SpaceLabel is the GUID of the CF space that a namespace's instance belongs to.
const SpaceLabel = "cf-helm-broker.io/space-guid"

// MarkAnnotation changes on an instance's namespace with each access that the
// broker opens or closes: the agents of nodes that have pods of it then have the
// overlay look for policies at once. Its value means nothing else.
const MarkAnnotation = "cf-helm-broker.io/access-changed"

// Agent is what the agents of Silk workers are called: the CNI plugin's type, and who
// tells of a node's problems by events.
const Agent = "c2c-cni"

// AgentsNamespace is where the agents of Silk workers live, deploy/silk-worker's.
// Each keeps a Lease there that is called as its node.
const AgentsNamespace = "c2c-cni"

// PolledAnnotation is on such a Lease. It holds a namespace's resourceVersion: the
// overlay on the node has looked for policies since it had that, so that whatever was
// open before any namespace of that version or an earlier one was marked, is open there.
const PolledAnnotation = "cf-helm-broker.io/policies-polled"
