package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/spf13/pflag"

	"haihe/streams"
	"haihe/web"
)

// sessionIdle is after how long a session that is not used ends, unless told otherwise.
const sessionIdle = 8 * time.Hour

// doorSettings are what serve is told about who gets in.
type doorSettings struct {
	url              string
	tlsCert, tlsKey  string
	origins          []string
	idle, max        time.Duration
	limits           web.Limits
	issuer, clientID string
	clientSecret     string // file
	rules            string // file
	kafka            kafkaFlags
}

func (d *doorSettings) flags(f *pflag.FlagSet) {
	f.StringVar(&d.url, "url", "", "address under which browsers find the service, https://HOST (default: that of --listen)")
	f.StringVar(&d.tlsCert, "tls-cert", "", "speak TLS with this certificate, PEM; read again when it changes")
	f.StringVar(&d.tlsKey, "tls-key", "", "its key, PEM")
	f.StringSliceVar(&d.origins, "origin", nil, "page of another address that may use the API and the websocket, https://HOST,…")
	f.DurationVar(&d.idle, "session-idle", sessionIdle, "a session that is not used for so long ends")
	f.DurationVar(&d.max, "session-max", 7*24*time.Hour, "a session ends after so long")
	f.IntVar(&d.limits.Requests, "max-requests", 0, "requests a minute of a session or key (default 1200; -1: any number)")
	f.IntVar(&d.limits.Commands, "max-commands", 0, "changes a minute of an organisation (default 300; -1: any number)")
	f.IntVar(&d.limits.SignIns, "max-signins", 0, "attempts to sign in a minute of an address (default 60; -1: any number)")
	f.IntVar(&d.limits.Sockets, "max-sockets", 0, "websockets of an organisation at a time (default 500; -1: any number)")
	f.IntVar(&d.limits.Peers, "max-peer", 0, "commands a minute that another instance forwards (default 600000; -1: any number)")
	f.IntVar(&d.limits.Rooms, "max-withdrawals", 0, "departures and warehouses that a firm may withdraw or cut in a day (default 500; -1: any number)")
	f.StringVar(&d.issuer, "oidc-issuer", "", "sign in by this OpenID Connect provider, https://…; its redirect address is URL/signin/oidc/callback")
	f.StringVar(&d.clientID, "oidc-client-id", "", "id of this service at the provider")
	f.StringVar(&d.clientSecret, "oidc-client-secret-file", "", "file with its secret; none for a public client")
	f.StringVar(&d.rules, "oidc-rules", "", "JSON file that says whom a claim lets in where: [{claim, value, kind, org, level}, …]")
	d.kafka.flags(f)
}

// check reads what stands in files and says what does not fit together.
func (d *doorSettings) check() error {
	switch {
	case (d.tlsCert == "") != (d.tlsKey == ""):
		return misused("--tls-cert and --tls-key go together")
	case (d.issuer == "") != (d.clientID == ""):
		return misused("--oidc-issuer and --oidc-client-id go together")
	case d.idle <= 0 || d.max <= 0:
		return misused("--session-idle and --session-max are longer than 0")
	}
	for _, o := range append([]string{d.url}, d.origins...) {
		if o == "" {
			continue
		}
		u, err := url.Parse(o)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
			return misused("an address is https://HOST or https://HOST:PORT, not %q", o)
		}
	}
	return d.kafka.secure()
}

