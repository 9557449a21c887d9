kubectl get pods -l app=search
kubectl get events --field-selector reason=Unhealthy --sort-by=.lastTimestamp | grep pod/search
for p in $(kubectl get pods -l app=search -o name); do echo "$p"; kubectl exec "$p" -- wget -q -T 2 -O - http://localhost:8080/; done
podlab answer search-why c
kubectl run asker --image=podlab.dev/toolbox:v1 --restart=Never --attach --rm -q -- sh -c 'sleep 1; for i in 1 2 3 4 5 6 7 8 9 10; do wget -q -T 2 -O - http://search/; done'
kubectl describe service search
podlab answer search-users c
kubectl get pods -l app=search -o wide
kubectl delete pod "$(kubectl get pods -l app=search -o jsonpath='{.items[?(@.status.containerStatuses[0].ready==false)].metadata.name}')" --now
kubectl rollout status deployment search --timeout=60s
