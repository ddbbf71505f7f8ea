package main

import (
	"math"
	"testing"
)

// The first example of Wikipedia's "Welch's t-test", whose figures come from R's t.test.
func TestWelch(t *testing.T) {
	a := momentsOf([]float64{27.5, 21.0, 19.0, 23.6, 17.0, 17.9, 16.9, 20.1, 21.9, 22.6, 23.1, 19.6, 19.0, 21.7, 21.4})
	b := momentsOf([]float64{27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0, 24.8, 20.2, 21.9, 22.1, 22.9, 20.5, 24.4})
	near := func(what string, got, want float64) {
		if math.Abs(got-want) > 0.005 {
			t.Errorf("%s is %.4f, want %.2f", what, got, want)
		}
	}
	near("the first mean", a.mean, 20.82)
	near("the second mean", b.mean, 22.99)
	near("the first variance", a.variance, 7.87)
	near("the second variance", b.variance, 3.81)
	near("t", welch(a, b), -2.46)
	near("t of a sample and itself", welch(a, a), 0)
	near("t of constants", welch(moments{n: 2, mean: 1}, moments{n: 2, mean: 1}), 0)
}

func TestCropped(t *testing.T) {
	got := cropped([][]float64{{1, 2, 3, 4, 100}, {5, 6, 7, 8, 9}})
	if len(got[0]) != 4 || len(got[1]) != 5 {
		t.Errorf("cropped to %v", got)
	}
}
