package c2c_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cf-helm-broker/cf-helm-broker/policy"
)

const many = 10_000

// manyPolicies are of 2,000 apps, to five ports each, in no order.
func manyPolicies() []policy.Policy {
	id := func(kind, n int) string { return fmt.Sprintf("%08x-0000-4000-8000-%012x", kind, n) }
	var all []policy.Policy
	for n := range many {
		all = append(all, policy.To(id(1, n/5), id(2, n/5), "tcp", 8000+10*(n%5)))
	}
	random := rand.New(rand.NewPCG(1, 2))
	random.Shuffle(many, func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// BenchmarkDiff10000 looks for what is missing where nothing is, as a round
// does, and where a hundredth is.
func BenchmarkDiff10000(b *testing.B) {
	desired := manyPolicies()
	for name, missing := range map[string]int{"nothing missing": 0, "100 missing": many / 100} {
		b.Run(name, func(b *testing.B) {
			actual := slices.Clone(desired[missing:])
			for b.Loop() {
				if lost := policy.Without(desired, actual); len(lost) != missing {
					b.Fatalf("%d are missing, want %d", len(lost), missing)
				}
			}
		})
	}
}

// BenchmarkUnique10000 sorts what the bindings desire.
func BenchmarkUnique10000(b *testing.B) {
	desired := manyPolicies()
	for b.Loop() {
		policy.Unique(desired)
	}
}

// BenchmarkMerged10000 joins ranges.
func BenchmarkMerged10000(b *testing.B) {
	desired := manyPolicies()
	for b.Loop() {
		policy.Merged(desired)
	}
}
