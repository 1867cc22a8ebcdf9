package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"haihe/planner/access"
	"haihe/web"
)

// accessSource is where the operator's commands find the log of who may do what, and the key that signs it.
type accessSource struct {
	data, secret string
	brokers      []string
	kafka        kafkaFlags
}

func (s *accessSource) flags(cmd *cobra.Command) {
	cmd.PersistentFlags().StringVar(&s.data, "data", "data", "data folder of a running service")
	cmd.PersistentFlags().StringVar(&s.secret, "secret-file", "", "secret of the service, where it was started with one")
	cmd.PersistentFlags().StringSliceVar(&s.brokers, "brokers", nil, "brokers of a cluster, HOST:PORT,… (default: those that the service in the data folder uses)")
	s.kafka.flags(cmd.PersistentFlags())
}

// addressFile is where a service leaves the addresses of its brokers for commands on the same machine.
func addressFile(data string) string { return filepath.Join(data, "brokers") }

// where returns the brokers and the key.
func (s *accessSource) where() (brokers []string, key []byte, err error) {
	if err := s.kafka.secure(); err != nil {
		return nil, nil, err
	}
	if key, err = secretIn(s.data, s.secret); err != nil {
		return nil, nil, err
	}
	if len(s.brokers) > 0 {
		return s.brokers, key, nil
	}
	raw, err := os.ReadFile(addressFile(s.data))
	if err != nil {
		return nil, nil, fmt.Errorf("no service has run in %s: start haihe serve there, or name the brokers with --brokers: %w", s.data, err)
	}
	return strings.Split(strings.TrimSpace(string(raw)), ","), key, nil
}

func (s *accessSource) open(ctx context.Context, use func(context.Context, *accessLog) error) error {
	brokers, key, err := s.where()
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	return withAccess(ctx, brokers, key, log, use)
}

const operator = "operator" // who commands of the operator are by

func (a *accessLog) put(ctx context.Context, records ...access.Record) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for i := range records {
		records[i].At, records[i].By = time.Now().UTC(), operator
	}
	return a.commit(ctx, records...)
}

func accessCommand() *cobra.Command {
	var from accessSource
	cmd := &cobra.Command{
		Use:   "access VERB",
		Short: "See and change who may do what: organisations, members, keys, sessions",
		Long: `Reads and writes the log of who may do what (haihe.access) beside running instances, which follow
within a moment: whatever is revoked ends there too, with the websockets that hang on it.

ORG is KIND/ID with the kind firm, exporter or commission, and the id that stands in carrier, operator or
exporter of what belongs to it. LEVEL is reader (sees), editor (publishes, trades, operates) or admin
(members, keys, sessions and audit log of the organisation).`,
		Example: `  haihe access list
  haihe access org exporter/E00017 "Wuqing Carpets"
  haihe access member exporter/E00017 anna editor --email anna@example.org
  haihe access key exporter/E00017 "ERP" read,trade --days 30
  haihe access remove exporter/E00017 anna`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return misused("unknown command %q; haihe access --help lists them", args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			cmd.SetOut(cmd.ErrOrStderr())
			_ = cmd.Help()
			return usageError{}
		},
	}
	from.flags(cmd)
	change := func(use, short string, names []string, records func(a *accessLog, args []string) ([]access.Record, string, error)) *cobra.Command {
		return &cobra.Command{Use: use, Short: short, Args: exactArgs(names...),
			RunE: func(cmd *cobra.Command, args []string) error {
				return from.open(cmd.Context(), func(ctx context.Context, a *accessLog) error {
					list, said, err := records(a, args)
					if err != nil {
						return err
					}
					if err := a.put(ctx, list...); err != nil {
						return err
					}
					fmt.Fprintln(cmd.OutOrStdout(), said)
					return nil
				})
			}}
	}
	cmd.AddCommand(accessListCommand(&from), accessMemberCommand(&from), accessKeyCommand(&from), accessInboxCommand(&from))
	cmd.AddCommand(change("org ORG NAME", "Make or rename an organisation, or open one that was closed", []string{"ORG", "NAME"},
		func(_ *accessLog, args []string) ([]access.Record, string, error) {
			org, err := parseOrg(args[0])
			return []access.Record{{Org: &access.Org{OrgID: org, Name: args[1]}}}, "made " + args[0], err
		}))
	cmd.AddCommand(change("close ORG", "Let nobody of an organisation in any more", []string{"ORG"},
		func(a *accessLog, args []string) ([]access.Record, string, error) {
			org, err := parseOrg(args[0])
			if err != nil {
				return nil, "", err
			}
			o, _ := a.registry.Org(org)
			o.OrgID, o.Closed = org, true
			return []access.Record{{Org: &o}}, "closed " + args[0], nil
		}))
	cmd.AddCommand(change("remove ORG USER", "Remove a member; its sessions end", []string{"ORG", "USER"},
		func(a *accessLog, args []string) ([]access.Record, string, error) {
			org, user, err := memberArgs(args)
			if err != nil {
				return nil, "", err
			}
			m, ok := a.registry.Entry(org, user)
			if !ok {
				return nil, "", fmt.Errorf("%s has no member %s; haihe access list shows them", args[0], args[1])
			}
			m.Gone = true
			return []access.Record{{Member: &m}}, "removed " + user, nil
		}))
	cmd.AddCommand(change("revoke ID", "End a session or revoke a key", []string{"ID"},
		func(a *accessLog, args []string) ([]access.Record, string, error) {
			r, err := a.revocation(args[0], time.Now().UTC())
			return []access.Record{r}, "revoked " + args[0], err
		}))
	return cmd
}

