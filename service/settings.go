package service

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/idemhq/idem/internal/spelling"
	"github.com/idemhq/idem/internal/yamlfile"
)

// settingError is an error about a setting, such as environments.sandbox.notifications[0].url.
type settingError struct {
	path string
	said error // with the path, and the variable if there is one
}

// wrongSetting returns an error about a setting that is only in the file.
func wrongSetting(path string, problem error) *settingError {
	return &settingError{path, fmt.Errorf("%s: %w", path, problem)}
}

func (e *settingError) Error() string { return e.said.Error() }

func (e *settingError) Unwrap() error { return e.said }

// variable returns the name of the variable that overrides the setting, if it has one.
func (e *settingError) variable() string {
	return "IDEM_" + strings.ToUpper(strings.ReplaceAll(strings.TrimPrefix(e.path, "environments."), ".", "_"))
}

// located adds positions to the errors that [Config.Check] has joined, except those about
// variables. A setting that is missing has the position of what it is missing in.
func located(file *yamlfile.File, joined error, getenv func(string) string) error {
	all, ok := joined.(interface{ Unwrap() []error })
	if file == nil || !ok {
		return joined
	}
	var errs []error
	for _, err := range all.Unwrap() {
		var setting *settingError
		if errors.As(err, &setting) && getenv(setting.variable()) == "" {
			if at := place(file, setting); at.Line > 0 {
				err = at
			}
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func place(file *yamlfile.File, e *settingError) *yamlfile.Error {
	at := file.Problem("$."+e.path, e.Error())
	for above := e.path; at.Line == 0; {
		last := strings.LastIndexAny(above, ".[")
		if last < 0 {
			break
		}
		above = above[:last]
		at = file.Problem("$."+above, e.Error())
	}
	return at
}

// suggested adds the nearest name to an error about an unknown setting.
func suggested(err error) error {
	var at *yamlfile.Error
	if !errors.As(err, &at) {
		return err
	}
	var name string
	if _, scan := fmt.Sscanf(at.Problem, "unknown field %q", &name); scan != nil {
		return err
	}
	nearest := spelling.DidYouMean(name, settingNames(reflect.TypeFor[Config]()))
	return &yamlfile.Error{File: at.File, Line: at.Line, Column: at.Column, Problem: at.Problem + nearest}
}

// settingNames returns the names of all settings in a type, and in the types it contains.
func settingNames(t reflect.Type) (names []string) {
	switch t.Kind() {
	case reflect.Slice, reflect.Map, reflect.Pointer:
		return settingNames(t.Elem())
	case reflect.Struct:
	default:
		return nil
	}
	for i := range t.NumField() {
		if name := t.Field(i).Tag.Get("yaml"); name != "" && name != "-" {
			names = append(names, name)
			names = append(names, settingNames(t.Field(i).Type)...)
		}
	}
	return names
}
