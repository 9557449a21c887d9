# Every target can be run alone; what it needs it makes first.
#
#   make demo       watch the first lab being done, on a real cluster
#   make test       everything, on a real cluster
#   make build      ./bin/podlab with the labs' workload image inside

GO       ?= go
ARCH     := $(shell $(GO) env GOARCH)
# Static, and with the flags of the node's programs, so that the build cache is
# shared with them.
export CGO_ENABLED = 0
LDFLAGS  := -s -w

.PHONY: demo test test-unit test-embedded test-kind test-full test-touched bench-batch bench-cluster build engine node-image node-parts lint fmt clean

demo: build
	@if scripts/engine --look >/dev/null; then scripts/node-image; else scripts/node-parts; fi
	./bin/podlab demo first-pod

build:
	$(GO) run ./cluster/packed/pack -arch $(ARCH)
	$(GO) build -ldflags '$(LDFLAGS)' -o bin/podlab .

engine:
	scripts/engine

node-image: engine
	scripts/node-image

node-parts:
	scripts/node-parts

# Of the labs the solutions are played. Of these all answers are, and their pages are held
# against the cluster, and their mutants are tried: none survives, but for those that the
# labs list. test-full does all of it with all labs, and test-touched holds the pages of
# the labs that were touched.
PROVEN := first-pod namespaces

# These take their minutes, most because they break the node for all that is on it and
# are played by themselves: recover in every test, the others in test-full.
LONG  := debug-pending exam outage pod-lifecycle recover
QUICK := $(filter-out template $(LONG),$(notdir $(patsubst %/lab.cue,%,$(wildcard labs/*/lab.cue))))

# Tests on a cluster never come from the cache: go cannot see that a cluster has
# changed. One that fails is run once more, by itself, and counted as a rerun: what a
# busy machine did is told from what podlab does.
REAL = $(GO) tool gotestsum --format testname --rerun-fails=1 --rerun-fails-max-failures=3 \
	--packages="$(1)" -- -count=1 -p 1 -timeout 20m

# On a machine with nothing: what can be tested in microseconds, then the clusters
# of both drivers, the embedded one as root and as an ordinary user.
test: test-unit test-embedded test-kind

# Needs no cluster.
test-unit: build lint
	./bin/podlab lab lint
	$(GO) test ./...
	$(GO) -C scripts/node test ./image/... ./giveback

test-embedded: build node-parts
	PODLAB_TEST_CLUSTER=embedded $(call REAL,./cluster/embedded ./cluster/fault) -short
	./bin/podlab cluster up --cluster embedded --gpus T4:2 --faults
	./bin/podlab lab test --cluster embedded --parallel 4 --solutions $(filter-out $(PROVEN),$(QUICK))
	./bin/podlab lab test --cluster embedded --parallel 6 $(PROVEN)
	PODLAB_TEST_CLUSTER=embedded $(call REAL,./runner/cli ./grader/record) -run 'Cluster|Real'
	./bin/podlab lab test --cluster embedded --solutions recover
	./bin/podlab cluster down --cluster embedded
	scripts/as-user ./bin/podlab lab test --cluster embedded --solutions first-pod pod-anatomy

# Of labs, scripts and faults those to which a driver can make a difference.
test-kind: build engine node-image
	./bin/podlab cluster up --cluster kind --gpus T4:2 --faults
	./bin/podlab lab test --cluster kind -v --solutions --parallel 4 first-pod volumes
	PODLAB_TEST_CLUSTER=kind $(call REAL,./runner/cli) -run 'TestCluster/^(session|grade|fault|gpu)$$'
	PODLAB_TEST_CLUSTER=kind $(call REAL,./grader/e2e ./cluster ./cluster/gpu ./runner/batch)
	PODLAB_TEST_CLUSTER=kind $(call REAL,./cluster/fault) -short -run 'TestReal/^(cut|image|restart|pause|stop|stop-kubelet)$$'

# A class of 200 beside a bare client of the API server, and evidence graded again;
# PODLAB_BENCH_CLASS is how many students there are.
bench-batch: build node-parts
	PODLAB_TEST_CLUSTER=embedded $(GO) test -run none -bench Class -benchtime 1x -timeout 60m ./runner/batch
	$(GO) test -run none -bench Regrade ./runner

# How long a cluster takes to be there, and fifty Pods on it, and what it needs, on both drivers.
bench-cluster: build node-parts engine node-image
	for driver in embedded kind; do \
		PODLAB_TEST_CLUSTER=$$driver $(GO) test -run none -bench Up -benchtime 1x -count 3 -timeout 30m ./cluster || exit 1; \
	done

# What takes longer: everything on both drivers, each fault twice in a row, the mutants
# of all labs, data races, and every fuzz target for a while.
test-full: test
	./bin/podlab lab test --cluster embedded --parallel 6 --mutants=false $(QUICK) $(LONG)
	./bin/podlab lab test --cluster embedded --parallel 6 --solutions --mutants
	PODLAB_TEST_CLUSTER=embedded $(call REAL,./runner/batch ./cluster/embedded ./cluster/gpu ./cluster/fault)
	PODLAB_TEST_CLUSTER=kind $(call REAL,./runner/cli ./grader/record ./cluster/fault)
	./bin/podlab cluster down --cluster embedded
	CGO_ENABLED=1 $(GO) test -race ./cue/... ./grader/... ./content/... ./runner/...
	scripts/fuzz 20s

# What takes longer, of the packages and labs that differ from BASE only.
BASE ?=
test-touched: build node-parts
	@touched=$$(scripts/touched $(BASE)); \
	dirs=$$(echo "$$touched" | grep -E '^(cue|grader|content|runner)' || true); \
	labs=$$(echo "$$touched" | sed -n 's,^labs/,,p'); \
	if [ -z "$$dirs$$labs" ]; then echo "nothing touched that takes longer"; exit 0; fi; \
	set -ex; \
	if [ -n "$$labs" ]; then ./bin/podlab lab test --cluster embedded --parallel 6 --scripts $$labs; ./bin/podlab cluster down --cluster embedded; fi; \
	if [ -n "$$dirs" ]; then CGO_ENABLED=1 $(GO) test -race $$(printf './%s ' $$dirs); scripts/fuzz 5s $$dirs; fi

lint:
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$unformatted" || { echo "gofmt -w these: $$unformatted"; exit 1; }
	$(GO) vet ./...
	$(GO) tool cue vet -c=false ./labs/...

clean:
	rm -rf bin cluster/packed/dist/*.gz
