package main

import "math"

// moments are the mean and the variance of a sample.
type moments struct {
	n              int
	mean, variance float64
}

func momentsOf(sample []float64) moments {
	m := moments{n: len(sample)}
	for _, x := range sample {
		m.mean += x
	}
	m.mean /= float64(m.n)
	for _, x := range sample {
		m.variance += (x - m.mean) * (x - m.mean)
	}
	m.variance /= float64(m.n - 1)
	return m
}

func (m moments) deviation() float64 { return math.Sqrt(m.variance) }

// welch returns Welch's t of two samples (B. L. Welch, Biometrika 34, 1947): the difference of their means in units of its
// standard error. Beyond 4.5 it counts as significant, as in the test vector leakage assessment of cryptographic devices.
func welch(a, b moments) float64 {
	spread := math.Sqrt(a.variance/float64(a.n) + b.variance/float64(b.n))
	if spread == 0 {
		return 0
	}
	return (a.mean - b.mean) / spread
}
