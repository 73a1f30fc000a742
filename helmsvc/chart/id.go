package chart

import (
	"github.com/google/uuid"
)

// ServiceID returns the OSBAPI service id of the chart with the given name:
// UUIDv5(NameSpace_OID, name), as Kibosh computes it.
func ServiceID(chartName string) string {
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte(chartName)).String()
}

// PlanID returns the OSBAPI plan id "<service id>-<plan name>", as Kibosh
// computes it. It can exceed the 63 characters of a label value.
func PlanID(chartName, planName string) string {
	return ServiceID(chartName) + "-" + planName
}
