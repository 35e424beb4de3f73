package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/idemhq/idem/internal/openapi"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "codegen:", err)
		os.Exit(1)
	}
}

func run() error {
	documents, err := openapi.Dir()
	if err != nil {
		return err
	}
	module, err := openapi.ModuleRoot()
	if err != nil {
		return err
	}
	files, err := generate(documents)
	if err != nil {
		return err
	}
	return replace(module, files)
}

// generate returns the generated files by their paths in the module. It reads the
// documents in a folder.
func generate(documents string) (map[string][]byte, error) {
	docs, err := openapi.LoadAll(documents)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, output := range []struct {
		folder string
		bodies func([]*openapi.Document) (map[string]string, error)
	}{
		{"persona", sdk},
		{"persona/webhook", webhook},
		{"sandbox/internal/catalog", catalog},
	} {
		bodies, err := output.bodies(docs)
		if err != nil {
			return nil, fmt.Errorf("generate %s: %w", output.folder, err)
		}
		for name, body := range bodies {
			path := filepath.Join(output.folder, name)
			if files[path], err = source(filepath.Base(output.folder), body); err != nil {
				return nil, fmt.Errorf("format %s: %w\n%s", path, err, body)
			}
		}
	}
	return files, nil
}

// replace writes the files below a folder, and removes the generated files beside them
// that are no longer among them.
func replace(root string, files map[string][]byte) error {
	for path, content := range files {
		beside, err := filepath.Glob(filepath.Join(root, filepath.Dir(path), "*_gen.go"))
		if err != nil {
			return err
		}
		for _, old := range beside {
			name, err := filepath.Rel(root, old)
			if err != nil {
				return err
			}
			if files[name] != nil {
				continue
			}
			if err := os.Remove(old); err != nil {
				return err
			}
		}
		if err := os.WriteFile(filepath.Join(root, path), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}
