package watch_test

import (
	"fmt"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// step is what it is, and what it does.
type step struct {
	what string
	away bool // what publishes names, or keeps them, is away meanwhile
	do   func()
}

func (w *world) choose() step {
	switch n := w.random.IntN(30); {
	case n < 19:
		what, do := w.changePods()
		return step{what: what, do: do}
	case n < 21:
		return w.loseNode()
	case n < 23:
		server := w.random.IntN(2)
		return w.meanwhile(fmt.Sprintf("NATS server %d restarts", server), func(do func()) {
			w.discovery.StopNATS(server)
			do()
			w.must(w.discovery.StartNATS(server))
		})
	case n < 24:
		return w.meanwhile("all of NATS restarts", func(do func()) {
			w.discovery.StopNATS(0)
			w.discovery.StopNATS(1)
			do()
			w.must(w.discovery.StartNATS(0))
			w.must(w.discovery.StartNATS(1))
		})
	case n < 25:
		return step{"the controller restarts", true, func() {
			w.discovery.StopController()
			w.must(w.discovery.StartController())
		}}
	case n < 27:
		s := w.meanwhile("the lead is handed over", w.handOver)
		s.away = false
		return s
	case n < 29:
		return w.meanwhile("the leader dies, another leads", w.failOver)
	default:
		return step{"the second instance is bound or unbound", true, w.rebind}
	}
}

// meanwhile is a step in which something happens to pods while something is away.
func (w *world) meanwhile(what string, around func(do func())) step {
	pods, do := w.changePods()
	return step{what + ", and meanwhile: " + pods, true, func() { around(do) }}
}

// loseNode takes a node away, and brings it back when names have followed.
func (w *world) loseNode() step {
	what, do := w.changePods()
	return step{what: "a node is lost, and comes back after: " + what, do: func() {
		w.must(local.StopNode(w.Context(), lostNode))
		w.lost = true
		w.becomesRight("the loss of a node")
		w.must(local.StartNode(w.Context(), lostNode))
		w.lost = false
		do()
	}}
}

// rebind binds the second instance's only app, or unbinds it.
func (w *world) rebind() {
	w.bound[1] = !w.bound[1]
	for _, r := range []*replica{w.leader, w.follower} {
		if w.bound[1] {
			r.watcher.Add(w.instances[1].namespace)
		} else {
			r.watcher.Remove(w.instances[1].namespace)
		}
	}
}

// changePods is what happens to pods.
func (w *world) changePods() (string, func()) {
	i := w.random.IntN(2)
	p := w.instances[i]
	workload := []string{"db", "web"}[w.random.IntN(2)]
	what := fmt.Sprintf("%s of instance %d", workload, i+1)
	which := w.random.IntN(1000)
	switch w.random.IntN(4) {
	case 0:
		replicas := int32(w.random.IntN(5))
		return fmt.Sprintf("%s is scaled to %d", what, replicas), func() { w.scale(p, workload, replicas) }
	case 1:
		return what + " is updated", func() { w.update(p, workload) }
	case 2:
		return "a pod is restarted with another address: " + what, func() {
			if pods := p.pods(workload); len(pods) > 0 {
				_, err := local.RestartPod(w.Context(), p.namespace, pods[which%len(pods)].Name)
				w.must(err)
			}
		}
	default:
		return "a pod is deleted: " + what, func() {
			if pods := p.pods(workload); len(pods) > 0 {
				w.must(clients.CoreV1().Pods(p.namespace).Delete(w.Context(), pods[which%len(pods)].Name, metav1.DeleteOptions{}))
			}
		}
	}
}

func (w *world) scale(p place, workload string, replicas int32) {
	scale := &autoscalingv1.Scale{ObjectMeta: metav1.ObjectMeta{Name: workload, Namespace: p.namespace}, Spec: autoscalingv1.ScaleSpec{Replicas: replicas}}
	var err error
	if workload == "db" {
		_, err = clients.AppsV1().StatefulSets(p.namespace).UpdateScale(w.Context(), workload, scale, metav1.UpdateOptions{})
	} else {
		_, err = clients.AppsV1().Deployments(p.namespace).UpdateScale(w.Context(), workload, scale, metav1.UpdateOptions{})
	}
	w.must(err)
}

// update changes the template of a workload's pods, so that all of them are replaced.
func (w *world) update(p place, workload string) {
	w.revision++
	change := fmt.Appendf(nil, `{"spec":{"template":{"metadata":{"annotations":{%q:"%d"}}}}}`, revisionAnnotation, w.revision)
	var err error
	if workload == "db" {
		_, err = clients.AppsV1().StatefulSets(p.namespace).Patch(w.Context(), workload, types.MergePatchType, change, metav1.PatchOptions{})
	} else {
		_, err = clients.AppsV1().Deployments(p.namespace).Patch(w.Context(), workload, types.MergePatchType, change, metav1.PatchOptions{})
	}
	w.must(err)
}
