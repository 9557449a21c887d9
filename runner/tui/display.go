package tui

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
	"golang.org/x/term"
)

// display is the learner's terminal: a model is run on it, and what it shows is
// painted there when it is another picture. bubbletea's own painter looks for one
// sixty times a second instead, which costs a percent of a processor when nothing
// happens, and half a frame for every key.
type display struct {
	model   *model
	program *tea.Program
	in, out *os.File
	before  *term.State

	mu   sync.Mutex // of what is to be painted
	next frameOf
	also string // sequences to be written with it

	due, hurry, done chan struct{}
	pressed          atomic.Int64 // when a key was, in nanoseconds
	synced, clusters atomic.Bool  // what the terminal can do: pictures at once, wide characters by cluster

	// The painter's.
	writing sync.Mutex
	buf     bytes.Buffer
	painter *uv.TerminalRenderer
	cells   uv.ScreenBuffer
	shown   frameOf
	rows    []string // of what is shown
}

// frameOf is a picture and the size that it is for.
type frameOf struct {
	view          tea.View
	width, height int
}

func (f frameOf) same(g frameOf) bool {
	return f.view.Content == g.view.Content && f.width == g.width && f.height == g.height && f.view.MouseMode == g.view.MouseMode &&
		(f.view.Cursor == nil) == (g.view.Cursor == nil) && (f.view.Cursor == nil || f.view.Cursor.Position == g.view.Cursor.Position)
}

// apart is the least time between two pictures, and soonest that after a key.
const apart, soonest = 16 * time.Millisecond, 2 * time.Millisecond

// program puts a model on a terminal, until ctx ends.
func program(ctx context.Context, m *model, in, out *os.File, env []string) *display {
	d := &display{model: m, in: in, out: out, due: make(chan struct{}, 1), hurry: make(chan struct{}, 1), done: make(chan struct{})}
	width, height := d.size()
	profile := colorprofile.Detect(out, env)
	d.painter = uv.NewTerminalRenderer(&d.buf, env)
	d.painter.SetColorProfile(profile)
	d.painter.SetFullscreen(true)
	d.painter.SetTabStops(-1)
	d.cells = uv.NewScreenBuffer(width, height)
	d.program = tea.NewProgram(d,
		tea.WithInput(in), tea.WithOutput(d), tea.WithEnvironment(env), tea.WithColorProfile(profile), tea.WithWindowSize(width, height),
		tea.WithoutRenderer(), tea.WithFPS(5), // how often it writes what is not the picture: the clipboard
		tea.WithoutSignalHandler(), // signals end ctx
		tea.WithoutCatchPanics(),
	)
	context.AfterFunc(ctx, func() { end(d.program) })
	return d
}

// size is that of the terminal.
func (d *display) size() (width, height int) {
	width, height, err := term.GetSize(int(d.out.Fd()))
	if err != nil || width <= 0 || height <= 0 {
		return 80, 24
	}
	return width, height
}

// Run runs the model. Whatever happens, the terminal is then as it was before; a
// panic is an error.
func (d *display) Run() (err error) {
	before, err := term.MakeRaw(int(d.in.Fd()))
	if err != nil {
		return fmt.Errorf("take over the terminal: %w", err)
	}
	d.before = before
	d.begin()
	painted := make(chan struct{})
	go func() {
		defer close(painted)
		defer d.caught()
		d.paints()
	}()
	resized := make(chan os.Signal, 1)
	notifyResized(resized)
	go func() {
		for range resized {
			d.program.Send(tea.WindowSizeMsg(d.sizeMsg()))
		}
	}()
	defer func() {
		r := recover()
		stack := debug.Stack()
		if r != nil { // it goes on to read, and must have ended before what it reads from is closed
			_ = d.program.ReleaseTerminal()
			d.program.Kill()
		}
		signal.Stop(resized)
		close(resized)
		close(d.done)
		select {
		case <-painted:
		case <-time.After(time.Second): // the terminal takes nothing
		}
		d.end()
		if r != nil {
			err = fmt.Errorf("%w: %v\n%s", tea.ErrProgramPanic, r, stack)
		}
	}()
	_, err = d.program.Run()
	return err
}

