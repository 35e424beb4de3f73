package faulttest

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestEveryTestInTheGuaranteesExists checks that the tests and subtests in
// docs/guarantees.md exist in the source.
func TestEveryTestInTheGuaranteesExists(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	doc, err := os.ReadFile(filepath.Join(root, "docs", "guarantees.md"))
	if err != nil {
		t.Fatal(err)
	}
	var source strings.Builder
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") && !strings.Contains(path, "storetest") {
			return err
		}
		text, err := os.ReadFile(path)
		source.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	tests := regexp.MustCompile(`\b(?:Test|Fuzz)[A-Z][A-Za-z0-9]*`).FindAllString(string(doc), -1)
	for _, name := range tests {
		if !strings.Contains(source.String(), "func "+name+"(") {
			t.Errorf("there is no %s", name)
		}
	}
	subtests := regexp.MustCompile(`"[^"]+"`).FindAllString(string(doc), -1)
	for _, name := range subtests {
		if !strings.Contains(source.String(), name+":") {
			t.Errorf("there is no subtest %s", name)
		}
	}
	if len(tests) < 60 || len(subtests) < 10 {
		t.Errorf("only %d tests and %d subtests are named", len(tests), len(subtests))
	}
}
