package inspect

import (
	"context"
	"slices"
	"time"
)

// Past is a failed operation of an instance that is gone. It holds no secret.
type Past struct {
	ID string `json:"id"`
	// Service is the chart's name, Plan the plan's, Version the chart's.
	Service   string `json:"service"`
	Plan      string `json:"plan"`
	Version   string `json:"version"`
	SpaceGUID string `json:"space_guid,omitempty"`
	// Operation is create, update or delete.
	Operation string    `json:"operation"`
	Started   time.Time `json:"started"`
	Failed    time.Time `json:"failed"`
	// Gone is when the instance had been deleted.
	Gone   time.Time `json:"gone"`
	Reason string    `json:"reason"`
	// CorrelationID is what the log's lines carry.
	CorrelationID string `json:"correlation_id,omitempty"`
}

// Gone reads what failed of instances that are gone, the latest first. service
// is a chart's name; "" selects all.
func (in *Inspector) Gone(ctx context.Context, service string) ([]Past, error) {
	all, err := in.records.LiveGone(ctx)
	if err != nil {
		return nil, err
	}
	past := []Past{}
	for _, gone := range all {
		if service != "" && gone.Chart.Name != service {
			continue
		}
		for _, f := range gone.Failures {
			past = append(past, Past{
				ID: gone.ID, Service: gone.Chart.Name, Plan: planName(gone.ServiceID, gone.PlanID), Version: gone.Chart.Version, SpaceGUID: gone.SpaceGUID,
				Operation: string(f.Type), Started: f.Started, Failed: f.Ended, Gone: gone.Since, Reason: string(f.Reason), CorrelationID: f.CorrelationID,
			})
		}
	}
	slices.SortStableFunc(past, func(a, b Past) int { return b.Failed.Compare(a.Failed) })
	return past, nil
}
