// Package html renders a class as one HTML file for its instructor: figures, a heat
// map of students by checks, and a section for every student with the timeline of
// their Pods. The file needs no network and no script to be read, and a
// Content-Security-Policy in it allows none but its own style and script.
//
//	c, err := class.Read(f)
//	err = html.Write(w, c, report.Options{Clean: func(s string) string { return content.Line(s, 300) }})
package html

import (
	"bufio"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"

	"podlab.dev/podlab/grader/class"
	"podlab.dev/podlab/grader/report"
)

//go:embed templates/*.html
var templates embed.FS

// The one style and the one script, which the policy names by their digests.
var (
	//go:embed templates/style.css
	style string
	//go:embed templates/script.js
	script string
)

// Write writes the report. Evidence is linked to where the class says that it lies,
// relative to the file that is written. Of the options only Clean is looked at; a
// string that went through it is text to the page, whatever it says.
func Write(w io.Writer, c *class.Class, o report.Options) error {
	t, err := template.ParseFS(templates, "templates/*.html")
	if err != nil {
		return fmt.Errorf("parse the templates of the report: %w", err)
	}
	b := bufio.NewWriter(w)
	if err := t.ExecuteTemplate(b, "page.html", newPage(c, o)); err != nil {
		return fmt.Errorf("render the class: %w", err)
	}
	return b.Flush()
}

// policy forbids everything but the page's own style and script. Without a default
// nothing is fetched; links to evidence are followed by the reader, not by the page.
func policy() string {
	return fmt.Sprintf("default-src 'none'; style-src '%s'; script-src '%s'; base-uri 'none'; form-action 'none'", digest(style), digest(script))
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
