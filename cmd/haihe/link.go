package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"haihe/planner/access"
	"haihe/web"
)

const defaultServer = "http://127.0.0.1:8080"

// linkGood is how long a sign-in link is good that nobody has used.
const linkGood = 24 * time.Hour

func linkCommand() *cobra.Command {
	var data, secretFile, server, user, level string
	var good time.Duration
	var token bool
	cmd := &cobra.Command{
		Use:   "link [flags] ROLE [ORG [NAME]]",
		Short: "Print a sign-in link",
		Long: `Prints a link that signs a person in, once. ROLE is firm, exporter or commission; ORG is what stands in
carrier, operator or exporter of what belongs to the organisation; NAME is what the page calls it. The
person becomes a member of the organisation, unless it was one: by default its local account, an admin.
What was revoked with haihe access stays so. The key is read from the data folder of the service.

With --token it prints a token for "Authorization: Bearer TOKEN" instead, good for an hour; ROLE may be
operator then. Programs of others take an API key: haihe access key.`,
		Example: `  haihe link exporter E00017 "Wuqing Carpets"
  haihe link --user anna --level reader exporter E00017
  haihe link --data /var/lib/haihe --server https://plan.example.org commission`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) < 1 || len(args) > 3 {
				return misused("%s: want ROLE [ORG [NAME]]", cmd.CommandPath())
			}
			switch role := web.Role(args[0]); {
			case role == web.Commission, role == web.Operator && token:
			case role == web.Firm || role == web.Exporter:
				if len(args) < 2 {
					return misused("%s: ORG is missing: which %s?", cmd.CommandPath(), args[0])
				}
			default:
				return misused("ROLE is firm, exporter or commission, not %q", args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if good <= 0 || good > 31*24*time.Hour {
				return misused("--good is longer than 0 and at most 744h, not %v", good)
			}
			if !access.Level(level).Valid() {
				return misused("--level is reader, editor or admin, not %q", level)
			}
			secret, err := secretIn(data, secretFile)
			if err != nil {
				return err
			}
			who := web.Account{Role: web.Role(args[0]), Org: args[0], Level: access.Level(level)}
			if len(args) > 1 {
				who.Org, who.Name = args[1], args[1]
			}
			if len(args) > 2 {
				who.Name = args[2]
			}
			if user != "" {
				if _, who.User, err = memberArgs([]string{args[0] + "/" + who.Org, user}); err != nil {
					return err
				}
			}
			said := ""
			if token {
				said, err = web.Token(secret, who, time.Now())
			} else {
				said, err = web.Link(secret, server, who, time.Now(), good)
			}
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), said)
			return nil
		},
	}
	cmd.Flags().StringVar(&data, "data", "data", "data folder of the service")
	cmd.Flags().StringVar(&secretFile, "secret-file", "", "secret of the service, where it was started with one")
	cmd.Flags().StringVar(&server, "server", defaultServer, "address of the service")
	cmd.Flags().StringVar(&user, "user", "", "name of the person within the organisation (default: its local account)")
	cmd.Flags().StringVar(&level, "level", string(access.Admin), "what a new member may do: reader, editor or admin")
	cmd.Flags().DurationVar(&good, "good", linkGood, "how long the link is good")
	cmd.Flags().BoolVar(&token, "token", false, "print a token for the Authorization header instead")
	return cmd
}
