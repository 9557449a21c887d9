// Package labs holds the built-in curriculum, a folder a lab.
package labs

import "embed"

// FS has the built-in labs at its top level.
//
//go:embed all:first-pod
var FS embed.FS
