kubectl get pod api
kubectl logs api
cat api.yaml
kubectl logs api -c wait-for-db --tail=2
kubectl run db --image=podlab.dev/toolbox:v1
kubectl wait --for=condition=Ready pod/db --timeout=60s
kubectl expose pod db --port=80 --target-port=8080
kubectl wait --for=condition=Ready pod/api --timeout=60s
