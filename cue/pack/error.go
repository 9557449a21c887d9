package pack

import (
	"fmt"
	"strings"
)

// RefError says that a pack cannot be named that way.
type RefError struct{ Ref, Why string }

func (e *RefError) Error() string { return fmt.Sprintf("%s is no pack: %s", e.Ref, e.Why) }

// Remedy says how packs are named.
func (e *RefError) Remedy() string {
	return "a pack is a folder of labs, ./labs, or a module with its version, example.com/team/pods@v0.1.0"
}

// Usage marks the error as one of input.
func (e *RefError) Usage() {}

// NoLabsError says that there is no lab in a pack.
type NoLabsError struct {
	Ref string
	Lab bool // it is a lab itself
}

func (e *NoLabsError) Error() string { return e.Ref + " holds no labs" }

// Remedy says what would be one.
func (e *NoLabsError) Remedy() string {
	if e.Lab {
		return "it is a lab itself, and is named without --pack: podlab start " + e.Ref
	}
	return "a lab is a folder with a lab.cue at the top level of the pack"
}

// Usage marks the error as one of input.
func (e *NoLabsError) Usage() {}

// BoundError says what of a pack's files is out of bounds.
type BoundError struct {
	// At is the file, as the user can open it.
	At       string
	What, Do string

	whole bool // it is about the pack, not about one lab
}

func (e *BoundError) Error() string { return e.At + " " + e.What }

// Remedy says how it would fit.
func (e *BoundError) Remedy() string { return e.Do }

// Usage marks the error as one of input.
func (e *BoundError) Usage() {}

// NotFoundError says that a registry has no such module, or no such version.
type NotFoundError struct {
	Module, Version string
	Registry        string
	Known           []string // versions there are; none if there is no such module
}

func (e *NotFoundError) Error() string {
	if len(e.Known) == 0 {
		return fmt.Sprintf("registry %s has no module %s", e.Registry, e.Module)
	}
	return fmt.Sprintf("registry %s has no version %s of %s", e.Registry, e.Version, e.Module)
}

// Remedy names the versions there are.
func (e *NotFoundError) Remedy() string {
	if len(e.Known) == 0 {
		return "check its name; CUE_REGISTRY says which registry is asked"
	}
	return "there are " + strings.Join(e.Known[max(0, len(e.Known)-10):], ", ")
}

// Usage marks the error as one of input.
func (e *NotFoundError) Usage() {}

// RegistryError says that a registry did not hand out a module.
type RegistryError struct {
	Module, Registry string
	Err              error
	denied           bool
}

func (e *RegistryError) Error() string {
	if e.denied {
		return fmt.Sprintf("registry %s does not let you have %s: %v", e.Registry, e.Module, e.Err)
	}
	return fmt.Sprintf("registry %s does not answer for %s: %v", e.Registry, e.Module, e.Err)
}

func (e *RegistryError) Unwrap() error { return e.Err }

// Remedy says what may help.
func (e *RegistryError) Remedy() string {
	if e.denied {
		return fmt.Sprintf("cue login %s, or docker login %[1]s, and run the command again", e.Registry)
	}
	return "CUE_REGISTRY says which registry is asked; a version that was fetched before, named in full, needs none"
}