// revocation makes the record that ends a session or key.
func (a *accessLog) revocation(id string, now time.Time) (access.Record, error) {
	for _, o := range a.registry.Orgs() {
		for _, s := range a.registry.Sessions(o.OrgID) {
			if s.ID == id {
				s.Ended = &now
				return access.Record{Session: &s}, nil
			}
		}
		for _, k := range a.registry.Keys(o.OrgID) {
			if k.ID == id {
				k.Revoked = &now
				return access.Record{Key: &k}, nil
			}
		}
	}
	return access.Record{}, fmt.Errorf("there is no session or key %s; haihe access list shows them", id)
}

func parseOrg(s string) (access.OrgID, error) {
	kind, id, ok := strings.Cut(s, "/")
	org := access.OrgID{Kind: access.Kind(kind), ID: id}
	if !ok || org.Valid() != nil {
		return org, misused("ORG is KIND/ID with the kind firm, exporter or commission, as exporter/E00017, not %q", s)
	}
	return org, nil
}

// memberArgs reads ORG USER; USER is the name within the organisation, or the whole id.
func memberArgs(args []string) (access.OrgID, string, error) {
	org, err := parseOrg(args[0])
	user := args[1]
	if !strings.Contains(user, "/") {
		user = org.String() + "/" + user
	}
	return org, user, err
}

func accessMemberCommand(from *accessSource) *cobra.Command {
	var name, email string
	cmd := &cobra.Command{Use: "member [flags] ORG USER LEVEL", Short: "Make or alter a member, or take one back", Args: exactArgs("ORG", "USER", "LEVEL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			org, user, err := memberArgs(args)
			if err != nil {
				return err
			}
			level := access.Level(args[2])
			if !level.Valid() {
				return misused("LEVEL is reader, editor or admin, not %q", args[2])
			}
			return from.open(cmd.Context(), func(ctx context.Context, a *accessLog) error {
				u, _ := a.registry.User(user)
				u.ID, u.Gone = user, false
				if name != "" {
					u.Name = name
				}
				if email != "" {
					u.Email = email
				}
				records := []access.Record{{User: &u}, {Member: &access.Member{Org: org, User: user, Level: level}}}
				if _, known := a.registry.Org(org); !known {
					records = append([]access.Record{{Org: &access.Org{OrgID: org}}}, records...)
				}
				if err := a.put(ctx, records...); err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s is %s of %s; haihe link --user %s %s %s signs in\n", user, level, org, user, org.Kind, org.ID)
				return nil
			})
		}}
	cmd.Flags().StringVar(&name, "name", "", "name of the person")
	cmd.Flags().StringVar(&email, "email", "", "address under which the sign-in provider knows the person")
	return cmd
}

func accessKeyCommand(from *accessSource) *cobra.Command {
	var days int
	cmd := &cobra.Command{Use: "key [flags] ORG NAME SCOPES", Short: "Make an API key; it is shown once", Args: exactArgs("ORG", "NAME", "SCOPES"),
		RunE: func(cmd *cobra.Command, args []string) error {
			org, err := parseOrg(args[0])
			if err != nil {
				return err
			}
			var scopes []access.Scope
			for _, s := range strings.Split(args[2], ",") {
				if !slices.Contains(access.KeyScopes(org.Kind), access.Scope(s)) {
					return misused("SCOPES of a %s are of %v, not %q", org.Kind, access.KeyScopes(org.Kind), s)
				}
				scopes = append(scopes, access.Scope(s))
			}
			if days < 1 || days > 366 {
				return misused("--days is from 1 to 366, not %d", days)
			}
			return from.open(cmd.Context(), func(ctx context.Context, a *accessLog) error {
				k, secret := web.NewKey(org, args[1], scopes, operator, time.Now(), days)
				records := []access.Record{{Key: k}}
				if _, known := a.registry.Org(org); !known {
					records = append([]access.Record{{Org: &access.Org{OrgID: org}}}, records...)
				}
				if err := a.put(ctx, records...); err != nil {
					return err
				}
				fmt.Fprintf(cmd.ErrOrStderr(), "key %s of %s, until %s; it is shown once:\n", k.ID, org, k.Expires.Format(time.DateOnly))
				fmt.Fprintln(cmd.OutOrStdout(), secret)
				return nil
			})
		}}
	cmd.Flags().IntVar(&days, "days", 90, "how long it lasts")
	return cmd
}

func accessListCommand(from *accessSource) *cobra.Command {
	return &cobra.Command{Use: "list", Short: "Write organisations, members, keys and sessions", Args: exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return from.open(cmd.Context(), func(_ context.Context, a *accessLog) error {
				w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 8, 2, ' ', 0)
				for _, o := range a.registry.Orgs() {
					state := ""
					if o.Closed {
						state = "closed"
					}
					fmt.Fprintf(w, "%s\t%s\t%s\n", o.OrgID, o.Name, state)
					for _, m := range a.registry.Members(o.OrgID) {
						u, _ := a.registry.User(m.User)
						fmt.Fprintf(w, "  member\t%s\t%s\t%s\t%s\n", m.User, m.Level, u.Name, u.Email)
					}
					for _, k := range a.registry.Keys(o.OrgID) {
						state := "until " + k.Expires.Format(time.DateOnly)
						if k.Revoked != nil {
							state = "revoked " + k.Revoked.Format(time.DateOnly)
						}
						fmt.Fprintf(w, "  key\t%s\t%v\t%s\t%s\n", k.ID, k.Scopes, k.Name, state)
					}
					for _, s := range a.registry.Sessions(o.OrgID) {
						fmt.Fprintf(w, "  session\t%s\t%s\t%s\tsince %s\n", s.ID, s.User, s.From, s.Begun.Format(time.RFC3339))
					}
				}
				return w.Flush()
			})
		}}
}
