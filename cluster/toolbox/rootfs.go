package toolbox

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"time"
)

// Applets are the names under which the binary answers, each a link in /bin, in
// order. A test of box asserts that they are exactly those it dispatches on.
func Applets() []string {
	return []string{
		"[", "base64", "basename", "cat", "chmod", "chown", "cp", "cut", "date", "dd", "df", "dirname",
		"du", "echo", "env", "false", "find", "grep", "head", "hog", "hostname", "id", "ip", "kill",
		"ln", "ls", "mkdir", "mktemp", "model", "mount", "mv", "nc", "nslookup", "printenv", "printf", "proxy", "ps",
		"pwd", "readlink", "ready", "registry", "rm", "rmdir", "seq", "serve", "sh", "sha256sum", "sleep", "sort",
		"stat", "sync", "tail", "tar", "tee", "test", "timeout", "touch", "tr", "true", "uname",
		"uniq", "wc", "wget", "which", "whoami", "xargs", "yes",
	}
}

const passwd = `root:x:0:0:root:/root:/bin/sh
app:x:1000:1000:app:/home/app:/bin/sh
nobody:x:65534:65534:nobody:/:/bin/false
`

const group = `root:x:0:
app:x:1000:
nogroup:x:65534:
`

// rootfs returns an opener of the image's only layer, an uncompressed tar around
// the executable. Nothing in it needs to be written at run time: the server and
// the shell work with a read-only root file system and any user.
func rootfs(executable []byte) (func() (io.ReadCloser, error), error) {
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	add := func(h tar.Header, content []byte) error {
		h.Size = int64(len(content))
		h.ModTime = time.Unix(created, 0)
		h.Format = tar.FormatUSTAR
		if err := w.WriteHeader(&h); err != nil {
			return fmt.Errorf("layer entry %s: %w", h.Name, err)
		}
		if _, err := w.Write(content); err != nil {
			return fmt.Errorf("layer entry %s: %w", h.Name, err)
		}
		return nil
	}

	// dev, proc and sys are mount points: a runtime creates them if they lack,
	// but not where it prepares the root file system read-only.
	directories := []tar.Header{
		{Name: "bin/", Mode: 0o755},
		{Name: "dev/", Mode: 0o755},
		{Name: "etc/", Mode: 0o755},
		{Name: "home/", Mode: 0o755},
		{Name: "home/app/", Mode: 0o755, Uid: AppUID, Gid: AppGID},
		{Name: "proc/", Mode: 0o555},
		{Name: "root/", Mode: 0o700},
		{Name: "run/", Mode: 0o755},
		{Name: "sys/", Mode: 0o555},
		{Name: "tmp/", Mode: 0o1777},
		{Name: "usr/", Mode: 0o755},
		{Name: "var/", Mode: 0o755},
		{Name: "var/log/", Mode: 0o755},
	}
	for _, h := range directories {
		h.Typeflag = tar.TypeDir
		if err := add(h, nil); err != nil {
			return nil, err
		}
	}

	files := []struct {
		name    string
		mode    int64
		content []byte
	}{
		{"bin/toolbox", 0o755, executable},
		{"etc/passwd", 0o644, []byte(passwd)},
		{"etc/group", 0o644, []byte(group)},
	}
	for _, f := range files {
		if err := add(tar.Header{Typeflag: tar.TypeReg, Name: f.name, Mode: f.mode}, f.content); err != nil {
			return nil, err
		}
	}

	for _, applet := range Applets() {
		if err := add(link("bin/"+applet, "toolbox"), nil); err != nil {
			return nil, err
		}
	}
	// Scripts begin with #!/usr/bin/env, and some software looks in /var/run.
	for _, l := range []tar.Header{link("usr/bin", "../bin"), link("var/run", "../run")} {
		if err := add(l, nil); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("layer: %w", err)
	}
	content := layer.Bytes()
	return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }, nil
}

// link is a symbolic link from name to target, the latter relative to name.
func link(name, target string) tar.Header {
	return tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: target, Mode: 0o777}
}
