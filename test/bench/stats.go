package main

import (
	"math"
	"slices"
	"time"
)

// quantile is the smallest of the values that at least the given share of them
// doesn't exceed (the nearest-rank method); 0 if there are none.
func quantile(values []float64, share float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	// The product may lie a hair above the whole number that it should be.
	rank := int(math.Ceil(share*float64(len(sorted)) - 1e-9))
	return sorted[max(rank, 1)-1]
}

// median is the middle value, or the mean of the two in the middle; 0 if there
// are none.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

func milliseconds(d time.Duration) float64 { return d.Seconds() * 1000 }
