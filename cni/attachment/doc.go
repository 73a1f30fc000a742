// Package attachment remembers on the node which containers a delegate was begun
// for, so that a network that was half made when the plugin was killed is taken
// down again, by whoever comes next.
//
// A record is a file, and a lock on it lasts as long as the plugin and all
// processes that it has started: whoever takes the network down waits for those
// first, and ends them if they don't. What the delegate does is not its business.
package attachment
