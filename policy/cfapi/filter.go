package cfapi

import "net/url"

// FilterValue escapes a value of a filter, beyond what a query needs: the cloud
// controller splits a filter at its commas and then unescapes each value.
func FilterValue(value string) string { return url.PathEscape(value) }
