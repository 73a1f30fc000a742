package agent

import (
	"context"
	"fmt"
	"strings"

	"code.cloudfoundry.org/lager/v3"

	"github.com/cf-helm-broker/cf-helm-broker/cni/socket"
	"github.com/cf-helm-broker/cf-helm-broker/podgroup"
)

// Knower knows where pods belong.
type Knower interface {
	Belongs(ctx context.Context, pod socket.Pod) (podgroup.Membership, error)
}

// Agent is a socket.Agent.
type Agent struct {
	knower  Knower
	guard   *Keeper // nil: pods are started whatever the node is like
	metrics *Metrics
	log     lager.Logger
}

// New returns the agent of a node. guard may be nil: pods are started whatever the
// node is like.
func New(knower Knower, guard *Keeper, metrics *Metrics, log lager.Logger) *Agent {
	return &Agent{knower: knower, guard: guard, metrics: metrics, log: log.Session("agent")}
}

// Belongs says where a pod belongs. While the node isn't safe it is told of none:
// runtimes that speak CNI 1.0 never ask for the status.
func (a *Agent) Belongs(ctx context.Context, pod socket.Pod) (podgroup.Membership, error) {
	member, err := a.belongs(ctx, pod)
	data := lager.Data{"namespace": pod.Namespace, "pod": pod.Name, "uid": pod.UID, "container": pod.Container}
	if err != nil {
		a.metrics.answered("error")
		a.log.Error("pod-refused", err, data)
		return member, err
	}
	result := "group"
	if member.Group == "" {
		result = "none"
	}
	a.metrics.answered(result)
	a.log.Info("pod-told", data, lager.Data{"group": member.Group, "space": member.Space})
	return member, nil
}

func (a *Agent) belongs(ctx context.Context, pod socket.Pod) (podgroup.Membership, error) {
	if said := a.Status(); !said.Ready {
		return podgroup.Membership{}, fmt.Errorf("the node isn't safe for pods: %s", strings.Join(said.Problems, "; "))
	}
	return a.knower.Belongs(ctx, pod)
}

// Status says whether pods may be started.
func (a *Agent) Status() socket.Status {
	if a.guard == nil {
		return socket.Status{Ready: true}
	}
	problems := a.guard.Problems()
	return socket.Status{Ready: len(problems) == 0, Problems: problems}
}
