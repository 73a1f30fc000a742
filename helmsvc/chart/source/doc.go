// Package source gets charts from where the operator says onto the local
// disk: folders and archives that are there already, OCI registries and Helm
// chart repositories. A list (Read) names them, a Fetcher brings them.
//
// A version is pinned and taken for immutable: what the cache holds is used
// without asking anybody, so that a broker starts while a registry is down.
// One source that fails doesn't keep the others back.
//
// It knows neither plans nor Kubernetes and doesn't say whether a chart can be
// offered: loading what it delivers is package chart's job. It reads and
// writes nothing of Helm's or Docker's own settings.
package source
