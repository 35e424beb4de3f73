package engine

import "github.com/idemhq/idem/sandbox/internal/storage"

const (
	keptBodies  = 200      // of the latest calls of an environment
	largestBody = 32 << 10 // in bytes; of a larger one only the size is kept
)

// CallBodies are what was sent and answered in a call. A body is nil if it is too large to be
// kept.
type CallBodies struct {
	RequestID               string
	Request, Answer         []byte
	RequestSize, AnswerSize int
}

// newBodies returns the log of bodies of an environment. It is in no snapshot.
func newBodies() storage.Recent[CallBodies] { return storage.Recent[CallBodies]{Keep: keptBodies} }

// keepBodies keeps the bodies of a call as long as it is among the latest.
func (e *Environment) keepBodies(r *request, res response) {
	b := CallBodies{RequestID: r.id, RequestSize: len(r.body), AnswerSize: len(res.body)}
	if len(r.body) <= largestBody {
		b.Request = r.body
	}
	if len(res.body) <= largestBody {
		b.Answer = res.body
	}
	e.bodies.Add(b, func(CallBodies) bool { return true })
}

// BodiesOf returns the bodies of a call. They are unknown if the call is not among the latest.
func (e *Environment) BodiesOf(requestID string) (bodies CallBodies, known bool) {
	found, _ := e.bodies.Latest(0, 1, func(b CallBodies) bool { return b.RequestID == requestID })
	if len(found) == 0 {
		return CallBodies{}, false
	}
	return found[0], true
}
