package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"

	"github.com/spf13/cobra"

	"podlab.dev/podlab/content"
	"podlab.dev/podlab/labs/template"
)

// labID is how a lab may be called: its namespace is named after it.
var labID = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

func newLabNew(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "new NAME", Short: "Make the folder of a new lab",
		Long: "New makes a folder with a small lab that is whole and sound: a lesson, a solution, two mistakes. Write over it.",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("%s takes the name of one lab", cmd.CommandPath())("%s my-lab makes the folder my-lab", cmd.CommandPath())
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			dir := filepath.Clean(args[0])
			if base := filepath.Base(dir); !labID.MatchString(base) {
				return usage("a lab cannot be called %q", base)("use small letters, digits and dashes, like my-lab")
			}
			err := template.Write(dir)
			if errors.Is(err, fs.ErrExist) {
				return usage("%s is there already", dir)("choose another name, or remove it; podlab writes over nothing")
			}
			if err != nil {
				return err
			}
			if !filepath.IsAbs(dir) {
				dir = "./" + filepath.ToSlash(dir) // a name alone would be a built-in lab
			}
			fmt.Fprintf(a.Out, "%s is a whole lab. Write over it, and then:\n\n  %[2]s lab lint %[1]s\n  %[2]s lab test %[1]s\n  %[2]s start %[1]s\n", content.Line(dir, 0), a.Program)
			return nil
		},
	}
}
