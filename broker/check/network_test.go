package check

import (
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cf-helm-broker/cf-helm-broker/broker/check/probe"
	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
	"github.com/cf-helm-broker/cf-helm-broker/policy/c2c"
)

// TestJudgeNetwork: what packets have done is fine, slow to begin with, or wrong, and what is
// wrong says what to do on which network.
func TestJudgeNetwork(t *testing.T) {
	reported := func(met bool, answers int, last time.Duration) probe.Report {
		r := probe.Report{Tries: 60, Answers: answers, Began: now, Met: met}
		if answers > 0 {
			r.First, r.Last = now.Add(last), now.Add(last)
		}
		return r
	}
	seen := now.Add(4 * time.Second)
	for name, j := range map[string]judged{
		"closed":                {judgeBefore(reported(true, 0, 0), "a → b"), OK, "none of 60 connections"},
		"closed a moment later": {judgeBefore(reported(true, 7, 400*time.Millisecond), "a → b"), Warning, "a → b, until 400ms"},
		"never closed":          {judgeBefore(reported(false, 60, time.Second), "a → b"), Failed, "60 of 60 connections"},
		"opened":                {judgeChange(probe.Answered, reported(true, 1, 41*time.Millisecond), now, seen), OK, "the first one 41ms after it was asked for"},
		"never opened":          {judgeChange(probe.Answered, probe.Report{}, now, seen), Failed, "within 1m0s"},
		"closed again":          {judgeChange(probe.Closed, reported(true, 9, 120*time.Millisecond), now, seen), OK, "the last one 120ms after"},
		"closed at once":        {judgeChange(probe.Closed, reported(true, 9, -20*time.Millisecond), now, seen), OK, "the last one 0s after"},
		"never closed again":    {judgeChange(probe.Closed, probe.Report{}, now, seen), Failed, "more than 1m0s"},
		"a node's clock late":   {judgeChange(probe.Answered, reported(true, 1, -time.Minute), now, seen), OK, "at most 4s after"},
		"a node's clock early":  {judgeChange(probe.Closed, reported(true, 9, time.Minute), now, seen), OK, "at most 4s after"},
	} {
		for network, n := range map[string]Network{"pods have to be on Silk": {C2C: &c2c.Client{}}, "to enforce NetworkPolicies": {NetworkPolicies: true}} {
			j.got = n.withCure(j.got)
			j.test(t, name)
			if (j.got.State == OK) != (j.got.Cure == "") || !strings.Contains(j.got.Cure, network) && j.got.Cure != "" {
				t.Errorf("%s: the cure is %q", name, j.got.Cure)
			}
		}
	}
	if both := (Network{C2C: &c2c.Client{}, NetworkPolicies: true}).withCure(failed("x")); !strings.Contains(both.Cure, "Silk") || !strings.Contains(both.Cure, "NetworkPolicies") {
		t.Errorf("on both networks the cure is %q", both.Cure)
	}
}

// TestReportOf: a container tells when it has ended well, and one that ends otherwise is told of.
func TestReportOf(t *testing.T) {
	pod := func(phase corev1.PodPhase, ended *corev1.ContainerStateTerminated) *corev1.Pod {
		return &corev1.Pod{Status: corev1.PodStatus{Phase: phase, ContainerStatuses: []corev1.ContainerStatus{
			{Name: string(probe.Answered), State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}},
			{Name: string(probe.Silent), State: corev1.ContainerState{Terminated: ended}},
		}}}
	}
	const told = `{"tries":60,"met":true}`
	for name, c := range map[string]struct {
		pod   *corev1.Pod
		until probe.Until
		told  bool
		wrong string
	}{
		"not begun":           {&corev1.Pod{}, probe.Silent, false, ""},
		"running":             {pod(corev1.PodRunning, nil), probe.Silent, false, ""},
		"another has ended":   {pod(corev1.PodRunning, &corev1.ContainerStateTerminated{Message: told}), probe.Answered, false, ""},
		"it has ended":        {pod(corev1.PodRunning, &corev1.ContainerStateTerminated{Message: told}), probe.Silent, true, ""},
		"all have ended":      {pod(corev1.PodSucceeded, &corev1.ContainerStateTerminated{Message: told}), probe.Silent, true, ""},
		"no report":           {pod(corev1.PodRunning, &corev1.ContainerStateTerminated{}), probe.Silent, false, "its report is"},
		"not this broker":     {pod(corev1.PodRunning, &corev1.ContainerStateTerminated{ExitCode: 2}), probe.Silent, false, "has ended with 2"},
		"ended from outside":  {pod(corev1.PodFailed, nil), probe.Silent, false, "it has ended"},
		"the other's is late": {pod(corev1.PodFailed, &corev1.ContainerStateTerminated{Message: told}), probe.Answered, false, "it has ended"},
	} {
		report, told, err := reportOf(c.pod, c.until)
		if told != c.told || told != report.Met || (err == nil) != (c.wrong == "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%s: %+v, %t, %v", name, report, told, err)
		}
	}
}

// TestLeft: what is old and of a self-test of this broker is left, once, and nothing else.
func TestLeft(t *testing.T) {
	const id, other, third = "0a1b2c3d-0000-4000-8000-000000000001", "1a1b2c3d-0000-4000-8000-000000000001", "2a1b2c3d-0000-4000-8000-000000000001"
	n := Network{Prefix: "cf-helm"}
	of := func(name, id string, age time.Duration) corev1.Namespace {
		return corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: metav1.NewTime(now.Add(-age)), Annotations: map[string]string{TrialAnnotation: id}}}
	}
	going := of(n.trial(third).listens.Name, third, time.Hour)
	going.DeletionTimestamp = &metav1.Time{Time: now}
	var left []string
	for _, t := range n.left([]corev1.Namespace{
		of(n.trial(id).listens.Name, id, time.Hour), of(n.trial(id).dials.Name, id, time.Hour), of(n.trial(other).dials.Name, other, leftAge),
		of(n.trial(third).dials.Name, third, leftAge-time.Second), going, of("other-0a1b2c3d", id, time.Hour), of("cf-helm-1", "not a GUID", time.Hour), of("cf-helm-2", "", time.Hour),
	}, now) {
		left = append(left, t.id)
	}
	if !slices.Equal(left, []string{id, other}) {
		t.Errorf("left are %v", left)
	}
	one, again := n.trial(id), n.trial(id)
	if one.policy != again.policy || one.policy.Validate() != nil || one.listens.Name == one.dials.Name ||
		one.policy.Source.ID != one.dials.Annotations[podgroup.Annotation] || one.policy.Destination.ID != one.listens.Annotations[podgroup.Annotation] {
		t.Errorf("%+v", one)
	}
}
