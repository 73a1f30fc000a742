package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/bindlibrary"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/bindtemplate"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/chartsurvey"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/render"
	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/sandbox"
)

// workInSandbox is the argument with which the broker starts itself to do
// bounded work apart from everything else.
const workInSandbox = "work-in-sandbox"

// serveSandbox is that process. It returns its exit status.
func serveSandbox(stdin io.Reader, stdout io.Writer) int {
	return sandbox.Serve(stdin, stdout, map[string]sandbox.Handle{
		bindtemplate.HandleName: bindtemplate.Handle,
		render.HandleName:       render.Handle,
		chartsurvey.HandleName:  chartsurvey.Handle(openChecker),
	})
}

// bounds are what charts may use.
type bounds struct {
	Templates    sandbox.Limits
	Render       sandbox.Limits
	RenderOutput int
}

// defaultBounds are those that the broker has unless it is told otherwise.
var defaultBounds = bounds{
	Templates:    sandbox.Limits{Time: 5 * time.Second, Memory: 128 << 20},
	Render:       sandbox.Limits{Time: 10 * time.Second, Memory: 64 << 20},
	RenderOutput: 8 << 20,
}

func (s settings) bounds() bounds {
	return bounds{
		Templates:    sandbox.Limits{Time: s.TemplateTimeout, Memory: s.TemplateMemory << 20},
		Render:       sandbox.Limits{Time: s.RenderTimeout, Memory: s.RenderMemory << 20},
		RenderOutput: s.RenderOutput << 20,
	}
}

// noLibrary is the setting's word for charts without a bind.yaml having everything handed out.
const noLibrary = "none"

// newLibrary makes credentials for charts that have no bind template, by the setting.
func newLibrary(folder string) (*bindlibrary.Library, error) {
	if folder == noLibrary {
		return nil, nil
	}
	return bindlibrary.New(folder)
}

// newSandbox returns what evaluates bind templates and renders charts within
// these bounds. keep has one process wait for the next piece of work.
func newSandbox(b bounds, keep bool) (*bindtemplate.Evaluator, *render.Renderer, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, fmt.Errorf("finding this program: %w", err)
	}
	workers := &sandbox.Workers{Command: []string{self, workInSandbox}, Keep: keep}
	return &bindtemplate.Evaluator{Workers: workers, Limits: b.Templates},
		&render.Renderer{Workers: workers, Limits: b.Render, Output: b.RenderOutput}, nil
}
