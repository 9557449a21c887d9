package lab

import (
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
)

// Submissions says what work that is handed in may be, and until when.
type Submissions struct {
	// Kinds are the kinds of objects that it may have; nil for the usual ones.
	Kinds []string
	// Security is the Pod Security level: restricted, baseline or privileged.
	Security string
	// Limits are those of a container that says none; nil for no limits.
	Limits *Limits
	// Deadline is until when work counts in full; zero for ever.
	Deadline time.Time
	// Late is nil where being late costs nothing.
	Late *Late
}

// Limits are quantities.
type Limits struct {
	CPU    resource.Quantity
	Memory resource.Quantity
}

// Late is what work loses that comes after the deadline.
type Late struct {
	// Loses and Most are percent of the points.
	Loses, Most int
	Per, Grace  time.Duration
}

// Lost is how many of the points earned are lost at a time of submission: so much
// for each span of time begun, rounded to hundredths.
func (s Submissions) Lost(earned int, submitted time.Time) float64 {
	after := s.After(submitted)
	if after == 0 || s.Late == nil || after <= s.Late.Grace {
		return 0
	}
	spans := int((after + s.Late.Per - 1) / s.Late.Per)
	percent := min(spans*s.Late.Loses, s.Late.Most)
	return float64(earned*percent) / 100
}

// After is how long after the deadline something came; 0 for in time.
func (s Submissions) After(submitted time.Time) time.Duration {
	if s.Deadline.IsZero() || submitted.IsZero() {
		return 0
	}
	return max(submitted.Sub(s.Deadline), 0)
}

type rawSubmissions struct {
	Kinds    []string `json:"kinds"`
	Security string   `json:"security"`
	Limits   *struct {
		CPU    string `json:"cpu"`
		Memory string `json:"memory"`
	} `json:"limits"`
	Deadline string `json:"deadline"`
	Late     *struct {
		Loses int    `json:"loses"`
		Per   string `json:"per"`
		Grace string `json:"grace"`
		Most  int    `json:"most"`
	} `json:"late"`
}

func (d *decoder) submissions(in rawSubmissions) Submissions {
	out := Submissions{Kinds: in.Kinds, Security: in.Security}
	const p = "submissions"
	quantity := func(field, s string) resource.Quantity {
		q, err := resource.ParseQuantity(s)
		if err != nil {
			d.add(d.pos(p+".limits."+field), p+".limits."+field, "%q is no quantity", s)
		}
		return q
	}
	if in.Limits != nil {
		out.Limits = &Limits{quantity("cpu", in.Limits.CPU), quantity("memory", in.Limits.Memory)}
	}
	if in.Deadline != "" {
		at, err := time.Parse(time.RFC3339, in.Deadline)
		if err != nil {
			d.add(d.pos(p+".deadline"), p+".deadline", "%q is no time", in.Deadline)
		}
		out.Deadline = at
	}
	if in.Late == nil {
		return out
	}
	out.Late = &Late{in.Late.Loses, in.Late.Most, duration(in.Late.Per), duration(in.Late.Grace)}
	if out.Late.Per <= 0 {
		d.add(d.pos(p+".late.per"), p+".late.per", "it has to be longer than nothing")
		out.Late.Per = 1
	}
	if in.Deadline == "" {
		d.add(d.pos(p+".late"), p+".late", "nothing is late where there is no deadline")
	}
	return out
}
