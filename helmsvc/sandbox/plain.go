//go:build !race

package sandbox

// racy: the race detector maps several times what the program does.
const racy = false
