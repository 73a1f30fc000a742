package retryable

import "time"

// Again tells whether a task has to be taken up again later, and when it has to
// end: a pause doesn't run past that. End is zero where that isn't known, or past
// already: then the pauses are what keeps it from spinning.
type Again struct {
	Wanted bool
	End    time.Time
}

// By is another attempt, before end if that is still to come.
func By(end time.Time) Again {
	if !time.Now().Before(end) {
		end = time.Time{}
	}
	return Again{Wanted: true, End: end}
}
