package tui

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"podlab.dev/podlab/cluster"
	"podlab.dev/podlab/content"
	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/grader/timeline"
	"podlab.dev/podlab/runner"
	"podlab.dev/podlab/runner/tui/vt"
)

// key is a key by its name.
func key(name string) tea.KeyPressMsg {
	switch name {
	case "ctrl+g":
		return tea.KeyPressMsg{Code: 'g', Mod: tea.ModCtrl}
	case "esc":
		return tea.KeyPressMsg{Code: tea.KeyEscape}
	case "tab":
		return tea.KeyPressMsg{Code: tea.KeyTab}
	case "enter":
		return tea.KeyPressMsg{Code: tea.KeyEnter}
	case "down":
		return tea.KeyPressMsg{Code: tea.KeyDown}
	}
	return tea.KeyPressMsg{Code: []rune(name)[0], Text: name}
}

// sized is a screen of a size, which has no shell to type into but what is typed
// can be read.
func sized(t *testing.T, width, height int) (m *model, typed func() string) {
	t.Helper()
	m = newScreen(t, lesson)
	s := &shell{typed: make(chan struct{}, 1), wake: make(chan struct{}, 1), term: vt.New(width, height)}
	m.shell = s
	m.width, m.height = width, height
	m.layout = arrange(width, height, false)
	m.layOut()
	t.Cleanup(func() { m.shell = nil })
	return m, func() string {
		var b strings.Builder
		b.Write(s.input)
		s.input = nil
		return b.String()
	}
}

// screen is what a model shows, without styles.
func screen(m *model) string { return ansi.Strip(m.View().Content) }

func TestKeys(t *testing.T) {
	const expose = "kubectl expose deployment web --port=80 --target-port=8080"
	for _, test := range []struct {
		keys  string // separated by blanks
		typed string // into the shell
		shown string // on the screen
	}{
		{"a b", "ab", "typing goes to the shell"},
		{"enter", "\r", ""},
		{"ctrl+g ctrl+g", "\a", ""},
		{"ctrl+g esc x", "x", ""},
		{"ctrl+g !", "", "^G ! is no key here; ^G ? lists them"},
		{"ctrl+g 1", expose, ""},
		{"ctrl+g 2", "", "^G y copies them"}, // the program would run the first line
		{"ctrl+g 3", "", "this page has 2 commands"},
		{"ctrl+g l", "", "Lesson ●"},
		{"ctrl+g l esc a", "a", "Shell ●"},
		{"ctrl+g l tab", "", "[1] Enter puts it into the shell"},
		{"ctrl+g l tab enter", expose, "Shell ●"},
		{"ctrl+g l enter", "", "Tab picks a command first"},
		{"ctrl+g l 1", expose, "Shell ●"},
		{"ctrl+g n", "", "The second page"},
		{"ctrl+g n ctrl+g n", "", "this is the last page"},
		{"ctrl+g n ctrl+g b", "", "Make it reachable"},
		{"ctrl+g l n", "", "the lesson has the keys: Esc gives them back"},
		{"ctrl+g l k u b e c t l", "", "page 1/2"},
		{"ctrl+g n ctrl+g a 8 0 enter", "", "page 2/2"},
		{"ctrl+g n ctrl+g a", "", "─ Question which (^G x puts it away) ─"}, // however far down the page it stands
		{"ctrl+g a", "", "this page has no open question"},
		{"ctrl+g ? a", "a", "┌ Keys ──"},
		{"ctrl+g ? ctrl+g x", "", "┌ Lesson ──"},
		{"ctrl+g ? ctrl+g l esc", "", "Lesson ●"},
		{"ctrl+g c", "", "wanted  80"},
		{"ctrl+g n ctrl+g c", "", "┌ Checks ──"}, // a question is about no object
		{"ctrl+g l / n a m e enter", "", "n and N go to the next"},
		{"ctrl+g l / Z enter", "", "\"Z\" is not here"},
		{"ctrl+g l / P o d s enter esc n", "", "the lesson has the keys"},
		{"ctrl+g l / e enter N esc esc a", "a", "Shell ●"},
		{"ctrl+g p", "", "There are no Pods"},
		{"ctrl+g h", "", "Hint 1 of 1"},
		{"ctrl+g h ctrl+g x", "", "A Service finds Pods"},
		{"ctrl+g R", "", "the cluster is not up yet"},
		{"ctrl+g r", "", "nothing has failed"},
		{"ctrl+g q", "", "Leave? [y] all stays  [d] delete the namespace  [c] remove the cluster  [n]o"},
		{"ctrl+g q n a", "a", ""},
		{"ctrl+g : h i n t enter", "", "Hint 1 of 1"},
		{"ctrl+g : x enter", "", "\"x\" is not a command"},
		{"ctrl+g [", "", "nothing has left the screen yet"},
		{"ctrl+g y", "", "Copy which command, 1 to 2?"},
		{"ctrl+g y 2 enter", "", "command 2 is copied"},
		{"ctrl+g y 9 enter", "", "this page has 2 commands"},
	} {
		t.Run(test.keys, func(t *testing.T) {
			m, typed := sized(t, 160, 50)
			report, _ := atWork(t)
			r := report.Report
			r.Results[1].Hints = []int{0}
			r.Results[0], r.Results[1] = r.Results[1], r.Results[0]
			r.Results[0].Check, r.Results[1].Check = "exists", "port"
			m.Update(runner.Graded{Report: r})
			for name := range strings.FieldsSeq(test.keys) {
				m.Update(key(name))
			}
			if got := typed(); got != test.typed {
				t.Errorf("%q is typed, want %q", got, test.typed)
			}
			if s := screen(m); !strings.Contains(s, test.shown) {
				t.Errorf("%q is not shown:\n%s", test.shown, s)
			}
		})
	}
}

