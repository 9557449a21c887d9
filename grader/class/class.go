// Package class is the canonical record of a class that was graded: a row for every
// student, whatever happened. Everything that is shown of a class is rendered from
// it (see package report), and nothing else is kept.
//
//	c := class.New(l, program)
//	c.Students = append(c.Students, class.Student{ID: "s1", State: class.Graded, …})
//	err := c.Write(w) // results.json
package class

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader"
)

// Format names the layout of the record.
const Format = "podlab-class/v1"

// Class is what came of grading the submissions to a lab.
type Class struct {
	Format string `json:"format"`
	// Lab is the lab's name, Digest that of its files.
	Lab    string `json:"lab"`
	Digest string `json:"digest"`
	Title  string `json:"title"`
	Points int    `json:"points"`
	// Checks are the lab's, in reading order.
	Checks []Check `json:"checks"`
	// Program is the podlab that graded, Cluster where, as driver/name; empty where
	// no cluster was asked.
	Program string `json:"program,omitempty"`
	Cluster string `json:"cluster,omitempty"`
	// Contained says what keeps submissions apart on that cluster, and what does not.
	Contained []string  `json:"contained,omitempty"`
	Began     time.Time `json:"began"`
	Ended     time.Time `json:"ended"`
	// Students are sorted by ID.
	Students []Student `json:"students"`
	// Alike are pairs of submissions that somebody should look at.
	Alike []Alike `json:"alike,omitempty"`
}

// Check is what a column of the class is about.
type Check struct {
	ID     string `json:"id"`
	Step   string `json:"step"`
	Title  string `json:"title"`
	Points int    `json:"points"`
}

// State is how far grading a student came.
type State string

const (
	// Graded: there is a report. Single checks of it may have errored.
	Graded State = "graded"
	// Refused: nothing of the submission could be taken; Why says what is wrong
	// with it.
	Refused State = "refused"
	// Errored: podlab or the cluster could not grade it, each time it was tried. It
	// is not the student's loss.
	Errored State = "errored"
	// Missing: the roster has the student, and there is no submission.
	Missing State = "missing"
)

// Student is a row.
type Student struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
	// Seed picked the lab's params.
	Seed string `json:"seed,omitempty"`
	// Submission is the file or folder, by its base name, and Digest what is in it.
	Submission string `json:"submission,omitempty"`
	Digest     string `json:"digest,omitempty"`
	State      State  `json:"state"`
	// Why says in a line why there is no report.
	Why string `json:"why,omitempty"`
	// Refusals are the parts of the submission that were not taken.
	Refusals []Refusal `json:"refusals,omitempty"`

	// Questions are what somebody should look at, and no verdict.
	Questions []string `json:"questions,omitempty"`

	// Submitted is when the work was handed in, and Late how much after the
	// deadline; zero where there is none.
	Submitted time.Time     `json:"submitted,omitzero"`
	Late      time.Duration `json:"lateNanoseconds,omitempty"`
	// Lost are the points that being late costs.
	Lost float64 `json:"lost,omitempty"`
	// Earned are the points of the report, Unjudged those that could not be judged
	// and are nobody's loss. Score is what counts: Earned less Lost.
	Earned   int     `json:"earned"`
	Unjudged int     `json:"unjudged,omitempty"`
	Score    float64 `json:"score"`

	// Report is nil where there is none.
	Report *grader.Report `json:"report,omitempty"`
	// Pods is what the student's Pods did.
	Pods []Pod `json:"pods,omitempty"`
	// Evidence is the file with everything that was recorded, relative to this
	// record's own folder.
	Evidence string `json:"evidence,omitempty"`
	// Tries is how often grading was tried, Seconds how long the last try took.
	Tries   int     `json:"tries,omitempty"`
	Seconds float64 `json:"seconds,omitempty"`
}

// Refusal is something of a submission that was not put into the cluster.
type Refusal struct {
	// File is the file's name within the submission; Object what of it, as
	// "Pod web", or empty for the whole file.
	File   string `json:"file,omitempty"`
	Object string `json:"object,omitempty"`
	// Why says in a line what is not allowed.
	Why string `json:"why"`
}

// Alike are two students whose work is more alike than the task makes it, which is
// a question and no verdict.
type Alike struct {
	A string `json:"a"`
	B string `json:"b"`
	// Share is how much of what the task leaves open is the same, from 0 to 1.
	Share float64 `json:"share"`
	// Why says what is alike, in lines.
	Why []string `json:"why"`
}

// New is an empty class of a lab.
func New(l *lab.Lab, program string) *Class {
	c := &Class{Format: Format, Lab: l.ID, Digest: l.Digest, Title: l.Title, Points: l.Points(), Program: program, Checks: []Check{}, Students: []Student{}}
	for _, s := range l.Steps {
		for _, k := range s.Checks {
			c.Checks = append(c.Checks, Check{k.ID, s.ID, k.Title, k.Points})
		}
	}
	return c
}

// Write writes the record as JSON.
func (c *Class) Write(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(c)
}

// Read reads a record.
func Read(r io.Reader) (*Class, error) {
	c := &Class{}
	if err := json.NewDecoder(r).Decode(c); err != nil {
		return nil, fmt.Errorf("read the record of a class: %w", err)
	}
	if c.Format != Format {
		return nil, fmt.Errorf("the record is of the format %q; this podlab reads %q", c.Format, Format)
	}
	return c, nil
}

// Count is how many students are in a state.
func (c *Class) Count(s State) (n int) {
	for _, x := range c.Students {
		if x.State == s {
			n++
		}
	}
	return n
}
