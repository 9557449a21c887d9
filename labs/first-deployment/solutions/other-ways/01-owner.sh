# Written down, and a Pod that is told to go at its own pace.
kubectl apply -f web.yaml
kubectl rollout status deployment web --timeout=60s
kubectl get pods -o name | head -n 1 | xargs kubectl delete
podlab answer pod-owner replicaset
