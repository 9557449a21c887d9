package vt

import (
	"fmt"
	"strings"
	"unicode"

	uv "github.com/charmbracelet/ultraviolet"
)

// The keys that are more than a character, by how xterm sends them.
const (
	cursorKeys = "ABCDHFE" // CSI x, or SS3 x in the application form
	functions  = "PQRS"    // SS3 x
)

var (
	cursorCodes   = []rune{uv.KeyUp, uv.KeyDown, uv.KeyRight, uv.KeyLeft, uv.KeyHome, uv.KeyEnd, uv.KeyBegin}
	functionCodes = []rune{uv.KeyF1, uv.KeyF2, uv.KeyF3, uv.KeyF4}
	numberedCodes = map[rune]int{ // CSI n ~
		uv.KeyInsert: 2, uv.KeyDelete: 3, uv.KeyPgUp: 5, uv.KeyPgDown: 6, uv.KeyF5: 15, uv.KeyF6: 17, uv.KeyF7: 18,
		uv.KeyF8: 19, uv.KeyF9: 20, uv.KeyF10: 21, uv.KeyF11: 23, uv.KeyF12: 24,
	}
)

// Encode is what a program reads when a key is pressed, in the way of xterm.
// Keys that terminals tell apart only since lately are what they always were:
// Ctrl-I is Tab, Shift-Enter is Enter. It is empty for a key that sends nothing,
// such as Shift.
func Encode(k uv.Key, appCursor bool) string {
	modifiers := 1
	for i, m := range []uv.KeyMod{uv.ModShift, uv.ModAlt, uv.ModCtrl} {
		if k.Mod&m != 0 {
			modifiers += 1 << i
		}
	}
	for i, code := range cursorCodes {
		switch {
		case code != k.Code:
		case modifiers > 1:
			return fmt.Sprintf("\x1b[1;%d%c", modifiers, cursorKeys[i])
		case appCursor:
			return "\x1bO" + cursorKeys[i:i+1]
		default:
			return "\x1b[" + cursorKeys[i:i+1]
		}
	}
	for i, code := range functionCodes {
		switch {
		case code != k.Code:
		case modifiers > 1:
			return fmt.Sprintf("\x1b[1;%d%c", modifiers, functions[i])
		default:
			return "\x1bO" + functions[i:i+1]
		}
	}
	if n, ok := numberedCodes[k.Code]; ok {
		if modifiers > 1 {
			return fmt.Sprintf("\x1b[%d;%d~", n, modifiers)
		}
		return fmt.Sprintf("\x1b[%d~", n)
	}
	text := character(k)
	if text != "" && k.Mod&uv.ModAlt != 0 {
		return "\x1b" + text
	}
	return text
}

// character is what a key sends that is a character, or was one on the first
// terminals.
func character(k uv.Key) string {
	ctrl := k.Mod&uv.ModCtrl != 0
	switch k.Code {
	case uv.KeyEnter, uv.KeyKpEnter:
		return "\r"
	case uv.KeyTab:
		if k.Mod&uv.ModShift != 0 {
			return "\x1b[Z"
		}
		return "\t"
	case uv.KeyBackspace:
		if ctrl {
			return "\b"
		}
		return "\x7f"
	case uv.KeyEscape:
		return "\x1b"
	}
	if ctrl {
		return control(k.Code)
	}
	if k.Text != "" {
		return k.Text
	}
	c := k.Code
	if k.Mod&uv.ModShift != 0 && k.ShiftedCode != 0 {
		c = k.ShiftedCode
	}
	if c < ' ' || c > unicode.MaxRune || c >= uv.KeyExtended {
		return ""
	}
	return string(c)
}

// control is what a key sends together with Ctrl: the character's lower five
// bits, and what became of the keys that have none of their own.
func control(c rune) string {
	switch c = unicode.ToLower(c); {
	case c >= 'a' && c <= 'z':
		return string(c - 'a' + 1)
	case c == ' ', c == '@', c == '2':
		return "\x00"
	case c == '[', c == '3':
		return "\x1b"
	case c == '\\', c == '4':
		return "\x1c"
	case c == ']', c == '5':
		return "\x1d"
	case c == '^', c == '6':
		return "\x1e"
	case c == '_', c == '/', c == '-', c == '7':
		return "\x1f"
	case c == '?', c == '8':
		return "\x7f"
	}
	return ""
}

// Paste is what a program reads when text is pasted. Controls are left out, and
// with them what would end a bracketed paste before its end.
func Paste(text string, bracketed bool) string {
	text = strings.NewReplacer("\r\n", "\r", "\n", "\r").Replace(strings.ToValidUTF8(text, ""))
	text = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\r' || r >= 0x7f && r < 0xa0 {
			return -1
		}
		return r
	}, text)
	if bracketed {
		return "\x1b[200~" + text + "\x1b[201~"
	}
	return text
}
