package web

import (
	"fmt"
	"strings"
)

// Token returns a token that speaks for an organisation, for the header "Authorization: Bearer TOKEN" or for
// SignInLink. It stays good as long as the secret does.
func Token(secret []byte, role Role, org, name string) (string, error) {
	who := session{Role: role, Org: org, Name: name}
	if !who.valid() {
		return "", fmt.Errorf("web: no sign-in for role %q and organisation %.60q: the role is firm, exporter or commission, the id at most 200 bytes", role, org)
	}
	return token(secret, who), nil
}

// SignInLink returns a link that signs a person in; base is as in "http://127.0.0.1:8080".
func SignInLink(base, token string) string {
	return strings.TrimSuffix(base, "/") + "/signin?token=" + token
}
