package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// wire is a connection that HTTP requests of the load go over, one after another. It shares the cores with the service that
// is measured, so it does no more than it must: a request is put together from bytes, and of an answer it reads the status,
// the length and the body.
type wire struct {
	host, token string
	conn        net.Conn
	r           *bufio.Reader
	request     []byte
	body        []byte // of the last answer; good until the next
}

// wireWait is how long an answer may take.
const wireWait = 30 * time.Second

// ask sends a command and returns the status of its answer. After an error the next goes over a new connection.
func (w *wire) ask(method, path, key, body string) (status int, err error) {
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	if w.conn == nil {
		if w.conn, err = net.Dial("tcp", w.host); err != nil {
			return 0, err
		}
		w.r = bufio.NewReaderSize(w.conn, 4096)
	}
	b := append(w.request[:0], method...)
	b = append(append(b, ' '), path...)
	b = append(append(b, " HTTP/1.1\r\nHost: "...), w.host...)
	b = append(append(b, "\r\nAuthorization: Bearer "...), w.token...)
	b = append(append(b, "\r\nIdempotency-Key: "...), key...)
	if body != "" {
		b = append(b, "\r\nContent-Type: application/json"...)
	}
	b = strconv.AppendInt(append(b, "\r\nContent-Length: "...), int64(len(body)), 10)
	b = append(append(b, "\r\n\r\n"...), body...)
	w.request = b
	if err := w.conn.SetDeadline(time.Now().Add(wireWait)); err != nil {
		return 0, err
	}
	if _, err := w.conn.Write(b); err != nil {
		return 0, err
	}
	return w.answer()
}

func (w *wire) answer() (status int, err error) {
	line, err := w.line()
	if err != nil {
		return 0, err
	}
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return 0, fmt.Errorf("not an answer of HTTP/1.1: %q", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, fmt.Errorf("not an answer of HTTP/1.1: %q", line)
	}
	length, chunked := 0, false
	for {
		if line, err = w.line(); err != nil {
			return 0, err
		}
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(": "))
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(value)); err != nil || length < 0 {
				return 0, fmt.Errorf("a length of %q", value)
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = true
		}
	}
	w.body = w.body[:0]
	if !chunked {
		return status, w.more(length)
	}
	for {
		if line, err = w.line(); err != nil {
			return 0, err
		}
		n, err := strconv.ParseUint(string(line), 16, 20)
		if err != nil {
			return 0, fmt.Errorf("a chunk of length %q", line)
		}
		if err := w.more(int(n)); err != nil {
			return 0, err
		}
		if _, err := w.line(); err != nil || n == 0 {
			return status, err
		}
	}
}

// line reads a line without its end.
func (w *wire) line() ([]byte, error) {
	line, err := w.r.ReadSlice('\n')
	return bytes.TrimSuffix(line, []byte("\r\n")), err
}

// more reads so much more of the body.
func (w *wire) more(n int) error {
	from := len(w.body)
	w.body = append(w.body, make([]byte, n)...)
	_, err := io.ReadFull(w.r, w.body[from:])
	return err
}

// text is a member of the answer, {"name":"TEXT",…}, that is no text with escapes.
func (w *wire) text(name string) (string, error) {
	_, after, ok := bytes.Cut(w.body, []byte(`"`+name+`":"`))
	value, _, ends := bytes.Cut(after, []byte(`"`))
	if !ok || !ends {
		return "", errors.New("the answer has no " + name + ": " + strings.TrimSpace(string(w.body)))
	}
	return string(value), nil
}

func (w *wire) close() {
	if w.conn != nil {
		w.conn.Close()
		w.conn = nil
	}
}
