// Package credhub keeps credentials in Cloud Foundry's CredHub, each for one reader, and
// removes them (https://docs.cloudfoundry.org/api/credhub/). Which there are to be is the
// business of the bindings' records.
package credhub
