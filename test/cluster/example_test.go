package cluster_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/cf-helm-broker/cf-helm-broker/test/cluster"
)

func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Minute) // the first time it builds
	defer cancel()
	c, err := cluster.Start(ctx, cluster.Options{Nodes: 2, Log: os.Stderr})
	if err != nil {
		log.Fatal(err)
	}
	defer func() {
		if err := c.Stop(); err != nil {
			log.Print(err)
		}
	}()

	client, err := kubernetes.NewForConfig(c.RESTConfig())
	if err != nil {
		log.Print(err)
		return
	}
	nodes, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		log.Print(err)
		return
	}
	for _, node := range nodes.Items {
		fmt.Println(node.Name)
	}
	// Output:
	// worker-0
	// worker-1
}
