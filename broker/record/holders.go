package record

import "slices"

// mostHolders is how many processes are remembered: an operation that goes on for
// ever may outlive any number of them.
const mostHolders = 8

// TakeUp notes that the process is at the operation from now on. One that was
// there before, and has lost the Lease since, hasn't died.
func (o *Operation) TakeUp(process string) {
	o.PutDown(process)
	o.Holders = append(o.Holders, process)
	o.Holders = o.Holders[max(0, len(o.Holders)-mostHolders):]
}

// PutDown notes that the process has left the operation in order, to be taken up
// again by whomever.
func (o *Operation) PutDown(process string) {
	o.Holders = slices.DeleteFunc(slices.Clone(o.Holders), func(each string) bool { return each == process })
}

// Holder is the last of the Holders, "" if there are none.
func (o Operation) Holder() string {
	if len(o.Holders) == 0 {
		return ""
	}
	return o.Holders[len(o.Holders)-1]
}

// Deaths is how many processes other than the given one have died with the
// operation, as far as can be told: one that is cut off from the API server can't
// put it down until that is back.
func (o Operation) Deaths(process string) int {
	o.PutDown(process)
	return len(o.Holders)
}
