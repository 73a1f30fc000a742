// Package chart turns a folder of Helm charts into services and plans.
//
// It reads what Kibosh defined beside Chart.yaml (plans.yaml and plans/*.yaml),
// keeps Kibosh's ids, so that a catalog registered from Kibosh stays registered,
// and computes the values of an instance: chart ⊕ plan ⊕ parameters. It knows
// neither Kubernetes nor OSBAPI; installing is helmsvc's job and the catalog's
// JSON is broker's.
package chart
