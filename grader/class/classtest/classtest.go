// Package classtest has classes that are made up, for the tests of what is
// rendered from a class.
//
//	c := classtest.Sample() // one student of every kind
//	c := classtest.Of(200)  // as large as classes are
package classtest

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/cue/want"
	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/grader/class"
)

// Hostile is what a student may write wherever a string is taken.
const Hostile = "\"><script>document.documentElement.dataset.hacked='yes'</script><img src=http://evil.example/x onerror=\"document.documentElement.dataset.hacked=1\"> " +
	"[click](javascript:alert(1)) ```\n# PASSED\x1b]52;c;eA==\x07\x1b[2J\u009b31m\u202e\u2066]]> </style> | =cmd|' /C calc'!A0"

var day = time.Date(2026, 3, 2, 14, 0, 0, 0, time.UTC)

// made is a lab that is nowhere.
func made() *lab.Lab {
	check := func(id, title string, points int) lab.Check { return lab.Check{ID: id, Title: title, Points: points} }
	return &lab.Lab{
		ID: "probes", Title: "Probes: who is well, and who says so", Digest: "sha256:0123456789abcdef",
		Steps: []lab.Step{
			{ID: "create", Checks: []lab.Check{check("exists", "The Deployment exists", 1), check("ready", "Its Pods are Ready", 2)}},
			{ID: "probe", Checks: []lab.Check{check("liveness", "A liveness probe asks /healthz", 2), check("restarts", "A Pod that hangs is restarted", 3)}},
			{ID: "think", Checks: []lab.Check{check("why", "You know which probe restarts", 2)}},
		},
	}
}

// results are a report on the lab, a letter a check: p passed, h half, f failed, b
// blocked, e errored.
func report(c *class.Class, letters string, say string) *grader.Report {
	r := &grader.Report{Lab: c.Lab, Digest: c.Digest, Title: c.Title, Entries: 120, Points: c.Points, Passed: true}
	for i, k := range c.Checks {
		x := grader.Result{Check: k.ID, Step: k.Step, Title: k.Title, Points: k.Points, Verdict: grader.Passed, Earned: k.Points, Evidence: []int64{int64(10 + i)}}
		at := day.Add(time.Duration(i) * 7 * time.Second)
		switch letters[i] {
		case 'p':
			x.At = &at
		case 'h', 'f':
			x.Verdict, x.Earned = grader.Failed, 0
			x.Message = cmp.Or(say, "Deployment web is not as wanted")
			x.Mismatches = []want.Mismatch{
				{Path: "spec.template.spec.containers.web.livenessProbe.httpGet.path", Want: `"/healthz"`, Got: cmp.Or(say, `"/"`)},
				{Path: "status.readyReplicas", Want: ">=2", Got: "(missing)", Why: "two replicas are asked for"},
			}
			x.Why = "The kubelet asks the container itself. Without an answer it is restarted, whatever the process thinks."
			x.Next = "kubectl describe deployment web"
			if letters[i] == 'h' && k.Points > 1 {
				x.Earned = k.Points / 2
				x.Criteria = []grader.Criterion{{Title: "one replica answers", Points: k.Points / 2, Met: true}, {Title: "all do", Points: k.Points - k.Points/2}}
			}
		case 'b':
			x.Verdict, x.Earned, x.Message, x.Needs = grader.Blocked, 0, "waits for: "+c.Checks[0].Title, []string{c.Checks[0].ID}
		case 'e':
			x.Verdict, x.Earned, x.Message = grader.Errored, 0, "the cluster cannot be watched: etcdserver: request timed out"
			r.Unjudged += k.Points
		}
		r.Earned += x.Earned
		r.Passed = r.Passed && x.Verdict == grader.Passed
		r.Results = append(r.Results, x)
	}
	return r
}

func graded(c *class.Class, id, name, letters, say string) class.Student {
	r := report(c, letters, say)
	return class.Student{
		ID: id, Name: name, Seed: "seed-" + id, Submission: id + ".zip", Digest: "sha256:fedcba9876543210", State: class.Graded,
		Submitted: day.Add(-3 * time.Hour), Earned: r.Earned, Unjudged: r.Unjudged, Score: float64(r.Earned), Report: r,
		Pods: pods(), Evidence: "evidence/" + id + ".evidence", Tries: 1, Seconds: 41.5,
	}
}

func pods() []class.Pod {
	return []class.Pod{
		{Name: "web-7d9c-2xkqp", Spans: []class.Span{
			{From: 0.4, To: 2.1, Phase: "Pending"}, {From: 2.1, To: 9, Phase: "Running"}, {From: 9, To: 24.5, Phase: "Ready"},
			{From: 24.5, To: 31, Phase: "CrashLoopBackOff", Restarts: 1}, {From: 31, To: 36, Phase: "Running", Restarts: 2}, {From: 36, To: 41, Phase: "Ready", Restarts: 2},
		}},
		{Name: "web-7d9c-8vbrt", Spans: []class.Span{{From: 0.4, To: 1.9, Phase: "Pending"}, {From: 1.9, To: 3, Phase: "ImagePullBackOff"}, {From: 3, To: 20, Phase: "Ready"}, {From: 20, To: 22, Phase: "Terminating"}}},
	}
}

func empty() *class.Class {
	c := class.New(made(), "v1.0.0")
	c.Cluster, c.Began, c.Ended = "kind/podlab", day, day.Add(12*time.Minute+20*time.Second)
	c.Contained = []string{"Pod Security: restricted", "no service-account token", "the cluster's network does not enforce policies"}
	return c
}

