package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/spf13/cobra"
)

func healthCommand() *cobra.Command {
	var server string
	cmd := &cobra.Command{
		Use:   "health [flags]",
		Short: "Ask a running service how it is",
		Long:  "Writes how the service is, as it says itself. Exits with 0 if it takes commands, else with 1.",
		Example: `  haihe health
  haihe health --server http://127.0.0.1:8080`,
		Args: exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), 5*time.Second)
			defer cancel()
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, server+"/api/health", nil)
			if err != nil {
				return misused("--server: %w", err)
			}
			answer, err := http.DefaultClient.Do(request)
			if err != nil {
				return err
			}
			defer answer.Body.Close()
			if _, err := io.Copy(cmd.OutOrStdout(), io.LimitReader(answer.Body, 1<<20)); err != nil {
				return err
			}
			if answer.StatusCode != http.StatusOK {
				return fmt.Errorf("the service at %s is not ready: %s", server, answer.Status)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&server, "server", defaultServer, "address of the service")
	return cmd
}
