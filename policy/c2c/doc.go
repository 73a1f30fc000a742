// Package c2c opens and closes container-to-container (C2C) access through Cloud
// Foundry's external policy API, and has the placeholder apps that policies may point
// to. Which policies there have to be is left to who calls it. It also tells which
// domains there are.
package c2c
