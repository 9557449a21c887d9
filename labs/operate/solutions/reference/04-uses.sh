kubectl get pods -o custom-columns='NAME:.metadata.name,CPU:.spec.containers[0].resources.requests.cpu' anvil bellows crane
# Until there are figures, and the busy one has been busy for all of the time between two looks.
until kubectl top pods --sort-by=cpu --no-headers | grep -E '^(anvil|bellows|crane) .* ([5-9][0-9]|1[0-9][0-9])m ' > busiest; do sleep 1; done
kubectl top pods --sort-by=cpu
podlab answer busiest "$(head -n 1 busiest | cut -d ' ' -f 1)"
until kubectl top pod kiln --containers --no-headers | grep -E ' [5-9][0-9]Mi' > heaviest; do sleep 1; done
kubectl top pod kiln
kubectl top pod kiln --containers
podlab answer heaviest "$(tr -s ' ' < heaviest | cut -d ' ' -f 2)"
kubectl top nodes
