package fair

import "slices"

// queue holds those who wait, each in its tenant's line. The zero value is
// empty. Its users guard it.
type queue struct {
	tenants []string // those with somebody waiting, in the order of their turns
	waiting map[string][]chan struct{}
}

// push puts somebody at the end of the tenant's line, or first. The channel is
// closed when it is their turn.
func (q *queue) push(tenant string, first bool) chan struct{} {
	if q.waiting == nil {
		q.waiting = map[string][]chan struct{}{}
	}
	turn := make(chan struct{})
	if len(q.waiting[tenant]) == 0 {
		q.tenants = append(q.tenants, tenant)
	}
	at := len(q.waiting[tenant])
	if first {
		at = 0
	}
	q.waiting[tenant] = slices.Insert(q.waiting[tenant], at, turn)
	return turn
}

// next is the tenant whose turn it is, among those that may have one.
func (q *queue) next(may func(tenant string) bool) (tenant string, found bool) {
	at := slices.IndexFunc(q.tenants, may)
	if at < 0 {
		return "", false
	}
	return q.tenants[at], true
}

// pop lets the first of a tenant's line have their turn. The tenant's next is
// behind those of all others.
func (q *queue) pop(tenant string) {
	close(q.waiting[tenant][0])
	q.tenants = append(slices.DeleteFunc(q.tenants, func(other string) bool { return other == tenant }), tenant)
	q.drop(tenant, 0)
}

// remove takes out somebody who has given up; false: it was their turn already.
func (q *queue) remove(tenant string, turn chan struct{}) bool {
	at := slices.Index(q.waiting[tenant], turn)
	if at < 0 {
		return false
	}
	q.drop(tenant, at)
	return true
}

func (q *queue) drop(tenant string, at int) {
	q.waiting[tenant] = slices.Delete(q.waiting[tenant], at, at+1)
	if len(q.waiting[tenant]) == 0 {
		delete(q.waiting, tenant)
		q.tenants = slices.DeleteFunc(q.tenants, func(other string) bool { return other == tenant })
	}
}
