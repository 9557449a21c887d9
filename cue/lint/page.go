package lint

import (
	"bytes"
	"io/fs"
	"net/url"
	"path"
	"strings"

	"podlab.dev/podlab/content"
)

// pages looks at the lessons by themselves, those of no step and in other
// languages included: their links and pictures.
func (l *linter) pages() {
	for _, file := range l.lessonFiles() {
		src, err := fs.ReadFile(l.fsys, file)
		if err != nil {
			l.error(place{file: file}, "page", "make the file readable", "%v", err)
			continue
		}
		page, err := content.Parse(src)
		if err != nil {
			l.error(place{file: file}, "page", "make the lesson simpler, or two of it", "%v", err)
			continue
		}
		for _, link := range page.Links() {
			l.link(place{file, link.Line}, link)
		}
	}
}

// lessonFiles are the pages of the lab, sorted: 01-create.md, 01-create.zh.md.
func (l *linter) lessonFiles() []string {
	files, _ := fs.Glob(l.fsys, "[0-9][0-9]-*.md") // the pattern is well-formed
	return files
}

func (l *linter) link(at place, link content.Link) {
	what := "the link"
	if link.Image {
		what = "the image"
	}
	const mend = "add the file to the lab, or mend the link; an address on the web begins with https://"
	u, err := url.Parse(link.Dest)
	switch {
	case err != nil:
		l.error(at, "link", "mend the address", "%s %q is no address", what, link.Dest)
	case u.Scheme == "mailto":
	case u.Scheme == "http", u.Scheme == "https":
		if u.Hostname() == "" {
			l.error(at, "link", "write the host behind "+u.Scheme+"://", "%s %q names no host", what, link.Dest)
		}
	case u.Scheme != "", u.Host != "":
		l.error(at, "link", "write https://, or the path of a file in the lab", "%s %q is neither on the web nor in the lab", what, link.Dest)
	case u.Path == "": // a place on the same page
	case !fs.ValidPath(path.Clean(u.Path)):
		l.error(at, "link", "copy the file into the lab: a lab has all that it needs in its folder", "%s %q leads out of the lab", what, link.Dest)
	default:
		if _, err := fs.Stat(l.fsys, path.Clean(u.Path)); err != nil {
			l.error(at, "link", mend, "%s %q leads to no file of the lab", what, link.Dest)
		}
	}
}

// files are the files of the lab under dir, with what is in them, in order.
// What cannot be read, or is too large to be written by hand, is left out.
func (l *linter) files(dir string) (out []file) {
	// The walk's only errors are the walker's own, and this one has none.
	_ = fs.WalkDir(l.fsys, dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return nil
		}
		if info, err := e.Info(); err != nil || info.Size() > content.MaxBytes {
			return nil
		}
		if text, err := fs.ReadFile(l.fsys, p); err == nil && !bytes.ContainsRune(text, 0) {
			out = append(out, file{p, string(text)})
		}
		return nil
	})
	return out
}

// file is a text file of the lab.
type file struct{ name, text string }

func (f file) manifest() bool {
	switch strings.ToLower(path.Ext(f.name)) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return false
}
