package cli

import (
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"podlab.dev/podlab/runner/tui"
)

// demoRecording is a real run of first-pod; scripts/demo-recording makes it.
//
//go:embed testdata/demo.recording.gz
var demoRecording []byte

func newReplay(a *app) *cobra.Command {
	var demo bool
	var cast, still, theme string
	var at time.Duration
	var width, height int
	cmd := &cobra.Command{
		Use: "replay [FILE]", Short: "Play a recorded session; needs no cluster",
		Long: "Replay plays what podlab start --record FILE recorded, on the same screen: Space pauses, arrows seek, < and > change the speed.\n--demo plays a recording of the first lab. --cast writes it for asciinema, --svg writes a picture of it at --at.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if demo == (len(args) == 1) {
				return usage("what is to be played?")("podlab replay --demo, or podlab replay FILE; podlab start --record FILE makes one")
			}
			if !slices.Contains(tui.Themes, theme) {
				return usage("there is no theme %q", theme)("use --theme auto, dark or light")
			}
			if width < 20 || height < 5 || width > 500 || height > 200 {
				return usage("there is no screen of %d x %d", width, height)("use --width 20 to 500 and --height 5 to 200")
			}
			rec, err := recordingOf(args)
			if err != nil {
				return err
			}
			switch {
			case cast != "":
				return a.export(cast, func(w io.Writer) error { return tui.Cast(w, rec, width, height, theme == "light") })
			case still != "":
				if !cmd.Flags().Changed("at") {
					at = rec.Length()
				}
				return a.export(still, func(w io.Writer) error { return tui.Still(w, rec, at, width, height, theme == "light") })
			case !fillable():
				return usage("a recording needs a terminal to be played on")("--cast FILE or --svg FILE write it to a file")
			}
			return tui.Play(cmd.Context(), rec, tui.Options{Theme: theme, Charset: a.Charset, Program: a.Program, In: os.Stdin, Out: os.Stdout})
		},
	}
	f := cmd.Flags()
	f.BoolVar(&demo, "demo", false, "play the recording that podlab brings")
	f.StringVar(&cast, "cast", "", "write an asciinema cast to this file (- is standard output)")
	f.StringVar(&still, "svg", "", "write a picture to this file (- is standard output)")
	f.DurationVar(&at, "at", 0, "the time of the picture (default: the end)")
	f.IntVar(&width, "width", 160, "columns of the cast or the picture")
	f.IntVar(&height, "height", 40, "rows of the cast or the picture")
	f.StringVar(&theme, "theme", "auto", "auto, dark or light")
	return cmd
}

func recordingOf(args []string) (*tui.Recording, error) {
	if len(args) == 0 {
		return tui.ReadRecording(bytes.NewReader(demoRecording))
	}
	return tui.OpenRecording(args[0])
}

// export writes to the file at path, or to standard output.
func (a *app) export(path string, write func(io.Writer) error) error {
	if path == "-" {
		return write(a.raw)
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := write(f); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
