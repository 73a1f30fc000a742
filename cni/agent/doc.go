// Package agent answers its node's plugins: where pods belong, and whether any may
// be started. It puts together who knows either, and counts and logs what it says.
package agent
