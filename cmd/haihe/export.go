package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"haihe/web"
)

func exportCommand() *cobra.Command {
	var data, secretFile, server, token string
	var plan bool
	cmd := &cobra.Command{
		Use:   "export [flags]",
		Short: "Write the problem that the running service plans",
		Long: `Writes the problem that the service's current plan answers (haihe.problem/1) to the standard output:
solved on any machine it gives the same plan. With --plan it writes that plan (haihe.plan/1).
It holds everybody's requests and rates, so it is for the operator: it signs in with the key in the service's
data folder, or with a token that haihe link --token operator made.`,
		Example: `  haihe export > problem.json
  haihe export | haihe solve - > plan.json`,
		Args: exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if token == "" {
				token = os.Getenv("HAIHE_TOKEN")
			}
			if token == "" {
				secret, err := secretIn(data, secretFile)
				if err != nil {
					return err
				}
				if token, err = web.Token(secret, web.Account{Role: web.Operator, Org: operator}, time.Now()); err != nil {
					return err
				}
			}
			path := "/api/problem"
			if plan {
				path = "/api/plan"
			}
			return fetch(cmd.Context(), cmd.OutOrStdout(), strings.TrimSuffix(server, "/")+path, token)
		},
	}
	cmd.Flags().StringVar(&data, "data", "data", "data folder of the service, for the key that signs in")
	cmd.Flags().StringVar(&secretFile, "secret-file", "", "secret of the service, where it was started with one")
	cmd.Flags().StringVar(&server, "server", defaultServer, "address of the service")
	cmd.Flags().StringVar(&token, "token", "", "token of the operator (default $HAIHE_TOKEN)")
	cmd.Flags().BoolVar(&plan, "plan", false, "write the plan instead of the problem")
	return cmd
}

func fetch(ctx context.Context, out io.Writer, url, token string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("no answer from the service; is it running at that address (--server)? %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 2000))
		return fmt.Errorf("%s answers %s: %s", url, resp.Status, strings.TrimSpace(string(text)))
	}
	_, err = io.Copy(out, resp.Body)
	return err
}
