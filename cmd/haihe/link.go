package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"haihe/web"
)

const defaultServer = "http://127.0.0.1:8080"

func linkCommand() *cobra.Command {
	var data, secretFile, server string
	cmd := &cobra.Command{
		Use:   "link [flags] ROLE [ORG [NAME]]",
		Short: "Print a sign-in link",
		Long: `Prints a link that signs a person in. ROLE is firm, exporter or commission; ORG is what stands in
carrier, operator or exporter of what belongs to the organisation; NAME is what the page calls it.
The key is read from the data folder of the service, or from --secret-file.`,
		Example: `  haihe link exporter E00017 "Wuqing Carpets"
  haihe link --data /var/lib/haihe --server https://plan.example.org commission`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) < 1 || len(args) > 3 {
				return misused("%s: want ROLE [ORG [NAME]]", cmd.CommandPath())
			}
			switch web.Role(args[0]) {
			case web.Commission:
			case web.Firm, web.Exporter:
				if len(args) < 2 {
					return misused("%s: ORG is missing: which %s?", cmd.CommandPath(), args[0])
				}
			default:
				return misused("ROLE is firm, exporter or commission, not %q", args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			secret, err := secretIn(data, secretFile)
			if err != nil {
				return err
			}
			role, org, name := web.Role(args[0]), string(web.Commission), ""
			if len(args) > 1 {
				org, name = args[1], args[1]
			}
			if len(args) > 2 {
				name = args[2]
			}
			token, err := web.Token(secret, role, org, name)
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), web.SignInLink(server, token))
			return nil
		},
	}
	cmd.Flags().StringVar(&data, "data", "data", "data folder of the service")
	cmd.Flags().StringVar(&secretFile, "secret-file", "", "secret of the service, where it was started with one")
	cmd.Flags().StringVar(&server, "server", defaultServer, "address of the service")
	return cmd
}
