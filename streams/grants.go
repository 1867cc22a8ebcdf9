package streams

import (
	"context"
	"errors"
	"fmt"

	"github.com/segmentio/kafka-go"
)

// Grant allows a user of a cluster with an authorizer something.
type Grant struct {
	User      string
	Group     bool   // of consumers; else a topic
	Name      string // of the topic or group
	Prefixed  bool   // all whose names begin so
	Operation kafka.ACLOperationType
}

// ServiceGrants is what the user of the instances needs.
func ServiceGrants(user string) []Grant {
	return []Grant{
		{User: user, Name: "haihe.", Prefixed: true, Operation: kafka.ACLOperationTypeAll},
		{User: user, Group: true, Name: inboxGroup, Prefixed: true, Operation: kafka.ACLOperationTypeAll},
	}
}

// FirmGrants is what the user of a firm needs to write to its inbox, and to nothing else.
func FirmGrants(user, firm string) ([]Grant, error) {
	topic, err := InboxTopic(firm)
	return []Grant{{User: user, Name: topic, Operation: kafka.ACLOperationTypeWrite}}, err
}

// Command is the line by which Kafka's own tool grants it.
func (g Grant) Command(brokers string) string {
	what, pattern := "--topic", ""
	if g.Group {
		what = "--group"
	}
	if g.Prefixed {
		pattern = " --resource-pattern-type prefixed"
	}
	return fmt.Sprintf("kafka-acls.sh --bootstrap-server %s --add --allow-principal User:%s --operation %s %s %s%s", brokers, g.User, g.Operation, what, g.Name, pattern)
}

// Give makes grants; it takes a user who may.
func Give(ctx context.Context, brokers []string, grants ...Grant) error {
	c := newClient(brokers)
	defer c.close()
	req := &kafka.CreateACLsRequest{}
	for _, g := range grants {
		e := kafka.ACLEntry{ResourceType: kafka.ResourceTypeTopic, ResourceName: g.Name, ResourcePatternType: kafka.PatternTypeLiteral,
			Principal: "User:" + g.User, Host: "*", Operation: g.Operation, PermissionType: kafka.ACLPermissionTypeAllow}
		if g.Group {
			e.ResourceType = kafka.ResourceTypeGroup
		}
		if g.Prefixed {
			e.ResourcePatternType = kafka.PatternTypePrefixed
		}
		req.ACLs = append(req.ACLs, e)
	}
	err := c.retry(ctx, connectTimeout, func(ctx context.Context, k *kafka.Client) error {
		ctx, cancel := context.WithTimeout(ctx, requestTimeout)
		defer cancel()
		resp, err := k.CreateACLs(ctx, req)
		if err != nil {
			return err
		}
		return errors.Join(resp.Errors...)
	})
	if err != nil {
		return fmt.Errorf("streams: granting: %w", err)
	}
	return nil
}
