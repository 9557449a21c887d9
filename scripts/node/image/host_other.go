//go:build !linux

package main

import "syscall"

// Elsewhere the image can be found or pulled, but not built.

func dieWithParent() *syscall.SysProcAttr { return nil }

func memoryToSpare() bool { return false }
