package timeline

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
)

// mark begins each seal. Its length keeps the rest of a seal apart in base64.
var mark = []byte("podlab-sealed: ")

// Seal is what stands in a timeline for a value of a Secret: a digest under the
// key, which is the UID of the namespace. Equal values of one namespace have
// equal seals, and that is all that can be told of them. Whoever has the timeline
// can try out values: it keeps passwords from being read, not weak ones from
// being guessed. A seal is base64, as values of Secrets are.
func Seal(key, value string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(value))
	return base64.StdEncoding.EncodeToString(slices.Concat(mark, mac.Sum(nil)[:18]))
}

// Sealed tells whether a value is a [Seal].
func Sealed(value string) bool {
	return strings.HasPrefix(value, base64.StdEncoding.EncodeToString(mark))
}
