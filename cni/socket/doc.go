// Package socket is how the plugin asks its node's agent: HTTP with JSON over a Unix
// socket that only root can open. What the answers are is the agent's business.
package socket
