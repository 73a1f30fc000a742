// Package fair shares what is scarce among tenants: whoever waits gets it in
// turn, tenant by tenant, so that hundreds of one tenant leave a single one of
// another its turn, and a calm to have it in. A tenant is a space, say; the package knows only names.
package fair