// Where lesson and shell take turns, the name of the pane says what it shows, and how
// much of it.
func TestTabs(t *testing.T) {
	for keys, shown := range map[string]string{
		"":                           " Lesson 86%  Shell ",
		"ctrl+g c":                   " Checks ",
		"ctrl+g c ctrl+g b":          " Checks ", // there is no page before
		"ctrl+g c ctrl+g l":          "Make it reachable",
		"ctrl+g c ctrl+g s ctrl+g l": "Make it reachable",
		"ctrl+g c ctrl+g s ctrl+g c": "wanted  80",
		"ctrl+g c ctrl+g c":          "Make it reachable",
	} {
		t.Run(keys, func(t *testing.T) {
			m, _ := sized(t, 80, 16)
			m.focus = onLesson
			report, _ := atWork(t)
			m.Update(report)
			for name := range strings.FieldsSeq(keys) {
				m.Update(key(name))
			}
			if s := screen(m); !strings.Contains(s, shown) {
				t.Errorf("%q is not shown:\n%s", shown, s)
			}
		})
	}
}

func TestQuitAsksFirst(t *testing.T) {
	m, _ := sized(t, 80, 24)
	m.Update(key("ctrl+g"))
	if _, cmd := m.Update(key("q")); cmd != nil {
		t.Error("it did not ask")
	}
	_, cmd := m.Update(key("y"))
	if cmd == nil {
		t.Fatal("it does not quit")
	}
	if _, ok := cmd().(tea.QuitMsg); !ok {
		t.Errorf("%T", cmd())
	}
}

// In ASCII a screen has the same shape.
func TestASCII(t *testing.T) {
	for _, size := range [][2]int{{160, 50}, {80, 24}, {40, 12}} {
		m, _ := sized(t, size[0], size[1])
		m.options.Charset = content.ASCII
		report, pods := atWork(t)
		m.Update(runner.Ready{})
		m.Update(pods)
		m.Update(report)
		m.shell.look(func(t *vt.Terminal) { _, _ = t.Write([]byte("\x1b[Hл 日本 │ \x1b[32m✓\x1b[m")) })
		for _, keys := range []string{"", "ctrl+g l", "ctrl+g c", "ctrl+g p", "ctrl+g ?", "ctrl+g q"} {
			for name := range strings.FieldsSeq(keys) {
				m.Update(key(name))
			}
			s := m.View().Content
			for i, row := range strings.Split(s, "\n") {
				if j := strings.IndexFunc(row, func(r rune) bool { return r > 126 }); j >= 0 || ansi.StringWidth(row) != m.width {
					t.Errorf("%v %s: row %d is %q", size, keys, i, row)
				}
			}
		}
	}
}

