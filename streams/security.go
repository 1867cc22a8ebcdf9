package streams

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"

	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/segmentio/kafka-go/sasl/scram"
)

// Security says how this process shows a cluster who it is, and how it knows the cluster.
type Security struct {
	Mechanism string // SCRAM-SHA-512, SCRAM-SHA-256, PLAIN, or "" for none
	User      string
	Password  string
	TLS       bool
	CAFile    string // certificates to trust, PEM; "": those of the system
	CertFile  string // of this process, PEM; "": none
	KeyFile   string
}

// dialing is how all clients of this process connect: it speaks to one cluster, as one user.
var dialing atomic.Pointer[dialer]

type dialer struct {
	mechanism sasl.Mechanism
	tls       *tls.Config
}

// Secure sets how all clients made from now on connect to the brokers.
func Secure(s Security) error {
	var d dialer
	var err error
	switch strings.ToUpper(s.Mechanism) {
	case "":
		if s.User != "" || s.Password != "" {
			return errors.New("streams: a user or password without a mechanism; SCRAM-SHA-512, SCRAM-SHA-256 and PLAIN are known")
		}
	case "PLAIN":
		if !s.TLS {
			return errors.New("streams: PLAIN sends the password as it is; it takes TLS")
		}
		d.mechanism = plain.Mechanism{Username: s.User, Password: s.Password}
	case "SCRAM-SHA-256":
		d.mechanism, err = scram.Mechanism(scram.SHA256, s.User, s.Password)
	case "SCRAM-SHA-512":
		d.mechanism, err = scram.Mechanism(scram.SHA512, s.User, s.Password)
	default:
		return fmt.Errorf("streams: the mechanism %.40q is not known; SCRAM-SHA-512, SCRAM-SHA-256 and PLAIN are", s.Mechanism)
	}
	if err != nil {
		return fmt.Errorf("streams: the user name or password will not do: %w", err)
	}
	if s.TLS {
		if d.tls, err = s.tlsConfig(); err != nil {
			return err
		}
	}
	dialing.Store(&d)
	return nil
}

func (s Security) tlsConfig() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if s.CAFile != "" {
		pem, err := os.ReadFile(s.CAFile)
		if err != nil {
			return nil, fmt.Errorf("streams: certificates of the brokers: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("streams: %s holds no certificate in PEM", s.CAFile)
		}
	}
	if s.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(s.CertFile, s.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("streams: certificate for the brokers: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}
