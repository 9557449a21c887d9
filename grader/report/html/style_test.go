package html_test

import (
	"math"
	"os"
	"regexp"
	"strconv"
	"testing"
)

// Every pair of a text's colour and what it stands on has the contrast of WCAG AA,
// 4.5 to 1, in both themes.
func TestContrast(t *testing.T) {
	style, err := os.ReadFile("templates/style.css")
	if err != nil {
		t.Fatal(err)
	}
	colours := map[string][2]string{} // light, dark
	for _, m := range regexp.MustCompile(`--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)`).FindAllStringSubmatch(string(style), -1) {
		colours[m[1]] = [2]string{m[2], m[3]}
	}
	pairs := [][2]string{
		{"pass", "pass-bg"}, {"part", "part-bg"}, {"fail", "fail-bg"}, {"wait", "wait-bg"}, {"err", "err-bg"}, {"run", "run-bg"},
		{"fail", "card"}, {"card", "ink"},
	}
	for _, on := range []string{"bg", "card", "code-bg"} {
		for _, text := range []string{"ink", "soft", "accent"} {
			pairs = append(pairs, [2]string{text, on})
		}
	}
	for _, p := range pairs {
		for theme, name := range []string{"light", "dark"} {
			a, b := luminance(t, colours[p[0]][theme]), luminance(t, colours[p[1]][theme])
			if ratio := (math.Max(a, b) + 0.05) / (math.Min(a, b) + 0.05); ratio < 4.5 {
				t.Errorf("%s: %s on %s has %.2f to 1", name, p[0], p[1], ratio)
			}
		}
	}
}

// luminance is the relative luminance of a colour, #rrggbb, as WCAG defines it.
func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	if len(colour) != 7 {
		t.Fatalf("%q is no colour", colour)
	}
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		x := float64(n) / 255
		if x <= 0.03928 {
			x /= 12.92
		} else {
			x = math.Pow((x+0.055)/1.055, 2.4)
		}
		sum += weight * x
	}
	return sum
}
