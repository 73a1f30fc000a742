package cfapi

import (
	"context"
	"errors"
	"strings"
)

// Authorities are those of the client's token, as UAA says when it hands one out
// (https://docs.cloudfoundry.org/api/uaa/, "Client Credentials Grant").
func (c *Client) Authorities(ctx context.Context) ([]string, error) {
	found, err := c.connector.get(ctx)
	if err != nil {
		return nil, err
	}
	token, err := found.tokens.get(ctx)
	if err != nil {
		return nil, err
	}
	scope, _ := token.Extra("scope").(string)
	if scope == "" {
		return nil, errors.New("UAA's answer doesn't say what the client may do; check that the client has the grant type client_credentials and an authority")
	}
	return strings.Fields(scope), nil
}
