// Command oidctest is a provider of sign-ins for the tests of package web: the OpenID provider of zitadel/oidc, with
// users of its own, on a free port of the loopback. It is a module of its own, so that the service does not depend on
// it. It takes the redirect address of its one client, prints its issuer, and runs until its input ends.
package main

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
)

const users = `{
	"anna": {"ID": "anna", "Username": "anna", "Password": "pass-anna", "FirstName": "Anna", "LastName": "Wang", "Email": "anna@bohai.example", "EmailVerified": true},
	"berta": {"ID": "berta", "Username": "berta", "Password": "pass-berta", "Email": "anna@bohai.example", "EmailVerified": false},
	"carl": {"ID": "carl", "Username": "carl", "Password": "pass-carl", "Email": "carl@city.example", "EmailVerified": true}
}`

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "oidctest:", err)
		os.Exit(1)
	}
}

func run(redirect string) error {
	dir, err := os.MkdirTemp("", "oidctest-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "users.json")
	if err := os.WriteFile(file, []byte(users), 0o600); err != nil {
		return err
	}
	store, err := storage.StoreFromFile(file)
	if err != nil {
		return err
	}
	storage.RegisterClients(storage.WebClient("haihe", "a secret of the client", redirect))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	issuer := "http://" + l.Addr().String() + "/"
	router := exampleop.SetupServer(issuer, storage.NewStorage(store), slog.New(slog.DiscardHandler), false)
	go func() { _ = (&http.Server{Handler: router, ReadHeaderTimeout: 10 * time.Second}).Serve(l) }()
	fmt.Println(issuer)
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}
