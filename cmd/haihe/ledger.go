package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"haihe/streams"
)

func ledgerCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ledger VERB",
		Short: "Verify, audit or recover the ledger of bookings",
		Long: `The ledger holds every decision about requests and bookings, in one order; each entry carries the hash
of the one before.`,
		Example: `  haihe ledger verify --data /var/lib/haihe
  haihe ledger audit --brokers kafka-1:9092`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return misused("unknown command %q; want verify, audit or recover", args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			cmd.SetOut(cmd.ErrOrStderr())
			_ = cmd.Help()
			return usageError{}
		},
	}
	cmd.AddCommand(ledgerVerifyCommand(), ledgerAuditCommand(), ledgerRecoverCommand())
	return cmd
}

// ledgerSource is where a ledger is read: in the folder of a service that is stopped, or from brokers.
type ledgerSource struct {
	data    string
	brokers []string
}

func (s *ledgerSource) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.data, "data", "data", "data folder of a service that is stopped")
	cmd.Flags().StringSliceVar(&s.brokers, "brokers", nil, "read from these brokers instead, HOST:PORT,…; the service may run")
	secured(cmd)
}

// read reads topics as they stand.
func (s *ledgerSource) read(ctx context.Context, topics []string, each func(streams.Raw)) error {
	if len(s.brokers) > 0 {
		return streams.ReadRaw(ctx, s.brokers, topics, each)
	}
	return streams.ReadRawFiles(brokerDir(s.data), topics, each)
}

func ledgerVerifyCommand() *cobra.Command {
	var from ledgerSource
	cmd := &cobra.Command{
		Use:   "verify [flags]",
		Short: "Walk the chain of the ledger, and say where it breaks",
		Long: `Walks the ledger from its first record to its last, and says at which offset it breaks, which hash was
expected there and which was found. In a data folder it checks every file of the log too, and that
the ledger goes as far as it was acknowledged. Nothing is changed.`,
		Example: `  haihe ledger verify --data /var/lib/haihe
  haihe ledger verify --brokers kafka-1:9092`,
		Args: exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var r streams.LedgerReport
			var err error
			if len(from.brokers) > 0 {
				r, err = streams.VerifyLedger(cmd.Context(), from.brokers)
			} else {
				r, err = streams.VerifyLedgerFiles(brokerDir(from.data))
			}
			if err != nil {
				return err
			}
			printLedger(cmd.OutOrStdout(), r)
			if len(r.Faults) > 0 {
				return errVerdict
			}
			return nil
		},
	}
	from.flags(cmd)
	return cmd
}

func printLedger(out io.Writer, r streams.LedgerReport) {
	fmt.Fprintf(out, "%d records: %d entries that count, %d passed over, %d bookings from before the ledger\n", r.Records, r.Entries, r.Passed, r.Facts)
	if r.Head.Seq > 0 {
		fmt.Fprintf(out, "it goes up to entry %d of epoch %d, %s, hash %s\n", r.Head.Seq, r.Head.Epoch, r.Head.Time.Format(time.RFC3339), r.Head.Hash)
	}
	if r.Marked.Seq > 0 {
		fmt.Fprintf(out, "it was acknowledged up to entry %d, hash %s\n", r.Marked.Seq, r.Marked.Hash)
	}
	for _, f := range r.Faults {
		fmt.Fprintf(out, "FAULT %s\n", f)
	}
	if len(r.Faults) == 0 {
		fmt.Fprintln(out, "the ledger is whole")
	}
}

func ledgerRecoverCommand() *cobra.Command {
	var data string
	cmd := &cobra.Command{
		Use:   "recover [flags]",
		Short: "Keep what is whole of a damaged log",
		Long: `Makes of a damaged log, in the data folder of a service that is stopped, one that is whole: of every
topic the record batches that are whole, of the ledger those before its first break. What is lost is
written to a file beside the log, one JSON object a line, with its bytes in base64.

Copy the data folder first. Bookings that are lost were promised to somebody: tell them.`,
		Example: `  cp -a /var/lib/haihe /var/lib/haihe.damaged
  haihe ledger recover --data /var/lib/haihe`,
		Args: exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := streams.Recover(brokerDir(data), time.Now())
			if err != nil {
				return err
			}
			if err := dropSnapshots(data); err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			fmt.Fprintf(out, "kept %d record batches; the ledger goes up to entry %d, hash %s\n", r.Kept, r.Head.Seq, r.Head.Hash)
			if r.Lost == 0 {
				fmt.Fprintln(out, "nothing is lost")
			} else {
				fmt.Fprintf(out, "lost %d pieces: %s says which\n", r.Lost, r.Report)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&data, "data", "data", "data folder of the service")
	return cmd
}

// dropSnapshots removes the snapshots of a log whose offsets have moved: they are caches.
func dropSnapshots(data string) error {
	if err := os.RemoveAll(filepath.Join(data, "snapshots")); err != nil {
		return fmt.Errorf("the snapshots of the old log are void, and cannot be removed: %w", err)
	}
	return nil
}
