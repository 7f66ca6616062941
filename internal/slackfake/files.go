package slackfake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// file is an upload.
type file struct {
	id, name, title, alt string
	size                 int
	data                 []byte
	done                 time.Time // when the upload was completed; zero: not yet
}

// image reports whether Slack would show the file in an image block.
func (f *file) image() bool {
	return strings.HasPrefix(http.DetectContentType(f.data), "image/")
}

// uploadURL is files.getUploadURLExternal.
func (s *Server) uploadURL(a args) (map[string]any, *apiError) {
	size, err := strconv.Atoi(a["length"])
	if err != nil || size < 1 || a["filename"] == "" {
		return nil, fail("invalid_arguments")
	}
	s.nextID++
	f := &file{id: fmt.Sprintf("F0%08d", s.nextID), name: a["filename"], alt: a["alt_txt"], size: size}
	s.files[f.id] = f
	return map[string]any{"file_id": f.id, "upload_url": s.URL() + "/upload/v1/" + f.id}, nil
}

// serveUpload takes the bytes, raw or as the only file of a form.
func (s *Server) serveUpload(w http.ResponseWriter, r *http.Request) {
	data, err := uploaded(r)
	fault := s.begin("upload")
	if fault.before(s, w, r) {
		return
	}
	code, text := s.keep(r.PathValue("id"), data, err)
	if fault.after(s, w, r) {
		return
	}
	w.WriteHeader(code)
	_, _ = io.WriteString(w, text)
}

func (s *Server) keep(id string, data []byte, err error) (status int, answer string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.files[id]
	switch {
	case f == nil:
		return http.StatusNotFound, "file_not_found"
	case err != nil || len(data) != f.size:
		return http.StatusBadRequest, fmt.Sprintf("upload of %d bytes where %d were announced", len(data), f.size)
	}
	f.data = data
	return http.StatusOK, fmt.Sprintf("OK - %d", len(data))
}

func uploaded(r *http.Request) ([]byte, error) {
	r.Body = http.MaxBytesReader(nil, r.Body, maxBody)
	if ctype, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); ctype != "multipart/form-data" {
		return io.ReadAll(r.Body)
	}
	mr, err := r.MultipartReader()
	if err != nil {
		return nil, err
	}
	for {
		part, err := mr.NextPart()
		if err != nil {
			return nil, err
		}
		if part.FileName() != "" {
			return io.ReadAll(part)
		}
	}
}

// completeUpload is files.completeUploadExternal.
func (s *Server) completeUpload(a args) (map[string]any, *apiError) {
	var want []struct{ ID, Title string }
	if json.Unmarshal([]byte(a["files"]), &want) != nil || len(want) == 0 {
		return nil, fail("invalid_arguments")
	}
	out := []map[string]any{}
	for _, w := range want {
		f := s.files[w.ID]
		if f == nil || f.data == nil || !f.done.IsZero() {
			return nil, fail("file_not_found")
		}
		f.title, f.done = w.Title, s.opts.Clock()
		out = append(out, map[string]any{"id": f.id, "title": f.title})
	}
	if channel := a["channel_id"]; channel != "" {
		if e := s.share(channel, a["thread_ts"], a["initial_comment"], want[0].ID); e != nil {
			return nil, e
		}
	}
	return map[string]any{"files": out}, nil
}

// share posts a file to a channel as Slack does when an upload names one.
func (s *Server) share(channel, thread, comment, id string) *apiError {
	c, e := s.postable(channel)
	if e != nil {
		return e
	}
	blocks, err := json.Marshal([]any{map[string]any{"type": "image", "alt_text": s.files[id].name, "slack_file": map[string]any{"id": id}}})
	if err != nil {
		return fail("internal_error")
	}
	_, e = c.add(s, &Message{Text: comment, Blocks: blocks}, thread)
	return e
}

// fileInfo is files.info. The mimetype is empty until the file has been processed, as in Slack.
func (s *Server) fileInfo(a args) (map[string]any, *apiError) {
	f := s.files[a["file"]]
	if f == nil || f.done.IsZero() {
		return nil, fail("file_not_found")
	}
	mimetype := ""
	if s.usable(f) {
		mimetype = http.DetectContentType(f.data)
	}
	return map[string]any{"file": map[string]any{
		"id": f.id, "name": f.name, "title": f.title, "alt_txt": f.alt, "size": f.size, "mimetype": mimetype,
		"url_private": s.URL() + "/files/" + f.id,
	}}, nil
}

// usable reports whether the file was uploaded, completed and processed.
func (s *Server) usable(f *file) bool {
	return !f.done.IsZero() && s.opts.Clock().Sub(f.done) >= s.opts.FileDelay
}

// File returns the bytes of an upload, nil if there is none.
func (s *Server) File(id string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.files[id]; f != nil {
		return f.data
	}
	return nil
}

// serveFile shows an upload to the page.
func (s *Server) serveFile(w http.ResponseWriter, r *http.Request) {
	data := s.File(r.PathValue("id"))
	if data == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "max-age=3600")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}