// What is looked for lights up, and is gone to in a circle.
func TestSearch(t *testing.T) {
	m, _ := sized(t, 80, 14)
	for _, name := range strings.Fields("ctrl+g l / p o d s enter") {
		m.Update(key(name))
	}
	rows := func() (lit, at int) {
		at = -1
		for i, row := range strings.Split(m.View().Content, "\n") {
			if strings.Contains(row, "\x1b["+m.theme.on+"mPods") || strings.Contains(row, "\x1b["+m.theme.on+"mpods") {
				at = i
			}
			if strings.Contains(row, "\x1b["+reverse+"m") {
				lit++
			}
		}
		return lit, at
	}
	_, first := rows()
	if first < 0 {
		t.Fatalf("it is not lit up:\n%q", m.View().Content)
	}
	seen := map[string]bool{}
	for range 4 {
		m.Update(key("n"))
		if _, at := rows(); at < 0 {
			t.Errorf("the next one is not on the screen:\n%s", screen(m))
		}
		seen[fmt.Sprint(m.search.at)] = true
	}
	if len(seen) != 3 {
		t.Errorf("rows %v, of 3", seen)
	}
	at := m.search.at
	m.Update(key("n"))
	m.Update(key("N"))
	if m.search.at != at {
		t.Errorf("row %d, want %d", m.search.at, at)
	}
	m.Update(key("esc"))
	if lit, at := rows(); lit > 0 || at >= 0 {
		t.Error("it is still lit up")
	}
}

// Another prefix is what the screen keeps, and Ctrl-G is the shell's.
func TestPrefix(t *testing.T) {
	m, typed := sized(t, 160, 50)
	var err error
	if m.prefix, err = ParsePrefix("C-b"); err != nil {
		t.Fatal(err)
	}
	m.Update(key("ctrl+g"))
	m.Update(tea.KeyPressMsg{Code: 'b', Mod: tea.ModCtrl})
	m.Update(key("?"))
	if s := screen(m); typed() != "\a" || !strings.Contains(s, "┌ Keys ──") || !strings.Contains(s, "^B n") || strings.Contains(s, "^G") {
		t.Errorf("%s", s)
	}
	m.Update(tea.KeyPressMsg{Code: 'b', Mod: tea.ModCtrl})
	m.Update(tea.KeyPressMsg{Code: 'b', Mod: tea.ModCtrl})
	if got := typed(); got != "\x02" {
		t.Errorf("%q is typed", got)
	}
	for _, s := range []string{"g", "ctrl-c", "ctrl-i", "ctrl-", "ctrl-gg", "alt-g", "^[", "\x07"} {
		if _, err := ParsePrefix(s); err == nil {
			t.Errorf("%q is a prefix", s)
		}
	}
}

// What the learner does not want to stay is told to whoever began it.
func TestLeaving(t *testing.T) {
	for name, want := range map[string]runner.Leaving{"y": runner.LeaveAll, "d": runner.DeleteNamespace, "c": runner.RemoveCluster} {
		m, _ := sized(t, 80, 24)
		m.Update(key("ctrl+g"))
		m.Update(key("q"))
		if _, cmd := m.Update(key(name)); cmd == nil || m.leaving != want {
			t.Errorf("%s: %v, want %v", name, m.leaving, want)
		}
	}
	m, _ := sized(t, 80, 24)
	m.Update(key("ctrl+g"))
	m.Update(key("q"))
	if _, cmd := m.Update(key("x")); cmd != nil || m.question == nil {
		t.Error("another key is an answer")
	}
}