// provider returns the provider of sign-ins; nil if there is none.
func (d *doorSettings) provider() (*web.OIDC, error) {
	if d.issuer == "" {
		return nil, nil
	}
	p := &web.OIDC{Issuer: d.issuer, ClientID: d.clientID}
	if d.clientSecret != "" {
		raw, err := os.ReadFile(d.clientSecret)
		if err != nil {
			return nil, fmt.Errorf("--oidc-client-secret-file: %w", err)
		}
		p.ClientSecret = strings.TrimSpace(string(raw))
	}
	if d.rules != "" {
		raw, err := os.ReadFile(d.rules)
		if err != nil {
			return nil, fmt.Errorf("--oidc-rules: %w", err)
		}
		if err := json.Unmarshal(raw, &p.Rules, json.RejectUnknownMembers(true)); err != nil {
			return nil, fmt.Errorf("--oidc-rules: %s: %w", d.rules, err)
		}
		for i, r := range p.Rules {
			if err := r.Valid(); err != nil {
				return nil, fmt.Errorf("--oidc-rules: %s: rule %d: %w", d.rules, i+1, err)
			}
		}
	}
	return p, nil
}

// certificate serves the certificate of two files, read anew when they change.
type certificate struct {
	cert, key string
	log       *slog.Logger

	mu     sync.Mutex
	read   []byte // of both files
	looked time.Time
	pair   *tls.Certificate
}

// certificateEvery is how often the files are looked at.
const certificateEvery = 10 * time.Second

func (c *certificate) load() error {
	certPEM, err := os.ReadFile(c.cert)
	if err != nil {
		return err
	}
	keyPEM, err := os.ReadFile(c.key)
	if err != nil {
		return err
	}
	both := append(bytes.Clone(certPEM), keyPEM...)
	if bytes.Equal(both, c.read) {
		return nil
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return err
	}
	c.pair, c.read = &pair, both
	return nil
}

// get returns the certificate. Files that do not fit, as half of a renewal, leave the one before in use.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); now.Sub(c.looked) > certificateEvery {
		c.looked = now
		if err := c.load(); err != nil {
			c.log.Warn("the changed certificate cannot be used; the one before stays", "file", c.cert, "error", err)
		}
	}
	return c.pair, nil
}

// speakTLS makes the listener speak TLS where there is a certificate.
func (v *service) speakTLS() error {
	d := &v.settings.doors
	if d.tlsCert == "" {
		return nil
	}
	c := &certificate{cert: d.tlsCert, key: d.tlsKey, log: v.log, looked: time.Now()}
	if err := c.load(); err != nil {
		return fmt.Errorf("--tls-cert, --tls-key: %w", err)
	}
	v.listener = tls.NewListener(v.listener, &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get, NextProtos: []string{"http/1.1"}})
	return nil
}

// openDoors reads the keys and opens the logs of who may do what, and did.
func (v *service) openDoors() error {
	d := &v.settings.doors
	v.access = newAccessLog(v.brokers, v.secret, cmp.Or(d.idle, sessionIdle), v.settings.clock(), v.log)
	v.audit = newAuditLog(v.brokers, v.secret, v.log)
	return os.WriteFile(addressFile(v.settings.data), []byte(strings.Join(v.brokers, ",")+"\n"), 0o600)
}

// doorConfig adds to the configuration of the web server who gets in.
func (v *service) doorConfig(cfg *web.Config) error {
	d := &v.settings.doors
	var err error
	if cfg.OIDC, err = d.provider(); err != nil {
		return err
	}
	cfg.Access, cfg.AccessRead, cfg.Commit = v.access.registry, v.access.read, v.access.commit
	cfg.Audit, cfg.AuditLog = v.audit.take, v.audit.newest
	cfg.URL, cfg.Secure = v.address(), strings.HasPrefix(v.address(), "https://")
	cfg.Origins, cfg.SessionIdle, cfg.SessionMax, cfg.Limits = d.origins, cmp.Or(d.idle, sessionIdle), d.max, d.limits
	return nil
}

// runDoors reads the log of who may do what, and writes that of who did.
func (v *service) runDoors(ctx context.Context) error {
	err := v.access.run(ctx)
	if errors.Is(err, streams.ErrLogTruncated) {
		return fmt.Errorf("%w\nNobody is let in on half a log; put back a backup of %s", err, filepath.Join(v.settings.data, "broker"))
	}
	return err
}