func (d *display) sizeMsg() tea.WindowSizeMsg {
	width, height := d.size()
	return tea.WindowSizeMsg{Width: width, Height: height}
}

// Send and Quit are the program's.
func (d *display) Send(msg tea.Msg) { d.program.Send(msg) }
func (d *display) Quit()            { d.program.Quit() }

// begin prepares the terminal, and asks it what it can.
func (d *display) begin() {
	say := wheelOff + ansi.SetModeAltScreenSaveCursor + ansi.ResetModeTextCursorEnable + ansi.SetModeBracketedPaste +
		ansi.SetModifyOtherKeys2 + ansi.PushKittyKeyboard(ansi.KittyDisambiguateEscapeCodes)
	if d.model.asksBackground() {
		say += ansi.RequestBackgroundColor
	}
	// Over SSH, and in Apple's terminal, the question may be shown instead of answered.
	if os.Getenv("SSH_TTY") == "" && !strings.Contains(os.Getenv("TERM_PROGRAM"), "Apple") {
		say += ansi.RequestModeSynchronizedOutput + ansi.RequestModeUnicodeCore
	}
	_, _ = d.Write([]byte(say))
}

// end has the terminal be as it was.
func (d *display) end() {
	say := ansi.ResetModifyOtherKeys + ansi.PopKittyKeyboard(1)
	if d.shown.view.MouseMode != tea.MouseModeNone {
		say += mouseOff
	}
	if d.clusters.Load() {
		say += ansi.ResetModeUnicodeCore
	}
	say += ansi.ResetModeBracketedPaste + ansi.ResetStyle + ansi.SetModeTextCursorEnable + ansi.ResetModeAltScreenSaveCursor + wheelBack
	_, _ = d.Write([]byte(say))
	_ = term.Restore(int(d.in.Fd()), d.before)
}

const mouseOn = ansi.SetModeMouseButtonEvent + ansi.SetModeMouseExtSgr
const mouseOff = ansi.ResetModeMouseButtonEvent + ansi.ResetModeMouseAnyEvent + ansi.ResetModeMouseExtSgr

// Write writes to the terminal, between two pictures.
func (d *display) Write(b []byte) (int, error) {
	d.writing.Lock()
	defer d.writing.Unlock()
	return d.out.Write(b)
}

// Init, Update and View are the model's; bubbletea itself draws nothing.
func (d *display) Init() tea.Cmd { return d.guard(d.model.Init()) }

func (d *display) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.KeyPressMsg, tea.PasteMsg, tea.MouseMsg:
		d.pressed.Store(time.Now().UnixNano())
		poke(d.hurry)
	case tea.ModeReportMsg:
		d.can(msg)
	}
	_, cmd := d.model.Update(msg)
	return d, d.guard(cmd)
}

func (d *display) View() tea.View {
	v := d.model.View()
	if v.Content == "" {
		return tea.View{} // there is no size yet
	}
	d.mu.Lock()
	f := frameOf{v, d.model.width, d.model.height}
	other := !f.same(d.next)
	d.next = f
	d.mu.Unlock()
	if other {
		poke(d.due)
	}
	return tea.View{}
}

// can notes what the terminal says it can do.
func (d *display) can(m tea.ModeReportMsg) {
	switch {
	case m.Mode == ansi.ModeSynchronizedOutput && m.Value == ansi.ModeReset:
		d.synced.Store(true)
	case m.Mode == ansi.ModeUnicodeCore && (m.Value == ansi.ModeReset || m.Value == ansi.ModeSet || m.Value == ansi.ModePermanentlySet):
		if !d.clusters.Swap(true) {
			d.mu.Lock()
			d.also += ansi.SetModeUnicodeCore
			d.mu.Unlock()
			poke(d.due)
		}
	}
}

