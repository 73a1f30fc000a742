package chart

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// longestNumber keeps exact comparisons cheap: with it, and a value that a
// float64 can hold, goes a bound of the exponent.
const longestNumber = 100

// exactNumbers replaces json.Number, which templates would take for a string,
// by int64 for whole numbers that fit and by float64 for others.
func exactNumbers(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key, item := range v {
			v[key] = exactNumbers(item)
		}
	case []any:
		for i, item := range v {
			v[i] = exactNumbers(item)
		}
	case json.Number:
		if whole, is := wholeNumber(v.String()); is {
			return whole
		}
		if fraction, err := v.Float64(); err == nil {
			return fraction
		}
		return v.String()
	}
	return value
}

// wholeNumber reads a number that is whole and has 64 bits at most, however it
// is spelt: 1.0 and 1e17 are such.
func wholeNumber(text string) (whole int64, is bool) {
	if whole, err := strconv.ParseInt(text, 10, 64); err == nil {
		return whole, true
	}
	about, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil || len(text) > longestNumber || math.Abs(about) > math.MaxInt64:
		return 0, false
	case about == 0: // 0e99, or too small for anything to be kept
		return 0, true
	}
	exact, valid := new(big.Rat).SetString(text)
	if !valid || !exact.IsInt() || !exact.Num().IsInt64() {
		return 0, false
	}
	return exact.Num().Int64(), true
}

// checkNumber refuses a number that a chart would get as another one: Helm
// knows whole numbers of 64 bits, and floating-point numbers.
func checkNumber(at []string, text string) error {
	if keptExactly(text) {
		return nil
	}
	return fmt.Errorf("the parameter %s is a number that can't be kept exactly: whole numbers may have 64 bits, others some 15 digits; give it as a string, if the chart takes one", where(at))
}

// keptExactly tells whether a number is still the same when it has been
// decoded: what a chart prints is what was written, but for the spelling.
func keptExactly(text string) bool {
	about, err := strconv.ParseFloat(text, 64)
	if err != nil || len(text) > longestNumber {
		return false
	}
	if about == 0 {
		return isZero(text)
	}
	if _, whole := wholeNumber(text); whole {
		return true
	}
	written, valid := new(big.Rat).SetString(text)
	kept, _ := new(big.Rat).SetString(strconv.FormatFloat(about, 'g', -1, 64))
	return valid && written.Cmp(kept) == 0
}

// isZero tells 0e5 from 1e-400.
func isZero(text string) bool {
	mantissa, _, _ := strings.Cut(strings.ToLower(text), "e")
	return !strings.ContainsAny(mantissa, "123456789")
}
