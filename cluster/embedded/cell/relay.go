//go:build linux

package cell

import (
	"io"
	"net"
	"os"
	"time"
)

// apiAddress is where the API server listens, inside.
const apiAddress = "127.0.0.1:6443"

// relay passes what comes to the listener on to the API server. A socket stays in
// the network in which it was made, so the listener is outside, on the host's
// loopback, while the connection it is passed on to is inside.
func relay(listener net.Listener) {
	for {
		in, err := listener.Accept()
		if err != nil {
			time.Sleep(10 * time.Millisecond) // out of files: a moment later there may be some
			continue
		}
		go pass(in.(*net.TCPConn))
	}
}

func pass(in *net.TCPConn) {
	defer in.Close()
	to, err := net.Dial("tcp", apiAddress)
	if err != nil {
		return
	}
	out := to.(*net.TCPConn)
	defer out.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(out, in)
		_ = out.CloseWrite()
	}()
	_, _ = io.Copy(in, out)
	_ = in.CloseWrite()
	<-done
}

// inherited is the listener that was opened outside.
func inherited() (net.Listener, error) {
	f := os.NewFile(listenFD, "listener")
	defer f.Close() // FileListener has a copy
	return net.FileListener(f)
}
