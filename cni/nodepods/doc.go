// Package nodepods watches the metadata of one node's pods, and of namespaces, and
// tells of namespaces that the broker has marked. Of pods it keeps the
// metadata that their groups go by, of namespaces the mark, and nothing else.
package nodepods
