package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func newVersion(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Show podlab's version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			v := struct {
				Podlab string `json:"podlab"`
				Kind   string `json:"kind"`
				Go     string `json:"go"`
				OS     string `json:"os"`
			}{version(), "(unknown)", runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
			if info, ok := debug.ReadBuildInfo(); ok {
				for _, d := range info.Deps {
					if d.Path == "sigs.k8s.io/kind" {
						v.Kind = d.Version
					}
				}
			}
			if a.json {
				return a.printJSON(v)
			}
			fmt.Fprintf(a.Out, "podlab %s (kind %s, %s, %s)\n", v.Podlab, v.Kind, v.Go, v.OS)
			return nil
		},
	}
}

// version is that of this podlab.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return "(unknown)"
}
