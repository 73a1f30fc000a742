package main

import (
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/broker/inspect"
)

func TestTellInstances(t *testing.T) {
	redis, postgresql, kibosh := inspect.Summary{Service: "redis"}, inspect.Summary{Service: "postgresql"}, inspect.Summary{}
	for want, all := range map[string]inspect.Listing{
		"": {},
		"there are service instances: 1 of postgresql, 2 of redis, 1 of unknown": {Instances: []inspect.Summary{redis, postgresql, redis, kibosh}},
		"records that can't be read: 1":                                          {Damaged: []inspect.Damaged{{}}},
		"there are service instances: 1 of redis; records that can't be read: 1": {Instances: []inspect.Summary{redis}, Damaged: []inspect.Damaged{{}}},
	} {
		if have := tellInstances(all); have != want {
			t.Errorf("told %q, want %q", have, want)
		}
	}
}
