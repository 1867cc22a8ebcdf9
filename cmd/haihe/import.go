package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"haihe/streams"
)

// brokersFlag adds --brokers, and how to connect to them; the default is the embedded broker of a service on this machine.
func brokersFlag(cmd *cobra.Command, into *[]string) {
	cmd.Flags().StringSliceVar(into, "brokers", []string{streams.DefaultEmbeddedAddr},
		"some brokers of the Kafka cluster, HOST:PORT,…")
	secured(cmd)
}

func importCommand() *cobra.Command {
	var brokers []string
	cmd := &cobra.Command{
		Use:   "import [flags] FILE",
		Short: "Publish a problem file to the topics",
		Long: `Reads a problem (haihe.problem/1; - is the standard input) and publishes it as its firms and exporters
would: places, departures, warehouses and requests, each from its owner. A running service plans it
at once. Publishing a file again sets everything in it anew.`,
		Example: `  haihe import problem.json
  haihe import --brokers kafka-1:9092,kafka-2:9092 problem.json`,
		Args: exactArgs("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := readProblem(cmd.Context(), args[0], cmd.InOrStdin())
			if err != nil {
				return err
			}
			if _, err := streams.EnsureTopics(cmd.Context(), brokers); err != nil {
				return err
			}
			producer := streams.NewProducer(brokers)
			defer producer.Close()
			begun := time.Now()
			progress := newProgress(cmd.ErrOrStderr())
			err = producer.PublishAll(cmd.Context(), p.Published(begun), progress.show)
			progress.end()
			if errors.Is(err, streams.ErrOutcomeUnknown) {
				return fmt.Errorf("%w\nImport the file again when the brokers answer: it sets everything anew", err)
			}
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "published %d places, %d departures, %d warehouses and %d requests to %s in %.1f s\n",
				len(p.Places), len(p.Departures), len(p.Warehouses), len(p.Requests), strings.Join(brokers, ","), time.Since(begun).Seconds())
			return nil
		},
	}
	brokersFlag(cmd, &brokers)
	return cmd
}

// progressLine shows how far a long piece of work has come, at most ten times a second.
type progressLine struct {
	out  io.Writer
	last time.Time
}

func newProgress(out io.Writer) *progressLine { return &progressLine{out: out} }

func (p *progressLine) show(done, total int) {
	if done < total && time.Since(p.last) < 100*time.Millisecond {
		return
	}
	p.last = time.Now()
	fmt.Fprintf(p.out, "\r%d of %d (%d %%)", done, total, 100*done/max(1, total))
}

func (p *progressLine) end() {
	if !p.last.IsZero() {
		fmt.Fprintln(p.out)
	}
}
