package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/cf-helm-broker/cf-helm-broker/test/rig"
)

// marketplace shows the catalog as `cf marketplace` does.
func (d *demo) marketplace(ctx context.Context) (err error) {
	d.out.command("cf marketplace")
	if d.catalog, err = d.Catalog(ctx); err != nil {
		return err
	}
	rows := [][]string{{"offering", "plans", "description"}}
	for _, s := range d.catalog.Services {
		var plans []string
		for _, p := range s.Plans {
			plans = append(plans, p.Name)
		}
		rows = append(rows, []string{s.Name, strings.Join(plans, ", "), s.Description})
	}
	d.out.table(rows...)
	return d.plansOfRedis()
}

func (d *demo) plansOfRedis() error {
	for _, needed := range [][2]string{{"redis", "persistent"}, {"echo", "single"}} {
		if _, _, err := d.catalog.Find(needed[0], needed[1]); err != nil {
			return err
		}
	}
	service, _, err := d.catalog.Find("redis", "persistent")
	if err != nil {
		return err
	}
	d.out.command("cf marketplace -e redis")
	rows := [][]string{{"plan", "free or paid", "description"}}
	for _, p := range service.Plans {
		cost, err := costOf(p)
		if err != nil {
			return err
		}
		rows = append(rows, []string{p.Name, cost, p.Description})
	}
	d.out.table(rows...)
	return nil
}

func costOf(p rig.Plan) (string, error) {
	switch {
	case p.Free == nil:
		return "", fmt.Errorf("the catalog doesn't say whether plan %s is free", p.Name)
	case *p.Free:
		return "free", nil
	}
	return "paid", nil
}
