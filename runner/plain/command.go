package plain

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"podlab.dev/podlab/content"
	"podlab.dev/podlab/runner"
)

const help = `next, back   turn the page; nothing has to pass first
check        what is found, what is wanted, why, where to look
hint         the next hint for the first check that has not passed
answer Q …   answer the question Q of this page
page         show this page again
pods         the Pods of the lab and how they are
events       what the cluster said of the lab last
run          the commands of this page; run 2 runs the second one
shell        a shell in the lab, here; exit comes back
submit       in an exam: end it, and get the report (asks)
flag         in an exam: mark the page as one to come back to, or unmark it
reset step   begin this page anew: delete what belongs to it (asks)
reset        throw the work away and begin the lab anew (asks)
rebuild      bring back what you had made before the cluster was lost
quit         leave; podlab start goes on from here
quit delete  leave, and delete the lab's namespace; your progress stays
quit down    leave, and remove the cluster; your progress stays
`

// command does what a line asks for.
func (l *live) command(line string) (quit bool, err error) {
	x, step := l.session, l.session.Step()
	switch words := strings.Fields(line); {
	case len(words) == 0:
		return false, nil
	case words[0] == "answer":
		return false, l.answer(words[1:])
	case words[0] == "run":
		return false, l.run(words[1:])
	}
	switch line {
	case "next", "back":
		by := 1
		if line == "back" {
			by = -1
		}
		moved, err := x.Turn(by)
		if err != nil {
			return false, err
		}
		if !moved {
			fmt.Fprintln(l.Out, "There is no other page in that direction.")
			return false, nil
		}
		return false, l.Page(x, l.last)
	case "page":
		return false, l.Page(x, l.last)
	case "check":
		if x.InExam() {
			l.Checks(l.last.Step(step.ID)) // what there is to do
			l.clock()
			return false, nil
		}
		l.Results(l.last.Step(step.ID))
	case "pods":
		l.pods(true)
	case "events":
		l.events()
	case "hint":
		h, ok, err := x.Hint(l.last)
		if exam := (*runner.ExamError)(nil); errors.As(err, &exam) {
			fmt.Fprintln(l.Out, "This is an exam: there are no hints.")
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if !ok {
			fmt.Fprintln(l.Out, "There is no hint to give: no check of this page waits for something that has one.")
			return false, nil
		}
		l.Hint(h)
	case "shell":
		l.open()
	case "submit", "submit!":
		switch {
		case !x.InExam():
			fmt.Fprintln(l.Out, "There is no exam to submit.")
		case line == "submit":
			fmt.Fprintln(l.Out, "This ends the exam; nothing counts afterwards. "+x.Flagged()+"Type submit! to do so.")
		default:
			l.work.Submit()
		}
	case "flag":
		flagged, err := x.Flag()
		if err != nil {
			return false, err
		}
		fmt.Fprintln(l.Out, map[bool]string{true: "The page is flagged.", false: "The page is not flagged."}[flagged])
	case "reset", "reset!":
		if x.InExam() {
			fmt.Fprintln(l.Out, "This is an exam: it cannot be begun anew before it is over.")
			return false, nil
		}
		if line == "reset!" {
			l.anew = true
			l.work.Reset()
			return false, nil
		}
		fmt.Fprintln(l.Out, "This deletes everything in the lab's namespace and your progress in it; your files stay. Type reset! to do so.")
	case "reset step", "reset step!":
		return false, l.redo(line == "reset step!")
	case "rebuild":
		return false, l.rebuild()
	case "quit", "exit", "q":
		return true, nil
	case "quit delete":
		l.leaving = runner.DeleteNamespace
		return true, nil
	case "quit down":
		l.leaving = runner.RemoveCluster
		return true, nil
	case "help", "?":
		fmt.Fprint(l.Out, help)
	default:
		fmt.Fprintf(l.Out, "%q is not a command here; type help, or shell for kubectl.\n", clean(line))
	}
	return false, nil
}

// redo begins the page anew, once it is sure.
func (l *live) redo(sure bool) error {
	x, step := l.session, l.session.Step().ID
	if x.InExam() {
		fmt.Fprintln(l.Out, "This is an exam: no page can be begun anew before it is over.")
		return nil
	}
	if x.Examined() {
		fmt.Fprintln(l.Out, "The exam is over: nothing of it changes any more.")
		return nil
	}
	if sure {
		return x.Redo(step)
	}
	own, err := x.Belongings(step)
	if err != nil {
		return err
	}
	what := "Nothing in the namespace belongs to this page alone; your progress in it goes."
	if len(own) > 0 {
		what = "This deletes " + strings.Join(own, ", ") + ", and your progress in the page."
	}
	fmt.Fprintln(l.Out, clean(what)+" Type reset step! to do so.")
	return nil
}

// rebuild brings back what a namespace that is gone held.
func (l *live) rebuild() error {
	if l.session.Examined() {
		fmt.Fprintln(l.Out, "The exam is over: nothing of it changes any more.")
		return nil
	}
	r, err := l.session.Remains(false)
	if err != nil {
		return err
	}
	if len(r.Names()) == 0 {
		fmt.Fprintln(l.Out, "There is nothing to bring back: no namespace of this lab was lost in which you had made something.")
		return nil
	}
	return l.session.Rebuild()
}

// open lends the terminal to a shell. What happens meanwhile is told afterwards.
func (l *live) open() {
	if l.shell == nil || !l.typed {
		fmt.Fprintf(l.Out, "There is no terminal here to open a shell on; use %s shell in another one.\n", l.Program)
		return
	}
	fmt.Fprintln(l.Out, "Shell: started. Type exit to come back.")
	if err := l.shell(""); err != nil {
		fmt.Fprintf(l.Out, "Shell: %s\n", clean(err.Error()))
		return
	}
	fmt.Fprintln(l.Out, "Shell: ended.")
}

// answer gives an answer; how it is judged comes with the next report. What is
// wrong with the line is said and ends nothing.
func (l *live) answer(words []string) error {
	if len(words) < 2 {
		fmt.Fprintln(l.Out, "Write the question and the answer: answer node-name podlab-control-plane")
		return nil
	}
	_, err := l.session.Answer(words[0], strings.Join(words[1:], " "))
	if unknown := (*runner.NoQuestionError)(nil); errors.As(err, &unknown) {
		fmt.Fprintf(l.Out, "%s\n%s\n", clean(unknown.Error()), clean(unknown.Remedy()))
		return nil
	}
	return err
}

// run lists the commands of the page, or runs one of them as it stands there.
func (l *live) run(words []string) error {
	page, err := content.Parse(l.session.Step().Lesson)
	if err != nil {
		return err
	}
	commands := page.Commands()
	if len(words) == 0 {
		for i, c := range commands {
			fmt.Fprintf(l.Out, "Command %d:\n%s\n", i+1, content.Text(strings.TrimRight(c, "\n")))
		}
		if len(commands) == 0 {
			fmt.Fprintln(l.Out, "This page has no commands.")
		}
		return nil
	}
	n, err := strconv.Atoi(words[0])
	switch {
	case err != nil || len(words) > 1 || n < 1 || n > len(commands):
		fmt.Fprintf(l.Out, "This page has %d commands: run lists them, run 1 runs the first. For one of your own, type shell.\n", len(commands))
	case l.shell == nil:
		fmt.Fprintf(l.Out, "There is no shell here; use %s shell in another terminal.\n", l.Program)
	case !l.ready:
		fmt.Fprintln(l.Out, "The cluster is not up yet.")
	default:
		fmt.Fprintf(l.Out, "Run:\n%s\n", content.Text(strings.TrimRight(commands[n-1], "\n")))
		if err := l.shell(commands[n-1]); err != nil {
			fmt.Fprintf(l.Out, "Run: %s\n", clean(err.Error()))
			return nil
		}
		fmt.Fprintln(l.Out, "Run: ended.")
	}
	return nil
}

// events writes what the cluster said last, the newest at the end.
func (l *live) events() {
	events := l.scene.Events(20)
	if len(events) == 0 {
		fmt.Fprintln(l.Out, "The cluster has said nothing of the lab yet.")
	}
	for _, e := range events {
		fmt.Fprintln(l.Out, clean(fmt.Sprintf("%s %s %s: %s: %s", e.Seen.Local().Format(time.TimeOnly), e.Kind, e.Object, e.Reason, e.Message)))
	}
}
