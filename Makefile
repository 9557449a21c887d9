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

.PHONY: demo test test-unit test-full build engine node-image lint fmt clean

demo: engine node-image build
	./bin/podlab demo first-pod

build:
	$(GO) run ./cluster/toolbox/pack -arch $(ARCH)
	$(GO) build -ldflags '$(LDFLAGS)' -o bin/podlab .

engine:
	scripts/engine

node-image: engine
	scripts/node-image

# On a machine with nothing: a container engine, the node image, then all tests.
test: engine node-image build lint
	./bin/podlab cluster up
	PODLAB_TEST_CLUSTER=1 $(GO) test -timeout 20m ./...

# Without an engine: what can be tested in microseconds, and the fakes.
test-unit: lint
	$(GO) test ./...

# What takes longer: races, every fuzz target for a while, and the scripts.
test-full: test
	CGO_ENABLED=1 $(GO) test -race ./cue/... ./grader/... ./content/... ./runner/...
	scripts/fuzz 20s

lint:
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$unformatted" || { echo "gofmt -w these: $$unformatted"; exit 1; }
	$(GO) vet ./...

clean:
	rm -rf bin cluster/toolbox/dist/*.gz
