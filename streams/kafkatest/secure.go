package kafkatest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// Admin is the user of a secured broker who may do anything.
const Admin = "admin"

// secured is a broker that asks who comes, over TLS by SCRAM-SHA-512, and lets users do what ACLs allow.
type secured struct {
	passwords map[string]string // by user
}

// StartSecured starts a broker that asks who comes: over TLS, by SCRAM-SHA-512, with the passwords of users, of whom
// Admin may do anything and the others what ACLs allow. It is skipped where Start is.
func StartSecured(t testing.TB, passwords map[string]string) *Broker {
	t.Helper()
	list, err := start(jars(t), loopback(1), &secured{passwords})
	if err != nil {
		t.Fatal(err)
	}
	return list[0]
}

// CAFile is the certificate by which a secured broker is known, PEM.
func (b *Broker) CAFile() string { return filepath.Join(b.dir, "ca.pem") }

// properties makes the broker's certificate, and returns what to add to its configuration.
func (s *secured) properties(dir string) ([]string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "kafkatest"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	both := append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), cert...)
	store := filepath.Join(dir, "broker.pem")
	if err := os.WriteFile(store, both, 0o600); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "ca.pem"), cert, 0o600); err != nil {
		return nil, err
	}
	return []string{
		"inter.broker.listener.name=INSIDE",
		"listener.name.outside.ssl.keystore.type=PEM",
		"listener.name.outside.ssl.keystore.location=" + store,
		"listener.name.outside.sasl.enabled.mechanisms=SCRAM-SHA-512",
		"listener.name.outside.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;",
		"authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
		"super.users=User:" + Admin + ";User:ANONYMOUS", // nobody is anonymous but the broker itself
	}, nil
}

// users are the arguments that make the users when the log is formatted.
func (s *secured) users() []string {
	var args []string
	for _, u := range slices.Sorted(maps.Keys(s.passwords)) {
		args = append(args, "--add-scram", fmt.Sprintf("SCRAM-SHA-512=[name=%s,password=%s]", u, s.passwords[u]))
	}
	return args
}
