package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"haihe/web"
)

func writeCertificate(t *testing.T, cert, key string, serial int64) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	require.NoError(t, err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), 0o600))
}

// A certificate that is renewed is served without a restart; half of a renewal is not.
func TestCertificateIsReadAgain(t *testing.T) {
	dir := t.TempDir()
	c := &certificate{cert: filepath.Join(dir, "cert.pem"), key: filepath.Join(dir, "key.pem"), log: slog.New(slog.DiscardHandler)}
	require.Error(t, c.load())
	writeCertificate(t, c.cert, c.key, 1)
	require.NoError(t, c.load())
	serial := func() int64 {
		c.looked = time.Now().Add(-2 * certificateEvery)
		pair, err := c.get(nil)
		require.NoError(t, err)
		leaf, err := x509.ParseCertificate(pair.Certificate[0])
		require.NoError(t, err)
		return leaf.SerialNumber.Int64()
	}
	require.EqualValues(t, 1, serial())
	old, err := os.ReadFile(c.key)
	require.NoError(t, err)
	writeCertificate(t, c.cert, c.key, 2)
	renewed, err := os.ReadFile(c.key)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(c.key, old, 0o600))
	require.EqualValues(t, 1, serial(), "the key is still the old one")
	require.NoError(t, os.WriteFile(c.key, renewed, 0o600))
	require.EqualValues(t, 2, serial())
}

func TestDoorSettingsThatWillNotDo(t *testing.T) {
	good := doorSettings{idle: time.Hour, max: time.Hour, url: "https://plan.example.org"}
	require.NoError(t, good.check())
	for name, spoil := range map[string]func(*doorSettings){
		"a certificate without its key":   func(d *doorSettings) { d.tlsCert = "c.pem" },
		"a provider without a client":     func(d *doorSettings) { d.issuer = "https://sso.example.org" },
		"no time":                         func(d *doorSettings) { d.idle = 0 },
		"an address with a path":          func(d *doorSettings) { d.url = "https://plan.example.org/haihe" },
		"an origin that is none":          func(d *doorSettings) { d.origins = []string{"*"} },
		"a password sent in the open":     func(d *doorSettings) { d.kafka.Mechanism = "PLAIN" },
		"a password file that is missing": func(d *doorSettings) { d.kafka.passwordFile = "none" },
	} {
		d := good
		spoil(&d)
		assert.Error(t, d.check(), name)
	}
	file := filepath.Join(t.TempDir(), "rules.json")
	d := good
	d.issuer, d.clientID, d.rules = "https://sso.example.org", "haihe", file
	for _, bad := range []string{`{}`, `[{"claim":"c"}]`, `[{"claim":"c","value":"v","kind":"firm","org":"o","level":"reader","more":1}]`} {
		require.NoError(t, os.WriteFile(file, []byte(bad), 0o600))
		_, err := d.provider()
		assert.ErrorContains(t, err, "rules.json", bad)
	}
	require.NoError(t, os.WriteFile(file, []byte(`[{"claim":"c","value":"v","kind":"firm","org":"o","level":"reader"}]`), 0o600))
	p, err := d.provider()
	require.NoError(t, err)
	assert.Len(t, p.Rules, 1)
}

// What somebody does again within a minute with the same result is one entry with a count; what waits is bounded.
func TestAuditIsBounded(t *testing.T) {
	a := newAuditLog(nil, nil, slog.New(slog.DiscardHandler))
	at := time.Date(2027, 3, 1, 8, 0, 0, 0, time.UTC)
	look := web.AuditEntry{At: at, Kind: web.Firm, Org: "o", Action: "snapshot", Result: "200"}
	for i := range 100 {
		look.At = at.Add(time.Duration(i) * 100 * time.Millisecond)
		a.take(look)
	}
	first := a.due(at.Add(10*time.Second), false)
	require.Len(t, first, 1)
	assert.Zero(t, first[0].Count)
	assert.Empty(t, a.due(at.Add(20*time.Second), false))
	rest := a.due(at.Add(auditRepeat), false)
	require.Len(t, rest, 1)
	assert.Equal(t, 99, rest[0].Count)
	assert.Equal(t, at.Add(9900*time.Millisecond), rest[0].At)
	for i := range auditQueue + 5 {
		a.take(web.AuditEntry{At: at, Action: "x", Target: string(rune('a'+i%26)) + time.Duration(i).String()})
	}
	list := a.due(at, true)
	require.Len(t, list, auditQueue+1)
	assert.Equal(t, "lost", list[auditQueue].Result)
	assert.Equal(t, 5, list[auditQueue].Count)
}
