package marks

import (
	"bytes"
	"fmt"
	"io"
	"os"
)

// Rewrite puts what write writes between the lines begin and end, which the file must have, in that order, and leaves the rest as it is. Both
// end in a newline.
func Rewrite(path, begin, end string, write func(io.Writer) error) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	head, rest, ok := bytes.Cut(old, []byte(begin))
	_, tail, ok2 := bytes.Cut(rest, []byte(end))
	if !ok || !ok2 {
		return fmt.Errorf("%s lacks the lines %q and %q", path, begin, end)
	}
	var b bytes.Buffer
	b.Write(head)
	b.WriteString(begin)
	if err := write(&b); err != nil {
		return err
	}
	b.WriteString("\n" + end)
	b.Write(tail)
	return os.WriteFile(path, b.Bytes(), 0o644)
}
