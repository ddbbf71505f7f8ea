package client_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"muster"
	"muster/client"
)

const megabyte = 1 << 20

// receiver accepts one upload as a server does: it keeps what arrived before a connection broke.
type receiver struct {
	mu     sync.Mutex
	size   int64
	kept   []byte
	pieces int   // requests with bytes, broken ones included
	asked  bool  // where the upload stands
	breaks []int // after how many bytes the connection of each of the first pieces breaks; negative: not
	lose   bool  // the answer to the last piece
	refuse int   // a status to refuse all pieces with
}

func (s *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	whole := s.size > 0 && int64(len(s.kept)) == s.size
	file := muster.FileInfo{ID: "file", Size: s.size}
	switch r.Method + " " + strings.TrimPrefix(r.URL.Path, "/api/v4") {
	case "POST /uploads":
		var u muster.Upload
		_ = json.NewDecoder(r.Body).Decode(&u)
		u.ID, s.size = "file", u.FileSize
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(u)
	case "GET /uploads/file":
		s.asked = true
		if whole {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_ = json.NewEncoder(w).Encode(muster.Upload{ID: "file", FileSize: s.size, FileOffset: int64(len(s.kept))})
	case "GET /files/file/info":
		_ = json.NewEncoder(w).Encode(file)
	case "POST /uploads/file":
		s.take(w, r, &file)
	default:
		w.WriteHeader(http.StatusTeapot)
	}
}

func (s *receiver) take(w http.ResponseWriter, r *http.Request, file *muster.FileInfo) {
	s.pieces++
	switch {
	case s.refuse != 0:
		w.WriteHeader(s.refuse)
		return
	case r.Header.Get("Upload-Offset") != strconv.Itoa(len(s.kept)):
		w.WriteHeader(http.StatusConflict)
		return
	}
	body := io.Reader(r.Body)
	breaks := s.pieces <= len(s.breaks) && s.breaks[s.pieces-1] >= 0
	if breaks {
		body = io.LimitReader(body, int64(s.breaks[s.pieces-1]))
	}
	b, _ := io.ReadAll(body)
	s.kept = append(s.kept, b...)
	whole := int64(len(s.kept)) == s.size
	switch {
	case breaks, whole && s.lose:
		panic(http.ErrAbortHandler) // drops the connection
	case whole:
		_ = json.NewEncoder(w).Encode(file)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

func TestSendFile(t *testing.T) {
	for _, c := range []struct {
		name   string
		server *receiver
		size   int
		pieces int
	}{
		{"in one piece", &receiver{}, 10, 1},
		{"in several", &receiver{}, 10 * megabyte, 3},
		{"that ends with a whole piece", &receiver{}, 8 * megabyte, 2},
		{"whose connection breaks within a piece", &receiver{breaks: []int{-1, megabyte + 1}}, 10 * megabyte, 4},
		{"whose connection breaks before the first byte", &receiver{breaks: []int{0, 0}}, 10, 3},
		{"whose last answer gets lost", &receiver{lose: true}, 5 * megabyte, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := make([]byte, c.size)
			for i := range want {
				want[i] = byte(i % 251)
			}
			f, err := answering(t, c.server.ServeHTTP).SendFile(t.Context(), muster.NewID(), "a.bin", int64(c.size), bytes.NewReader(want))
			if err != nil || f.ID != "file" || f.Size != int64(c.size) {
				t.Fatalf("got %+v, %v", f, err)
			}
			if !bytes.Equal(c.server.kept, want) {
				t.Errorf("%d bytes came, not the %d sent", len(c.server.kept), len(want))
			}
			if c.server.pieces != c.pieces {
				t.Errorf("sent %d pieces, want %d", c.server.pieces, c.pieces)
			}
		})
	}
}

func TestSendFileGivesUpAtOnce(t *testing.T) {
	t.Run("when it is refused", func(t *testing.T) {
		s := &receiver{refuse: http.StatusForbidden}
		_, err := answering(t, s.ServeHTTP).SendFile(t.Context(), muster.NewID(), "a.bin", 3, strings.NewReader("abc"))
		if e, ok := errors.AsType[*client.Error](err); !ok || e.StatusCode != http.StatusForbidden {
			t.Errorf("got %v", err)
		}
		if s.pieces != 1 || s.asked {
			t.Errorf("sent %d pieces, asked where the upload stands: %v", s.pieces, s.asked)
		}
	})
	t.Run("when the file is shorter than was said", func(t *testing.T) {
		s := &receiver{}
		_, err := answering(t, s.ServeHTTP).SendFile(t.Context(), muster.NewID(), "a.bin", 4, strings.NewReader("abc"))
		if !errors.Is(err, io.ErrUnexpectedEOF) || s.pieces != 0 || s.asked {
			t.Errorf("got %v after %d pieces", err, s.pieces)
		}
	})
}
