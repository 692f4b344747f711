package quantize

import (
	"math"
	"testing"
)

func TestHalf(t *testing.T) {
	for _, tt := range []struct {
		v    float32
		want uint16
		ok   bool
	}{{0, 0, true}, {1, 0x3c00, true}, {-2, 0xc000, true}, {65504, 0x7bff, true}, {65536, 0, false}, {1.0 / 3, 0, false}, {0.333251953125, 0x3555, true},
		{float32(math.Ldexp(1, -24)), 1, true}, {float32(math.Ldexp(-3, -24)), 0x8003, true}, {float32(math.Ldexp(1, -25)), 0, false},
		{float32(math.Inf(1)), 0, false}, {float32(math.NaN()), 0, false}} {
		if got, ok := half(tt.v); ok != tt.ok || ok && got != tt.want {
			t.Errorf("half(%g) = %#x, %v; want %#x, %v", tt.v, got, ok, tt.want, tt.ok)
		}
	}
}