// Beginning a page anew and bringing back what was lost ask first, and say what it
// is about.
func TestRework(t *testing.T) {
	m, _ := sized(t, 160, 50)
	press := func(keys string) {
		for name := range strings.FieldsSeq(keys) {
			m.Update(key(name))
		}
	}
	shown := func(text string) {
		t.Helper()
		if s := screen(m); !strings.Contains(s, text) {
			t.Errorf("%q is not shown:\n%s", text, s)
		}
	}
	press("ctrl+g B")
	shown("the cluster is not up yet")
	m.Update(runner.Ready{})
	press("ctrl+g R")
	shown("Begin anew: [p] this page  [l] the whole lab  [n] neither")
	press("n ctrl+g R l")
	shown("Delete everything in the lab's namespace")
	press("n ctrl+g R p")
	shown("Delete Service web, and your progress in this page? [y/n]")
	if len(m.session.State.Redone) != 0 {
		t.Error("it did not wait for the answer")
	}
	press("y")
	if got := m.session.State.Redone; len(got) != 1 || got[0] != "one" {
		t.Errorf("begun anew: %v", got)
	}
	m.Update(runner.Reworked{Step: "one", Title: "Anew", Text: "The page begins anew.", Ended: true})
	shown("the page begins anew")

	press("ctrl+g B")
	shown("there is nothing to bring back")
	m.report.Entries = 7
	m.Update(runner.Ready{Fresh: true, Lost: []string{"Pod a", "Service b"}})
	shown("^G B brings back: Pod a, Service b")
	if m.question != nil {
		t.Error("it takes the keys from the shell")
	}
	m.Update(runner.Reworked{Title: "Rebuilt", Text: "Back, in the state you left them in: Pod a.\nNot back: Secret s: w.", Ended: true})
	shown("Not back: Secret s: w.")
}

func TestTheListOfKeysComesAfterAPause(t *testing.T) {
	m, _ := sized(t, 80, 24)
	_, cmd := m.Update(key("ctrl+g"))
	if strings.Contains(screen(m), "insert command") {
		t.Error("it is shown at once")
	}
	m.Update(cmd())
	if !strings.Contains(screen(m), "insert command") {
		t.Errorf("it is not shown:\n%s", screen(m))
	}
	m.Update(key("z"))
	_, cmd = m.Update(key("ctrl+g"))
	late := cmd()
	m.Update(key("z"))
	m.Update(late) // of a prefix that had its key already
	if strings.Contains(screen(m), "insert command") {
		t.Error("it is shown too late")
	}
}

// What went wrong is told whole, beside the checks as far as there is room.
func TestAFailureIsTold(t *testing.T) {
	for _, size := range [][2]int{{160, 50}, {80, 24}} {
		m, _ := sized(t, size[0], size[1])
		m.Update(begun{})
		m.Update(failed{errors.New("no container engine answers " + strings.Repeat("because of this and that ", 12) + "to the end")})
		if got := screen(m); !strings.Contains(got, "^G c shows all of this") && size[1] > 24 || !strings.Contains(got, "✗ no container engine") {
			t.Errorf("%v: it is not told where the rest is:\n%s", size, got)
		}
		m.Update(key("ctrl+g"))
		m.Update(key("c"))
		if got := screen(m); !strings.Contains(got, "to the end") {
			t.Errorf("%v: not all of it is told:\n%s", size, got)
		}
		m.Update(failed{errors.New("short")})
		if got := screen(m); size[1] > 24 && !strings.Contains(got, "^G r tries again") {
			t.Errorf("%v:\n%s", size, got)
		}
	}
}

