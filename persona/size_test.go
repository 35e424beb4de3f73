package persona_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The SDK has a Go type for every resource. A program that uses little of it must not
// pay for that with more than a mebibyte.
func TestASmallProgramGrowsByLessThanAMebibyte(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds two programs")
	}
	size := func(program string) int64 {
		binary := filepath.Join(t.TempDir(), program)
		if out, err := exec.Command("go", "build", "-o", binary, "./testdata/size/"+program).CombinedOutput(); err != nil {
			t.Fatalf("build %s: %v\n%s", program, err, out)
		}
		file, err := os.Stat(binary)
		if err != nil {
			t.Fatal(err)
		}
		return file.Size()
	}
	if grown := size("with") - size("without"); grown >= 1<<20 {
		t.Errorf("it grows by %d bytes", grown)
	} else {
		t.Logf("it grows by %d bytes", grown)
	}
}
