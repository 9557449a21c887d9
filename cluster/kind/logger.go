package kind

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"unicode"

	"sigs.k8s.io/kind/pkg/log"

	"podlab.dev/podlab/cluster/driver"
)

// logger turns what kind says into events, and the rest into -v lines. kind marks
// the phases of a create by " • phase  ..." and " ✓ phase" or " ✗ phase".
type logger struct {
	log     *slog.Logger
	report  driver.Report
	onPhase func(phase string) // told of each phase that begins; may be nil

	mu   sync.Mutex
	step *driver.Step
}

var _ log.Logger = (*logger)(nil)

func (l *logger) Warn(message string)          { l.log.Warn("kind", "said", strings.TrimSpace(message)) }
func (l *logger) Warnf(f string, args ...any)  { l.Warn(fmt.Sprintf(f, args...)) }
func (l *logger) Error(message string)         { l.log.Error("kind", "said", strings.TrimSpace(message)) }
func (l *logger) Errorf(f string, args ...any) { l.Error(fmt.Sprintf(f, args...)) }

func (l *logger) V(level log.Level) log.InfoLogger { return infoLogger{l, level} }

type infoLogger struct {
	logger *logger
	level  log.Level
}

func (i infoLogger) Info(message string) {
	if i.level > 0 {
		i.logger.log.Debug("kind", "said", message)
		return
	}
	i.logger.say(message)
}

func (i infoLogger) Infof(f string, args ...any) { i.Info(fmt.Sprintf(f, args...)) }

func (i infoLogger) Enabled() bool {
	return i.level == 0 || i.logger.log.Enabled(context.Background(), slog.LevelDebug)
}

// errPhase stands for a phase's failure: kind returns the reason from Create.
type errPhase string

func (e errPhase) Error() string { return string(e) + ": not done" }

func (l *logger) say(message string) {
	phase, mark := parsePhase(message)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch mark {
	case '•':
		l.step = l.report.Begin(driver.PhaseCreate, "%s", phase)
		if l.onPhase != nil {
			l.onPhase(phase)
		}
	case '✓', '✗':
		if l.step == nil {
			return
		}
		var err error
		if mark == '✗' {
			err = errPhase(phase)
		}
		_ = l.step.End(err)
		l.step = nil
	default:
		l.log.Debug("kind", "said", strings.TrimSpace(message))
	}
}

// parsePhase splits " • Preparing nodes 📦  ...\n" into "preparing nodes" and '•';
// the mark is 0 for any other line.
func parsePhase(message string) (phase string, mark rune) {
	message = strings.TrimSpace(message)
	for _, r := range message {
		mark = r
		break
	}
	if !strings.ContainsRune("•✓✗", mark) || mark == 0 {
		return "", 0
	}
	text := strings.TrimSuffix(strings.TrimSpace(message[len(string(mark)):]), "...")
	text = strings.Map(func(r rune) rune { // the pictures say nothing more
		if r > unicode.MaxASCII {
			return -1
		}
		return r
	}, text)
	text = strings.TrimSpace(text)
	if text == "" {
		return "", 0
	}
	return strings.ToLower(text[:1]) + text[1:], mark
}
