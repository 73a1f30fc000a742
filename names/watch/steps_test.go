package watch_test

import (
	"fmt"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// choose is a step: what it is, and what it does.
func (w *world) choose() (string, func()) {
	pods := w.changePods
	switch n := w.random.IntN(20); {
	case n < 12:
		return pods()
	case n < 14:
		what, do := pods()
		server := w.random.IntN(2)
		return fmt.Sprintf("NATS server %d restarts, and meanwhile: %s", server, what), func() {
			w.discovery.StopNATS(server)
			do()
			w.must(w.discovery.StartNATS(server))
		}
	case n < 15:
		what, do := pods()
		return "all of NATS restarts, and meanwhile: " + what, func() {
			w.discovery.StopNATS(0)
			w.discovery.StopNATS(1)
			do()
			w.must(w.discovery.StartNATS(0))
			w.must(w.discovery.StartNATS(1))
		}
	case n < 16:
		return "the controller restarts", func() {
			w.discovery.StopController()
			w.must(w.discovery.StartController())
		}
	case n < 17:
		return "the lead is handed over", func() { w.handOver(func() {}) }
	case n < 18:
		what, do := pods()
		return "the lead is handed over, and meanwhile: " + what, func() { w.handOver(do) }
	case n < 19:
		what, do := pods()
		return "the leader dies, another leads, and meanwhile: " + what, func() { w.failOver(do) }
	default:
		return "the second instance is bound or unbound", func() {
			w.bound[1] = !w.bound[1]
			for _, r := range []*replica{w.leader, w.follower} {
				if w.bound[1] {
					r.watcher.Add(w.instances[1].namespace)
				} else {
					r.watcher.Remove(w.instances[1].namespace)
				}
			}
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
	switch w.random.IntN(3) {
	case 0:
		replicas := int32(w.random.IntN(5))
		return fmt.Sprintf("%s is scaled to %d", what, replicas), func() { w.scale(p, workload, replicas) }
	case 1:
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
