package main

import (
	"fmt"
	"net"
	"os"
	"strconv"
)

const usualPort = "8080"

// brokerPort is the port for the broker: PORT, else the usual one if it is
// free, else 0, which means any free one.
func brokerPort() (string, error) {
	wanted := os.Getenv("PORT")
	if wanted == "" {
		if tryPort(usualPort) == nil {
			return usualPort, nil
		}
		return "0", nil
	}
	if _, err := strconv.ParseUint(wanted, 10, 16); err != nil {
		return "", fmt.Errorf("PORT is %q: give a number from 0 to 65535, 0 for any free port", wanted)
	}
	if err := tryPort(wanted); err != nil {
		return "", fmt.Errorf("PORT %s can't be used: choose another, or none (%w)", wanted, err)
	}
	return wanted, nil
}

func tryPort(port string) error {
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		return err
	}
	return listener.Close()
}