// guard catches the panics of a command, which runs in a goroutine of its own.
func (d *display) guard(cmd tea.Cmd) tea.Cmd {
	if cmd == nil {
		return nil
	}
	return func() tea.Msg {
		defer d.caught()
		msg := cmd()
		if batch, ok := msg.(tea.BatchMsg); ok {
			for i := range batch {
				batch[i] = d.guard(batch[i])
			}
		}
		return msg
	}
}

func (d *display) caught() {
	if r := recover(); r != nil {
		d.model.crashed(r)
	}
}

// poke leaves a token where there is none.
func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// paints paints what is to be shown, until the display is done with. Between two
// pictures there is a pause, which a key ends.
func (d *display) paints() {
	pause := time.NewTimer(0)
	for {
		select {
		case <-d.done:
			return
		case <-d.due:
		}
		if d.paint() != nil {
			return // the terminal is gone; that is a signal too
		}
		wait := apart
		if time.Since(time.Unix(0, d.pressed.Load())) < attention {
			wait = soonest
		}
		pause.Reset(wait)
		select {
		case <-d.done:
			return
		case <-d.hurry:
		case <-pause.C:
		}
	}
}

// paint writes what differs from the picture that is shown.
func (d *display) paint() error {
	d.mu.Lock()
	f, also := d.next, d.also
	d.also = ""
	d.mu.Unlock()
	if f.same(d.shown) && also == "" {
		return nil
	}
	if d.clusters.Load() && d.cells.Method != ansi.GraphemeWidth {
		d.cells.Method, d.rows = ansi.GraphemeWidth, nil
	}
	if f.width != d.shown.width || f.height != d.shown.height {
		d.painter.Erase()
		d.painter.Resize(f.width, f.height)
		d.cells.Touched = nil
		d.cells.Resize(f.width, f.height)
		d.rows = nil
	}
	if d.rows == nil {
		d.cells.Clear()
	}
	rows := strings.Split(f.view.Content, "\n")
	for y, row := range rows { // most are as they were
		if y >= len(d.rows) || d.rows[y] != row {
			uv.NewStyledString(row).Draw(d.cells, uv.Rect(0, y, f.width, 1))
		}
	}
	d.rows = rows
	d.painter.Render(d.cells.RenderBuffer)
	if c := f.view.Cursor; c != nil {
		d.painter.MoveTo(c.X, c.Y)
	}
	if err := d.painter.Flush(); err != nil {
		return err
	}
	if f.view.MouseMode != d.shown.view.MouseMode {
		if also += mouseOff; f.view.MouseMode != tea.MouseModeNone {
			also += mouseOn
		}
	}
	out := append([]byte(also), d.whole(f.view.Cursor != nil)...)
	d.buf.Reset()
	d.shown = f
	if len(out) == 0 {
		return nil
	}
	_, err := d.Write(out)
	return err
}

// whole is what has to be written for a picture to be seen at once, without a
// cursor that wanders.
func (d *display) whole(cursor bool) []byte {
	was := d.shown.view.Cursor != nil
	synced := d.synced.Load() && d.buf.Len() > 0
	var b bytes.Buffer
	if synced {
		b.WriteString(ansi.SetModeSynchronizedOutput)
	}
	hidden := !was
	if was && (!cursor || d.buf.Len() > 0 && !synced) {
		b.WriteString(ansi.ResetModeTextCursorEnable)
		hidden = true
	}
	b.Write(d.buf.Bytes())
	if cursor && hidden {
		b.WriteString(ansi.SetModeTextCursorEnable)
	}
	if synced {
		b.WriteString(ansi.ResetModeSynchronizedOutput)
	}
	return b.Bytes()
}

// end ends the program as a key would, so that it has let go of the terminal when
// Run returns; one that is killed may still be reading. Killed is what does not
// end.
func end(p *tea.Program) {
	p.Quit()
	time.AfterFunc(2*time.Second, p.Kill)
}
