package runner

import "podlab.dev/podlab/cue/lab"

// Spectate is a session that is only looked at, such as a recorded one: it has no
// folder, and nothing of it can be changed.
func Spectate(l *lab.Lab, st State) *Session { return &Session{Lab: l, Key: st.Key, State: st} }