func TestEvents(t *testing.T) {
	m, _ := sized(t, 160, 50)
	now := m.now()
	m.now = func() time.Time { return now }
	shown := func(texts ...string) {
		t.Helper()
		for _, s := range texts {
			if got := screen(m); !strings.Contains(got, s) {
				t.Errorf("%q is not shown:\n%s", s, got)
			}
		}
	}
	m.Update(begun{})
	m.Update(runner.Progress{Event: cluster.Event{Message: "making a node"}})
	now = now.Add(41 * time.Second)
	m.Update(ticked(now))
	shown("… making a node 41 s", "Cluster starting, 41 s")
	m.Update(runner.Progress{Event: cluster.Event{Message: "making a node", Done: true, Elapsed: 43 * time.Second}})
	m.Update(runner.Progress{Event: cluster.Event{Message: "a remark", Done: true}})
	shown("✓ making a node 43 s", "✓ a remark")

	m.Update(failed{&remedied{}})
	shown("✗ no engine", "start one", "^G r tries again", "cluster failed")
	m.Update(key("ctrl+g"))
	m.Update(key("r"))
	if len(m.retry) != 1 {
		t.Error("nobody tries again")
	}
	<-m.retry

	m.Update(begun{})
	m.Update(runner.Ready{})
	shown("live")
	report, pods := atWork(t)
	m.Update(pods)
	m.Update(report)
	shown("Checks 1/2", "wanted 80, found 8080", "CrashLoopBackOff ×4")

	// A cluster that cannot be seen is not said to be well, and can be brought up.
	m.Update(key("ctrl+g"))
	m.Update(key("r"))
	shown("nothing has failed")
	seen := now
	m.Update(runner.Recorded{Entries: []timeline.Entry{{Kind: timeline.Gap, Of: "Pod", Reason: "connection refused", Time: now}}})
	now = now.Add(20 * time.Second)
	m.Update(ticked(now))
	shown("? cannot see the cluster, 20 s", "r bring up", "??? not seen")
	m.Update(key("ctrl+g"))
	m.Update(key("r"))
	if len(m.retry) != 1 {
		t.Error("nobody brings the cluster up again")
	}
	m.Update(runner.Recorded{Entries: []timeline.Entry{{Kind: timeline.Synced, Of: "Pod", Time: now}}})
	shown("live", "CrashLoopBackOff ×4")
	now = seen

	r := report.Report
	r.Results = append([]grader.Result(nil), r.Results...)
	r.Results[1].Verdict = grader.Passed
	m.Update(runner.Graded{Report: r})
	shown("All 2 checks pass · ^G n next page", "this page is done; ^G n goes on")
	if !strings.Contains(m.View().Content, "\x1b["+bold+";"+reverse+";"+m.theme.good+"m✓ PASS") {
		t.Error("the check does not light up")
	}
	now = now.Add(flash + time.Second)
	m.Update(ticked(now))
	if strings.Contains(m.View().Content, "\x1b["+bold+";"+reverse+";"+m.theme.good+"m✓ PASS") {
		t.Error("the check is still lit up")
	}
	r.Results = append([]grader.Result(nil), r.Results...)
	r.Results[2].Verdict, r.Passed, r.Earned = grader.Passed, true, 3
	m.Update(runner.Graded{Report: r})
	shown("3 of 3 points, 0 hints", "All checks of the lab pass")

	m.Update(runner.Turned{State: runner.State{Page: 1}})
	shown("The second page", "page 2/2")
}

type remedied struct{}

func (*remedied) Error() string  { return "no engine" }
func (*remedied) Remedy() string { return "start one" }

// What a cluster, a lab and an error say reaches the terminal as text only, and
// rows stay as wide as they are.
func TestHostileStrings(t *testing.T) {
	for _, s := range hostile {
		m := newScreen(t, "# "+s+"\n\n"+s+"\n\n```sh\necho "+s+"\n```\n")
		m.width, m.height = 160, 50
		m.layout = arrange(160, 50, false)
		report, pods := atWork(t)
		for i := range report.Results {
			x := &report.Results[i]
			x.Title, x.Message, x.Why, x.Next = s+x.Title, s, s, s
			for j := range x.Mismatches {
				x.Mismatches[j].Path, x.Mismatches[j].Want, x.Mismatches[j].Got = s, s, s
			}
		}
		m.cluster.ready = true
		pods.Entries = append(pods.Entries, pod(t, "x"+s, "9", time.Second, map[string]any{"phase": "Failed", "reason": s}))
		for _, msg := range []tea.Msg{
			pods, report, runner.Turned{State: runner.State{Cluster: s, Namespace: s}}, key("ctrl+g"), key("c"), key("ctrl+g"), key("p"),
			runner.Progress{Event: cluster.Event{Message: s}}, failed{errors.New(s)},
		} {
			m.Update(msg)
			harmless(t, fmt.Sprintf("%q after %T", s, msg), m)
		}
		m.Update(key("ctrl+g"))
		m.Update(key(":"))
		m.Update(tea.PasteMsg{Content: s})
		harmless(t, fmt.Sprintf("%q pasted", s), m)
		m.Update(key("enter"))
		harmless(t, fmt.Sprintf("%q said", s), m)
	}
}

