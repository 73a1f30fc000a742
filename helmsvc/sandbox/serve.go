package sandbox

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"runtime"
	"runtime/debug"
)

// Question asks the process that waits for the task, and reads its reply.
type Question func(question, reply any) error

// Handle works on one task and returns the answer.
type Handle func(task json.RawMessage, ask Question) (answer any)

// Serve is the process that Workers start: it reads one task after the other
// and writes the answers, until there are no more. handles are by the names
// that Workers ask for. It returns the process's exit status.
func Serve(stdin io.Reader, stdout io.Writer, handles map[string]Handle) int {
	dieFirst()
	runtime.GOMAXPROCS(runtime.NumCPU() + 1) // one for the guard
	s := server{requests: json.NewDecoder(stdin), messages: json.NewEncoder(stdout), data: mapped()}
	for {
		var r request
		if err := s.requests.Decode(&r); errors.Is(err, io.EOF) {
			return 0
		} else if err != nil {
			return 1
		}
		handle, found := handles[r.Handle]
		if !found || s.work(r, handle) != nil {
			return 1
		}
		debug.FreeOSMemory() // what this one has used isn't held against the next
	}
}

type server struct {
	requests *json.Decoder
	messages *json.Encoder
	data     uint64 // that was mapped before the first task, in bytes
}

// work works on a task within its limits, the answer's encoding included.
func (s server) work(r request, handle Handle) error {
	defer guard(r.Limits, s.data)()
	answer, err := json.Marshal(handle(r.Task, s.ask))
	if err != nil {
		return err
	}
	return s.messages.Encode(message{Answer: answer})
}

func (s server) ask(question, reply any) error {
	text, err := json.Marshal(question)
	if err != nil {
		return err
	}
	if err := s.messages.Encode(message{Question: text}); err != nil {
		return err
	}
	return s.requests.Decode(reply)
}

// dieFirst has the kernel end this process before the one that started it, if
// both together use more memory than they may. Where that can't be had, the
// limits of each task have to do.
func dieFirst() { _ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0) }