// Sample has a student of every kind, one of them hostile.
func Sample() *class.Class {
	c := empty()
	late := graded(c, "s2", "Grace Hopper", "phfbp", "")
	late.Submitted, late.Late, late.Lost = day.Add(26*time.Hour+5*time.Minute), 26*time.Hour+5*time.Minute, 0.75
	late.Score -= late.Lost
	late.Refusals = []class.Refusal{{File: "web.yaml", Object: "Pod debug", Why: "hostNetwork is not allowed by Pod Security \"restricted\""}}
	evil := graded(c, "=1+1", Hostile, "pffff", Hostile)
	evil.Refusals = []class.Refusal{{File: "../../" + Hostile, Object: Hostile, Why: Hostile}}
	evil.Evidence, evil.Submission = "javascript:alert(1)", Hostile
	evil.Pods = append(evil.Pods, class.Pod{Name: Hostile, Spans: []class.Span{{From: 0, To: 41, Phase: Hostile, Restarts: 1 << 30}}})
	c.Students = []class.Student{
		evil,
		graded(c, "s1", "Ada Lovelace", "ppppp", ""),
		late,
		graded(c, "s3", "Edsger Dijkstra", "ppfee", ""),
		{ID: "s4", Name: "Barbara Liskov", Submission: "s4.tar.gz", State: class.Refused, Why: "the archive leads out of its folder: ../../etc/passwd", Submitted: day.Add(-time.Hour), Tries: 1},
		{ID: "s5", Name: "Donald Knuth", Submission: "s5", Digest: "sha256:55", State: class.Errored, Why: "the API server did not answer for 2m0s, three times", Submitted: day.Add(-time.Hour), Unjudged: c.Points, Tries: 3, Seconds: 130},
		{ID: "s6", Name: "محمد بن موسى", State: class.Missing},
	}
	c.Students[3].Questions = []string{"web.yaml has the name web-7, which is that of s1: whose work is it?"}
	c.Alike = []class.Alike{{A: "s1", B: "s3", Share: 0.96, Why: []string{"web.yaml: the same 41 lines, comments included", "both carry the seed of s1"}}}
	return c
}

// Of is a class of n students, the same each time.
func Of(n int) *class.Class {
	c := empty()
	steps := []string{"create", "probe", "break", "watch"}
	titles := []string{"The Deployment exists", "Its Pods are Ready", "A liveness probe asks /healthz", "A readiness probe asks /ready", "A startup probe gives 30 s",
		"A Pod that hangs is restarted", "No traffic goes to a Pod that is not ready", "The Service has two endpoints", "An update never has fewer than two", "The cause is in a ConfigMap", "Nothing else was restarted", "You know which probe restarts"}
	c.Checks, c.Points = nil, 0
	for i, t := range titles {
		k := class.Check{ID: fmt.Sprintf("check-%d", i+1), Step: steps[i*len(steps)/len(titles)], Title: t, Points: 1 + i%3}
		c.Checks, c.Points = append(c.Checks, k), c.Points+k.Points
	}
	first := []string{"Ada", "Grace", "Edsger", "Barbara", "Donald", "Katherine", "Alan", "Radia", "Leslie", "Frances", "Ken", "Hedy", "Tim", "Margaret", "Dennis"}
	last := []string{"Lovelace", "Hopper", "Dijkstra", "Liskov", "Knuth", "Johnson", "Turing", "Perlman", "Lamport", "Allen", "Thompson", "Lamarr", "Berners-Lee", "Hamilton", "Ritchie"}
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		id, name := fmt.Sprintf("s%04d", i+1), first[i%len(first)]+" "+last[(i/len(first)+i)%len(last)]
		skill := rng.Float64()
		if rng.IntN(25) == 0 {
			c.Students = append(c.Students, []class.Student{
				{ID: id, Name: name, State: class.Missing},
				{ID: id, Name: name, State: class.Refused, Submission: id + ".zip", Why: "web.yaml: line 3: mapping values are not allowed here", Tries: 1},
				{ID: id, Name: name, State: class.Errored, Submission: id + ".zip", Why: "the node was gone for 2m0s, three times", Unjudged: c.Points, Tries: 3},
			}[rng.IntN(3)])
			continue
		}
		letters := make([]byte, len(c.Checks))
		for j := range letters {
			easy := 0.55 + 0.9*skill - 0.6*float64(j*5%12)/11
			switch p := rng.Float64(); {
			case p < 0.004:
				letters[j] = 'e'
			case p < easy:
				letters[j] = 'p'
			case p < easy+0.07:
				letters[j] = 'h'
			case j > 0 && letters[0] != 'p':
				letters[j] = 'b'
			default:
				letters[j] = 'f'
			}
		}
		s := graded(c, id, name, string(letters), "")
		if rng.IntN(12) == 0 {
			s.Late = time.Duration(1+rng.IntN(2000)) * time.Minute
			s.Submitted, s.Lost = day.Add(s.Late), 1
			s.Score = max(0, s.Score-1)
		}
		c.Students = append(c.Students, s)
	}
	if n > 20 {
		c.Alike = []class.Alike{{A: "s0003", B: "s0017", Share: 0.98, Why: []string{"web.yaml: the same 41 lines, comments included"}}, {A: "s0009", B: "s0012", Share: 0.91, Why: []string{"both carry the name that the seed of s0009 asks for"}}}
	}
	slices.SortFunc(c.Students, func(a, b class.Student) int { return cmp.Compare(a.ID, b.ID) })
	return c
}