// harmless checks that a screen holds no escape sequence but SGR, no control and
// nothing that reorders, in rows that are all as wide as the screen.
func harmless(t *testing.T, what string, m *model) {
	t.Helper()
	rows := strings.Split(m.View().Content, "\n")
	if len(rows) != m.height {
		t.Errorf("%s: %d rows of %d", what, len(rows), m.height)
	}
	for i, row := range rows {
		if n := ansi.StringWidth(row); n != m.width {
			t.Errorf("%s: row %d is %d columns wide: %q", what, i, n, row)
		}
		rest := row
		for {
			_, after, found := strings.Cut(rest, "\x1b")
			if !found {
				break
			}
			end := strings.TrimLeft(strings.TrimPrefix(after, "["), "0123456789;:")
			if !strings.HasPrefix(after, "[") || !strings.HasPrefix(end, "m") {
				t.Fatalf("%s: row %d: %q", what, i, row)
			}
			rest = end[1:]
		}
		if plain := ansi.Strip(row); content.Text(plain) != plain {
			t.Fatalf("%s: row %d: %q", what, i, plain)
		}
	}
}

// hostile are the strings of terminal injections that are known.
var hostile = []string{
	"A\x1b[2JB", "\x1b]52;c;cm0=\x07", "\x1b]0;t\x07", "\x1b]8;;http://e\x1b\\k\x1b]8;;\x1b\\", "\x1bP$q\"p\x1b\\",
	"\x1bPtmux;\x1b\x1b]52;c;eA==\x07\x1b\\", "\x1b_Ga=T;AA\x1b\\", "\x1b^x\x1b\\", "\x1bXx\x1b\\", "\x1bc", "\x1b[?1049l",
	"\u009b31m", "\u0090q\u009c", "\x9b31m", "\u202eexe\u202c", "a\rb", "a\x08b", "\x1b]52;c;AA", "\x1b[\x1b[31m", "\U000e0041",
	"a\x00b", strings.Repeat("x", 100_000), "e" + strings.Repeat("\u0301", 300), "\xff\xfe", "日本語\x1b[2J", "👩\u200d💻",
}

func TestEveryKindOfCheckIsToldInFull(t *testing.T) {
	for want, c := range map[string]*lab.Check{
		"object": {Condition: lab.Condition{Object: &lab.Object{Name: "object"}}},
		"events": {Condition: lab.Condition{Events: &lab.Events{Name: "events"}}},
		"logs":   {Condition: lab.Condition{Logs: &lab.Logs{Pod: "logs"}}},
		"exec":   {Condition: lab.Condition{Exec: &lab.Exec{Pod: "exec"}}},
		"pod":    {Condition: lab.Condition{HTTP: &lab.HTTP{Pod: "pod"}}},
		"web":    {Condition: lab.Condition{HTTP: &lab.HTTP{Service: "web"}}},
		"":       {Quiz: &lab.Quiz{Question: "?"}},
	} {
		if got := subject(c); got != want {
			t.Errorf("the events shown are about %q, want %q", got, want)
		}
	}
	if got := subject(nil); got != "" {
		t.Errorf("no check is about %q", got)
	}
}

// Where the lesson and the shell share one pane, who turns the page wants to read it.
func TestATurnedPageIsSeen(t *testing.T) {
	m, _ := sized(t, 120, 36)
	m.focus = onShell
	m.say("this page is done")
	m.turn(1)
	if got := screen(m); !strings.Contains(got, "The second page") || strings.Contains(got, "this page is done") {
		t.Errorf("the second page is not shown, or is said to be done:\n%s", got)
	}
}
