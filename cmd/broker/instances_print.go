package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"
)

func printJSON(stdout io.Writer, value any) error {
	encoder := json.NewEncoder(stdout)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return fmt.Errorf("printing JSON: %w", err)
	}
	return nil
}

// oneLine makes words of others, platforms' users and charts' authors among
// them, fit for a terminal: one line that can't move its cursor.
func oneLine(text string) string { return printable(strings.Join(strings.Fields(text), " ")) }

func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, text)
}

// clip cuts text off after limit characters.
func clip(text string, limit int) string {
	if runes := []rune(text); len(runes) > limit {
		return string(runes[:limit-1]) + "…"
	}
	return text
}
