// Package c2c opens and closes container-to-container (C2C) access through Cloud
// Foundry's external policy API: its client, and the placeholder apps that policies
// may point to. Which policies there have to be is left to who calls it. By the same
// tokens it tells which domains there are.
//
// Of go-cfclient it takes the forms of requests and answers. Its client isn't
// used: it waits for tokens outside the caller's context, swaps its token
// source unlocked on a 401, follows redirects with what it then takes for
// success, and hides the status of a refusal.
package c2c
