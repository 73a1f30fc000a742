package cf

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// tags numbers the ids that policies name, each with the lowest free number from
// 1, which a packet then carries as its mark. Not safe for concurrent use.
type tags struct {
	length int // bytes
	groups map[string]group
	taken  map[int]bool
	free   int // no number below it is free
}

type group struct {
	number int
	uses   int // ends of policies
}

// tag is an id's tag as GET /tags shows it.
type tag struct {
	ID   string `json:"id"`
	Tag  string `json:"tag"`
	Type string `json:"type"`
}

var errNoTag = errors.New("no tag is free")

func newTags(length int) *tags {
	return &tags{length: length, groups: map[string]group{}, taken: map[int]bool{}, free: 1}
}

// hasRoomFor says whether each of the ids has a tag or can get one.
func (t *tags) hasRoomFor(ids []string) bool {
	fresh := 0
	for _, id := range ids {
		if _, ok := t.groups[id]; !ok {
			fresh++
		}
	}
	return len(t.groups)+fresh < 1<<(8*t.length)
}

func (t *tags) use(id string) {
	g, ok := t.groups[id]
	if !ok {
		for t.taken[t.free] {
			t.free++
		}
		g.number = t.free
		t.taken[g.number] = true
	}
	g.uses++
	t.groups[id] = g
}

func (t *tags) release(id string) {
	g := t.groups[id]
	g.uses--
	if g.uses > 0 {
		t.groups[id] = g
		return
	}
	delete(t.groups, id)
	delete(t.taken, g.number)
	t.free = min(t.free, g.number)
}

// all are the tags in use, in the order of their numbers.
func (t *tags) all() []tag {
	order := slices.SortedFunc(maps.Keys(t.groups), func(a, b string) int {
		return cmp.Compare(t.groups[a].number, t.groups[b].number)
	})
	all := make([]tag, 0, len(order))
	for _, id := range order {
		all = append(all, tag{ID: id, Tag: t.of(id), Type: "app"})
	}
	return all
}

// of is the tag of an id that has one.
func (t *tags) of(id string) string { return fmt.Sprintf("%0*X", 2*t.length, t.groups[id].number) }
