package web

import (
	"bytes"
	"embed"
	"html"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

//go:embed all:dist
var dist embed.FS

//go:embed asyncapi.yaml
var asyncAPI []byte

// app returns the built page, or nil if the binary was built without it.
func app() fs.FS {
	sub, err := fs.Sub(dist, "dist/app")
	if err != nil {
		return nil
	}
	if _, err := fs.Stat(sub, "index.html"); err != nil {
		return nil
	}
	return sub
}

// assets serves the built page. Files under assets/ carry a hash of their content in their names and never
// change; all else is asked for anew every time. The page finds its own way, so what has no extension is it.
func assets(files fs.FS) http.Handler {
	if files == nil {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/" {
				plainPage(w, http.StatusNotFound, "Not found", "There is nothing here, and this binary was built without its page: run make build.")
				return
			}
			plainPage(w, http.StatusOK, "Haihe is running", "This binary was built without its page. Run make build in the source folder and start ./haihe anew. The API is at /api/openapi.json.")
		})
	}
	server := http.FileServerFS(files)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
		if strings.HasPrefix(name, "assets/") {
			if _, err := fs.Stat(files, name); err == nil {
				w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
			}
		} else {
			w.Header().Set("Cache-Control", "no-cache")
		}
		if _, err := fs.Stat(files, name); err != nil && path.Ext(name) == "" && name != "" {
			r = r.Clone(r.Context())
			r.URL.Path = "/"
		}
		server.ServeHTTP(w, r)
	})
}

// plainPage is a page without assets, script or style.
func plainPage(w http.ResponseWriter, status int, title, text string) {
	var b bytes.Buffer
	b.WriteString(`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>`)
	b.WriteString(html.EscapeString(title))
	b.WriteString(`</title></head><body><h1>`)
	b.WriteString(html.EscapeString(title))
	b.WriteString(`</h1><p>`)
	b.WriteString(html.EscapeString(text))
	b.WriteString(`</p></body></html>` + "\n")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write(b.Bytes())
}
