package release

import (
	"context"
	"fmt"
	"strings"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/release"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chart"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/generated"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/render"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/tenant"
)

// renderUpgrade renders the chart for an upgrade from a revision. What the chart
// has generated before stays, unless the plan says otherwise, in what Helm records
// too: a rollback has it as well.
func (s *session) renderUpgrade(ctx context.Context, target tenant.Target, what chart.Rendered, from *release.Release, revision int) (chart.Rendered, error) {
	if what.Again == nil {
		err := s.rendering(ctx, target, what, revision, func(r *render.Renderer, in render.Input) (err error) {
			what.Chart, err = r.Render(ctx, in)
			return err
		})
		return what, err
	}
	var again *helmchart.Chart
	err := s.rendering(ctx, target, what, revision, func(r *render.Renderer, in render.Input) (err error) {
		what.Chart, again, err = r.RenderTwice(ctx, in, what.Again)
		return err
	})
	if err != nil || again == nil {
		return what, err
	}
	kept, err := generated.Keep(what.Chart, again, manifestOf(from), s.secret)
	if err != nil {
		return what, fmt.Errorf("keeping what the chart has generated: %w", err)
	}
	what.Values = kept.In(what.Values, what.Again)
	return what, nil
}

// manifestOf is all that a revision has made, hooks included.
func manifestOf(r *release.Release) string {
	all := []string{r.Manifest}
	for _, hook := range r.Hooks {
		all = append(all, hook.Manifest)
	}
	return strings.Join(all, "\n---\n")
}

// secret is a Secret's data; nil if there is no such Secret, or none that the
// session may read: then it isn't the instance's.
func (s *session) secret(namespace, name string) (map[string][]byte, error) {
	if namespace == "" {
		namespace = s.client.Namespace
	}
	clients, err := s.KubernetesClientSet()
	if err != nil {
		return nil, err
	}
	secret, err := clients.CoreV1().Secrets(namespace).Get(s.client.ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) || apierrors.IsForbidden(err) && namespace != s.client.Namespace {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading Secret %s: %w", name, err)
	}
	return secret.Data, nil
}
