// Package cfapi sends requests to the parts of Cloud Foundry and reads their answers:
// it finds them by the CF API's root, has UAA's tokens, shared by all who ask, and says
// of a refusal what to look at. What is asked is left to the networks' own packages.
//
// Of go-cfclient it takes the forms of requests and answers. Its client isn't
// used: it waits for tokens outside the caller's context, swaps its token
// source unlocked on a 401, follows redirects with what it then takes for
// success, and hides the status of a refusal.
package cfapi
