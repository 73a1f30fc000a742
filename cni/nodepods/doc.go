// Package nodepods watches the metadata of one node's pods, and of namespaces, and
// tells of namespaces that the broker has marked. It keeps the metadata that
// matters on the node, and nothing else.
package nodepods
