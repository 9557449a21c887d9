//go:build race

package tui

// raced tells that data races are looked for.
const raced = true
