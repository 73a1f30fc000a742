package chart

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"helm.sh/helm/v3/pkg/chartutil"
)

// Annotations of Chart.yaml that say what Helm has no field for.
const (
	annotationPrefix      = "cf-helm-broker.io/"
	displayNameAnnotation = annotationPrefix + "display-name"
	longTextAnnotation    = annotationPrefix + "long-description"
	supportAnnotation     = annotationPrefix + "support-url"
	shareableAnnotation   = annotationPrefix + "shareable"
	dashboardAnnotation   = annotationPrefix + "dashboard-url"
	quotaAnnotation       = annotationPrefix + "quota"
)

// DisplayName is what the marketplace calls the service.
func (s Service) DisplayName() string {
	if name := s.annotation(displayNameAnnotation); name != "" {
		return name
	}
	return s.Name
}

// LongDescription is for the marketplace; empty if the chart has none.
func (s Service) LongDescription() string { return s.annotation(longTextAnnotation) }

// SupportURL is for the marketplace; empty if the chart has none.
func (s Service) SupportURL() string { return s.annotation(supportAnnotation) }

// Shareable tells whether instances may be shared between spaces.
func (s Service) Shareable() bool { return s.annotation(shareableAnnotation) == "true" }

// Quota is how many instances there may be of all plans; 0: any number.
func (s Service) Quota() int {
	quota, err := strconv.Atoi(s.annotation(quotaAnnotation))
	if err != nil {
		return 0 // there is none: checkExtras has looked at it
	}
	return quota
}

func (s Service) annotation(name string) string { return s.chart.Metadata.Annotations[name] }

// checkExtras finds misspelt annotations of this broker's and wrong values.
func (s Service) checkExtras() error {
	for name, value := range s.chart.Metadata.Annotations {
		if !strings.HasPrefix(name, annotationPrefix) {
			continue
		}
		switch name {
		case displayNameAnnotation, longTextAnnotation, supportAnnotation, dashboardAnnotation:
		case shareableAnnotation:
			if value != "true" && value != "false" {
				return fmt.Errorf("Chart.yaml: the annotation %s must be \"true\" or \"false\"", name)
			}
		case quotaAnnotation:
			if quota, err := strconv.Atoi(value); err != nil || quota < 1 {
				return fmt.Errorf("Chart.yaml: the annotation %s must be a number above 0, such as \"50\"", name)
			}
		default:
			return fmt.Errorf("Chart.yaml: the annotation %s isn't known; quota, display-name, long-description, support-url, shareable and dashboard-url are", name)
		}
	}
	return nil
}

// DashboardURL is where an instance can be looked at, as the annotation
// cf-helm-broker.io/dashboard-url of Chart.yaml says: a Go template with the
// chart's helpers, .Release, .Chart and the instance's .Values. It is empty if
// the chart has none.
func (s Service) DashboardURL(ctx context.Context, plan Plan, release, namespace string, parameters json.RawMessage) (string, error) {
	if s.annotation(dashboardAnnotation) == "" {
		return "", nil
	}
	what, err := s.Render(ctx, plan, release, namespace, parameters)
	if err != nil {
		return "", err
	}
	address, err := s.dashboard(ctx, release, namespace, what.Values)
	return address, what.generated.hide(err)
}

// longestDashboard is the processor time that the annotation's template may take:
// it sees what developers give, and requests wait for it.
const longestDashboard = time.Second

func (s Service) dashboard(ctx context.Context, release, namespace string, values map[string]any) (string, error) {
	template := s.annotation(dashboardAnnotation)
	if template == "" {
		return "", nil
	}
	const name = "the annotation " + dashboardAnnotation
	read, err := readTemplate(name, []byte(template))
	if err == nil && len(read.calls) > 0 {
		err = fmt.Errorf("%s: generated is for plan files: an address isn't secret", name)
	}
	if err != nil {
		return "", fmt.Errorf("Chart.yaml: %w", err)
	}
	options := chartutil.ReleaseOptions{Name: release, Namespace: namespace, Revision: 1, IsInstall: true}
	rendered, err := s.renderText(ctx, text{name: name, content: []byte(template), most: longestDashboard}, values, options)
	if err != nil {
		return "", fmt.Errorf("Chart.yaml: %w", err)
	}
	address, err := url.Parse(strings.TrimSpace(rendered))
	if err != nil || address.Scheme != "https" && address.Scheme != "http" || address.Host == "" {
		return "", errors.New("Chart.yaml: the annotation " + dashboardAnnotation + " doesn't yield a URL such as https://db.example.com/")
	}
	if n := len(address.String()); n > longestURL {
		return "", fmt.Errorf("Chart.yaml: the annotation %s yields a URL of %d characters; it may have %d", dashboardAnnotation, n, longestURL)
	}
	return address.String(), nil
}
