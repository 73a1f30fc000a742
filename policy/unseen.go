package policy

// UnseenError says of which policies it isn't known whether they are true, and why.
type UnseenError struct {
	Policies []Policy
	Cause    error
}

func (e *UnseenError) Error() string { return e.Cause.Error() }
func (e *UnseenError) Unwrap() error { return e.Cause }

// Unseen is an UnseenError, or nil where cause is.
func Unseen(policies []Policy, cause error) error {
	if cause == nil {
		return nil
	}
	return &UnseenError{Policies: policies, Cause: cause}
}
