package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"haihe/planner"
	"haihe/planner/access"
	"haihe/streams"
)

// firmsOwn says why a firm may not say what an event in its inbox says.
func (v *service) firmsOwn(ctx context.Context, firm string, e planner.Event) error {
	if o, ok := v.access.registry.Org(access.OrgID{Kind: access.Firm, ID: firm}); ok && o.Closed {
		return fmt.Errorf("the firm %s is closed here", firm)
	}
	var owner string
	var known bool
	err := v.loop.Read(ctx, func(s *planner.State) { owner, known = ownerOf(s, e.Fact) })
	if err != nil {
		return err
	}
	switch f := e.Fact.(type) {
	case *planner.DepartureScheduled:
		if f.Carrier != firm {
			return fmt.Errorf("the carrier is %q; in this inbox it is %q", f.Carrier, firm)
		}
		if !known {
			return nil
		}
	case *planner.WarehouseRegistered:
		if f.Operator != firm {
			return fmt.Errorf("the operator is %q; in this inbox it is %q", f.Operator, firm)
		}
		if !known {
			return nil
		}
	}
	switch {
	case !known:
		return fmt.Errorf("%s: this firm has published no such departure or warehouse, or a firm does not say this", e.Fact.Key())
	case owner != firm:
		return fmt.Errorf("%s is not this firm's", e.Fact.Key())
	}
	return nil
}

// ownerOf returns the firm whose departure or warehouse a fact is about; false if there is none.
func ownerOf(s *planner.State, f planner.Fact) (string, bool) {
	key := f.Key()
	switch key.Kind {
	case planner.KindDeparture:
		d, ok := s.Departure(key.ID)
		return d.Carrier, ok
	case planner.KindWarehouse:
		w, ok := s.Warehouse(key.ID)
		return w.Operator, ok
	}
	return "", false
}

// runInbox passes on what firms write to topics of their own, once the state is known that says what is whose.
func (v *service) runInbox(ctx context.Context) error {
	select {
	case <-v.consumer.CaughtUp():
	case <-ctx.Done():
		return ctx.Err()
	}
	// Submit, so that what a firm says next is held against what it said before.
	return streams.NewInbox(v.brokers, v.consumer, v.loop.Submit, v.firmsOwn).Run(ctx)
}

func accessInboxCommand(from *accessSource) *cobra.Command {
	var grant bool
	cmd := &cobra.Command{Use: "inbox [flags] ORG USER", Short: "Make a firm's own topic, and let a user of the cluster write to it", Args: exactArgs("ORG", "USER"),
		Long: `Makes the topic haihe.in.FIRM, to which a firm publishes: what stands there counts as the firm's word, and what it
may not say goes to the dead letters. Prints the commands that let the firm's user at the cluster write to it, and
to nothing else; with --grant, grants it.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			org, err := parseOrg(args[0])
			if err != nil {
				return err
			}
			if org.Kind != access.Firm {
				return misused("a firm has an inbox, not %q", args[0])
			}
			brokers, _, err := from.where()
			if err != nil {
				return err
			}
			grants, err := streams.FirmGrants(args[1], org.ID)
			if err != nil {
				return err
			}
			topic, err := streams.MakeInbox(cmd.Context(), brokers, org.ID)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s writes to %s with ce_source %s\n", args[0], topic, streams.FirmSource(org.ID))
			if grant {
				return streams.Give(cmd.Context(), brokers, grants...)
			}
			for _, g := range grants {
				fmt.Fprintln(cmd.OutOrStdout(), g.Command(strings.Join(brokers, ",")))
			}
			return nil
		}}
	cmd.Flags().BoolVar(&grant, "grant", false, "grant it; takes a user of the cluster who may")
	return cmd
}

// letterSource is whose a dead letter is: of the firm whose inbox it stood in, whatever it says of itself.
func letterSource(d streams.DeadLetter) string {
	if firm, ok := streams.InboxFirm(d.Topic); ok {
		return streams.FirmSource(firm)
	}
	return d.Headers["ce_source"]
}
