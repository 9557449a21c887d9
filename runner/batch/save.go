package batch

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/natefinch/atomic"

	"podlab.dev/podlab/content"
	"podlab.dev/podlab/grader/class"
	"podlab.dev/podlab/grader/report"
	"podlab.dev/podlab/grader/report/html"
)

// Save renders the record of a class into a folder: each file is whole, or as it was.
func Save(dir string, c *class.Class) error {
	o := report.Options{Clean: func(s string) string { return content.Line(s, 2000) }}
	for name, write := range map[string]func(io.Writer, *class.Class, report.Options) error{
		"results.json": func(w io.Writer, c *class.Class, _ report.Options) error { return c.Write(w) },
		"grades.csv":   report.ClassCSV,
		"junit.xml":    report.ClassJUnit,
		"report.html":  html.Write,
	} {
		if err := save(dir, name, func(w io.Writer) error { return write(w, c, o) }); err != nil {
			return err
		}
	}
	for _, each := range []struct {
		dir, ending string
		write       func(io.Writer, *class.Student, *class.Class, report.Options) error
	}{{"feedback", ".md", report.Markdown}, {"gradescope", ".json", report.Gradescope}} {
		if err := os.MkdirAll(filepath.Join(dir, each.dir), 0o700); err != nil {
			return fmt.Errorf("make the folder for the grades: %w", err)
		}
		for i := range c.Students {
			s := &c.Students[i]
			if err := save(dir, filepath.Join(each.dir, s.ID+each.ending), func(w io.Writer) error { return each.write(w, s, c, o) }); err != nil {
				return err
			}
		}
	}
	return nil
}

func save(dir, name string, write func(io.Writer) error) error {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := atomic.WriteFile(filepath.Join(dir, name), &b); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}
