package kubelet

// containerdConfig is containerd's, of version 1.6 and on. $FOLDER, $BIN and $CONF are
// filled in.
const containerdConfig = `version = 2
root = "$FOLDER/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper"]
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "test.local/pause:1"
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "native"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "$BIN"
    conf_dir = "$CONF"
`

// kubeletConfig is the kubelet's. Cgroups are left alone as far as can be: the machine
// is others' as well.
const kubeletConfig = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
address: 127.0.0.1
readOnlyPort: 0
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
hairpinMode: hairpin-veth
cgroupDriver: cgroupfs
cgroupsPerQOS: false
enforceNodeAllocatable: []
failCgroupV1: false
failSwapOn: false
localStorageCapacityIsolation: false
evictionHard: {imagefs.available: "0%", nodefs.available: "0%", memory.available: "1Mi"}
imageMinimumGCAge: 24h
imageGCHighThresholdPercent: 100
resolvConf: ""
syncFrequency: 1s
volumePluginDir: $FOLDER/volume-plugins
podLogsDir: /var/log/pods
`

// script starts both in namespaces of their own. The kubelet sets these kernel
// parameters, which are the machine's: here it finds files in their place.
const script = `set -e
mount --make-rprivate /
for folder in /run /var/lib /var/log; do mount -t tmpfs tmpfs $folder; done
mkdir -p /run/netns /var/lib/kubelet /var/log/pods
for setting in vm/overcommit_memory=1 kernel/panic=10 kernel/panic_on_oops=1 kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
  file=/run/$(echo ${setting%=*} | tr / -)
  echo ${setting#*=} >$file
  mount --bind $file /proc/sys/${setting%=*}
done
containerd --config "$FOLDER/containerd.toml" >"$FOLDER/containerd.log" 2>&1 &
until ctr --address /run/containerd/containerd.sock version >/dev/null 2>&1; do sleep 0.1; done
ctr --address /run/containerd/containerd.sock --namespace k8s.io images import --snapshotter native "$FOLDER/images.tar"
exec "$KUBELET" --config "$FOLDER/kubelet.yaml" --kubeconfig "$KUBECONFIG" --root-dir "$FOLDER/kubelet" --cert-dir "$FOLDER/pki" \
  --hostname-override "$NODE" --node-ip "$NODE_IP" --node-labels "$LABEL=true"
`
