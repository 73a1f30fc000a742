package release

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/release"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/manifest"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/readiness"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// ErrLeftover says that an earlier attempt has left a release that can be
// neither finished nor installed over. Uninstall it, delete the namespace, and
// begin anew: volumes of the earlier attempt would keep its passwords.
var ErrLeftover = errors.New("an earlier attempt left a half-made release")

// Install installs the chart into the target's namespace, which must exist,
// and returns when everything it made is ready. It may be called again after
// any failure or crash: a release that is deployed is left as it is, one that
// was only being waited for is waited for again, and for any other it returns
// ErrLeftover. A chart of kinds that the cluster doesn't serve is refused
// before anything is made, with an UnservedError, and so is, with a NoPodError,
// one that could never be bound to though its plan says so, with an
// ExposedError, one whose pods WithoutExposure keeps out, with an
// InsecureError, one whose pods don't keep to their namespace's Pod Security
// Standard, and, with an OutsideError, one that leaves its namespace where
// Impersonate keeps it in. report is told of each
// change in readiness. It doesn't retry, and leaves what failed in place, to be
// looked at or uninstalled.
func (c *Client) Install(ctx context.Context, target tenant.Target, what chart.Rendered, report func(readiness.Progress)) error {
	return c.work(ctx, target, func(ctx context.Context) error { return c.install(ctx, target, what, report) })
}

func (c *Client) install(ctx context.Context, target tenant.Target, what chart.Rendered, report func(readiness.Progress)) error {
	helm, err := c.session(ctx, target, report)
	if err != nil {
		return err
	}
	helm.client.rules = c.tenants.Rules(target, what.AllowExposure)
	past, err := helm.past(target.Release)
	if err != nil {
		return err
	}
	switch past.next(intent{verb: install}) {
	case begin:
		err = helm.install(ctx, target, what, nil)
	case resume:
		err = helm.resume(past[0])
	case giveUp:
		err = ErrLeftover
	}
	if errors.Is(err, ErrLeftover) {
		return err
	}
	return helm.failure(ctx, "installing the chart", err)
}

// install installs the chart; labels are for the release's record.
func (s *session) install(ctx context.Context, target tenant.Target, what chart.Rendered, labels map[string]string) error {
	what, err := s.renderInstall(ctx, target, what)
	if err == nil {
		what, err = s.withKinds(what)
	}
	if err != nil {
		return err
	}
	foreseen, err := s.dryInstall(target, what)
	if err != nil {
		return err
	}
	if err := s.foresee(ctx, foreseen, what.Chart.CRDObjects()); err != nil {
		return err
	}
	if err := s.admitGroups(ctx, foreseen); err != nil {
		return err
	}
	clear(s.objects) // hundreds may wait for pods
	helm := action.NewInstall(s.Configuration)
	helm.ReleaseName = target.Release
	helm.Namespace = target.Namespace
	helm.Wait = true
	helm.WaitForJobs = true
	helm.Timeout = remaining(ctx)
	helm.Labels = withExposure(labels, what)
	helm.SkipCRDs = s.hasDefinitions(what.Chart.CRDObjects())
	if !helm.SkipCRDs && len(what.Chart.CRDObjects()) > 0 {
		s.Capabilities = nil // templates may ask for what crds/ brings
		defer s.renew()
	}
	// Run, not RunWithContext: the latter returns while it goes on writing.
	made, err := helm.Run(what.Chart, what.Values)
	if err != nil {
		return err
	}
	if foreseen == nil {
		if err := s.foresee(ctx, made, what.Chart.CRDObjects()); err != nil {
			return err
		}
	}
	// Helm doesn't tell when it couldn't record that it is done.
	recorded, err := s.past(target.Release)
	if err == nil && recorded.state() != deployed {
		err = s.Releases.Update(made)
	}
	if err != nil || !what.Bindable {
		return err
	}
	return s.checkLeft(ctx, made)
}

// failure prefers what a wait found, and the context's own end, to what Helm
// made of it. It returns nil if err is nil.
func (s *session) failure(ctx context.Context, doing string, err error) error {
	if err == nil {
		return nil
	}
	if powerless := s.rights.reason(); powerless != nil {
		return powerless
	}
	var notReady *readiness.NotReadyError
	if errors.As(s.client.failed, &notReady) {
		return notReady
	}
	var exposed *manifest.ExposedError
	if errors.As(s.client.failed, &exposed) {
		return exposed
	}
	var outside *manifest.OutsideError
	if errors.As(s.client.failed, &outside) {
		return outside
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("%s: not done in time", doing)
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", doing, context.Cause(ctx))
	}
	return fmt.Errorf("%s: %w", doing, s.cluster.tenants.Explained(s.target, err))
}

// remaining is what Helm's own time-outs are set to: they know no context.
func remaining(ctx context.Context) time.Duration {
	if deadline, ok := ctx.Deadline(); ok {
		return time.Until(deadline)
	}
	return time.Hour
}

// checkLeft is CheckProspect where Jobs have run: what they were to make is
// there by now.
func (s *session) checkLeft(ctx context.Context, r *release.Release) error {
	p, err := manifest.ProspectOf(r)
	if err != nil || !p.Never() {
		return err
	}
	clients, err := s.KubernetesClientSet()
	if err != nil {
		return err
	}
	pods, err := clients.CoreV1().Pods(r.Namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return fmt.Errorf("listing the pods of namespace %s: %w", r.Namespace, err)
	}
	if slices.ContainsFunc(pods.Items, func(pod corev1.Pod) bool { return readiness.Serves(&pod) }) {
		return nil
	}
	return p.NoPod()
}
