// Package labs holds the built-in curriculum, a folder a lab.
package labs

import "embed"

// FS has the built-in labs at its top level.
//
//go:embed all:ambassador-and-adapter
//go:embed all:best-practices
//go:embed all:configuration
//go:embed all:debug-crashloop
//go:embed all:debug-image-pull
//go:embed all:debug-pending
//go:embed all:exam
//go:embed all:first-deployment
//go:embed all:first-pod
//go:embed all:gpu-serving
//go:embed all:init-and-sidecar
//go:embed all:namespaces
//go:embed all:operate
//go:embed all:outage
//go:embed all:pod-anatomy
//go:embed all:pod-lifecycle
//go:embed all:probes
//go:embed all:recover
//go:embed all:resources
//go:embed all:volumes
var FS embed.FS
