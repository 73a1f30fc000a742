package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"time"

	"github.com/caarlos0/env/v11"
)

func parse(into any) error { return parseFrom(env.ToMap(os.Environ()), into) }

// parseFrom fills in the settings of a struct. One that can't be read is named, and has its
// default from then on, so that nothing else is said of it.
func parseFrom(environment map[string]string, into any) error {
	err := env.ParseWithOptions(into, env.Options{Environment: environment})
	var unread env.AggregateError
	if !errors.As(err, &unread) {
		return err
	}
	var wrong []error
	readable := maps.Clone(environment)
	for _, one := range unread.Errors {
		var field env.ParseError
		if errors.As(one, &field) {
			name := settingOf(into, field.Name)
			delete(readable, name)
			wrong = append(wrong, fmt.Errorf("%s must be %s", name, formOf(field.Type)))
		}
	}
	return errors.Join(append(wrong, env.ParseWithOptions(into, env.Options{Environment: readable}))...)
}

// settingOf is the environment variable of a struct's field.
func settingOf(into any, field string) string {
	if f, there := reflect.TypeOf(into).Elem().FieldByName(field); there {
		return f.Tag.Get("env")
	}
	return field
}

func formOf(kind reflect.Type) string {
	switch {
	case kind == reflect.TypeFor[time.Duration]():
		return "a time with its unit, such as 30s or 5m"
	case kind.Kind() == reflect.Bool:
		return "true or false"
	case kind.Kind() == reflect.Float32:
		return "a number"
	default:
		return "a whole number"
	}
}
