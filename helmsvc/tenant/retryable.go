package tenant

// RetryableError says that something failed for a reason that may pass: it is worth
// another try. It stands for the error that it quotes, and isn't that.
type RetryableError struct{ Why string }

func (e *RetryableError) Error() string { return e.Why }
