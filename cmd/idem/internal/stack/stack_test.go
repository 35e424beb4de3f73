package stack

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAStartedStackCanBeClosed(t *testing.T) {
	s, err := Start(t.Context(), Options{DataDir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.Ended():
		t.Error("a part ended by itself")
	default:
	}
	if err := s.Close(); err != nil {
		t.Errorf("it does not stop cleanly: %v", err)
	}
	for _, url := range []string{s.ServiceURL, s.SandboxURL} {
		address := strings.TrimPrefix(url, "http://")
		listener, err := net.Listen("tcp", address)
		if err != nil {
			t.Errorf("%s is still taken after Close", address)
			continue
		}
		listener.Close()
	}
}

func TestAServiceThatCannotStartIsReportedAndLeavesNothingRunning(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Start(t.Context(), Options{DataDir: filepath.Join(file, "data"), Logger: slog.New(slog.DiscardHandler)})
	if err == nil || !strings.Contains(err.Error(), "start the service") {
		t.Errorf("Start returned %v", err)
	}
}

func TestAStartThatIsCancelledLeavesNothingRunning(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Start(ctx, Options{DataDir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Start returned %v", err)
	}
}

func TestAnAddressThatIsTakenIsReplacedUnlessItMustBeExact(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	other, err := listen(taken.Addr().String(), false)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if other.Addr().String() == taken.Addr().String() || !strings.HasPrefix(other.Addr().String(), "127.0.0.1:") {
		t.Errorf("it listens at %s", other.Addr())
	}
	if _, err := listen(taken.Addr().String(), true); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("where it must be exact: %v", err)
	}
}
