module podlab.dev/podlab/scripts/node

go 1.26.0
