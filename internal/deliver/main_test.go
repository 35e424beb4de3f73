package deliver_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/idemhq/idem/internal/pgtest"
)

var server *pgtest.Server

func TestMain(m *testing.M) { goleak.VerifyTestMain(withServer{m}) }

type withServer struct{ *testing.M }

// Run runs the tests with a PostgreSQL.
func (m withServer) Run() int { return pgtest.Run(m.M, &server) }
