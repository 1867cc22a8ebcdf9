package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"haihe/streams"
)

// kafkaFlags say how to connect to a cluster that asks who comes.
type kafkaFlags struct {
	streams.Security
	passwordFile string
}

func (k *kafkaFlags) flags(f *pflag.FlagSet) {
	f.StringVar(&k.Mechanism, "kafka-sasl", "", "how to sign in to the brokers: SCRAM-SHA-512, SCRAM-SHA-256 or PLAIN")
	f.StringVar(&k.User, "kafka-user", "", "user at the brokers")
	f.StringVar(&k.passwordFile, "kafka-password-file", "", "file with its password")
	f.BoolVar(&k.TLS, "kafka-tls", false, "speak TLS to the brokers")
	f.StringVar(&k.CAFile, "kafka-ca", "", "certificates by which the brokers are known, PEM (default: those of the system)")
	f.StringVar(&k.CertFile, "kafka-cert", "", "certificate to show the brokers, PEM")
	f.StringVar(&k.KeyFile, "kafka-key", "", "its key, PEM")
}

// secured adds to a command how to connect to a cluster, and does so before it runs.
func secured(cmd *cobra.Command) {
	var k kafkaFlags
	k.flags(cmd.Flags())
	cmd.PreRunE = func(*cobra.Command, []string) error { return k.secure() }
}

// secure makes all clients of this process connect so. It does nothing where no flag was given.
func (k *kafkaFlags) secure() error {
	if k.passwordFile != "" {
		raw, err := os.ReadFile(k.passwordFile)
		if err != nil {
			return fmt.Errorf("--kafka-password-file: %w", err)
		}
		k.Password = strings.TrimRight(string(raw), "\r\n")
	}
	if k.Security == (streams.Security{}) {
		return nil
	}
	if err := streams.Secure(k.Security); err != nil {
		return misused("%w", err)
	}
	return nil
}
